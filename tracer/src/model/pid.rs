//! PIDs: `struct pid`.

use std::ops::Deref;

use super::row::Wide;
use super::slab::{Link, handle};
use super::{NsId, TaskId};
use crate::event::PidKey;

handle! {
    /// Handle of a [`Pid`] in a [`World`](super::World).
    pub PidId
}

/// How far a pid has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidState {
    /// `alloc_pid` has returned it; no task has it yet.
    Allocated,
    /// A task has it, or a group or session still uses it.
    Attached,
    /// Its numbers may be used again.
    Freed,
}

/// A `struct pid`. Put together from the tables when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Pid<'w> {
    /// The key of the kernel's object.
    pub key: PidKey,
    /// `pid->ino`; 0 where the kernel has none.
    pub ino: u64,
    /// How far it has come.
    pub state: PidState,
    /// Its numbers, level 0 first: the namespace (where known) and the number in it.
    pub numbers: Numbers<'w>,
    /// The task that has it as its own, or had it last.
    pub task: Option<TaskId>,
    /// Unreleased processes that have it as their process group.
    pub pgrp_users: u32,
    /// Unreleased processes that have it as their session.
    pub session_users: u32,
    /// When it was allocated, ns since boot; 0 if before the trace.
    pub allocated: u64,
    /// When it was freed; 0 if not yet.
    pub freed: u64,
}

impl Pid<'_> {
    /// What a handle finds whose pid has left the bounded history: a freed one without numbers.
    pub(super) const GONE: Self = Self {
        key: PidKey(0),
        ino: 0,
        state: PidState::Freed,
        numbers: Numbers::EMPTY,
        task: None,
        pgrp_users: 0,
        session_users: 0,
        allocated: 0,
        freed: 0,
    };

    /// Its numbers are in use.
    pub fn is_live(&self) -> bool {
        self.state != PidState::Freed
    }

    /// `init_struct_pid`, the pid 0 of the idle tasks: group and session of kernel threads.
    pub fn is_idle(&self) -> bool {
        self.level() == 0 && self.nr() == 0
    }

    /// `pid->level`.
    pub fn level(&self) -> usize {
        self.numbers.len().saturating_sub(1)
    }

    /// The number in the initial namespace.
    pub fn nr(&self) -> i32 {
        self.numbers.first().map_or(0, |&(_, nr)| nr)
    }

    /// The numbers alone, level 0 first.
    pub fn nrs(&self) -> impl Iterator<Item = i32> + '_ {
        self.numbers.iter().map(|&(_, nr)| nr)
    }
}

/// The numbers of a pid, level 0 first.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'w>(Inner<'w>);

/// A namespace, where it is known, and a number in it.
pub(super) type Number = (Option<NsId>, i32);

#[derive(Clone, Copy, Debug)]
enum Inner<'w> {
    One(Number),
    Many(&'w [Number]),
}

impl<'w> Numbers<'w> {
    /// None at all.
    pub(super) const EMPTY: Self = Self(Inner::Many(&[]));

    /// A number in the initial namespace.
    pub(super) fn one(number: Number) -> Self {
        Self(Inner::One(number))
    }

    /// These numbers.
    pub(super) fn many(numbers: &'w [Number]) -> Self {
        Self(Inner::Many(numbers))
    }
}

impl Deref for Numbers<'_> {
    type Target = [Number];
    #[inline]
    fn deref(&self) -> &[Number] {
        match &self.0 {
            Inner::One(number) => std::slice::from_ref(number),
            Inner::Many(numbers) => numbers,
        }
    }
}

impl<'a> IntoIterator for &'a Numbers<'_> {
    type Item = &'a Number;
    type IntoIter = std::slice::Iter<'a, Number>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// How a pid is stored. Numbers other than one in the initial namespace, and what only few have,
/// are apart.
#[derive(Clone, Debug)]
pub(super) struct PidRow {
    /// The key of the kernel's object.
    pub(super) key: Wide,
    /// When it was allocated.
    pub(super) allocated: Wide,
    /// `pid->ino`, unless it needs more bits.
    pub(super) ino: u32,
    /// The task that has it or had it last; of a freed one: its [`PastPid`].
    pub(super) link: Link,
    /// The number in the initial namespace.
    pub(super) nr: i32,
    /// Unreleased processes that have it as their process group, and as their session, unless the
    /// numbers need more bits.
    pub(super) users: [u16; 2],
    /// The sweep during which it was last seen in use.
    pub(super) mark: u16,
    /// Its state and its [`PidFlag`]s.
    pub(super) bits: u16,
}

/// The flags of a [`PidRow`].
#[derive(Clone, Copy)]
pub(super) enum PidFlag {
    /// Its numbers are apart.
    Deep = 2,
    /// Its `ino` is apart.
    WideIno = 3,
    /// It was freed and has left the history, but something still uses it.
    Expired = 4,
    /// Its users are counted apart.
    Crowded = 5,
}

/// What a freed pid had last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PastPid {
    pub(super) freed: u64,
    pub(super) task: Option<TaskId>,
}

impl Default for PidRow {
    fn default() -> Self {
        Self::GONE
    }
}

impl PidRow {
    /// What a handle finds whose pid has left the bounded history: a freed one without numbers.
    pub(super) const GONE: Self = Self {
        key: Wide::new(0),
        allocated: Wide::new(0),
        ino: 0,
        link: Link::NONE,
        nr: 0,
        users: [0; 2],
        mark: 0,
        bits: PidState::Freed as u16,
    };

    #[inline]
    pub(super) fn state(&self) -> PidState {
        match self.bits & 3 {
            0 => PidState::Allocated,
            1 => PidState::Attached,
            _ => PidState::Freed,
        }
    }

    #[inline]
    pub(super) fn set_state(&mut self, state: PidState) {
        self.bits = self.bits & !3 | state as u16;
    }

    #[inline]
    pub(super) fn is(&self, flag: PidFlag) -> bool {
        self.bits >> flag as u16 & 1 != 0
    }

    #[inline]
    pub(super) fn set(&mut self, flag: PidFlag, value: bool) {
        self.bits = self.bits & !(1 << flag as u16) | u16::from(value) << flag as u16;
    }

    /// Its numbers are in use.
    #[inline]
    pub(super) fn is_live(&self) -> bool {
        self.bits & 2 == 0
    }

    /// A group or a session uses it.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        self.users != [0; 2] || self.is(PidFlag::Crowded)
    }
}
