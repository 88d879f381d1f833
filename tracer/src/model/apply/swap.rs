//! An exec by a thread that does not lead its group: it takes the leader's pid (`de_thread`).

use super::super::row::Flag;
use super::super::slab::Link;
use super::super::{Effect, PidId, TaskId, World};
use crate::event::{ExchangeTids, Rename};
use tracer_ebpf::wire::Exec;

impl World {
    /// `exchange_tids` (kernel/pid.c).
    pub(super) fn on_exchange_tids(&mut self, facts: &ExchangeTids) {
        let Some(left) = self.live_task(facts.left) else {
            self.impossible(super::Impossible::UnknownTask);
            return;
        };
        self.out.task = Some(left);
        self.take_over(left);
    }

    /// `sched_process_exec`: also the witness of a swap that no hook showed.
    pub(super) fn on_exec(&mut self, facts: &Exec) {
        let Some(id) = self.subject(facts.task, facts.tid, facts.tid) else { return };
        self.witness_swap(id, facts.tid, facts.tid);
        self.check_pid(id, facts.pid);
        let now = self.now;
        if facts.start != 0 {
            self.set_start(id, facts.start);
        }
        self.set_exec(id, now);
        self.set_comm(id, facts.comm);
        self.relook(id, |look| (look.uid, look.gid) = (Some(facts.uid), Some(facts.gid)));
    }

    /// `task_rename`: the second witness of a swap, and the only one of an exec that fails late.
    pub(super) fn on_rename(&mut self, facts: &Rename) {
        let Some(id) = self.subject(facts.task, facts.tid, facts.tgid) else { return };
        self.witness_swap(id, facts.tid, facts.tgid);
        self.check_pid(id, facts.pid);
        let old = self.set_comm(id, facts.comm);
        let Some(row) = self.tasks.get_mut(id) else { return };
        row.mark = self.sweep.mark as u16;
        self.emit(Effect::Renamed { task: id, old });
    }

    /// Compares a task's number with what an event says: only a swap changes it.
    pub(super) fn witness_swap(&mut self, id: TaskId, tid: i32, tgid: i32) {
        if self.row(id).tid == tid || self.tgid(id) != tgid || tid <= 0 {
            return;
        }
        if tid == tgid {
            self.take_over(id);
            return;
        }
        // the old leader is seen with the number of the thread that took its place
        let threads = self.threads(id);
        let thread = threads.iter().copied().find(|&thread| self.row(thread).tid == tid);
        if let Some(thread) = thread {
            self.take_over(thread);
        }
    }

    /// The thread takes its leader's pid, number and place in the family (`de_thread`).
    pub(super) fn take_over(&mut self, thread: TaskId) {
        const SIGCHLD: i32 = 17;
        let leader = self.leader(thread);
        if leader == thread || !self.lives(thread) || !self.lives(leader) {
            return;
        }
        let (young_tid, old_tid) = (self.row(thread).tid, self.row(leader).tid);
        let (young_pid, old_pid) = (self.pid_of(thread), self.pid_of(leader));
        let start = self.row(leader).start.get();
        for id in [thread, leader] {
            self.cold_mut(id); // which remembers the birth
            self.unlist_loose(id);
        }
        self.unlink(leader);
        let inferred = self.row(leader).is(Flag::ParentInferred);
        if let Some(row) = self.tasks.get_mut(thread).filter(|_| inferred) {
            row.set(Flag::ParentInferred, true);
        }
        // an old leader that is gone has nothing left to give: its number went with it
        let given = old_pid.filter(|&pid| self.pid_row(pid).is_live());
        self.point(thread, given);
        self.point(leader, young_pid);
        self.renumber(thread, old_tid, SIGCHLD);
        self.set_start(thread, start);
        self.renumber(leader, young_tid, -1);
        self.index_loose(thread);
        self.index_loose(leader);
        if let Some(group) = self.group_mut(thread) {
            group.leader = thread;
        }
        self.relink(thread);
        for (task, old) in [(thread, young_pid), (leader, old_pid)] {
            let new = self.pid_of(task);
            self.emit(Effect::TidChanged { task, old, new });
        }
    }

    fn renumber(&mut self, id: TaskId, tid: i32, exit_signal: i32) {
        if let Some(row) = self.tasks.get_mut(id) {
            row.tid = tid;
            row.mark = self.sweep.mark as u16;
        }
        self.relook(id, |look| look.exit_signal = exit_signal);
    }

    /// Sets a task's pid, on both sides.
    fn point(&mut self, task: TaskId, pid: Option<PidId>) {
        if let Some(row) = self.tasks.get_mut(task) {
            row.pid = Link::of(pid);
        }
        if let Some(pid) = pid.and_then(|pid| self.pids.get_mut(pid)) {
            pid.link = Link::to(task);
        }
    }
}
