//! `tracer ns`: namespaces of all kinds.

use std::{collections::HashSet, process::ExitCode};

use tracer::{
    model::{NsId, World},
    view::{self, Style},
};

use super::{fault::Fault, moment::Moment, select, tables};
use crate::cli::{Namespaces, Selection, Table};

/// Prints the namespaces.
pub(super) fn run(args: &Namespaces) -> Result<ExitCode, Fault> {
    let Table { moment, loading, output, .. } = &args.table;
    tables::answer(moment, loading, *output, |now, style| say(now, args, style))
}

/// The namespaces.
pub(super) fn say(now: &Moment<'_>, args: &Namespaces, style: Style) -> Result<String, Fault> {
    let mut list = chosen(now, &args.table.selection)?;
    if !args.kind.is_empty() {
        list.retain(|&ns| args.kind.contains(&now.world.ns(ns).kind));
    }
    if args.table.output.json {
        return Ok(now.json(|json, text| json.namespaces(now.world, &list, text)));
    }
    Ok(view::text::made(|text| view::namespaces(now.world, &list, style, text)))
}

/// The namespaces that `--ns` names, and that tasks which the other filters admit are in.
fn chosen(now: &Moment<'_>, selection: &Selection) -> Result<Vec<NsId>, Fault> {
    let world = now.world;
    let mut list: Vec<NsId> = world.namespaces().collect();
    let mut filter = select::filter(selection)?;
    select::check(world, &filter)?;

    let named = std::mem::take(&mut filter.namespaces);
    if !named.is_empty() {
        let named: HashSet<NsId> =
            named.into_iter().flat_map(|spec| select::matching(world, spec)).collect();
        list.retain(|ns| named.contains(ns));
    }
    if filters_tasks(selection) {
        // A thread may be in other namespaces than its process.
        filter.threads = true;
        let used: HashSet<NsId> = world
            .tasks()
            .filter(|&task| filter.admits_task(world, task))
            .flat_map(|task| used_by(world, task))
            .collect();
        list.retain(|ns| used.contains(ns));
    }
    Ok(list)
}

/// The namespaces that a task is in or will put its children in.
fn used_by(world: &World, task: tracer::model::TaskId) -> impl Iterator<Item = NsId> {
    world.namespaces_of(task).into_iter().flatten().chain(world.task(task).for_children)
}

/// Whether any filter is about tasks.
fn filters_tasks(selection: &Selection) -> bool {
    let Selection { pid, ns: _, comm, uid, cgroup, container, tree, threads: _ } = selection;
    [pid.len(), comm.len(), uid.len(), cgroup.len(), container.len(), tree.len()]
        .iter()
        .any(|&len| len > 0)
}
