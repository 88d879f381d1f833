//! Which numbers the script's kernel gives out, and its PID namespaces.

use super::{CLONE_NEWPID, INITIAL, MADE, Person, ROOT_INUM, Script, ns_key};
use crate::event::{Body, NsSet, PidNs};

impl Script {
    /// The next number of the host is this one.
    pub(in crate::check) fn reuse(&mut self, nr: i32) {
        self.reuse_in(ROOT_INUM, nr);
    }

    /// The next number of a PID namespace is this one.
    pub(in crate::check) fn reuse_in(&mut self, inum: u32, nr: i32) {
        self.next.insert(inum, nr);
    }

    /// `pid_max` of the host, which a sweep reads with the cursor.
    pub(in crate::check) fn pid_max(&mut self, pid_max: u32) {
        self.pid_max = pid_max;
        let cursor = self.next[&ROOT_INUM] as u32;
        self.show_cursor(cursor);
    }

    /// A sweep reads the initial namespace with this cursor.
    pub(in crate::check) fn show_cursor(&mut self, cursor: u32) {
        let (ns, child_reaper) = (ns_key(ROOT_INUM), self.tasks[&1].facts.task);
        let facts = PidNs {
            ns,
            child_reaper,
            ns_id: 7,
            inum: ROOT_INUM,
            user_inum: INITIAL[0],
            allocated: 1 << 31 | self.tasks.len() as u32,
            cursor,
            pid_max: self.pid_max,
            reason: 1,
            ..PidNs::default()
        };
        self.write(0, 20, Body::PidNs(facts));
    }

    /// A sweep reads the namespace of this init, with the child reaper `reaper`.
    pub(in crate::check) fn show_ns(&mut self, init: i32, reaper: i32) {
        let (vector, child_reaper) = (&self.tasks[&init].vector, self.tasks[&reaper].facts.task);
        let (own, above) = (vector[vector.len() - 1], vector[vector.len() - 2]);
        let inside = |person: &&Person| person.vector.iter().any(|upid| upid.ns == own.ns);
        let facts = PidNs {
            ns: own.ns,
            parent: above.ns,
            child_reaper,
            ns_id: own.inum.into(),
            inum: own.inum,
            parent_inum: above.inum,
            user_inum: INITIAL[0],
            level: vector.len() as u32 - 1,
            allocated: 1 << 31 | self.tasks.values().filter(inside).count() as u32,
            cursor: self.next[&own.inum] as u32,
            pid_max: 1 << 22,
            reason: 1,
            ..PidNs::default()
        };
        self.write(0, 20, Body::PidNs(facts));
    }

    /// `unshare(CLONE_NEWPID)`: a namespace for the children of a task.
    pub(in crate::check) fn unshare_pid(&mut self, tid: i32) {
        let inum = MADE + self.next.len() as u32;
        self.next.insert(inum, 1);
        let above = *self.tasks[&tid].vector.last().unwrap();
        let facts = PidNs {
            ns: ns_key(inum),
            parent: above.ns,
            ns_id: inum.into(),
            inum,
            parent_inum: above.inum,
            user_inum: INITIAL[0],
            level: self.tasks[&tid].vector.len() as u32,
            allocated: 1 << 31,
            pid_max: 1 << 22,
            reason: 2,
            ..PidNs::default()
        };
        self.write(tid, 20, Body::PidNs(facts));
        let facts = self.facts(tid);
        (facts.for_children, facts.for_children_inum) = (ns_key(inum), inum);
        let (task, mut inums, for_children) = (facts.task, facts.ns, facts.for_children);
        inums[5] = inum;
        let ids = self.ids(inums);
        let set = NsSet {
            task,
            for_children,
            inums,
            ids,
            time_for_children: INITIAL[7],
            ..NsSet::default()
        };
        self.write(tid, 21, Body::NsSet(NsSet { flags: CLONE_NEWPID, reason: 2, ..set }));
        self.write(tid, 21, Body::NsSet(NsSet { reason: 3, ..set }));
    }
}
