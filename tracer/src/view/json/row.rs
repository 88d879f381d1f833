//! The rows of the tables: tasks, namespaces, pids.

use super::super::line::fate;
use super::super::{ContainerRow, escape, pid::uses, table::state};
use super::{Json, Object, event};
use crate::model::{NsId, PidId, PidState, TaskId, World};

impl Json {
    /// What a task has from its birth; `creation` writes who made it and how.
    pub(super) fn birth(
        &self,
        world: &World,
        id: TaskId,
        line: &mut Object<'_>,
        creation: impl FnOnce(&mut Object<'_>),
    ) {
        let task = world.task(id);
        event::parent(world, id, line);
        creation(line);
        if task.is_leader() {
            line.known("exit_signal", task.exit_signal);
        }
        line.known("start_ns", task.start);
        event::owner(world, id, line);
        event::groups(world, id, line);
        line.id("cgroup", task.cgroup);
        event::container(world.container_of(id), line);
        if task.kernel {
            line.flag("kernel", true);
        }
        if !task.is_leader() {
            line.flag("thread", true);
        }
        self.process_id(world, id, line);
    }

    /// Everything about a task.
    pub(super) fn task_fields(&self, world: &World, id: TaskId, line: &mut Object<'_>) {
        let task = world.task(id);
        event::who(world, id, line);
        line.str("state", state(task.state));
        self.birth(world, id, line, |line| line.known("creator", task.creator_tid));
        if let Some(tracer) = task.tracer {
            line.known("tracer", world.task(tracer).tgid);
        }
        event::namespaces(world, id, line);
        line.str("certainty", event::certainty(task.certainty));
    }

    /// One pid, its task, and who uses it as what.
    pub(super) fn pid_row(&self, world: &World, id: PidId, out: &mut String) {
        let mut line = Object::line("pid", out);
        event::pid_fields(world, id, &mut line);
        let pid = world.pid(id);
        let state = match pid.state {
            PidState::Allocated => "allocated",
            PidState::Attached => "attached",
            PidState::Freed => "freed",
        };
        line.str("state", state);
        let mut lists = line.object("tasks");
        for (key, tasks) in ["pid", "tgid", "pgid", "sid"].into_iter().zip(uses(world, id)) {
            lists.numbers(key, tasks.into_iter().map(|task| world.task(task).tid));
        }
        lists.close();
        if let Some(task) = pid.task {
            let mut object = line.object("task");
            self.task_fields(world, task, &mut object);
            object.close();
        }
        line.end();
    }
}

/// One namespace; `lowest` is the task with the lowest number in it.
pub(super) fn namespace(world: &World, id: NsId, lowest: Option<TaskId>, out: &mut String) {
    let ns = world.ns(id);
    let mut line = Object::line("namespace", out);
    line.str("kind", ns.kind.name());
    line.known("inum", ns.inum);
    line.id("ns_id", ns.ns_id);
    line.number("tasks", ns.tasks);
    line.str("fate", fate(ns.fate));
    if let Some(pid) = &ns.pid {
        line.number("level", pid.level);
        if let Some(parent) = pid.parent {
            line.known("parent", world.ns(parent).inum);
        }
        if let Some(init) = pid.init {
            line.numbers("init", world.pid(init).nrs());
        }
        line.number("members", pid.members);
        line.known("cursor", pid.cursor);
        line.known("pid_max", pid.pid_max);
    }
    if let Some(owner) = ns.owner {
        line.known("owner", world.ns(owner).inum);
    }
    if let Some(task) = lowest.map(|task| world.task(task)) {
        line.known("pid", task.tgid);
        let comm = escape::name(&task.comm);
        if !comm.is_empty() {
            line.text("comm", comm);
        }
    }
    line.end();
}

/// The line of a container.
pub(super) fn container(world: &World, row: &ContainerRow, out: &mut String) {
    let mut line = Object::line("container", out);
    event::cgroup(world, row.cgroup, &mut line);
    if let Some(init) = row.init {
        let mut object = line.object("init");
        event::who(world, init, &mut object);
        object.close();
    }
    if let Some(ns) = row.pid_ns {
        line.known("pid_ns", world.ns(ns).inum);
    }
    line.number("processes", row.processes as u64);
    line.number("tasks", row.tasks as u64);
    line.end();
}
