//! Process groups and sessions: `signal->pids[PIDTYPE_PGID]` and `[PIDTYPE_SID]`.

use super::super::{Effect, PidId, TaskId, World};
use crate::event::{ChangePid, TaskFacts};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// `PIDTYPE_PGID`.
    Pgrp,
    /// `PIDTYPE_SID`.
    Session,
}

impl World {
    /// `change_pid` is entered: setsid or setpgid takes effect.
    pub(super) fn on_change_pid(&mut self, facts: &ChangePid) {
        let Some(id) = self.subject(facts.task, facts.tid, facts.tid) else { return };
        let group = match facts.ty {
            2 => Group::Pgrp,
            3 => Group::Session,
            _ => return,
        };
        if let Some(pid) = self.pid_named(facts.pid, facts.nr) {
            self.set_group(id, group, pid, true);
        }
    }

    /// What a record says about a task's group and session.
    pub(super) fn read_groups(&mut self, id: TaskId, facts: &TaskFacts, tell: bool) {
        let read =
            [(Group::Session, facts.session, facts.sid), (Group::Pgrp, facts.pgrp, facts.pgid)];
        for (group, key, nr) in read {
            if (key != 0 || nr != 0)
                && let Some(pid) = self.pid_named(key, nr)
            {
                let process = self.process(id);
                let known = match group {
                    Group::Pgrp => process.pgrp,
                    Group::Session => process.session,
                };
                self.set_group(id, group, pid, tell && known.is_some());
            }
        }
    }

    /// Moves a process. Each process counts once for its group and once for its session.
    pub(super) fn set_group(&mut self, id: TaskId, group: Group, new: PidId, tell: bool) {
        let mark = self.sweep.mark;
        if let Some(pid) = self.pids.get_mut(new) {
            pid.mark = mark;
        }
        let Some(process) = self.processes.get_mut(self.task(id).process) else { return };
        let slot = match group {
            Group::Pgrp => &mut process.pgrp,
            Group::Session => &mut process.session,
        };
        if *slot == Some(new) || !process.attached {
            return;
        }
        let old = slot.replace(new);
        let task = process.leader;
        self.count_user(new, group, 1);
        if let Some(old) = old {
            self.count_user(old, group, -1);
        }
        if tell {
            self.emit(match group {
                Group::Pgrp => Effect::Pgrp { task, old, new },
                Group::Session => Effect::Session { task, old, new },
            });
        }
        if let Some(old) = old {
            self.free_unused(old);
        }
    }

    fn count_user(&mut self, pid: PidId, group: Group, by: i32) {
        let Some(pid) = self.pids.get_mut(pid) else { return };
        let users = match group {
            Group::Pgrp => &mut pid.pgrp_users,
            Group::Session => &mut pid.session_users,
        };
        *users = users.saturating_add_signed(by);
    }

    /// A leader is released: its process uses no group and no session any more.
    pub(super) fn detach_groups(&mut self, leader: TaskId) {
        let Some(process) = self.processes.get_mut(self.task(leader).process) else { return };
        if !std::mem::take(&mut process.attached) {
            return;
        }
        let (pgrp, session) = (process.pgrp, process.session);
        if let Some(pid) = pgrp {
            self.count_user(pid, Group::Pgrp, -1);
        }
        if let Some(pid) = session {
            self.count_user(pid, Group::Session, -1);
        }
    }

    /// After the release of a leader: its group's and session's pids may have no user left.
    pub(super) fn free_groups(&mut self, id: TaskId) {
        if self.config.sees.free_pid {
            return;
        }
        let process = self.process(id);
        let (pgrp, session) = (process.pgrp, process.session);
        for pid in [pgrp, session].into_iter().flatten() {
            self.free_unused(pid);
        }
    }
}
