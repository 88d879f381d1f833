//! Completeness: the kernel's own counts as a second witness that nothing was missed.
//!
//! A census is read by user space while the host goes on: what happens at that moment may be counted
//! on one side only. Such a difference goes away; one that a loss has made stays. So only what several
//! censuses in a row agree on is said.

use super::cx::Cx;
use crate::{
    coverage::{Coverage, Fact},
    event::{Body, Census, Lost},
    model::World,
};

/// Censuses in a row that must agree.
const WITNESSES: usize = 3;

/// Intervals and numbers that are kept.
const KEPT: usize = 64;

/// What the kernel counted, and what was seen of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// By the kernel.
    pub kernel: u64,
    /// By the events.
    pub seen: u64,
}

/// An interval in which records are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Since when, ns since boot; 0 if that is not known.
    pub since: u64,
    /// Until when.
    pub until: u64,
    /// How many.
    pub count: u64,
}

/// Numbers of a PID namespace that the allocator passed over though nobody had them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Inode number of the namespace.
    pub inum: u32,
    /// The first.
    pub from: i32,
    /// The last.
    pub to: i32,
}

/// Whether everything that happened was seen, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Tasks made, from the first census to the last: `total_forks`. `None` without two censuses.
    pub forks: Option<Counted>,
    /// Unreleased tasks at the last census: `nr_threads`. Where no hook sees releases the tables have
    /// more, and only fewer are told.
    pub tasks: Option<Counted>,
    /// Numbers in use in PID namespaces where the kernel's count and the tables disagree: inode
    /// number, and both counts.
    pub uncounted: Vec<(u32, Counted)>,
    /// Numbers that nobody accounts for. Failed forks leave some where no hook sees them.
    pub numbers: Vec<Numbers>,
    /// Intervals in which records are missing; more than `KEPT` run into the last.
    pub gaps: Vec<Gap>,
}

impl Completeness {
    /// Nothing is missing, as far as two witnesses can tell.
    pub fn is_complete(&self) -> bool {
        let agrees = |counted: &Option<Counted>| counted.is_none_or(|it| it.kernel == it.seen);
        let counts = agrees(&self.forks) && agrees(&self.tasks) && self.uncounted.is_empty();
        counts && self.gaps.is_empty()
    }

    /// Whether there was a second witness at all.
    pub fn is_witnessed(&self) -> bool {
        self.forks.is_some()
    }
}

/// What is remembered for it.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Releases are seen when they happen.
    releases: bool,
    /// Births seen so far.
    births: u64,
    /// The kernel's count less ours at the first census; 0 before.
    base: i64,
    /// The latest differences from that: the kernel's count less ours.
    forks: Latest,
    /// The latest differences of the unreleased tasks.
    tasks: Latest,
    first: Census,
    last: Census,
    gaps: Vec<Gap>,
}

/// The latest differences.
#[derive(Clone, Copy, Debug, Default)]
struct Latest {
    differences: [i64; WITNESSES],
    count: usize,
}

impl Latest {
    fn push(&mut self, difference: i64) {
        if let Some(place) = self.differences.get_mut(self.count % WITNESSES) {
            *place = difference;
        }
        self.count += 1;
    }

    /// The difference that all agree on: the smallest in size, 0 where they differ in sign.
    fn agreed(&self) -> i64 {
        let Some(known) = self.differences.get(..self.count.min(WITNESSES)) else { return 0 };
        let (least, most) = (known.iter().min(), known.iter().max());
        match (least, most) {
            (Some(&least), _) if least > 0 => least,
            (_, Some(&most)) if most < 0 => most,
            _ => 0,
        }
    }
}

impl State {
    /// For what these hooks see.
    pub(super) fn new(coverage: &Coverage) -> Self {
        Self { releases: coverage.sees(Fact::Release), ..Self::default() }
    }

    /// Takes a record into account.
    #[inline]
    pub(super) fn before(&mut self, cx: &Cx<'_>) {
        match &cx.event.body {
            Body::Fork { .. } => self.births += 1,
            Body::Census(census) => self.census(cx, census),
            Body::Lost(lost) => self.lose(cx.book.now, lost),
            _ => {}
        }
    }

    fn census(&mut self, cx: &Cx<'_>, census: &Census) {
        if census.forks == 0 {
            return; // not readable
        }
        // Births that the ring gave behind the moment of reading.
        let later = cx.book.recent.births_after(census.began);
        let seen = self.births.saturating_sub(later);
        let difference = census.forks as i64 - seen as i64;
        if self.forks.count == 0 {
            (self.first, self.base) = (*census, difference);
        }
        // A birth that was under way at the first census made it too large by one.
        self.base = self.base.min(difference);
        self.forks.push(difference - self.base);
        if cx.is_certain() {
            let live = cx.world.live_tasks() as i64;
            self.tasks.push(i64::from(census.threads) - live);
        }
        self.last = *census;
    }

    fn lose(&mut self, now: u64, lost: &Lost) {
        let gap = Gap { since: lost.since, until: now, count: lost.count };
        let full = self.gaps.len() >= KEPT;
        match self.gaps.last_mut() {
            Some(last) if full || gap.since <= last.until => {
                last.since = last.since.min(gap.since);
                last.until = last.until.max(gap.until);
                last.count = last.count.saturating_add(gap.count);
            }
            _ => self.gaps.push(gap),
        }
    }

    /// What is said at the end.
    pub(super) fn finish(
        self,
        world: &World,
        numbers: Vec<Numbers>,
        uncounted: Vec<(u32, Counted)>,
    ) -> Completeness {
        let forks = (self.forks.count > 1).then(|| {
            let kernel = self.last.forks.saturating_sub(self.first.forks);
            Counted { kernel, seen: kernel.saturating_sub_signed(self.forks.agreed()) }
        });
        let more = self.tasks.agreed();
        let counts = self.tasks.count > 1 && (self.releases || more > 0);
        let tasks = counts.then(|| {
            let seen = world.live_tasks() as u64;
            Counted { kernel: seen.saturating_add_signed(more), seen }
        });
        Completeness { forks, tasks, uncounted, numbers, gaps: self.gaps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_releases_are_seen_late_only_too_few_tasks_are_told() {
        let counted = |releases, difference| {
            let mut state = State { releases, ..State::default() };
            for _ in 0..WITNESSES {
                state.tasks.push(difference);
            }
            state.finish(&World::new(), vec![], vec![]).tasks
        };
        assert_eq!(counted(true, 0), Some(Counted { kernel: 0, seen: 0 }));
        assert_eq!(counted(false, 2), Some(Counted { kernel: 2, seen: 0 }));
        assert_eq!(counted(false, -2), None);
        assert_eq!(counted(false, 0), None);
    }

    #[test]
    fn only_a_difference_that_stays_is_one() {
        let latest = |differences: &[i64]| {
            let mut latest = Latest::default();
            for &difference in differences {
                latest.push(difference);
            }
            latest.agreed()
        };
        assert_eq!(latest(&[]), 0);
        assert_eq!(latest(&[0, 3, 0]), 0);
        assert_eq!(latest(&[2, 3, 2]), 2);
        assert_eq!(latest(&[0, 0, 2, 3, 2]), 2);
        assert_eq!(latest(&[-1, 1]), 0);
        assert_eq!(latest(&[-2, -1]), -1);
    }
}
