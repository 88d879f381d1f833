//! PIDs: `struct pid`.

use std::ops::Deref;

use super::slab::handle;
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

/// A `struct pid`.
#[derive(Clone, Debug)]
pub struct Pid {
    /// The key of the kernel's object.
    pub key: PidKey,
    /// `pid->ino`; 0 where the kernel has none.
    pub ino: u64,
    /// How far it has come.
    pub state: PidState,
    /// Its numbers, level 0 first: the namespace (where known) and the number in it.
    pub numbers: Numbers,
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
    /// The sweep during which it was last seen in use.
    pub(super) mark: u32,
}

impl Pid {
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
        mark: 0,
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

/// The numbers of a pid, level 0 first; those of one or two levels need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers(Inner);

type Number = (Option<NsId>, i32);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    Short(u8, [Number; 2]),
    Deep(Box<[Number]>),
}

impl Numbers {
    /// None at all.
    pub(super) const EMPTY: Self = Self(Inner::Short(0, [(None, 0); 2]));

    /// These numbers.
    pub(super) fn new(numbers: &[Number]) -> Self {
        match *numbers {
            [] => Self::EMPTY,
            [one] => Self(Inner::Short(1, [one, (None, 0)])),
            [one, two] => Self(Inner::Short(2, [one, two])),
            _ => Self(Inner::Deep(numbers.into())),
        }
    }
}

impl Deref for Numbers {
    type Target = [Number];
    fn deref(&self) -> &[Number] {
        match &self.0 {
            Inner::Short(len, numbers) => numbers.get(..usize::from(*len)).unwrap_or_default(),
            Inner::Deep(numbers) => numbers,
        }
    }
}

impl<'a> IntoIterator for &'a Numbers {
    type Item = &'a Number;
    type IntoIter = std::slice::Iter<'a, Number>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
