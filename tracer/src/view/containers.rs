//! `containers`: what runs in cgroups that name a container.

use std::collections::HashMap;

use super::style::{Align, Grid};
use super::{Paint, Style, escape, text, time};
use crate::container::Container;
use crate::model::{NsId, TaskId, World};

/// The columns. `INIT` is the whole vector: its number on the host first, its own last.
const HEADS: [(&str, Align); 9] = [
    ("CONTAINER", Align::Left),
    ("RUNTIME", Align::Left),
    ("POD", Align::Left),
    ("INIT", Align::Left),
    ("PROCS", Align::Right),
    ("TASKS", Align::Right),
    ("AGE", Align::Right),
    ("PIDNS", Align::Left),
    ("COMM", Align::Left),
];

/// A container, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRow {
    /// Which one.
    pub container: Container,
    /// Its uppermost cgroup.
    pub cgroup: u64,
    /// The path of that.
    pub path: Box<[u8]>,
    /// Its init: the task with number 1 in its own PID namespace; of a container without one, the
    /// process that came first.
    pub init: Option<TaskId>,
    /// The PID namespace of that.
    pub pid_ns: Option<NsId>,
    /// Processes in it.
    pub processes: usize,
    /// Tasks in it, threads among them.
    pub tasks: usize,
}

/// The containers of the cgroups that exist, and what is in each, those without a task too; in the
/// order of their cgroups' paths.
pub fn containers(world: &World) -> Vec<ContainerRow> {
    let mut rows: HashMap<&Container, ContainerRow> = HashMap::new();
    for (id, cgroup) in world.cgroups() {
        let Some(container) = &cgroup.container else { continue };
        let row = rows.entry(container).or_insert_with(|| ContainerRow {
            container: container.clone(),
            cgroup: id,
            path: cgroup.path.clone(),
            init: None,
            pid_ns: None,
            processes: 0,
            tasks: 0,
        });
        if cgroup.path.len() < row.path.len() {
            (row.cgroup, row.path) = (id, cgroup.path.clone());
        }
    }
    for task in world.tasks() {
        let Some(row) = world.container_of(task).and_then(|it| rows.get_mut(it)) else { continue };
        row.tasks += 1;
        if !world.task(task).is_leader() {
            continue;
        }
        row.processes += 1;
        let rank = |task: TaskId| (!is_init(world, task), level(world, task), world.start_of(task));
        if row.init.is_none_or(|init| rank(task) < rank(init)) {
            row.init = Some(task);
            row.pid_ns = world.task_active_pid_ns(task);
        }
    }
    let mut rows: Vec<ContainerRow> = rows.into_values().collect();
    rows.sort_unstable_by(|one, other| (&one.path, one.cgroup).cmp(&(&other.path, other.cgroup)));
    rows
}

/// Whether a task is the init of a PID namespace that is not the host's.
fn is_init(world: &World, task: TaskId) -> bool {
    let numbers = world.task(task).pid.map(|pid| world.pid(pid).numbers);
    numbers.is_some_and(|all| all.len() > 1 && all.last().is_some_and(|&(_, nr)| nr == 1))
}

fn level(world: &World, task: TaskId) -> usize {
    world.task(task).pid.map_or(0, |pid| world.pid(pid).numbers.len())
}

/// Appends the table of these containers. `now` is the time of the table, ns since boot.
pub fn containers_table(
    world: &World,
    rows: &[ContainerRow],
    now: u64,
    style: Style,
    out: &mut String,
) {
    let mut grid = Grid::new(&HEADS);
    for row in rows {
        let paint = if row.tasks == 0 { Paint::Dim } else { Paint::Plain };
        grid.row(paint, cells(world, row, now));
    }
    grid.write(style, out);
}

fn cells(world: &World, row: &ContainerRow, now: u64) -> Vec<String> {
    let none = || "-".to_owned();
    let hostile = |name: &str| text::made(|out| escape::terminal(name.as_bytes(), out));
    let start = row.init.map_or(0, |init| world.start_of(init));
    let age = now.checked_sub(start).filter(|_| start != 0);
    vec![
        hostile(row.container.short()),
        row.container.runtime.name().to_owned(),
        row.container.pod.as_deref().map_or_else(none, hostile),
        row.init.map_or_else(none, |init| text::made(|out| text::task_vector(world, init, out))),
        row.processes.to_string(),
        row.tasks.to_string(),
        age.map_or_else(none, |ns| text::made(|out| time::duration(ns, out))),
        row.pid_ns.map_or_else(none, |ns| text::made(|out| text::namespace(world, ns, out))),
        row.init.map_or_else(none, |init| text::made(|out| super::table::comm(world, init, out))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, CgroupFacts, CgroupMove};
    use crate::view::fixture::{BASH, CHILD, INIT, NOW, Stage, key};

    const ID: &str = "4f3f9d1c3b5e7a90112233445566778899aabbccddeeff00112233445566778a";

    fn made(stage: &mut Stage, id: u64, path: &str) {
        let facts = tracer_ebpf::wire::Cgroup { cgroup: id, ..Default::default() };
        stage.by(BASH, Body::CgroupMake(CgroupFacts { facts, path: path.as_bytes().into() }));
    }

    fn moved(stage: &mut Stage, tid: i32, cgroup: u64) {
        let facts = CgroupMove { task: key(tid), cgroup, tid, group: 1, ..Default::default() };
        stage.by(BASH, Body::CgroupMove(facts));
    }

    fn stage() -> Stage {
        let mut stage = Stage::nested();
        made(&mut stage, 50, &format!("/system.slice/docker-{ID}.scope"));
        made(&mut stage, 51, &format!("/system.slice/docker-{ID}.scope/init.scope"));
        made(&mut stage, 52, "/lxc.payload.emp\u{1b}ty");
        made(&mut stage, 53, "/user.slice");
        moved(&mut stage, INIT.0, 50);
        moved(&mut stage, CHILD.0, 51);
        stage
    }

    #[test]
    fn a_container_is_told_with_its_init_and_what_is_in_it() {
        let stage = stage();
        let rows = containers(&stage.world);
        let [empty, docker] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((docker.cgroup, docker.processes), (50, 2));
        assert_eq!(stage.world.tid(docker.init.unwrap()), INIT.0);
        assert_eq!((empty.tasks, empty.init), (0, None));
        let mut table = String::new();
        containers_table(&stage.world, &rows, NOW, Style::default(), &mut table);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].starts_with(r"emp\x1bty"), "{table}");
        assert!(lines[2].contains("docker") && lines[2].contains("6427/1"), "{table}");
        assert!(lines[2].contains("pid:[4026532398]"), "{table}");
    }

    #[test]
    fn one_that_is_removed_is_no_longer_told() {
        let mut stage = stage();
        let facts = tracer_ebpf::wire::Cgroup { cgroup: 52, ..Default::default() };
        stage.by(BASH, Body::CgroupEnd(CgroupFacts { facts, path: Box::default() }));
        let rows = containers(&stage.world);
        assert_eq!(rows.len(), 1);
    }
}
