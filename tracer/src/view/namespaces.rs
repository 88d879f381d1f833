//! `ns`: namespaces of all kinds, and the tree of PID namespaces.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::line::fate;
use super::style::{Align, Grid};
use super::summary::counted;
use super::tree::Forest;
use super::{Paint, Style, escape, text};
use crate::model::{NsFate, NsId, NsKind, TaskId, World};

/// The columns of the table; `PID` is the lowest level-0 number in the namespace.
const HEADS: [(&str, Align); 7] = [
    ("NAMESPACE", Align::Left),
    ("ID", Align::Right),
    ("TASKS", Align::Right),
    ("PID", Align::Right),
    ("COMMAND", Align::Left),
    ("OWNER", Align::Left),
    ("STATE", Align::Left),
];

/// Appends the table of these namespaces, then the tree of the PID namespaces among them.
///
/// Of a PID namespace, the table counts the tasks whose own (deepest) namespace it is; the tree
/// counts the pids that have a number in it, those of its descendants among them.
pub fn namespaces(world: &World, list: &[NsId], style: Style, out: &mut String) {
    let lowest = lowest(world);
    let mut grid = Grid::new(&HEADS);
    for &id in list {
        let paint = match world.ns(id).fate {
            NsFate::Alive => Paint::Plain,
            NsFate::Dying | NsFate::Destroyed => Paint::Alarm,
            NsFate::Held => Paint::End,
        };
        grid.row(paint, row(world, id, lowest.get(&id).copied()));
    }
    grid.write(style, out);
    let pids: Vec<NsId> =
        list.iter().copied().filter(|&id| world.ns(id).kind == NsKind::Pid).collect();
    if pids.is_empty() {
        return;
    }
    out.push('\n');
    style.paint(Paint::Strong, "PID NAMESPACES", out);
    out.push('\n');
    let forest = Forest::new(&pids, |id| world.ns(id).pid.as_ref().and_then(|pid| pid.parent));
    forest.walk(style, out, |id, out| label(world, id, style, out));
}

/// The task with the lowest level-0 number in each namespace that has tasks.
pub(super) fn lowest(world: &World) -> HashMap<NsId, TaskId> {
    let mut lowest = HashMap::new();
    for task in world.tasks() {
        for ns in world.namespaces_of(task).into_iter().flatten() {
            lowest.entry(ns).or_insert(task);
        }
    }
    lowest
}

fn row(world: &World, id: NsId, lowest: Option<TaskId>) -> Vec<String> {
    let ns = world.ns(id);
    let none = || "-".to_owned();
    vec![
        text::made(|out| text::namespace(world, id, out)),
        if ns.ns_id == 0 { none() } else { ns.ns_id.to_string() },
        ns.tasks.to_string(),
        lowest.map_or_else(none, |task| world.task(task).tgid.to_string()),
        lowest.map_or_else(none, |task| text::made(|out| super::table::comm(world, task, out))),
        ns.owner.map_or_else(none, |owner| text::made(|out| text::namespace(world, owner, out))),
        fate(ns.fate).to_owned(),
    ]
}

/// One PID namespace in the tree.
fn label(world: &World, id: NsId, style: Style, out: &mut String) {
    let ns = world.ns(id);
    style.painted(Paint::Space, out, |out| text::namespace(world, id, out));
    let Some(pid) = &ns.pid else { return };
    let _ = write!(out, " level {}", pid.level);
    if let Some(init) = pid.init {
        out.push_str(", init ");
        text::vector(world, init, out);
        if let Some(task) = world.pid(init).task {
            out.push_str(" (");
            escape::comm(&world.task(task).comm, out);
            out.push(')');
        }
    }
    let _ = write!(out, ", {}", counted(pid.members.into(), "member"));
    if pid.cursor != 0 {
        let _ = write!(out, ", cursor {}", pid.cursor);
    }
    if pid.pid_max != 0 {
        let _ = write!(out, ", pid_max {}", pid.pid_max);
    }
    if pid.awaited_by > 0 {
        let _ = write!(out, ", awaited by {}", counted(pid.awaited_by.into(), "task"));
    }
    let (paint, note) = match ns.fate {
        NsFate::Alive if ns.tasks == 0 => (Paint::End, ", no tasks"),
        NsFate::Alive => return,
        NsFate::Held => (Paint::End, ", no tasks: held"),
        NsFate::Dying => (Paint::Alarm, ", dying: takes no more tasks"),
        NsFate::Destroyed => (Paint::Alarm, ", destroyed"),
    };
    style.paint(paint, note, out);
}
