//! Namespaces of the script: made, entered, read by sweeps, dying, freed.

use super::{CLONE_NEWPID, INITIAL, MADE, Person, ROOT_INUM, Script, ns_key};
use crate::{
    coverage::Fact,
    event::{Body, Event, Header, NsEnd, NsSet, PidNs, Upid, ns_reason},
};

impl Script {
    /// The initial PID namespace as a sweep reads it.
    pub(in crate::check) fn root(&self, count: u32) -> PidNs {
        PidNs {
            ns: ns_key(ROOT_INUM),
            child_reaper: self.tasks[&1].facts.task,
            ns_id: 7,
            inum: ROOT_INUM,
            user_inum: INITIAL[0],
            allocated: 1 << 31 | count,
            reason: ns_reason::SNAPSHOT,
            ..PidNs::default()
        }
    }

    /// The PID namespace of an init as a sweep reads it.
    pub(in crate::check) fn space_of(&self, init: i32, count: u32) -> PidNs {
        let person = &self.tasks[&init];
        let [.., above, own] = person.vector[..] else { panic!("{init} is in no inner namespace") };
        PidNs {
            ns: own.ns,
            parent: above.ns,
            child_reaper: person.facts.task,
            ns_id: u64::from(own.inum),
            inum: own.inum,
            parent_inum: above.inum,
            level: person.vector.len() as u32 - 1,
            ..self.root(count)
        }
    }

    /// A sweep that finds these PID namespaces.
    pub(in crate::check) fn sweep_with(&mut self, spaces: &[PidNs]) {
        self.sweep();
        let end = self.events.pop();
        for &space in spaces {
            self.write(0, 20, Body::PidNs(space));
        }
        self.append(end.unwrap());
    }

    /// `copy_pid_ns`, for the next namespace that a clone or an unshare makes.
    pub(in crate::check) fn make_space(&mut self, by: i32) {
        let own = *self.tasks[&by].vector.last().unwrap();
        let inum = MADE + self.next.len() as u32;
        let space = PidNs {
            ns: ns_key(inum),
            parent: own.ns,
            child_reaper: 0,
            ns_id: u64::from(inum),
            inum,
            parent_inum: own.inum,
            level: self.tasks[&by].vector.len() as u32,
            reason: ns_reason::CREATE,
            ..self.root(0)
        };
        self.write(by, 20, Body::PidNs(space));
    }

    /// The ids of namespaces; that of the initial one is 7.
    pub(super) fn ids(&self, inums: [u32; 8]) -> [u64; 8] {
        let id = |inum| if inum == ROOT_INUM { 7 } else { u64::from(inum) };
        if self.coverage.ns_id { inums.map(id) } else { [0; 8] }
    }

    fn ns_set(&self, task: i32, flags: u64, reason: u32) -> NsSet {
        let facts = &self.tasks[&task].facts;
        let mut inums = facts.ns;
        inums[5] = facts.for_children_inum;
        NsSet {
            task: facts.task,
            flags,
            for_children: facts.for_children,
            inums,
            ids: self.ids(inums),
            time_for_children: facts.time_for_children_inum,
            reason,
            ..NsSet::default()
        }
    }

    /// `create_new_namespaces`, for `CLONE_NEWUTS` or `CLONE_NEWPID`; the latter are for children
    /// from here on.
    pub(in crate::check) fn create(&mut self, by: i32, flags: u64) {
        if flags & CLONE_NEWPID != 0 {
            let inum = MADE + self.next.len() as u32;
            self.next.insert(inum, 1);
            let facts = self.facts(by);
            (facts.for_children, facts.for_children_inum) = (ns_key(inum), inum);
        }
        let mut set = self.ns_set(by, flags, ns_reason::CREATE);
        if flags & 0x0400_0000 != 0 {
            set.inums[2] = 0xf000_1000;
        }
        self.write(by, 21, Body::NsSet(set));
    }

    /// `switch_task_namespaces`, to those that the facts have now.
    pub(in crate::check) fn enter(&mut self, tid: i32) {
        let set = self.ns_set(tid, 0, ns_reason::ENTER);
        self.write(tid, 21, Body::NsSet(set));
    }

    /// `create_new_namespaces` of a clone, where the PID namespace that it makes has been told.
    pub(super) fn nsproxy(&mut self, by: i32, flags: u64, own: Upid) {
        let told = |event: &Event| matches!(&event.body, Body::PidNs(it) if it.reason == ns_reason::CREATE && it.ns == own.ns);
        if self.events.last().is_some_and(told) {
            let mut set = self.ns_set(by, flags, ns_reason::CREATE);
            (set.for_children, set.inums[5]) = (own.ns, own.inum);
            set.ids = self.ids(set.inums);
            self.write(by, 21, Body::NsSet(set));
        }
    }

    /// A sweep's second pass shows the namespaces of a task.
    pub(in crate::check) fn show_set(&mut self, tid: i32) {
        let set = self.ns_set(tid, 0, ns_reason::SNAPSHOT);
        self.write(0, 21, Body::NsSet(set));
    }

    fn ns_end(person: &Person) -> NsEnd {
        let own = person.vector.last().unwrap();
        let level = person.vector.len() as u32 - 1;
        NsEnd { header: Header::default(), ns: own.ns, inum: own.inum, level }
    }

    /// `zap_pid_ns_processes`, by the init.
    pub(in crate::check) fn dying(&mut self, init: i32) {
        if self.coverage.sees(Fact::NsDying) {
            self.write(init, 22, Body::NsDying(Self::ns_end(&self.tasks[&init])));
        }
    }

    /// `delayed_free_pidns`, of a task's namespace.
    pub(in crate::check) fn destroy(&mut self, tid: i32) {
        self.destroy_of(&self.tasks[&tid].clone());
    }

    /// The same, of a task that is gone.
    pub(in crate::check) fn destroy_of(&mut self, person: &Person) {
        self.write(0, 23, Body::NsDestroy(Self::ns_end(person)));
    }
}
