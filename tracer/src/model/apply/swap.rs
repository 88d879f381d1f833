//! An exec by a thread that does not lead its group: it takes the leader's pid (`de_thread`).

use super::super::{Effect, TaskId, World};
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
        if let Some(task) = self.tasks.get_mut(id) {
            if facts.start != 0 {
                task.start = facts.start;
            }
            if task.birth == 0 {
                task.birth = facts.start;
            }
            task.exec = now;
            task.comm = facts.comm;
            task.uid = Some(facts.uid);
            task.gid = Some(facts.gid);
        }
    }

    /// `task_rename`: the second witness of a swap, and the only one of an exec that fails late.
    pub(super) fn on_rename(&mut self, facts: &Rename) {
        let Some(id) = self.subject(facts.task, facts.tid, facts.tgid) else { return };
        self.witness_swap(id, facts.tid, facts.tgid);
        self.check_pid(id, facts.pid);
        let Some(task) = self.tasks.get_mut(id) else { return };
        let old = std::mem::replace(&mut task.comm, facts.comm);
        task.mark = self.sweep.mark;
        self.emit(Effect::Renamed { task: id, old });
    }

    /// Compares a task's number with what an event says: only a swap changes it.
    pub(super) fn witness_swap(&mut self, id: TaskId, tid: i32, tgid: i32) {
        let task = self.task(id);
        if task.tid == tid || task.tgid != tgid || tid <= 0 {
            return;
        }
        if tid == tgid {
            self.take_over(id);
            return;
        }
        // the old leader is seen with the number of the thread that took its place
        let threads = self.process(id).threads.iter().copied();
        if let Some(thread) = threads.into_iter().find(|&thread| self.task(thread).tid == tid) {
            self.take_over(thread);
        }
    }

    /// The thread takes its leader's pid, number and place in the family (`de_thread`).
    pub(super) fn take_over(&mut self, thread: TaskId) {
        const SIGCHLD: i32 = 17;
        let process = self.task(thread).process;
        let Some(leader) = self.processes.get(process).map(|process| process.leader) else {
            return;
        };
        if leader == thread || !self.task(thread).is_live() {
            return;
        }
        let (young, old) = (self.task(thread).clone(), self.task(leader).clone());
        let alive = old.is_live();
        self.unlink(leader);
        self.unlist_loose(thread);
        self.unlist_loose(leader);
        self.swap_pids((thread, &young), (leader, &old), alive);
        if let Some(task) = self.tasks.get_mut(thread) {
            task.tid = old.tid;
            task.start = old.start;
            task.exit_signal = SIGCHLD;
            task.mark = self.sweep.mark;
        }
        if alive && let Some(task) = self.tasks.get_mut(leader) {
            task.tid = young.tid;
            task.exit_signal = -1;
            task.mark = self.sweep.mark;
        }
        self.index_loose(thread);
        self.index_loose(leader);
        if let Some(process) = self.processes.get_mut(process) {
            process.leader = thread;
        }
        for at in 0..self.processes.get(process).map_or(0, |process| process.threads.len()) {
            let member = self.processes.get(process).and_then(|it| it.threads.get(at).copied());
            if let Some(task) = member.and_then(|member| self.tasks.get_mut(member)) {
                task.leader = Some(thread);
            }
        }
        self.relink(thread);
        let (old_pid, new_pid) = (young.pid, self.task(thread).pid);
        self.emit(Effect::TidChanged { task: thread, old: old_pid, new: new_pid });
        if alive {
            let new = self.task(leader).pid;
            self.emit(Effect::TidChanged { task: leader, old: old.pid, new });
        }
    }

    fn swap_pids(
        &mut self,
        (thread, young): (TaskId, &super::super::Task),
        (leader, old): (TaskId, &super::super::Task),
        alive: bool,
    ) {
        // an old leader that is gone has nothing left to give: its number went with it
        let given = old.pid.filter(|&pid| alive && self.pid(pid).is_live());
        self.point(thread, given);
        if alive {
            self.point(leader, young.pid);
        } else if let Some(pid) = young.pid {
            if let Some(pid) = self.pids.get_mut(pid) {
                pid.task = None;
            }
            self.free_unused(pid);
        }
    }

    /// Sets a task's pid, on both sides.
    fn point(&mut self, task: TaskId, pid: Option<super::super::PidId>) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.pid = pid;
        }
        if let Some(pid) = pid.and_then(|pid| self.pids.get_mut(pid)) {
            pid.task = Some(task);
        }
    }
}
