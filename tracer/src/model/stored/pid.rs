//! Pids: found by their key and by their number, and put together from their parts.

use super::super::apply::Group;
use super::super::hash::mix;
use super::super::history::number_key;
use super::super::pid::{Number, Numbers, PastPid, PidFlag, PidRow};
use super::super::row::Wide;
use super::super::slab::Link;
use super::super::{NsId, Pid, PidId, TaskId, World};
use crate::event::PidKey;

fn of_key(row: Option<&PidRow>) -> u64 {
    row.map_or(0, |row| mix(row.key.get()))
}

fn of_nr(nr: i32) -> u64 {
    mix(u64::from(nr as u32))
}

/// A number as the memo knows it: 0 is a number.
fn memo_nr(nr: i32) -> u64 {
    u64::from(nr as u32) + 1
}

impl World {
    /// The live pid at this key.
    #[inline]
    pub fn pid_at(&self, key: u64) -> Option<PidId> {
        if key == 0 {
            return None;
        }
        self.index.found.pids.get(key, || self.find_pid_key(key))
    }

    pub(in crate::model) fn find_pid_key(&self, key: u64) -> Option<PidId> {
        let is = |slot| self.pids.at(slot).is_some_and(|row| row.key.get() == key);
        self.pids.id(self.index.pids.find(mix(key), is)?)
    }

    /// Makes a pid the one that its key finds.
    pub(in crate::model) fn index_pid(&mut self, id: PidId, key: u64) {
        if key == 0 {
            return;
        }
        if let Some(old) = self.pid_at(key) {
            self.index.pids.remove(mix(key), old.0.slot());
        }
        self.index_new_pid(id, key);
    }

    /// The same, where the key is known to find none.
    pub(in crate::model) fn index_new_pid(&mut self, id: PidId, key: u64) {
        if key == 0 {
            return;
        }
        self.index.found.pids.forget(key);
        if let Some(row) = self.pids.get_mut(id) {
            self.index.found.pids.forget(row.key.get());
            row.key = Wide::new(key);
        }
        self.index.pids.insert(mix(key), id.0.slot(), |slot| of_key(self.pids.at(slot)));
    }

    /// The pid with this number in this namespace, if it is in use (`find_pid_ns`, kernel/pid.c).
    #[inline]
    pub fn find_pid_ns(&self, nr: i32, ns: NsId) -> Option<PidId> {
        if self.root == Some(ns) {
            return self.index.found.numbers.get(memo_nr(nr), || self.find_nr(nr));
        }
        self.spaces.get(ns)?;
        self.index.inner.get(&number_key(ns, nr)).copied()
    }

    pub(in crate::model) fn find_nr(&self, nr: i32) -> Option<PidId> {
        let is = |slot| self.pids.at(slot).is_some_and(|row| row.nr == nr);
        self.pids.id(self.index.numbers.find(of_nr(nr), is)?)
    }

    /// Gives a number to a pid; answers who had it.
    pub(in crate::model) fn index_number(&mut self, id: PidId, ns: NsId, nr: i32) -> Option<PidId> {
        if self.root != Some(ns) {
            return self.index.inner.insert(number_key(ns, nr), id);
        }
        let before = self.find_pid_ns(nr, ns);
        if let Some(before) = before {
            self.index.numbers.remove(of_nr(nr), before.0.slot());
        }
        self.index.found.numbers.forget(memo_nr(nr));
        let rehash = |slot| self.pids.at(slot).map_or(0, |row| of_nr(row.nr));
        self.index.numbers.insert(of_nr(nr), id.0.slot(), rehash);
        before
    }

    /// Takes a number from a pid, unless another one has it by now.
    pub(in crate::model) fn unindex_number(&mut self, id: PidId, ns: NsId, nr: i32) {
        if self.root == Some(ns) {
            self.index.found.numbers.forget(memo_nr(nr));
            self.index.numbers.remove(of_nr(nr), id.0.slot());
        } else if self.index.inner.get(&number_key(ns, nr)) == Some(&id) {
            self.index.inner.remove(&number_key(ns, nr));
        }
    }

    /// What is stored of a pid.
    #[inline]
    pub(in crate::model) fn pid_row(&self, id: PidId) -> &PidRow {
        static GONE: PidRow = PidRow::GONE;
        self.pids.get(id).unwrap_or(&GONE)
    }

    /// A pid; a freed one without numbers if it has left the history.
    pub fn pid(&self, id: PidId) -> Pid<'_> {
        let Some(row) = self.pids.get(id) else { return Pid::GONE };
        let wide = row.is(PidFlag::WideIno);
        Pid {
            key: PidKey(row.key.get()),
            ino: if wide { self.ino(id) } else { u64::from(row.ino) },
            state: row.state(),
            numbers: self.numbers(id),
            task: self.holder(id),
            pgrp_users: self.users(id)[0],
            session_users: self.users(id)[1],
            allocated: row.allocated.get(),
            freed: self.past_pid(row).freed,
        }
    }

    pub fn ino(&self, id: PidId) -> u64 {
        let row = self.pid_row(id);
        if row.is(PidFlag::WideIno) {
            return self.inos.get(&id.0.slot()).copied().unwrap_or(0);
        }
        u64::from(row.ino)
    }

    pub(in crate::model) fn set_ino(&mut self, id: PidId, ino: u64) {
        let Some(row) = self.pids.get_mut(id) else { return };
        let wide = u32::try_from(ino).is_err();
        row.ino = ino as u32;
        if wide {
            self.inos.insert(id.0.slot(), ino);
        } else if row.is(PidFlag::WideIno) {
            self.inos.remove(&id.0.slot());
        }
        row.set(PidFlag::WideIno, wide);
    }

    /// The unreleased processes that have a pid as their group, and as their session.
    pub fn users(&self, id: PidId) -> [u32; 2] {
        let row = self.pid_row(id);
        if row.is(PidFlag::Crowded) {
            return self.crowds.get(&id.0.slot()).copied().unwrap_or_default();
        }
        row.users.map(u32::from)
    }

    /// Counts one more of them, or one less.
    pub(in crate::model) fn count_user(&mut self, id: PidId, group: Group, by: i32) {
        let plain = |row: &&mut PidRow| !row.is(PidFlag::Crowded) && !row.is(PidFlag::Expired);
        if let Some(row) = self.pids.get_mut(id).filter(plain)
            && let Some(count) = row.users.get_mut(group as usize)
            && let Some(users) = count.checked_add_signed(by as i16)
        {
            *count = users;
            return;
        }
        self.recount_user(id, group, by);
    }

    fn recount_user(&mut self, id: PidId, group: Group, by: i32) {
        let mut users = self.users(id);
        if let Some(count) = users.get_mut(group as usize) {
            *count = count.saturating_add_signed(by);
        }
        let Some(row) = self.pids.get_mut(id) else { return };
        let crowded = users.iter().any(|&count| count > u32::from(u16::MAX));
        row.users = if crowded { [0; 2] } else { users.map(|count| count as u16) };
        if crowded {
            self.crowds.insert(id.0.slot(), users);
        } else if row.is(PidFlag::Crowded) {
            self.crowds.remove(&id.0.slot());
        }
        row.set(PidFlag::Crowded, crowded);
        if row.is(PidFlag::Expired) && !row.is_used() {
            self.remove_pid(id);
        }
    }

    /// What a freed pid had last.
    pub(in crate::model) fn past_pid(&self, row: &PidRow) -> PastPid {
        if row.is_live() {
            return PastPid::default();
        }
        row.link.slot().and_then(|slot| self.past_pids.at(slot)).copied().unwrap_or_default()
    }

    /// The task that has a pid as its own, or had it last.
    #[inline]
    pub fn holder(&self, id: PidId) -> Option<TaskId> {
        let row = self.pid_row(id);
        if row.is_live() { self.tasks.follow(row.link) } else { self.past_pid(row).task }
    }

    /// The unreleased task that has a pid.
    #[inline]
    pub fn live_holder(&self, id: PidId) -> Option<TaskId> {
        self.holder(id).filter(|&task| self.lives(task))
    }

    /// A task's pid; its last one after its release.
    #[inline]
    pub fn pid_of(&self, id: TaskId) -> Option<PidId> {
        let row = self.row(id);
        if row.is_live() { self.pids.follow(row.pid) } else { self.cold(id)?.past.pid }
    }

    /// The numbers of a pid.
    #[inline]
    pub fn numbers(&self, id: PidId) -> Numbers<'_> {
        let Some(row) = self.pids.get(id) else { return Numbers::EMPTY };
        if row.is(PidFlag::Deep) {
            let apart = self.deep.get(&id.0.slot());
            return Numbers::many(apart.map_or(&[], |numbers| numbers));
        }
        Numbers::one((self.root, row.nr))
    }

    /// One level of it.
    #[inline]
    pub fn number(&self, id: PidId, level: usize) -> Option<Number> {
        self.numbers(id).get(level).copied()
    }

    /// The namespace of its deepest level.
    #[inline]
    pub fn deepest(&self, id: PidId) -> Option<NsId> {
        let row = self.pids.get(id)?;
        if row.is(PidFlag::Deep) {
            return self.numbers(id).last()?.0;
        }
        self.root
    }

    /// Sets the numbers of a pid.
    pub(in crate::model) fn set_numbers(&mut self, id: PidId, numbers: &[Number]) {
        let root = self.root;
        let Some(row) = self.pids.get_mut(id) else { return };
        self.index.found.numbers.forget(memo_nr(row.nr));
        row.nr = numbers.first().map_or(0, |&(_, nr)| nr);
        self.index.found.numbers.forget(memo_nr(row.nr));
        let deep = !matches!(numbers, [(Some(ns), _)] if Some(*ns) == root);
        let was = row.is(PidFlag::Deep);
        row.set(PidFlag::Deep, deep);
        if deep {
            self.deep.insert(id.0.slot(), numbers.into());
        } else if was {
            self.deep.remove(&id.0.slot());
        }
    }

    /// `init_struct_pid`, the pid 0 of the idle tasks.
    pub fn is_idle(&self, id: PidId) -> bool {
        let row = self.pid_row(id);
        row.nr == 0 && self.numbers(id).len() <= 1
    }

    /// A pid leaves the table.
    pub(in crate::model) fn remove_pid(&mut self, id: PidId) {
        let Some(row) = self.pids.remove(id) else { return };
        if row.is(PidFlag::Deep) {
            self.deep.remove(&id.0.slot());
        }
        if row.is(PidFlag::WideIno) {
            self.inos.remove(&id.0.slot());
        }
        if row.is(PidFlag::Crowded) {
            self.crowds.remove(&id.0.slot());
        }
        if let Some(past) = self.past_pids.follow(row.link).filter(|_| !row.is_live()) {
            self.past_pids.remove(past);
        }
    }

    /// Remembers when a pid was freed, and whose it was.
    pub(in crate::model) fn set_past_pid(&mut self, id: PidId, past: PastPid) {
        let link = Link::to(self.past_pids.insert(past));
        if let Some(row) = self.pids.get_mut(id) {
            row.link = link;
        }
    }
}
