//! Memory under a limit: what can be done without goes first, the live tables never.
//!
//! What ended and is still remembered goes first. If that is not enough, answers that take memory are
//! refused: a table of all tasks is megabytes, and waits until its client has read it. Records
//! that wait for the disk have a part of the limit from the start.

use std::time::{Duration, Instant};

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(100);

/// How long it stays short.
const REST: Duration = Duration::from_secs(1);

/// How often it is told of at most.
const TELL: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Nothing,
    /// The history has to go, and freed memory back to the system.
    Shed,
    /// There is room for a history again.
    Resume,
}

/// What was given up to stay below the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shed {
    /// Entries of the history that went before their time.
    pub(super) history: u64,
    /// Recent events that were kept for listeners that come back.
    pub(super) backlog: u64,
    /// Answers that were refused.
    pub(super) answers: u64,
}

/// The limit, and how far it is away.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Bytes; 0 for none.
    limit: u64,
    short: bool,
    /// When it was too much last.
    over: Option<Instant>,
    looked: Option<Instant>,
    told: Option<Instant>,
    /// What has gone for it.
    pub(super) shed: Shed,
}

impl Memory {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, short: false, over: None, looked: None, told: None, shed: Shed::default() }
    }

    /// From now on it is this one.
    pub(super) fn set(&mut self, limit: u64) {
        self.limit = limit;
        self.short = false;
        self.over = None;
        self.looked = None;
    }

    /// The limit, bytes; 0 for none.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Memory is short: nothing is done that takes much of it.
    pub(super) fn is_short(&self) -> bool {
        self.short
    }

    /// Whether it is time to look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.limit > 0 && self.looked.is_none_or(|last| now.duration_since(last) >= PACE)
    }

    /// Takes a look at what is resident, bytes. It is short from 7/8 of the limit on, so that what
    /// comes between two looks has room, until it was less for a while.
    pub(super) fn look(&mut self, resident: u64, now: Instant) -> Need {
        self.looked = Some(now);
        let was = self.short;
        if self.limit > 0 && resident >= self.limit / 8 * 7 {
            self.over = Some(now);
        }
        self.short = self.over.is_some_and(|last| now.duration_since(last) < REST);
        match (was, self.short) {
            (_, true) => Need::Shed,
            (true, false) => Need::Resume,
            (false, false) => Need::Nothing,
        }
    }

    /// Whether it is to be told of; rarely.
    pub(super) fn tells(&mut self, now: Instant) -> bool {
        let tells = self.told.is_none_or(|last| now.duration_since(last) >= TELL);
        if tells {
            self.told = Some(now);
        }
        tells
    }
}

/// Events between two looks that make a time busy.
const BUSY: u64 = 2000;

/// Whether a busy time is over: what the allocator keeps of it nobody will want again soon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calm {
    events: u64,
    answers: u64,
    answered: u64,
    was_busy: bool,
}

impl Calm {
    /// Notes an answer: most are some MB for a moment.
    pub(super) fn answers(&mut self) {
        self.answers += 1;
    }

    /// Takes a look at how many events there were until now, now and then. Says once that it is calm
    /// after a busy time.
    pub(super) fn look(&mut self, events: u64) -> bool {
        let busy = events - self.events >= BUSY || self.answers > self.answered;
        let over = self.was_busy && !busy;
        (self.events, self.answered, self.was_busy) = (events, self.answers, busy);
        over
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Need::{Nothing, Resume, Shed},
        *,
    };

    #[test]
    fn it_is_short_before_the_limit_and_for_a_while_after() {
        let now = Instant::now();
        let mut memory = Memory::new(800);
        let looks =
            [(0, 699), (0, 700), (500, 600), (999, 699), (1000, 699), (1000, 0), (1100, 5000)];
        let looks = looks.map(|(ms, bytes)| memory.look(bytes, now + Duration::from_millis(ms)));
        assert_eq!(looks, [Nothing, Shed, Shed, Shed, Resume, Nothing, Shed]);
        memory.set(0);
        assert!(!memory.is_due(now + PACE));
    }

    #[test]
    fn it_is_calm_once_after_each_busy_time() {
        let mut calm = Calm::default();
        let looks = [1, 1 + BUSY, 1 + 3 * BUSY, 3 + 3 * BUSY, 5 + 3 * BUSY, 5 * BUSY, 5 * BUSY];
        assert_eq!(
            looks.map(|events| calm.look(events)),
            [false, false, false, true, false, false, true]
        );
        calm.answers();
        assert_eq!([5 * BUSY; 3].map(|events| calm.look(events)), [false, true, false]);
    }

    #[test]
    fn it_is_told_rarely() {
        let now = Instant::now();
        let mut memory = Memory::new(1);
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(
            [0, 1, 9, 10, 19].map(|at| memory.tells(after(at))),
            [true, false, false, true, false]
        );
    }
}
