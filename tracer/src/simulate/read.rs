//! What the hooks read from the toy's tables, member by member as the BPF programs do.

use super::table::Id;
use super::truth::{Ns, Pid, Proxy, SWAPPER, Task, Truth};
use crate::event::{Header, NsSet, PidFacts, PidKey, PidNs, TaskFacts, Vector, bits};
use crate::model::NsKind;

/// What a record of namespaces is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct NsSetOf {
    pub(super) task: Id<Task>,
    pub(super) proxy: Id<Proxy>,
    pub(super) user: Id<Ns>,
    pub(super) flags: u64,
    pub(super) reason: u32,
}

/// `PIDNS_ADDING`.
const ADDING: u32 = 1 << 31;

impl Truth {
    /// `fill_task` of the BPF programs.
    pub(super) fn facts(&self, id: Id<Task>, running: bool) -> TaskFacts {
        let task = &self.tasks[id];
        let group = &self.groups[task.group];
        let pid = task.pid.map(|pid| &self.pids[pid]);
        let key = |pid: Option<Id<Pid>>| pid.map_or(0, |pid| self.pids[pid].key);
        let nr = |pid: Option<Id<Pid>>| pid.map_or(0, |pid| self.nr(pid));
        let (real_parent, parent) = (&self.tasks[task.real_parent], &self.tasks[task.parent]);
        let proxy = task.proxy.map(|proxy| &self.proxies[proxy]);
        let children = proxy.map(|proxy| &self.spaces[proxy.ns[NsKind::Pid.index()]]);
        TaskFacts {
            task: task.key,
            pid: pid.map_or(0, |pid| pid.key),
            leader: self.tasks[task.leader].key,
            real_parent: real_parent.key,
            parent: parent.key,
            pgrp: key(group.pgrp),
            session: key(group.session),
            for_children: children.map_or(0, |ns| ns.key),
            ino: pid.map_or(0, |pid| pid.ino),
            start: task.start,
            cgroup: task.cgroup,
            tid: task.tid,
            tgid: task.tgid,
            ppid: real_parent.tgid,
            parent_tgid: parent.tgid,
            pgid: nr(group.pgrp),
            sid: nr(group.session),
            exit_signal: task.exit_signal,
            exit_code: task.exit_code,
            uid: task.uid,
            gid: task.gid,
            flags: task.flags,
            exit_state: task.exit_state,
            state: state(task, running),
            ptrace: task.ptrace,
            level: pid.map_or(0, |pid| pid.vector.len() as u32 - 1),
            bits: self.bits(id),
            ns: self.inums(id, proxy),
            for_children_inum: children.map_or(0, |ns| ns.inum),
            time_for_children_inum: proxy.map_or(0, |p| self.spaces[p.time_for_children].inum),
            comm: task.comm,
        }
    }

    fn bits(&self, id: Id<Task>) -> u32 {
        let (task, group) = (&self.tasks[id], self.group(id));
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        flag(group.subreaper, bits::SUBREAPER)
            | flag(group.has_subreaper, bits::HAS_SUBREAPER)
            | flag(task.mm, bits::HAS_MM)
            | flag(task.proxy.is_some(), bits::HAS_NSPROXY)
            | flag(group.leads_session, bits::SESSION_LEADER)
    }

    fn inums(&self, id: Id<Task>, proxy: Option<&Proxy>) -> [u32; 8] {
        let task = &self.tasks[id];
        let mut inums = proxy.map_or([0; 8], |proxy| proxy.ns.map(|ns| self.spaces[ns].inum));
        inums[NsKind::User.index()] = self.spaces[task.user].inum;
        inums[NsKind::Pid.index()] = self.spaces[self.active(id)].inum;
        inums
    }

    /// The level-0 number of a pid.
    pub(super) fn nr(&self, pid: Id<Pid>) -> i32 {
        self.pids[pid].vector.first().map_or(0, |upid| upid.nr)
    }

    /// The numbers of a task.
    pub(super) fn vector(&self, id: Id<Task>) -> Vector {
        self.tasks[id].pid.map_or(Vector::EMPTY, |pid| self.pids[pid].vector.clone())
    }

    pub(super) fn pid_facts(&self, id: Id<Pid>) -> PidFacts {
        let pid = &self.pids[id];
        PidFacts { pid: PidKey(pid.key), ino: pid.ino, vector: pid.vector.clone() }
    }

    /// `emit_ns_set` of the BPF programs.
    pub(super) fn ns_set(&self, header: Header, what: &NsSetOf) -> NsSet {
        let proxy = &self.proxies[what.proxy];
        let mut inums = proxy.ns.map(|ns| self.spaces[ns].inum);
        let mut ids = proxy.ns.map(|ns| self.spaces[ns].id);
        inums[NsKind::User.index()] = self.spaces[what.user].inum;
        ids[NsKind::User.index()] = self.spaces[what.user].id;
        NsSet {
            header,
            task: self.tasks[what.task].key,
            flags: what.flags,
            for_children: self.spaces[proxy.ns[NsKind::Pid.index()]].key,
            ids,
            inums,
            time_for_children: self.spaces[proxy.time_for_children].inum,
            reason: what.reason,
        }
    }

    /// `emit_pid_ns` of the BPF programs.
    pub(super) fn pid_ns(&self, header: Header, id: Id<Ns>, own_max: bool, reason: u32) -> PidNs {
        let (ns, space) = (&self.spaces[id], self.space(id));
        let parent = space.parent.map(|parent| &self.spaces[parent]);
        PidNs {
            header,
            ns: ns.key,
            parent: parent.map_or(0, |parent| parent.key),
            child_reaper: space.reaper_key,
            ns_id: ns.id,
            inum: ns.inum,
            parent_inum: parent.map_or(0, |parent| parent.inum),
            user_inum: ns.owner.map_or(0, |owner| self.spaces[owner].inum),
            level: space.level,
            allocated: self.allocated(id),
            cursor: space.cursor as u32,
            pid_max: if own_max { space.pid_max as u32 } else { 0 },
            reason,
        }
    }

    /// `pid_allocated` as it is.
    pub(super) fn allocated(&self, ns: Id<Ns>) -> u32 {
        let space = self.space(ns);
        space.allocated | if space.adding { ADDING } else { 0 }
    }

    /// Whose children an exiting task's children become, as `sched_process_exit`'s program finds
    /// it: the nearest subreaper, else the namespace's child reaper.
    pub(super) fn told_reaper(&self, id: Id<Task>) -> Option<Id<Task>> {
        let ns = self.active(id);
        if self.group(id).has_subreaper {
            let level = |id: Id<Task>| self.tasks[id].pid.map(|pid| self.pids[pid].vector.len());
            let mut up = self.tasks[id].real_parent;
            for _ in 0..64 {
                if up == SWAPPER || level(up) != level(id) {
                    break;
                }
                if self.group(up).subreaper {
                    return Some(up);
                }
                up = self.tasks[up].real_parent;
            }
        }
        self.space(ns).child_reaper
    }
}

/// `__state`.
fn state(task: &Task, running: bool) -> u32 {
    const DEAD: u32 = 0x80;
    match task {
        Task { exit_state: 1.., .. } => DEAD,
        Task { busy: true, .. } => 0,
        _ => u32::from(!running),
    }
}
