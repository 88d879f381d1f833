//! Exits: `sched_process_exit`.

use super::super::{Effect, Impossible, TaskId, TaskState, World};
use crate::event::{Exit, Header};

impl World {
    /// A task exits: a zombie from here on, and no parent any more.
    pub(super) fn on_exit(&mut self, header: &Header, facts: &Exit) {
        let (tid, tgid) = (header.actor_tid, header.actor_tgid);
        let Some(id) = self.subject(facts.task, tid, tgid) else { return };
        if header.actor == facts.task {
            self.witness_swap(id, tid, tgid);
        }
        self.check_pid(id, facts.pid);
        self.set_parent(id, facts.real_parent, facts.ppid);
        if self.runs(id) {
            self.becomes_zombie(id);
        } else if self.cold(id).is_some_and(|cold| cold.exited != 0) {
            self.impossible(Impossible::AfterRelease(id)); // a second exit
            return;
        }
        let now = self.now;
        if let Some(cold) = self.cold_mut(id) {
            cold.exited = now;
            cold.exit_code = facts.code;
        }
        self.emit(Effect::Exited(id));
        self.forget_parent(id, Some(facts), false);
        if self.config.sees.ns_dying && !self.losses.open {
            return; // zap_pid_ns_processes tells
        }
        let dead = match facts.group_dead {
            0 => false,
            1 => true,
            _ => self.running(id) == 0,
        };
        if dead && let Some(ns) = self.led_namespace(id) {
            self.infer_ns_dying(ns);
        }
    }

    /// The state of an exited task, and what it lets go of.
    pub(super) fn becomes_zombie(&mut self, id: TaskId) {
        let Some(row) = self.tasks.get_mut(id) else { return };
        if row.state() != TaskState::Running {
            return;
        }
        row.set_state(TaskState::Zombie);
        if let Some(group) = self.group_mut(id) {
            group.running = group.running.saturating_sub(1);
        }
        self.await_children(id);
    }
}
