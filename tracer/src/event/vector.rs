//! The numbers of a pid, level 0 first.

use std::ops::Deref;

use tracer_ebpf::wire::{MAX_UPIDS, SHORT_UPIDS, Upid};

/// `struct pid.numbers[0..=level]`, level 0 first; short ones need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector(Inner);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    Short(u8, [Upid; SHORT_UPIDS]),
    Deep(Box<[Upid]>),
}

impl Vector {
    /// No numbers: a task that was released while it was read.
    pub const EMPTY: Self = Self(Inner::Short(0, [Upid { ns: 0, nr: 0, inum: 0 }; SHORT_UPIDS]));

    /// The vector of these numbers; `None` for more than the kernel's 33.
    pub fn new(upids: &[Upid]) -> Option<Self> {
        if upids.len() > MAX_UPIDS {
            return None;
        }
        if upids.len() > SHORT_UPIDS {
            return Some(Self(Inner::Deep(upids.into())));
        }
        let mut short = [Upid::default(); SHORT_UPIDS];
        short[..upids.len()].copy_from_slice(upids);
        Some(Self(Inner::Short(upids.len() as u8, short)))
    }

    /// The first `count` of these, of which there are no more than fit in without an allocation.
    #[inline]
    pub(crate) fn short(count: usize, upids: [Upid; SHORT_UPIDS]) -> Self {
        let (mut upids, count) = (upids, count.min(SHORT_UPIDS));
        for (at, upid) in upids.iter_mut().enumerate() {
            if at >= count {
                *upid = Upid::default();
            }
        }
        Self(Inner::Short(count as u8, upids))
    }

    /// The number in the task's own (deepest) namespace.
    pub fn own(&self) -> Option<&Upid> {
        self.last()
    }
}

impl Deref for Vector {
    type Target = [Upid];
    #[inline]
    fn deref(&self) -> &[Upid] {
        match &self.0 {
            Inner::Short(len, upids) => &upids[..usize::from(*len)],
            Inner::Deep(upids) => upids,
        }
    }
}
