//! What a task lives through between its birth and its end.

use super::{Person, ROOT_INUM, Script};
use crate::{
    coverage::Fact,
    event::{
        Body, ExchangeTids, Exec, Exit, FreePid, FreeTask, Header, Release, Rename, TaskFacts, bits,
    },
};

impl Script {
    /// `task_rename`.
    pub(in crate::check) fn rename(&mut self, tid: i32, comm: [u8; 4]) {
        let facts = self.facts(tid);
        facts.comm = [0; 16];
        facts.comm[..4].copy_from_slice(&comm);
        let TaskFacts { task, pid, tgid, comm, .. } = *facts;
        let header = Header::default();
        self.write(tid, 14, Body::Rename(Rename { header, task, pid, tid, tgid, comm }));
    }

    /// An exec by a leader that has no other threads, or, of a thread, one whose group has exited:
    /// rename and exec.
    pub(in crate::check) fn exec(&mut self, tid: i32) {
        self.rename(tid, *b"prog");
        self.execed(tid, tid);
    }

    fn execed(&mut self, tid: i32, old_tid: i32) {
        let TaskFacts { task, pid, start, uid, gid, comm, .. } = *self.facts(tid);
        let header = Header::default();
        let facts = tracer_ebpf::wire::Exec {
            header,
            task,
            pid,
            start,
            old_tid,
            tid,
            uid,
            gid,
            filename_len: 0,
            args_len: 0,
            args_total: 0,
            pad: 0,
            comm,
        };
        let exec = Exec { facts, filename: Box::default(), args: Box::default() };
        self.write(tid, 13, Body::Exec(exec));
        self.facts(tid).flags &= !0x40;
    }

    /// An exec by a thread of a process of two: the leader exits, they swap, it is released, and
    /// its number freed.
    pub(in crate::check) fn exec_by_thread(&mut self, tid: i32) {
        let leader = self.tasks[&tid].facts.tgid;
        self.exit_as(leader, 0);
        let (left, right) = (self.tasks[&tid].facts.task, self.tasks[&leader].facts.task);
        if self.coverage.sees(Fact::ExchangeTids) {
            let header = Header::default();
            self.write(tid, 12, Body::ExchangeTids(ExchangeTids { header, left, right }));
        }
        let (mut young, mut old) =
            (self.tasks.remove(&tid).unwrap(), self.tasks.remove(&leader).unwrap());
        std::mem::swap(&mut young.vector, &mut old.vector);
        std::mem::swap(&mut young.facts.pid, &mut old.facts.pid);
        std::mem::swap(&mut young.facts.ino, &mut old.facts.ino);
        std::mem::swap(&mut young.facts.tid, &mut old.facts.tid);
        young.facts.start = old.facts.start;
        (young.facts.exit_signal, old.facts.exit_signal) = (17, -1);
        (young.facts.leader, old.facts.leader) = (left, left);
        self.tasks.insert(leader, young);
        self.tasks.insert(tid, old);
        self.release(tid, leader);
        self.rename(leader, *b"prog");
        self.execed(leader, tid);
    }

    /// The last thread of a process exits; orphans go to pid 1 of the host.
    pub(in crate::check) fn exit(&mut self, tid: i32) {
        self.exit_as(tid, 1);
    }

    /// A task exits; `group_dead` says whether it is the last one of its process.
    pub(in crate::check) fn exit_as(&mut self, tid: i32, group_dead: u32) {
        let facts = *self.facts(tid);
        let living = |person: &&Person| person.facts.tgid == facts.tgid && !person.exited;
        let live = self.tasks.values().filter(living).count() as i32 - 1;
        let is_child = |child: &Person| child.facts.real_parent == facts.task;
        let has_children = self.tasks.values().any(is_child);
        let init = self.tasks[&1].facts;
        let sibling = self.tasks.values().filter(living).find(|person| person.facts.tid != tid);
        let heir = sibling.map_or(init, |person| person.facts);
        let (reaper, reaper_tgid) = if has_children { (init.task, 1) } else { (0, 0) };
        let exit = Exit {
            header: Header::default(),
            task: facts.task,
            pid: facts.pid,
            real_parent: facts.real_parent,
            reaper,
            code: 0,
            group_code: 0,
            signal_flags: 0,
            group_dead,
            live,
            has_children: u32::from(has_children),
            ppid: facts.ppid,
            reaper_tgid,
        };
        self.write(tid, 15, Body::Exit(exit));
        for child in self.tasks.values_mut().filter(|child| is_child(child)) {
            (child.facts.real_parent, child.facts.ppid) = (heir.task, heir.tgid);
            (child.facts.parent, child.facts.parent_tgid) = (heir.task, heir.tgid);
        }
        let person = self.tasks.get_mut(&tid).unwrap();
        person.exited = true;
        (person.facts.exit_state, person.facts.flags) = (0x20, person.facts.flags | 4);
        person.facts.bits &= !(bits::HAS_MM | bits::HAS_NSPROXY);
        (person.facts.for_children, person.facts.for_children_inum) = (0, 0);
        person.facts.ns = [person.facts.ns[0], 0, 0, 0, 0, person.facts.ns[5], 0, 0];
    }

    /// `release_task` by somebody, and the freeing of its pid and its memory.
    pub(in crate::check) fn release(&mut self, tid: i32, by: i32) {
        self.release_only(tid, by);
        let person = self.tasks.remove(&tid).unwrap();
        self.gone.insert(tid, person.facts);
        self.held.push(person.clone());
        self.free_unused(by);
        self.free_task(&person);
    }

    /// `free_pid` for the pids of released tasks that no group and no session uses.
    fn free_unused(&mut self, by: i32) {
        let users: Vec<_> = self.tasks.values().map(|one| one.facts).collect();
        let used = |pid: u64| users.iter().any(|one| one.pgrp == pid || one.session == pid);
        let all = std::mem::take(&mut self.held).into_iter();
        let (held, free): (_, Vec<_>) = all.partition(|person| used(person.facts.pid));
        self.held = held;
        for person in free {
            self.free_pid(&person, by);
        }
    }

    /// `release_task` by somebody, and nothing more.
    pub(in crate::check) fn release_only(&mut self, tid: i32, by: i32) {
        let TaskFacts { task, pid, real_parent, tgid, ppid, .. } = *self.facts(tid);
        let header = Header::default();
        let release = Release { header, task, pid, real_parent, tid, tgid, ppid, code: 0 };
        if self.coverage.sees(Fact::Release) {
            self.write(by, 16, Body::Release(release));
        }
    }

    /// `free_pid`.
    pub(in crate::check) fn free_pid(&mut self, person: &Person, by: i32) {
        let (pid, ino, nr) = (person.facts.pid, person.facts.ino, person.vector[0].nr);
        let level = person.vector.len() as u32 - 1;
        let header = Header::default();
        if self.coverage.sees(Fact::FreePid) {
            self.write(by, 10, Body::FreePid(FreePid { header, pid, ino, nr, level }));
        }
    }

    /// `sched_process_free`.
    pub(in crate::check) fn free_task(&mut self, person: &Person) {
        let TaskFacts { task, tid, tgid, .. } = person.facts;
        self.write(0, 17, Body::FreeTask(FreeTask { header: Header::default(), task, tid, tgid }));
    }

    /// A process of one thread exits, and its parent reaps it.
    pub(in crate::check) fn end(&mut self, tid: i32) {
        self.exit(tid);
        let last = self.tasks[&tid].vector.last().copied();
        if last.is_some_and(|own| own.nr == 1 && own.inum != ROOT_INUM) {
            self.dying(tid);
        }
        let parent = self.tasks[&tid].facts.ppid;
        self.release(tid, parent);
    }
}
