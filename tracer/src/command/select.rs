//! From the filters that were typed to the filter, and whether what they name exists.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use tracer::{
    filter::{Filter, NsSpec, PidSpec, Types},
    host::Host,
    model::{NsId, NsKind, PidId, World},
};

use super::fault::Fault;
use crate::cli::{EventSelection, Selection};

/// Where cgroups are mounted, or at least the default hierarchy where both versions are.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// The filter on tasks.
pub(super) fn filter(typed: &Selection) -> Result<Filter, Fault> {
    Ok(Filter {
        pids: typed.pid.clone(),
        namespaces: typed.ns.clone(),
        comms: typed.comm.clone(),
        uids: typed.uid.clone(),
        cgroups: typed.cgroup.iter().map(|text| cgroup(text)).collect::<Result<_, _>>()?,
        containers: typed.container.clone(),
        trees: typed.tree.clone(),
        threads: typed.threads,
        ..Filter::default()
    })
}

/// Which events, of which times: `start` and `now` (of a recording: its end) are ns since boot.
pub(super) fn narrow(
    filter: &mut Filter,
    typed: &EventSelection,
    host: &Host,
    start: u64,
    now: u64,
) {
    filter.types = Some(typed.types.unwrap_or(Types::LIVE));
    filter.since = typed.since.map(|spec| spec.resolve(host, start, now));
    filter.until = typed.until.map(|spec| spec.resolve(host, start, now));
}

/// Whether any filter on tasks was typed.
pub(super) fn is_any(typed: &Selection) -> bool {
    let Selection { pid, ns, comm, uid, cgroup, container, tree, threads: _ } = typed;
    [pid.len(), ns.len(), comm.len(), uid.len(), cgroup.len(), container.len(), tree.len()]
        .iter()
        .any(|&len| len > 0)
}

/// The id of a cgroup: given as such, or its directory's inode number.
fn cgroup(text: &str) -> Result<u64, Fault> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let inside = text.trim_start_matches('/');
    let places = CGROUPS.iter().map(|root| Path::new(root).join(inside));
    std::iter::once(Path::new(text).to_path_buf())
        .filter(|path| CGROUPS.iter().any(|root| path.starts_with(root)))
        .chain(places)
        .find_map(|path| fs::metadata(path).ok().filter(fs::Metadata::is_dir))
        .map(|found| found.ino())
        .ok_or_else(|| {
            Fault::unable(
                format!("--cgroup {text}"),
                format!("there is no such directory below {}", CGROUPS[0]),
                "give its path as in /proc/PID/cgroup, or its id (stat -c %i DIRECTORY)",
            )
        })
}

/// Whether the PIDs and namespaces that a filter names exist.
pub(super) fn check(world: &World, filter: &Filter) -> Result<(), Fault> {
    for &spec in filter.pids.iter().chain(&filter.trees) {
        pid(world, spec)?;
    }
    for &spec in &filter.namespaces {
        if matching(world, spec).next().is_none() {
            return Err(no_ns(spec));
        }
    }
    Ok(())
}

/// The namespaces that are meant. Inode numbers are unique over all kinds.
pub(super) fn matching(world: &World, spec: NsSpec) -> impl Iterator<Item = NsId> + '_ {
    NsKind::ALL
        .into_iter()
        .filter(move |&kind| spec.kind.is_none_or(|wanted| wanted == kind))
        .filter_map(move |kind| world.find_ns(kind, spec.inum))
}

/// The pid that is meant.
pub(super) fn pid(world: &World, spec: PidSpec) -> Result<PidId, Fault> {
    let ns = match spec.ns {
        None => world.root_ns(),
        Some(inum) => Some(
            world
                .find_ns(NsKind::Pid, inum)
                .ok_or_else(|| no_ns(NsSpec { kind: Some(NsKind::Pid), inum }))?,
        ),
    };
    ns.and_then(|ns| world.find_pid_ns(spec.nr, ns)).ok_or_else(|| {
        let place = match (spec.ns, ns) {
            (Some(inum), _) => format!("pid:[{inum}]"),
            (None, Some(ns)) => format!("the initial PID namespace (pid:[{}])", world.ns(ns).inum),
            (None, None) => "the initial PID namespace".into(),
        };
        Fault::Absent {
            what: format!("no task has PID {} in {place}", spec.nr),
            help: "`tracer ps --threads` lists every task with its numbers; NR@NS means a number \
                   in another namespace"
                .into(),
        }
    })
}

/// There is no such namespace.
fn no_ns(spec: NsSpec) -> Fault {
    let what = match spec.kind {
        Some(kind) => format!("there is no namespace {}:[{}]", kind.name(), spec.inum),
        None => format!("no namespace has the inode number {}", spec.inum),
    };
    Fault::Absent { what, help: "`tracer ns` lists the namespaces of this host".into() }
}
