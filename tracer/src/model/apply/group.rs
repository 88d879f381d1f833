//! Process groups and sessions: `signal->pids[PIDTYPE_PGID]` and `[PIDTYPE_SID]`.

use super::super::{Effect, PidId, TaskId, World};
use crate::event::{ChangePid, TaskFacts};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Group {
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

    /// What a record says about a task's group and session. They are mostly those it has, or those
    /// of the task that made it (`by`).
    pub(super) fn read_groups(
        &mut self,
        id: TaskId,
        facts: &TaskFacts,
        by: Option<TaskId>,
        tell: bool,
    ) {
        let read =
            [(Group::Session, facts.session, facts.sid), (Group::Pgrp, facts.pgrp, facts.pgid)];
        for (group, key, nr) in read {
            if key == 0 && nr == 0 {
                continue;
            }
            let known = self.group_pid(id, group);
            let is = |&pid: &PidId| {
                let row = self.pid_row(pid);
                key != 0 && row.key.get() == key && row.nr == nr && row.is_live()
            };
            let near = known.filter(is);
            let near = near.or_else(|| self.group_pid(by?, group).filter(is));
            let near = near.or_else(|| self.pid_of(id).filter(is));
            if let Some(pid) = near.or_else(|| self.pid_named(key, nr)) {
                self.set_group(id, group, pid, tell && known.is_some());
            }
        }
    }

    /// Moves a process. Each process counts once for its group and once for its session.
    pub(super) fn set_group(&mut self, id: TaskId, group: Group, new: PidId, tell: bool) {
        if let Some(pid) = self.pids.get_mut(new) {
            pid.mark = self.sweep.mark as u16;
        }
        let (task, old) = (self.leader(id), self.group_pid(id, group));
        if old == Some(new) || !self.lives(task) {
            return;
        }
        self.set_group_pid(id, group, new);
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

    /// A leader is released: its process uses no group and no session any more.
    pub(super) fn detach_groups(&mut self, pgrp: Option<PidId>, session: Option<PidId>) {
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
        for pid in [self.task_pgrp(id), self.task_session(id)].into_iter().flatten() {
            self.free_unused(pid);
        }
    }
}
