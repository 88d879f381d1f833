//! From events to changes of the tables.

mod birth;
mod cgroup;
mod exit;
mod group;
mod link;
mod namespace;
mod nsproxy;
mod number;
mod pid;
mod plain;
mod release;
mod reparent;
mod swap;
mod sweep;
mod syscall;
mod trace;
mod upsert;

pub(super) use group::Group;

use super::row::{Flag, Row};
use super::{Effect, Impossible, TaskId, World};
use crate::event::{Body, Event};

impl World {
    pub(super) fn dispatch(&mut self, event: &Event) {
        let header = &event.header;
        self.saw_acting(header.actor);
        match &event.body {
            Body::Fork { task, vector, flags } => self.on_fork(header, task, vector, *flags),
            Body::Snapshot { task, vector, generation, from_proc } => {
                self.on_snapshot(task, vector, *generation, *from_proc);
            }
            Body::Update { task, vector } => self.on_update(task, vector),
            Body::SnapshotBegin(mark) => self.on_sweep_begin(mark),
            Body::SnapshotEnd(mark) => self.on_sweep_end(mark),
            Body::AllocPid(facts) => self.on_alloc_pid(header, facts),
            Body::HeldPid(facts) => self.on_held_pid(facts),
            Body::AllocFail(_) | Body::ForkFail(_) => self.out.task = self.live_task(header.actor),
            Body::FreePid(facts) => self.on_free_pid(header, facts),
            Body::ChangePid(facts) => self.on_change_pid(facts),
            Body::ExchangeTids(facts) => self.on_exchange_tids(facts),
            Body::Exec(exec) => self.on_exec(&exec.facts),
            Body::Rename(facts) => self.on_rename(facts),
            Body::Exit(facts) => self.on_exit(header, facts),
            Body::Release(facts) => self.on_release(header, facts),
            Body::FreeTask(facts) => self.on_free_task(facts),
            Body::CgroupMake(cgroup) | Body::CgroupFound(cgroup) => self.on_cgroup(header, cgroup),
            Body::CgroupEnd(cgroup) => self.on_cgroup_end(header, cgroup),
            Body::CgroupMove(facts) => self.on_cgroup_move(facts),
            Body::Cred(facts) => self.on_cred(header, facts),
            Body::Ptrace(facts) => self.on_ptrace(facts),
            Body::PidNs(facts) => self.on_pid_ns(header, facts),
            Body::NsSet(facts) => self.on_ns_set(header, facts),
            Body::NsDying(facts) => self.on_ns_dying(facts),
            Body::NsDestroy(facts) => self.on_ns_destroy(facts),
            Body::Syscall(facts) => self.on_syscall(header, facts),
            Body::Detail(detail) => self.out.task = self.live_task(detail.task),
            Body::Lost(lost) => self.on_lost(lost),
            Body::Census(_) => {} // for the checks
        }
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Notes what cannot be; the first finding of an event counts.
    pub(super) fn impossible(&mut self, what: Impossible) {
        self.out.impossible.get_or_insert(what);
    }

    /// The unreleased task at this key.
    #[inline]
    pub(super) fn live_task(&self, key: u64) -> Option<TaskId> {
        self.at_key(key).filter(|&id| self.lives(id))
    }

    /// A task to be changed, unless it is released: what an event proves about another task may
    /// end, on the way, the very task that the event is about.
    pub(super) fn live_mut(&mut self, id: TaskId) -> Option<&mut Row> {
        self.tasks.get_mut(id).filter(|row| row.is_live())
    }

    /// The last task at this key, released or not; or the unreleased one with this level-0 number
    /// if its key was not known until now.
    pub(super) fn known_task(&mut self, key: u64, tid: i32) -> Option<TaskId> {
        if let Some(id) = self.at_key(key) {
            return Some(id);
        }
        if tid <= 0 {
            return None;
        }
        let id = self.find_task(tid)?;
        if key == 0 {
            return Some(id);
        }
        if self.row(id).key.get() != 0 {
            return None;
        }
        self.index_key(id, key);
        Some(id)
    }

    /// The unreleased task that an event is about; one that nobody has seen becomes known by it.
    pub(super) fn subject(&mut self, key: u64, tid: i32, tgid: i32) -> Option<TaskId> {
        let Some(id) = self.known_task(key, tid) else {
            if tid <= 0 || tgid <= 0 {
                self.impossible(Impossible::UnknownTask);
                return None;
            }
            let id = self.placeholder(key, tid, tgid);
            self.out.task = Some(id);
            return Some(id);
        };
        self.out.task = Some(id);
        // no task moves to another process: this is another one, and the old one's end was lost
        let other = key != 0 && self.tgid(id) != tgid;
        if self.lives(id) {
            if !(other && self.losses.open && tid > 0 && tgid > 0) {
                return Some(id);
            }
            self.vanish(id);
        }
        if (other || self.row(id).is(Flag::Vanished)) && tid > 0 && tgid > 0 {
            let id = self.placeholder(key, tid, tgid);
            self.out.task = Some(id);
            return Some(id);
        }
        self.impossible(Impossible::AfterRelease(id));
        None
    }
}
