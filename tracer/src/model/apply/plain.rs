//! The common birth: a process of its own that has all but its numbers from the task that made it.
//!
//! It gives exactly the tables that the general way gives, only sooner: whatever is not as expected
//! goes that way.

use super::super::pid::PidRow;
use super::super::row::{Look, Row, Wide};
use super::super::slab::Link;
use super::super::{Certainty, NsId, PidId, PidState, TaskId, TaskState, World};
use super::Group;
use crate::event::{Header, TaskFacts, Upid};

/// What a plain birth has found in the tables.
struct Found {
    old: Option<TaskId>,
    pid: PidId,
    pgrp: PidId,
    session: PidId,
    look: Look,
}

impl World {
    /// Enters a new process; `None`, and nothing done, unless all is plain.
    pub(super) fn plain_birth(
        &mut self,
        creator: TaskId,
        header: &Header,
        facts: &TaskFacts,
        vector: &[Upid],
        flags: u64,
    ) -> Option<TaskId> {
        let found = self.find_plain(creator, facts, vector, flags)?;
        #[cfg(test)]
        {
            if self.probe.roundabout {
                return None;
            }
            self.probe.births += 1;
        }
        let Found { old, pid, pgrp, session, look } = found;
        let mother = self.row(creator);
        let (comm, elder) = (mother.comm, mother.first_child);
        let comm = if self.comms.get(comm) == Some(&facts.comm) {
            self.comms.keep(comm);
            comm
        } else {
            self.comms.take(&facts.comm).0
        };
        let known = self.row(creator).look;
        let (look_id, first) = if self.looks.get(known) == Some(&look) {
            self.looks.keep(known);
            (known, false)
        } else {
            self.looks.take(&look)
        };
        if first && let Some(proxy) = self.proxies.get_mut(look.ns_set) {
            proxy.looks += 1;
        }
        let mark = self.sweep.mark as u16;
        let mut row = Row {
            start: Wide::new(facts.start),
            comm,
            look: look_id,
            creator: Link::to(creator),
            creator_tid: header.actor_tid,
            tid: facts.tid,
            pid: Link::to(pid),
            parent: Link::to(creator),
            older: elder,
            group: Link::to(pgrp),
            session: Link::to(session),
            mark,
            ..Row::GONE
        };
        row.set_state(TaskState::Running);
        row.set_certainty(Certainty::Observed);
        let id = self.tasks.insert(row);
        self.index_at(id, facts.task, old);
        if let Some(row) = self.tasks.get_mut(creator) {
            row.first_child = Link::to(id);
        }
        if let Some(row) = elder.slot().and_then(|slot| self.tasks.at_mut(slot)) {
            row.younger = Link::to(id);
        }
        if let Some(row) = self.pids.get_mut(pid) {
            row.set_state(PidState::Attached);
            row.link = Link::to(id);
            row.mark = mark;
        }
        for (pid, group) in [(session, Group::Session), (pgrp, Group::Pgrp)] {
            self.count_user(pid, group, 1);
            if let Some(row) = self.pids.get_mut(pid) {
                row.mark = mark;
            }
        }
        for ns in self.kinds_of(look.ns_set).into_iter().flatten() {
            self.join_ns(ns);
        }
        Some(id)
    }

    fn find_plain(
        &self,
        creator: TaskId,
        facts: &TaskFacts,
        vector: &[Upid],
        flags: u64,
    ) -> Option<Found> {
        let odd = facts.exit_state != 0 || facts.exit_code != 0 || facts.ptrace != 0;
        let busy = self.sweep.generation.is_some() || !self.index.loose.is_empty();
        let leads = facts.tid == facts.tgid && facts.tid > 0;
        if odd || busy || !leads || facts.task == 0 || self.tasks.is_worn() {
            return None;
        }
        let mother = self.row(creator);
        let child = facts.real_parent != 0 && mother.key.get() == facts.real_parent;
        if !child || self.tgid(creator) != facts.ppid {
            return None;
        }
        // a released task may still be known at the address
        let old = self.at_key(facts.task);
        if old.is_some_and(|old| self.lives(old)) {
            return None;
        }
        let pid = self.pid_at(facts.pid)?;
        let active = self.fresh_pid(pid, facts, vector)?;
        let near = |group: Group, key: u64, nr: i32| {
            let is = |row: &PidRow| row.key.get() == key && row.nr == nr && row.is_live();
            self.group_pid(creator, group).filter(|&pid| key != 0 && is(self.pid_row(pid)))
        };
        let session = near(Group::Session, facts.session, facts.sid)?;
        let pgrp = near(Group::Pgrp, facts.pgrp, facts.pgid)?;
        let ns_set = self.ns_set(creator);
        let same = self.proxies.get(ns_set)?.is(&facts.ns, Some(active));
        let children = self.ns(active).pid.as_ref()?.key.0;
        if !same || children == 0 || facts.for_children != children {
            return None;
        }
        let look = Look {
            cgroup: facts.cgroup,
            clone_flags: flags,
            uid: Some(facts.uid),
            gid: Some(facts.gid),
            ns_set,
            for_children: Some(active),
            time_for_children: facts.time_for_children_inum,
            exit_signal: facts.exit_signal,
            flags: facts.flags,
            run_state: facts.state,
            bits: facts.bits,
        };
        Some(Found { old, pid, pgrp, session, look })
    }

    /// The deepest namespace of a pid that was allocated for this very task.
    fn fresh_pid(&self, pid: PidId, facts: &TaskFacts, vector: &[Upid]) -> Option<NsId> {
        let row = self.pid_row(pid);
        let ino = self.ino(pid) == facts.ino;
        if row.state() != PidState::Allocated || row.nr != facts.tid || !row.link.is_none() || !ino
        {
            return None;
        }
        let numbers = self.numbers(pid);
        let same = |(number, upid): (&(Option<NsId>, i32), &Upid)| {
            number.0.is_some() && number.1 == upid.nr
        };
        if numbers.len() != vector.len() || !numbers.iter().zip(vector).all(same) {
            return None;
        }
        numbers.last()?.0
    }
}
