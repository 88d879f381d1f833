//! Numbers that an allocator passed over though nobody is known to have had them: the births that
//! nobody saw, if there were any.

use std::collections::VecDeque;

use crate::{
    check::Numbers,
    event::Upid,
    model::{NsId, World},
};

/// Most intervals that are kept of a namespace, and that are answered.
pub(super) const KEPT: usize = 64;

/// The longest gap that is looked through; a longer one is a jump of the cursor.
const LONGEST: i32 = 1024;

/// The unaccounted numbers of one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Holes {
    /// Intervals, both ends included.
    open: Vec<(i32, i32)>,
    /// Numbers that failed allocations may have used up.
    excused: usize,
    /// The numbers that were freed last: one may have been in use when the allocator passed it.
    freed: VecDeque<i32>,
}

impl Holes {
    /// A number was allocated: late, so that it fills a hole, or ahead of where the cursor was.
    pub(super) fn allocated(
        &mut self,
        world: &World,
        ns: Option<NsId>,
        late: bool,
        (from, nr): (i32, i32),
    ) {
        if late {
            self.fill(nr);
            return;
        }
        let Some(ns) = ns.filter(|_| nr - from <= LONGEST) else { return };
        for skipped in from..nr {
            if world.find_pid_ns(skipped, ns).is_none() && !self.freed.contains(&skipped) {
                self.add(skipped);
            }
        }
    }

    fn add(&mut self, nr: i32) {
        if let Some(last) = self.open.last_mut().filter(|last| last.1 + 1 == nr) {
            last.1 = nr;
        } else if self.open.len() < KEPT {
            self.open.push((nr, nr));
        }
    }

    fn fill(&mut self, nr: i32) {
        let Some(at) = self.open.iter().position(|&(from, to)| (from..=to).contains(&nr)) else {
            return;
        };
        let (from, to) = self.open.remove(at);
        for part in [(from, nr - 1), (nr + 1, to)] {
            if part.0 <= part.1 {
                self.open.insert(at.min(self.open.len()), part);
            }
        }
    }

    /// A number is freed.
    pub(super) fn freed(&mut self, nr: i32) {
        if self.freed.len() >= KEPT {
            self.freed.pop_front();
        }
        self.freed.push_back(nr);
    }

    /// An allocation failed: it may have used a number up.
    pub(super) fn excuse(&mut self) {
        self.excused += 1;
    }

    /// What remains, the smallest intervals excused by failed allocations.
    pub(super) fn remaining(&self) -> Vec<(i32, i32)> {
        let mut all = self.open.clone();
        all.sort_unstable_by_key(|&(from, to)| (to - from, from));
        let mut excused = self.excused;
        all.retain(|&(from, to)| {
            let count = usize::try_from(to - from + 1).unwrap_or(usize::MAX);
            let gone = count <= excused;
            excused -= if gone { count } else { 0 };
            !gone
        });
        all.sort_unstable();
        all
    }
}

impl super::State {
    /// The numbers that no record accounts for; a few of them where there are many.
    pub(in crate::check) fn holes(&self) -> Vec<Numbers> {
        let all = self.cursors.all().flat_map(|cursor| {
            let remaining = cursor.holes.remaining().into_iter();
            remaining.map(|(from, to)| Numbers { inum: cursor.inum, from, to })
        });
        all.take(KEPT).collect()
    }

    /// An allocation failed in a namespace, and may have used up a number there and above.
    pub(super) fn excuse(&mut self, world: &World, key: u64) {
        let Some(root) = world.root_ns() else { return };
        self.cursors.of(world.key_of_ns(root), world.ns(root).inum); // the first one is the root's
        let mut ns = world.ns_at(key);
        for _ in 0..=32 {
            let Some(id) = ns else { return };
            self.cursors.of(world.key_of_ns(id), world.ns(id).inum).holes.excuse();
            ns = world.ns(id).pid.as_ref().and_then(|space| space.parent);
        }
    }

    /// A number is free again.
    #[inline]
    pub(super) fn vacate(&mut self, upid: Upid) {
        self.cursors.of(upid.ns, upid.inum).holes.freed(upid.nr);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::script::{ROOT_INUM, Script};

    #[test]
    fn a_number_that_nobody_had_is_a_hole_until_a_late_record_fills_it() {
        let mut script = Script::new();
        let first = script.fork(10);
        script.reuse(first + 3);
        script.fork(10);
        assert_eq!(script.holes(), [(ROOT_INUM, first + 1, first + 2)]);
        script.reuse(first + 1);
        script.fork(10);
        assert_eq!(script.holes(), [(ROOT_INUM, first + 2, first + 2)]);
    }

    #[test]
    fn numbers_in_use_and_failed_forks_leave_no_holes() {
        let mut script = Script::new();
        for nr in [302, 50_000, 300] {
            script.reuse(nr);
            script.fork(10);
        }
        let failed = script.fork(10);
        let person = script.tasks.remove(&failed).unwrap();
        script.events.pop();
        script.free_pid(&person, 10);
        script.reuse(303);
        script.fork(10);
        assert_eq!(script.holes(), []);
    }
}
