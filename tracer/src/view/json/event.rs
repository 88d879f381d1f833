//! The fields of an event.

use std::fmt::Write as _;

use super::super::line::detail::arguments;
use super::super::table::state;
use super::super::{Report, What, escape, names};
use super::{Json, Object};
use crate::container::Container;
use crate::model::{Certainty, NsId, NsKind, PidId, Reparent, ReparentReason, TaskId, World};

/// One event on its way out.
pub(super) struct Event<'a> {
    pub(super) world: &'a World,
    pub(super) report: &'a Report,
    pub(super) json: &'a Json,
}

impl Event<'_> {
    /// Writes every field behind `cpu`.
    pub(super) fn write(&self, line: &mut Object<'_>) {
        if !self.subject(line) {
            return;
        }
        match &self.report.what {
            What::AllocPid(pid) => pid_fields(self.world, *pid, line),
            What::AllocFail { errno, inum, .. } => refused(*errno, *inum, line),
            What::Fork { flags } => self.fork(*flags, line),
            What::ForkFail { errno, flags, inum } => {
                refused(*errno, *inum, line);
                flag_names(*flags, line);
            }
            What::Exec { old_tid, filename, args, cut } => {
                exec(*old_tid, filename, args, *cut, line);
            }
            What::Rename { old } => {
                let old = escape::name(old);
                if !old.is_empty() {
                    line.text("old_comm", old);
                }
            }
            What::Lost { .. } => (),
            What::Exit { code, inferred, group_dead, lived } => {
                exit(*code, *group_dead, *lived, line);
                if *inferred {
                    line.flag("inferred", true);
                }
            }
            What::Reparent(change) => self.reparent(change, line),
            What::Release { by, inferred, zombie } => {
                self.release(*by, *inferred, *zombie, line);
            }
            What::FreePid { pid, inferred } => {
                line.numbers("ns_pids", self.world.pid(*pid).nrs());
                line.flag("inferred", *inferred);
            }
            What::Pgid { old, new } => self.moved("pgid", "old_pgid", "ns_pgids", *old, *new, line),
            What::Sid { old, new } => self.moved("sid", "old_sid", "ns_sids", *old, *new, line),
            What::NsCreate(ns) => self.ns_create(*ns, line),
            What::NsEnter { kind, from, to } => {
                line.str("kind", kind.name());
                line.known("inum", self.world.ns(*to).inum);
                if let Some(from) = from {
                    line.known("from", self.world.ns(*from).inum);
                }
            }
            What::NsDying(ns) | What::NsDestroy(ns) => self.ns_end(*ns, line),
            What::Ptrace(tracer) => {
                if let Some(tracer) = tracer {
                    line.known("tracer", self.world.task(*tracer).tgid);
                }
            }
            What::Cred => self.cred(line),
            What::CgroupCreate(id) | What::CgroupRemove(id) => cgroup(self.world, *id, line),
            What::CgroupMove { from, to } => {
                cgroup(self.world, *to, line);
                line.id("old_cgroup", *from);
            }
            What::Snapshot => self.snapshot(line),
        }
    }

    /// Whom the event is about. `false` if nothing is left to say.
    fn subject(&self, line: &mut Object<'_>) -> bool {
        if let What::Lost { count, since } = self.report.what {
            line.number("count", count);
            line.known("since", since);
            return false;
        }
        match (&self.report.what, self.report.task) {
            // Its own task is not born yet, or no longer there.
            (What::AllocPid(pid), _) => {
                line.known("tid", self.world.pid(*pid).nr());
                line.known("creator", self.report.actor_tid);
                line.known("creator_pid", self.report.actor_tgid);
            }
            (What::FreePid { .. }, Some(task)) => {
                let task = self.world.task(task);
                line.known("pid", task.tgid);
                line.known("tid", task.tid);
                name(&task.comm, line);
            }
            (_, Some(task)) => who(self.world, task, line),
            (What::FreePid { pid, .. }, None) => line.known("tid", self.world.pid(*pid).nr()),
            (What::NsDestroy(_), None) => (),
            (_, None) => {
                line.known("pid", self.report.actor_tgid);
                line.known("tid", self.report.actor_tid);
            }
        }
        true
    }

    fn fork(&self, flags: u64, line: &mut Object<'_>) {
        let Some(id) = self.report.task else { return };
        let task = self.world.task(id);
        let creator_pid = match task.creator {
            Some(creator) => self.world.task(creator).tgid,
            None => self.report.actor_tgid,
        };
        self.json.birth(self.world, id, line, |line| {
            line.known("creator", task.creator_tid);
            line.known("creator_pid", creator_pid);
            flag_names(flags, line);
        });
        namespaces(self.world, id, line);
    }

    fn snapshot(&self, line: &mut Object<'_>) {
        let Some(id) = self.report.task else { return };
        self.json.birth(self.world, id, line, |_| ());
        namespaces(self.world, id, line);
        let task = self.world.task(id);
        line.str("state", state(task.state));
        line.str("certainty", certainty(task.certainty));
    }

    fn reparent(&self, change: &Reparent, line: &mut Object<'_>) {
        let tgid = |task: Option<TaskId>| task.map_or(0, |task| self.world.task(task).tgid);
        line.known("ppid", tgid(change.to));
        line.known("old_ppid", tgid(change.from));
        line.str("why", why(change.why));
        line.flag("inferred", change.inferred);
    }

    fn release(
        &self,
        by: Option<TaskId>,
        inferred: bool,
        zombie: Option<u64>,
        line: &mut Object<'_>,
    ) {
        if let Some(by) = by {
            line.known("by", self.world.task(by).tid);
        }
        line.flag("inferred", inferred);
        if let Some(ns) = zombie {
            line.number("zombie_ns", ns);
        }
    }

    fn moved(
        &self,
        key: &str,
        old_key: &str,
        numbers_key: &str,
        old: Option<PidId>,
        new: PidId,
        line: &mut Object<'_>,
    ) {
        line.number(key, self.world.pid(new).nr());
        if let Some(old) = old {
            line.number(old_key, self.world.pid(old).nr());
        }
        line.numbers(numbers_key, self.world.pid(new).nrs());
    }

    fn ns_create(&self, id: NsId, line: &mut Object<'_>) {
        let ns = self.world.ns(id);
        line.str("kind", ns.kind.name());
        line.known("inum", ns.inum);
        line.id("ns_id", ns.ns_id);
        if let Some(pid) = &ns.pid {
            line.number("level", pid.level);
            if let Some(parent) = pid.parent {
                line.known("parent", self.world.ns(parent).inum);
            }
        }
        if let Some(by) = self.report.task {
            line.known("by", self.world.task(by).tid);
        }
        if let Some(owner) = ns.owner {
            line.known("owner", self.world.ns(owner).inum);
        }
    }

    fn ns_end(&self, id: NsId, line: &mut Object<'_>) {
        let ns = self.world.ns(id);
        line.str("kind", ns.kind.name());
        line.known("inum", ns.inum);
        if let Some(pid) = &ns.pid {
            line.number("level", pid.level);
        }
    }

    fn cred(&self, line: &mut Object<'_>) {
        let Some(id) = self.report.task else { return };
        owner(self.world, id, line);
        namespaces(self.world, id, line);
    }
}

/// A cgroup, and the container that it belongs to.
pub(super) fn cgroup(world: &World, id: u64, line: &mut Object<'_>) {
    line.id("cgroup", id);
    let Some(cgroup) = world.cgroup(id) else { return };
    line.text("cgroup_path", &cgroup.path);
    container(cgroup.container.as_ref(), line);
}

/// A container.
pub(super) fn container(container: Option<&Container>, line: &mut Object<'_>) {
    let Some(container) = container else { return };
    let mut object = line.object("container");
    object.text("id", container.id.as_bytes());
    object.str("runtime", container.runtime.name());
    if let Some(pod) = &container.pod {
        object.text("pod", pod.as_bytes());
    }
    object.close();
}

/// Why a task got another parent, in a word.
pub(super) fn why(reason: ReparentReason) -> &'static str {
    match reason {
        ReparentReason::Sibling => "sibling",
        ReparentReason::Subreaper => "subreaper",
        ReparentReason::NamespaceInit => "namespace_init",
        ReparentReason::Unseen => "unseen",
    }
}

/// A task's numbers and name.
pub(super) fn who(world: &World, id: TaskId, line: &mut Object<'_>) {
    let task = world.task(id);
    line.known("pid", task.tgid);
    line.known("tid", task.tid);
    match task.pid.map(|pid| world.pid(pid).numbers).filter(|numbers| !numbers.is_empty()) {
        Some(numbers) => line.numbers("ns_pids", numbers.iter().map(|&(_, nr)| nr)),
        None if task.tid != 0 => line.numbers("ns_pids", [task.tid]),
        None => (),
    }
    name(&task.comm, line);
}

pub(super) fn name(comm: &[u8], line: &mut Object<'_>) {
    let comm = escape::name(comm);
    if !comm.is_empty() {
        line.text("comm", comm);
    }
}

/// The real parent's thread group; 0 is known where the task itself is.
pub(super) fn parent(world: &World, id: TaskId, line: &mut Object<'_>) {
    let task = world.task(id);
    if task.ppid != 0 || task.certainty != Certainty::Inferred {
        line.number("ppid", task.ppid);
    }
}

/// uid and gid, where they are known.
pub(super) fn owner(world: &World, id: TaskId, line: &mut Object<'_>) {
    let task = world.task(id);
    if let Some(uid) = task.uid {
        line.number("uid", uid);
    }
    if let Some(gid) = task.gid {
        line.number("gid", gid);
    }
}

/// Process group and session, where they are known.
pub(super) fn groups(world: &World, id: TaskId, line: &mut Object<'_>) {
    for (key, pid) in [("pgid", world.task_pgrp(id)), ("sid", world.task_session(id))] {
        if let Some(pid) = pid {
            line.number(key, world.pid(pid).nr());
        }
    }
}

/// The object of a task's namespaces.
pub(super) fn namespaces(world: &World, id: TaskId, line: &mut Object<'_>) {
    let mut object = line.object("ns");
    let mut all = world.namespaces_of(id);
    let deepest = all.get_mut(NsKind::Pid.index());
    if let Some(deepest) = deepest {
        *deepest = world.task_active_pid_ns(id);
    }
    for (kind, ns) in NsKind::ALL.into_iter().zip(all) {
        object.known(kind.name(), ns.map_or(0, |ns| world.ns(ns).inum));
    }
    object.known("pid_for_children", world.task(id).for_children.map_or(0, |ns| world.ns(ns).inum));
    object.known("time_for_children", world.task(id).time_for_children);
    object.close();
}

/// A pid's numbers, its namespaces and its inode number.
pub(super) fn pid_fields(world: &World, id: PidId, line: &mut Object<'_>) {
    let pid = world.pid(id);
    line.numbers("ns_pids", pid.nrs());
    if pid.numbers.iter().all(|(ns, _)| ns.is_some()) {
        let inum = |&(ns, _): &(Option<NsId>, i32)| ns.map_or(0, |ns| world.ns(ns).inum);
        line.numbers("ns_inums", pid.numbers.iter().map(inum));
    }
    line.id("ino", pid.ino);
}

/// How something ended.
pub(super) fn ended(ended: names::Ended, line: &mut Object<'_>) {
    match ended {
        names::Ended::Code(code) => line.number("exit_code", code),
        names::Ended::Signal { signal, core } => {
            line.number("exit_signal", signal);
            line.flag("core_dumped", core);
        }
    }
}

pub(super) fn refused(errno: i32, inum: u32, line: &mut Object<'_>) {
    if let Some(name) = names::errno(errno) {
        line.str("error", name);
    }
    line.number("errno", errno);
    if inum != 0 {
        let mut ns = line.object("ns");
        ns.number("pid", inum);
        ns.close();
    }
}

pub(super) fn exec(
    old_tid: Option<i32>,
    filename: &[u8],
    args: &[u8],
    cut: bool,
    line: &mut Object<'_>,
) {
    if !filename.is_empty() {
        line.text("filename", filename);
    }
    if !args.is_empty() {
        line.texts("args", &arguments(args).collect::<Vec<_>>());
    }
    if cut {
        line.flag("args_cut", true);
    }
    if let Some(tid) = old_tid {
        line.number("old_tid", tid);
    }
}

pub(super) fn exit(
    code: Option<i32>,
    group_dead: Option<bool>,
    lived: Option<u64>,
    line: &mut Object<'_>,
) {
    if let Some(code) = code {
        ended(names::Ended::from_wait(code), line);
    }
    if let Some(dead) = group_dead {
        line.flag("group_dead", dead);
    }
    if let Some(ns) = lived {
        line.number("lived_ns", ns);
    }
}

pub(super) fn flag_names(flags: u64, line: &mut Object<'_>) {
    let (names, rest) = names::clone_flags(flags);
    let all = names.map(Some).chain((rest != 0).then_some(None));
    line.array("flags", all, |name, out| {
        let _ = match name {
            Some(name) => write!(out, "\"{name}\""),
            None => write!(out, "\"{rest:#x}\""),
        };
    });
}

/// How we know of a task, in a word.
pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed => "observed",
        Certainty::Snapshot => "snapshot",
        Certainty::Proc => "proc",
        Certainty::Inferred => "inferred",
    }
}
