//! Where the cyclic allocator of each PID namespace stands (`idr.idr_next`), as far as the stream
//! shows: what rules 11 to 13 and the holes are judged by.

use super::holes::Holes;
use crate::{
    check::cx::Cx,
    event::{PidNs, Upid},
    host::Host,
};

/// How far behind the cursor a number may be told: `alloc_pid` returns on one CPU long after
/// others have gone on, if its task is preempted.
pub(super) const SLACK: i32 = 4096;

/// Numbers below this one are not given out again (`RESERVED_PIDS`, kernel/pid.c).
pub(super) const RESERVED: i32 = 300;

/// Namespaces that are followed at a time.
const SPACES: usize = 256;

/// How a number follows from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It lies ahead.
    Onward,
    /// It was allocated a while ago.
    Late,
    /// It goes on from where the cursor was before a jump ahead (by `set_tid`).
    Resumed,
    /// The allocator has come to the end of the numbers and begins again.
    Wrapped,
    /// It lies behind, for no reason that shows.
    Back,
}

/// One namespace's allocator.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    /// The namespace's key.
    key: u64,
    /// Its inode number.
    pub(super) inum: u32,
    /// The number behind the last one; 0 while unknown.
    pub(super) next: i32,
    /// The same, before a jump ahead; 0 if there was none.
    before: i32,
    /// `pid_max`; 0 while unknown.
    pub(super) limit: i32,
    /// Numbers that nobody is known to have had.
    pub(super) holes: Holes,
}

impl Cursor {
    /// Whether the allocator may have come to the end of the numbers; so many are in use.
    pub(super) fn may_wrap(&self, members: u32) -> bool {
        let used = i32::try_from(members).unwrap_or(i32::MAX);
        self.limit == 0 || self.next.saturating_add(SLACK).saturating_add(used) >= self.limit
    }

    /// Whether a number goes on from where the cursor was before a jump ahead.
    pub(super) fn resumes(&self, nr: i32) -> bool {
        self.before != 0 && nr.abs_diff(self.before) <= SLACK as u32
    }

    /// A number is allocated.
    pub(super) fn step(&mut self, nr: i32, members: u32) -> Step {
        let behind = nr.saturating_add(1);
        if self.next == 0 || nr >= self.next {
            if self.next != 0 && nr - self.next > SLACK {
                self.before = self.next;
            }
            self.next = behind;
            return Step::Onward;
        }
        if self.next - nr <= SLACK {
            return Step::Late;
        }
        let step = if self.resumes(nr) {
            Step::Resumed
        } else if self.may_wrap(members) {
            Step::Wrapped
        } else {
            Step::Back
        };
        self.before = if step == Step::Back { self.next } else { 0 };
        self.next = behind;
        step
    }
}

/// The allocators of all PID namespaces.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursors {
    /// `kernel.pid_max`; 0 if unknown.
    pid_max: i32,
    root: Cursor,
    others: Vec<Cursor>,
}

impl Cursors {
    pub(super) fn new(host: &Host) -> Self {
        let pid_max = i32::try_from(host.pid_max).unwrap_or(0);
        let root = Cursor { limit: pid_max, ..Cursor::default() };
        Self { pid_max, root, others: Vec::new() }
    }

    /// Records are missing: numbers may have been allocated unseen.
    pub(super) fn forget(&mut self) {
        self.others.clear();
        self.root = Cursor { limit: self.root.limit, ..Cursor::default() };
    }

    /// All that are followed.
    pub(super) fn all(&self) -> impl Iterator<Item = &Cursor> {
        std::iter::once(&self.root).chain(&self.others)
    }

    /// The allocator of a namespace.
    #[inline]
    pub(super) fn of(&mut self, key: u64, inum: u32) -> &mut Cursor {
        if self.root.key == 0 || self.root.key == key {
            (self.root.key, self.root.inum) = (key, inum);
            return &mut self.root;
        }
        self.inner(key, inum)
    }

    fn inner(&mut self, key: u64, inum: u32) -> &mut Cursor {
        let known = self.others.iter().position(|cursor| cursor.key == key);
        let mut at = known.unwrap_or_else(|| {
            if self.others.len() >= SPACES {
                self.others.clear();
            }
            self.others.push(Cursor { key, inum, limit: self.pid_max, ..Cursor::default() });
            self.others.len() - 1
        });
        // who is asked for often moves to the front
        self.others.swap(at, at / 2);
        at /= 2;
        if self.others.get(at).is_some_and(|cursor| cursor.inum != inum)
            && let Some(cursor) = self.others.get_mut(at)
        {
            *cursor = Cursor { key, inum, limit: self.pid_max, ..Cursor::default() };
        }
        match self.others.get_mut(at) {
            Some(cursor) => cursor,
            None => &mut self.root,
        }
    }

    /// A namespace is gone.
    pub(super) fn end(&mut self, key: u64) {
        self.others.retain(|cursor| cursor.key != key);
    }

    /// Numbers are allocated, or a task is made with them, where that is all that shows.
    #[inline]
    pub(super) fn allocated(&mut self, cx: &mut Cx<'_>, vector: &[Upid], whole: bool) {
        let root = cx.world.root_ns();
        for (at, upid) in vector.iter().enumerate() {
            let cursor = self.of(upid.ns, upid.inum);
            let (from, nr) = (cursor.next, upid.nr);
            let ns = if at == 0 { root } else { cx.world.ns_at(upid.ns) };
            let members = ns.and_then(|ns| cx.world.ns(ns).pid.as_ref());
            let members = members.map_or(0, |space| space.members);
            let step = cursor.step(nr, members);
            if whole && (step == Step::Late || step == Step::Onward && from != 0 && nr > from) {
                cursor.holes.allocated(cx.world, ns, step == Step::Late, (from, nr));
            }
            super::reserved_numbers::allocated(cx, upid, step, from);
            super::cyclic_order::allocated(cx, upid, step, from);
        }
    }

    /// A namespace is made or read.
    pub(super) fn read(&mut self, cx: &mut Cx<'_>, facts: &PidNs) {
        let made = facts.reason == crate::event::ns_reason::CREATE;
        let pid_max = self.pid_max;
        if made {
            self.end(facts.ns);
        }
        let cursor = if facts.level == 0 {
            self.root.key = facts.ns;
            self.root.inum = facts.inum;
            &mut self.root
        } else {
            self.inner(facts.ns, facts.inum)
        };
        let limit = i32::try_from(facts.pid_max).unwrap_or(0);
        cursor.limit = if limit == 0 { pid_max } else { limit };
        super::last_pid::read(cx, cursor, facts, made);
    }
}
