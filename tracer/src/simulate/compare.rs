//! Holds the rebuilt tables against what is true.

use super::table::Id;
use super::truth::{ROOT, Task, Truth};
use crate::model::{NsFate, NsKind, TaskId, TaskState, World};

macro_rules! same {
    ($what:expr, $world:expr, $truth:expr) => {
        let (world, truth) = ($world, $truth);
        if world != truth {
            return Err(format!("{}: {world:?}, but it is {truth:?}", $what));
        }
    };
}

impl Truth {
    /// Whether the tables are exactly what is true, as far as any hook tells it. Says what is not.
    ///
    /// A parent that the tables have only inferred may be another one; that is read at the child's
    /// next event.
    pub fn compare(&self, world: &World) -> Result<(), String> {
        for &id in &self.live {
            let tid = self.tasks[id].tid;
            let Some(found) = world.find_task(tid) else {
                return Err(format!("task {tid} is not in the tables"));
            };
            self.compare_task(world, id, found).map_err(|why| format!("task {tid}: {why}"))?;
        }
        same!("tasks", world.tasks().count(), self.live.len());
        self.compare_pids(world)?;
        self.compare_namespaces(world)
    }

    fn compare_task(&self, world: &World, id: Id<Task>, found: TaskId) -> Result<(), String> {
        let (task, seen) = (&self.tasks[id], world.task(found));
        same!("key", seen.key.0, task.key);
        same!("tgid", seen.tgid, task.tgid);
        same!("exited", seen.state == TaskState::Zombie, task.exited);
        let numbers = seen.pid.map(|pid| world.pid(pid).nrs().collect::<Vec<_>>());
        let nrs = self.vector(id).iter().map(|upid| upid.nr).collect::<Vec<_>>();
        same!("numbers", numbers.unwrap_or_default(), nrs);
        same!("comm", seen.comm, task.comm);
        same!("start", seen.start, task.start);
        same!("ids", (seen.uid, seen.gid), (Some(task.uid), Some(task.gid)));
        same!("cgroup", seen.cgroup, task.cgroup);
        let parent = seen.real_parent.map_or(0, |parent| world.task(parent).key.0);
        let real = if self.tasks[task.real_parent].tid == 0 {
            0
        } else {
            self.tasks[task.real_parent].key
        };
        let leader = seen.leader.is_some_and(|leader| world.task(leader).parent_inferred);
        if !seen.parent_inferred && !leader {
            same!("ppid", seen.ppid, self.tasks[task.real_parent].tgid);
            same!("parent", parent, real);
        }
        if !task.untold_tracer {
            let tracer = seen.tracer.map_or(0, |tracer| world.task(tracer).key.0);
            let traced = if task.ptrace == 0 { 0 } else { self.tasks[task.parent].key };
            same!("tracer", tracer, traced);
        }
        let nr = |pid: Option<_>| pid.map_or(-1, |pid| self.nr(pid));
        let group = self.group(id);
        let known = |pid: Option<_>| pid.map_or(-1, |pid| world.pid(pid).nr());
        same!("group", known(world.task_pgrp(found)), nr(group.pgrp));
        same!("session", known(world.task_session(found)), nr(group.session));
        self.compare_spaces(world, id, found)
    }

    fn compare_spaces(&self, world: &World, id: Id<Task>, found: TaskId) -> Result<(), String> {
        let task = &self.tasks[id];
        let kinds = world.namespaces_of(found).map(|ns| ns.map_or(0, |ns| world.ns(ns).inum));
        same!("user", kinds[NsKind::User.index()], self.spaces[task.user].inum);
        same!("pid", kinds[NsKind::Pid.index()], self.spaces[self.active(id)].inum);
        let Some(proxy) = task.proxy.map(|proxy| &self.proxies[proxy]) else { return Ok(()) };
        for kind in NsKind::ALL {
            let at = kind.index();
            let untold = kind == NsKind::Time && task.untold_time;
            if !untold && !matches!(kind, NsKind::User | NsKind::Pid) {
                same!(kind.name(), kinds[at], self.spaces[proxy.ns[at]].inum);
            }
        }
        let children = world.task(found).for_children.map_or(0, |ns| world.ns(ns).inum);
        same!("for children", children, self.spaces[proxy.ns[NsKind::Pid.index()]].inum);
        Ok(())
    }

    fn compare_pids(&self, world: &World) -> Result<(), String> {
        let mut known: Vec<_> = world.pids().map(|pid| world.pid(pid).nr()).collect();
        let mut live: Vec<_> =
            self.pids().filter_map(|pid| pid.vector.first().map(|upid| upid.nr)).collect();
        known.sort_unstable();
        live.sort_unstable();
        same!("pids", known, live);
        for pid in self.pids() {
            let root = world.root_ns();
            let first = pid.vector.first().map_or(0, |upid| upid.nr);
            let found = root.and_then(|root| world.find_pid_ns(first, root));
            let Some(found) = found.map(|found| world.pid(found)) else { continue };
            same!(format!("pid {first}: key"), found.key.0, pid.key);
            same!(format!("pid {first}: ino"), found.ino, pid.ino);
            let nrs = pid.vector.iter().map(|upid| upid.nr).collect::<Vec<_>>();
            same!(format!("pid {first}: numbers"), found.nrs().collect::<Vec<_>>(), nrs);
        }
        Ok(())
    }

    fn compare_namespaces(&self, world: &World) -> Result<(), String> {
        for (id, ns) in self.spaces.iter() {
            let Some(space) = ns.space.as_ref().filter(|space| space.allocated > 0) else {
                continue;
            };
            let Some(found) = world.find_ns(NsKind::Pid, ns.inum) else {
                return Err(format!("pid:[{}] is not in the tables", ns.inum));
            };
            let what = |part: &str| format!("pid:[{}]: {part}", ns.inum);
            let found = world.ns(found);
            let Some(seen) = &found.pid else { continue };
            same!(what("key"), seen.key.0, ns.key);
            same!(what("level"), seen.level, space.level);
            same!(what("members"), seen.members, space.allocated);
            if id != ROOT {
                same!(what("dying"), found.fate == NsFate::Dying, space.dying);
            }
        }
        Ok(())
    }
}
