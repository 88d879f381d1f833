//! What few tasks have: stored apart, once a task needs it.

use super::super::row::{Cold, Row, Wide};
use super::super::slab::{Handle, Link};
use super::super::{TaskId, World};

impl World {
    /// What lies apart of a task, if anything does.
    #[inline]
    pub(in crate::model) fn cold(&self, id: TaskId) -> Option<&Cold> {
        self.cold.at(self.row(id).cold.slot()?)
    }

    /// The same, to be changed. `None` only for a task that has left the history.
    pub(in crate::model) fn cold_mut(&mut self, id: TaskId) -> Option<&mut Cold> {
        let row = self.tasks.get(id)?;
        if row.cold.is_none() {
            let birth = row.start.get();
            let cold = Cold { birth, birth_tid: row.tid, exec: self.exec(row), ..Cold::default() };
            let link = Link::to(self.cold.insert(cold));
            let row = self.tasks.get_mut(id)?;
            row.cold = link;
            row.exec = 0;
        }
        self.cold.at_mut(self.row(id).cold.slot()?)
    }

    /// Drops what lies apart, where that says nothing any more.
    pub(in crate::model) fn shed_cold(&mut self, id: TaskId) {
        let (row, Some(cold)) = (self.row(id), self.cold(id)) else { return };
        let ended = cold.exited | cold.released != 0 || cold.exit_code != 0 || !row.is_live();
        let linked = cold.tracer.is_some() || cold.awaits.is_some() || cold.tracees > 0;
        let odd = cold.birth != row.start.get() || cold.birth_tid != row.tid;
        let exec = cold.exec;
        if ended || linked || odd || row.is(super::super::row::Flag::OddParent) {
            return;
        }
        let Some(handle) = row.cold.slot().and_then(|slot| self.cold.id(slot)) else { return };
        let handle: Handle = handle;
        self.cold.remove(handle);
        if let Some(row) = self.tasks.get_mut(id) {
            row.cold = Link::NONE;
        }
        if exec != 0 {
            self.set_exec(id, exec);
        }
    }

    /// When it last called exec; 0 if that was not seen.
    pub(in crate::model) fn exec(&self, row: &Row) -> u64 {
        if let Some(cold) = row.cold.slot().and_then(|slot| self.cold.at(slot)) {
            return cold.exec;
        }
        row.exec.checked_sub(1).map_or(0, |after| row.start.get().wrapping_add(u64::from(after)))
    }

    pub(in crate::model) fn set_exec(&mut self, id: TaskId, time: u64) {
        let Some(row) = self.tasks.get_mut(id) else { return };
        let after = time.checked_sub(row.start.get()).and_then(|after| after.checked_add(1));
        let after = after.and_then(|after| u32::try_from(after).ok());
        match after {
            Some(after) if row.cold.is_none() && time != 0 => row.exec = after,
            _ => {
                if let Some(cold) = self.cold_mut(id) {
                    cold.exec = time;
                }
            }
        }
    }

    /// When it was born, by its own clock.
    #[inline]
    pub(in crate::model) fn birth(&self, id: TaskId) -> u64 {
        self.cold(id).map_or_else(|| self.row(id).start.get(), |cold| cold.birth)
    }

    /// A record says when it was started; the first that does also says its birth.
    pub(in crate::model) fn set_start(&mut self, id: TaskId, start: u64) {
        let row = self.row(id);
        let old = row.start.get();
        if start == old {
            return;
        }
        if row.cold.is_none() && (old != 0 || row.exec != 0) {
            self.cold_mut(id);
        }
        if let Some(cold) = self.cold_mut_if_any(id)
            && cold.birth == 0
        {
            cold.birth = start;
        }
        if let Some(row) = self.tasks.get_mut(id) {
            row.start = Wide::new(start);
        }
    }

    fn cold_mut_if_any(&mut self, id: TaskId) -> Option<&mut Cold> {
        self.cold.at_mut(self.row(id).cold.slot()?)
    }
}
