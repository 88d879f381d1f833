//! The details of each event, as people read them.

use std::fmt::Write as _;

use super::super::{Report, Style, What, escape, names, text, time};
use crate::model::{
    Certainty, NsId, NsKind, PidId, Reparent, ReparentReason, TaskId, TaskState, World,
};

/// Appends the details of an event.
pub(super) fn write(world: &World, report: &Report, style: Style, out: &mut String) {
    let detail = Detail { world, report, style };
    match &report.what {
        What::AllocPid(pid) => detail.alloc(*pid, out),
        What::AllocFail { errno, inum, level } => {
            names::write_errno(*errno, out);
            out.push_str(": no number in ");
            text::space(NsKind::Pid, *inum, out);
            let _ = write!(out, " level {level}");
        }
        What::Fork { flags } => detail.fork(*flags, out),
        What::ForkFail { errno, flags, inum } => {
            names::write_errno(*errno, out);
            if *inum != 0 {
                out.push_str(" in ");
                text::space(NsKind::Pid, *inum, out);
            }
            flag_names(*flags & !names::CLONE_CHORES, out);
        }
        What::Exec { old_tid, filename, args, cut } => {
            detail.exec(*old_tid, filename, args, *cut, out);
        }
        What::Rename { old } => rename(old, out),
        What::Exit { code, inferred, group_dead, lived } => {
            detail.exit(*code, *group_dead, *lived, out);
            mark_inferred(*inferred, out);
        }
        What::Reparent(reparent) => detail.reparent(reparent, out),
        What::Release { by, inferred, zombie } => detail.release(*by, *inferred, *zombie, out),
        What::FreePid { inferred, .. } => {
            out.push_str("numbers free again");
            mark_inferred(*inferred, out);
        }
        What::Pgid { old, new } | What::Sid { old, new } => detail.moved(*old, *new, out),
        What::NsCreate(ns) => detail.ns_create(*ns, out),
        What::NsEnter { kind, from, to } => detail.ns_enter(*kind, *from, *to, out),
        What::NsDying(ns) => detail.ns_dying(*ns, out),
        What::NsDestroy(ns) => detail.ns_destroy(*ns, out),
        What::Ptrace(Some(tracer)) => {
            out.push_str("traced by ");
            text::process(world, *tracer, out);
        }
        What::Ptrace(None) => out.push_str("no longer traced"),
        What::Cred => detail.cred(out),
        What::CgroupCreate(id) | What::CgroupRemove(id) => text::cgroup(world, *id, out),
        What::CgroupMove { from, to } => {
            if *from != 0 && from != to {
                text::cgroup(world, *from, out);
                let _ = write!(out, " {} ", style.arrow());
            }
            text::cgroup(world, *to, out);
        }
        What::Snapshot => detail.snapshot(out),
        What::Lost { .. } => (),
    }
}

struct Detail<'a> {
    world: &'a World,
    report: &'a Report,
    style: Style,
}

impl Detail<'_> {
    fn alloc(&self, pid: PidId, out: &mut String) {
        out.push_str("for ");
        let actor = self.world.find_task(self.report.actor_tid);
        match actor {
            Some(actor) => text::who(self.world, actor, out),
            None => out.push_str(&self.report.actor_tid.to_string()),
        }
        self.inside(pid, out);
    }

    /// Where a nested pid is born.
    fn inside(&self, pid: PidId, out: &mut String) {
        let numbers = &self.world.pid(pid).numbers;
        if numbers.len() > 1
            && let Some(&(Some(ns), _)) = numbers.last()
        {
            out.push_str(" in ");
            text::namespace(self.world, ns, out);
        }
    }

    /// Says of which process a thread is.
    fn thread(&self, id: TaskId, out: &mut String) {
        let task = self.world.task(id);
        if !task.is_leader() && task.tgid != 0 {
            let _ = write!(out, "thread of {}, ", task.tgid);
        }
    }

    fn fork(&self, flags: u64, out: &mut String) {
        let Some(id) = self.report.task else { return };
        let task = self.world.task(id);
        self.thread(id, out);
        out.push_str("by ");
        match task.creator {
            Some(creator) => text::who(self.world, creator, out),
            None => out.push_str(&self.report.actor_tid.to_string()),
        }
        let creator = task.creator.map_or(self.report.actor_tgid, |id| self.world.task(id).tgid);
        if task.is_leader() && task.ppid != creator {
            out.push_str(" parent ");
            text::parent(self.world, id, out);
        }
        if task.kernel {
            out.push_str(" kernel thread");
        }
        let chores = if task.is_leader() { names::CLONE_CHORES } else { names::CLONE_OF_THREADS };
        flag_names(flags & !chores, out);
        if task.is_leader() && !task.kernel && task.exit_signal != names::SIGCHLD {
            let _ = write!(out, " exit signal {}", task.exit_signal);
        }
        if let Some(pid) = task.pid {
            self.inside(pid, out);
        }
    }

    fn exec(
        &self,
        old_tid: Option<i32>,
        filename: &[u8],
        args: &[u8],
        cut: bool,
        out: &mut String,
    ) {
        if !filename.is_empty() {
            escape::shell(filename, out);
        }
        argument_list(args, cut, self.style, out);
        if let Some(tid) = old_tid {
            let _ = write!(out, " (old tid {tid})");
        }
    }

    fn exit(
        &self,
        code: Option<i32>,
        group_dead: Option<bool>,
        lived: Option<u64>,
        out: &mut String,
    ) {
        if let Some(id) = self.report.task {
            self.thread(id, out);
        }
        match code {
            Some(code) => names::Ended::from_wait(code).write(out),
            None => out.push_str("how was not seen"),
        }
        if group_dead == Some(true) && self.report.task.is_some_and(|id| self.had_threads(id)) {
            out.push_str(" group");
        }
        if let Some(lived) = lived {
            out.push_str(", lived ");
            time::duration(lived, out);
        }
    }

    /// Whether there is more to a task's process than the task.
    fn had_threads(&self, id: TaskId) -> bool {
        !self.world.task(id).is_leader() || self.world.process(id).threads.len() > 1
    }

    fn reparent(&self, reparent: &Reparent, out: &mut String) {
        self.task_or_unknown(reparent.from, out);
        let _ = write!(out, " {} ", self.style.arrow());
        self.task_or_unknown(reparent.to, out);
        out.push_str(why(reparent.why));
        mark_inferred(reparent.inferred, out);
    }

    fn task_or_unknown(&self, task: Option<TaskId>, out: &mut String) {
        match task {
            Some(task) => text::who(self.world, task, out),
            None => out.push('?'),
        }
    }

    fn release(&self, by: Option<TaskId>, inferred: bool, zombie: Option<u64>, out: &mut String) {
        if let Some(id) = self.report.task {
            self.thread(id, out);
        }
        match by {
            Some(by) if Some(by) == self.report.task => out.push_str("by itself"),
            Some(by) => {
                out.push_str("by ");
                text::who(self.world, by, out);
            }
            None => out.push_str("reaped"),
        }
        if let Some(ns) = zombie {
            out.push_str(", zombie ");
            time::duration(ns, out);
        }
        mark_inferred(inferred, out);
    }

    fn moved(&self, old: Option<PidId>, new: PidId, out: &mut String) {
        match old {
            Some(old) => text::vector(self.world, old, out),
            None => out.push('?'),
        }
        let _ = write!(out, " {} ", self.style.arrow());
        text::vector(self.world, new, out);
    }

    fn ns_create(&self, id: NsId, out: &mut String) {
        text::namespace(self.world, id, out);
        let ns = self.world.ns(id);
        if let Some(pid) = &ns.pid {
            let _ = write!(out, " level {}", pid.level);
            if let Some(parent) = pid.parent {
                out.push_str(" in ");
                text::namespace(self.world, parent, out);
            }
        }
        if let Some(owner) = ns.owner {
            out.push_str(" owner ");
            text::namespace(self.world, owner, out);
        }
    }

    fn ns_enter(&self, kind: NsKind, from: Option<NsId>, to: NsId, out: &mut String) {
        if kind == NsKind::Pid {
            out.push_str("children: ");
        }
        if let Some(from) = from {
            text::namespace(self.world, from, out);
            let _ = write!(out, " {} ", self.style.arrow());
        }
        text::namespace(self.world, to, out);
    }

    fn ns_dying(&self, id: NsId, out: &mut String) {
        text::namespace(self.world, id, out);
        if let Some(pid) = &self.world.ns(id).pid {
            let _ =
                write!(out, " level {}: its init dies, {} members left", pid.level, pid.members);
        }
    }

    fn ns_destroy(&self, id: NsId, out: &mut String) {
        text::namespace(self.world, id, out);
        let ns = self.world.ns(id);
        if let Some(pid) = &ns.pid {
            let _ = write!(out, " level {}", pid.level);
        }
        if let Some(lived) = self.report.ts.checked_sub(ns.created).filter(|_| ns.created != 0) {
            out.push_str(", lived ");
            time::duration(lived, out);
        }
    }

    fn cred(&self, out: &mut String) {
        let Some(id) = self.report.task else { return };
        let task = self.world.task(id);
        if let Some(uid) = task.uid {
            let _ = write!(out, "uid {uid} ");
        }
        if let Some(gid) = task.gid {
            let _ = write!(out, "gid {gid} ");
        }
        if let [Some(user), ..] = self.world.namespaces_of(id) {
            text::namespace(self.world, user, out);
        }
    }

    fn snapshot(&self, out: &mut String) {
        let Some(id) = self.report.task else { return };
        let task = self.world.task(id);
        self.thread(id, out);
        out.push_str("parent ");
        text::parent(self.world, id, out);
        out.push_str(if task.state == TaskState::Zombie { " zombie" } else { " running" });
        out.push_str(if task.kernel { " kernel thread" } else { "" });
        if let Some(pid) = task.pid {
            self.inside(pid, out);
        }
        out.push_str(match task.certainty {
            Certainty::Observed | Certainty::Snapshot => "",
            Certainty::Proc => " [from /proc]",
            Certainty::Inferred => " [inferred]",
        });
    }
}

/// The arguments of an exec, taken apart.
pub(in crate::view) fn arguments(args: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = args.strip_suffix(b"\0").unwrap_or(args);
    whole.split(|&b| b == 0).take(if args.is_empty() { 0 } else { usize::MAX })
}

/// Arguments, each with a blank before.
pub(in crate::view) fn argument_list(args: &[u8], cut: bool, style: Style, out: &mut String) {
    for arg in arguments(args) {
        out.push(' ');
        escape::shell(arg, out);
    }
    out.push_str(if cut { style.ellipsis() } else { "" });
}

/// Flags as `CLONE_VM|CLONE_VFORK`, with a blank before, if there are any.
pub(in crate::view) fn flag_names(flags: u64, out: &mut String) {
    let (names, rest) = names::clone_flags(flags);
    let mut separator = ' ';
    for name in names {
        out.push(separator);
        out.push_str(name);
        separator = '|';
    }
    if rest != 0 {
        let _ = write!(out, "{separator}{rest:#x}");
    }
}

/// Why a task got another parent.
pub(in crate::view) fn why(reason: ReparentReason) -> &'static str {
    match reason {
        ReparentReason::Sibling => ": parent died, its thread takes over",
        ReparentReason::Subreaper => ": parent died, subreaper",
        ReparentReason::NamespaceInit => ": parent died, namespace init",
        ReparentReason::Unseen => ": why was not seen",
    }
}

pub(in crate::view) fn mark_inferred(inferred: bool, out: &mut String) {
    out.push_str(if inferred { " [inferred]" } else { "" });
}

pub(in crate::view) fn rename(old: &[u8; 16], out: &mut String) {
    if old[0] == 0 {
        out.push_str("has this name now");
    } else {
        out.push_str("was ");
        escape::comm(old, out);
    }
}
