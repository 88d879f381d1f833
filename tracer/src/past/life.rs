//! One use of a number, from its allocation until it was free again.

use super::facts::{Identity, Named, Numbers, Space};
use crate::model::{Certainty, PidId, ReparentReason, TaskId};

/// Threads that are told one by one; of a process with more, only their count is kept.
pub(super) const FEW: u32 = 8;

/// Entries that are kept of one life; later ones are counted, but for its end.
pub(super) const ENTRIES: usize = 4096;

/// One life of a number: the pid that had it, and the task that had the pid.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its numbers at every level.
    pub numbers: Numbers,
    /// Inode number of the pid (pidfs); 0 where the kernel has none.
    pub ino: u64,
    /// How it came into sight.
    pub came: Came,
    /// When that was.
    pub since: u64,
    /// Its task's identity, once it had one.
    pub identity: Identity,
    /// The last name of its task.
    pub comm: [u8; 16],
    /// Level-0 number of the thread group that its task belongs or belonged to; 0 if it had none.
    pub tgid: i32,
    /// How we know of its task; `None` if it had none.
    pub certainty: Option<Certainty>,
    /// Threads beside the leader that were made or found.
    pub threads: u32,
    /// Processes that it made.
    pub children: u64,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Entries that were left out because there are too many.
    pub more: u64,
    /// Records that were lost while it was there.
    pub lost: u64,
    /// How it was when the events ended; `None` if its number was free again.
    pub still: Option<Still>,
    /// The pid, once the tables had it.
    pub(super) pid: Option<PidId>,
    /// The task that has the pid.
    pub(super) task: Option<TaskId>,
}

/// How a life came into sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Its allocation or its task's birth was seen.
    Seen,
    /// It was there already: a sweep found it, or the first event that names it.
    Found,
}

/// How a life was when the events ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Still {
    /// Allocated, and no task had it yet.
    Allocated,
    /// Its task had not exited.
    Running,
    /// Its task had exited, and nobody had reaped it.
    Zombie {
        /// Since when, ns since boot; 0 if that was not seen.
        since: u64,
        /// Who ought to have reaped it.
        parent: Option<Named>,
    },
    /// No task had it; it was still in use as a group's or a session's.
    Held {
        /// Processes in the group.
        groups: u32,
        /// Processes in the session.
        sessions: u32,
    },
}

/// What happened at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The time, ns since boot.
    pub ts: u64,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The number was allocated, and no task got it (yet).
    Allocated {
        /// Who called clone.
        by: Option<Named>,
    },
    /// A task was born with it.
    Born {
        /// Who called clone.
        by: Option<Named>,
        /// `CLONE_*`.
        flags: u64,
        /// The real parent.
        parent: Option<Named>,
        /// A kernel thread.
        kernel: bool,
        /// The signal it sends at its end.
        exit_signal: i32,
        /// The PID namespace that its innermost number is in.
        space: Option<Space>,
    },
    /// A task that lived already was found with it.
    Found {
        /// The real parent.
        parent: Option<Named>,
        /// It had exited already.
        zombie: bool,
        /// How.
        certainty: Certainty,
    },
    /// The number was found as a group's or a session's alone.
    FoundHeld,
    /// An exec.
    Exec {
        /// The path; empty with `--no-args`.
        filename: Box<[u8]>,
        /// The arguments, NUL-separated; empty with `--no-args`.
        args: Box<[u8]>,
        /// Arguments are missing at the end.
        cut: bool,
        /// The name that came of it.
        comm: [u8; 16],
    },
    /// An exec by a thread: another task has the number from here on.
    TakenOver {
        /// The level-0 number that this task had before.
        tid: i32,
    },
    /// An exec by this thread: its task has its leader's number from here on.
    MovedTo {
        /// That level-0 number.
        tid: i32,
    },
    /// Another name.
    Renamed {
        /// The name before; all NUL if unknown.
        old: [u8; 16],
        /// The name now.
        new: [u8; 16],
    },
    /// It made a namespace.
    Made(Space),
    /// It entered a namespace (of kind `pid`: its children will be born in it).
    Entered {
        /// Where it was.
        from: Option<Space>,
        /// Where it is.
        to: Space,
    },
    /// It was the init of this PID namespace, which dies with it.
    Dying(Space),
    /// Another process group.
    Pgrp {
        /// Before.
        old: Option<Numbers>,
        /// Now.
        new: Numbers,
    },
    /// Another session.
    Session {
        /// Before.
        old: Option<Numbers>,
        /// Now.
        new: Numbers,
    },
    /// Other credentials.
    Cred {
        /// uid in the initial user namespace.
        uid: Option<u32>,
        /// gid likewise.
        gid: Option<u32>,
        /// The user namespace.
        user: Option<Space>,
    },
    /// Another cgroup.
    CgroupMoved {
        /// Path of the one before; empty if unknown.
        from: Box<[u8]>,
        /// Path of the one now; empty if unknown.
        to: Box<[u8]>,
    },
    /// Another tracer, or none.
    Traced(Option<Named>),
    /// Another real parent.
    Reparented {
        /// Before.
        from: Option<Named>,
        /// Now.
        to: Option<Named>,
        /// Why.
        why: ReparentReason,
        /// Inferred by the kernel's rules, not read.
        inferred: bool,
    },
    /// It called clone in vain.
    ForkFailed {
        /// The errno, positive.
        errno: i32,
        /// Inode number of the PID namespace the child would have been born in; 0 if unknown.
        inum: u32,
    },
    /// A thread was made.
    Thread {
        /// The thread.
        thread: Named,
        /// It lived already and was found.
        found: bool,
    },
    /// A thread other than the leader exited.
    ThreadExited {
        /// The thread.
        thread: Named,
        /// Its exit code in wait(2)'s form, where it is known.
        code: Option<i32>,
    },
    /// Its task exited.
    Exited {
        /// Exit code in wait(2)'s form, where it is known.
        code: Option<i32>,
        /// The exit itself was not seen; it had happened by then.
        inferred: bool,
        /// Whether the whole group was dead with it, where the kernel said so.
        group_dead: Option<bool>,
        /// How long it lived, ns.
        lived: Option<u64>,
        /// Who has to reap it.
        parent: Option<Named>,
    },
    /// Its task was reaped.
    Released {
        /// By whom, where that was seen.
        by: Option<Named>,
        /// The release itself was not seen; it had happened by then.
        inferred: bool,
        /// Its whole end was lost: a sweep did not find it any more.
        vanished: bool,
        /// How long it was a zombie, ns.
        zombie: Option<u64>,
        /// Who had to reap it.
        parent: Option<Named>,
    },
    /// Its task is gone, and the number is still a group's or a session's.
    Held {
        /// Processes in the group.
        groups: u32,
        /// Processes in the session.
        sessions: u32,
    },
    /// Its number may be used again.
    Freed {
        /// That itself was not seen; it had happened by then.
        inferred: bool,
        /// How long after its task's release, ns.
        after: Option<u64>,
    },
    /// Records are missing: what happened between is not known.
    Lost {
        /// How many.
        count: u64,
        /// Time of the last record before the gap; 0 if there was none.
        since: u64,
    },
}

impl Happening {
    /// The name of its type: that of the event where there is one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Allocated { .. } => "alloc_pid",
            Self::Born { .. } => "fork",
            Self::Found { .. } | Self::FoundHeld => "snapshot",
            Self::Exec { .. } => "exec",
            Self::TakenOver { .. } | Self::MovedTo { .. } => "tid",
            Self::Renamed { .. } => "rename",
            Self::Made(_) => "ns_create",
            Self::Entered { .. } => "ns_enter",
            Self::Dying(_) => "ns_dying",
            Self::Pgrp { .. } => "pgid",
            Self::Session { .. } => "sid",
            Self::Cred { .. } => "cred",
            Self::CgroupMoved { .. } => "cg_move",
            Self::Traced(_) => "ptrace",
            Self::Reparented { .. } => "reparent",
            Self::ForkFailed { .. } => "fork_fail",
            Self::Thread { .. } => "thread",
            Self::ThreadExited { .. } => "thread_exit",
            Self::Exited { .. } => "exit",
            Self::Released { .. } => "release",
            Self::Held { .. } => "held",
            Self::Freed { .. } => "free_pid",
            Self::Lost { .. } => "lost",
        }
    }

    /// It belongs to the end of a life, which is kept however long the life was.
    pub(super) fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Exited { .. }
                | Self::Released { .. }
                | Self::Held { .. }
                | Self::Freed { .. }
                | Self::Dying(_)
        )
    }

    /// It is about one of its threads.
    pub(super) fn is_thread(&self) -> bool {
        matches!(self, Self::Thread { .. } | Self::ThreadExited { .. })
    }
}

impl Life {
    /// Adds what happened, within the bounds.
    pub(super) fn push(&mut self, ts: u64, what: Happening) {
        if what.is_thread() && self.threads > FEW {
            return;
        }
        let room = ENTRIES + if what.is_end() { 16 } else { 0 };
        if self.entries.len() < room {
            self.entries.push(Entry { ts, what });
        } else {
            self.more += 1;
        }
    }

    /// Counts a thread; of too many, none is told by itself.
    pub(super) fn thread(&mut self, ts: u64, what: Happening) {
        self.threads = self.threads.saturating_add(1);
        if self.threads == FEW + 1 {
            self.entries.retain(|entry| !entry.what.is_thread());
        }
        self.push(ts, what);
    }

    /// When its number was free again; 0 if it was not, as far as is known.
    pub fn until(&self) -> u64 {
        let freed = self.entries.iter().rev().find(|it| matches!(it.what, Happening::Freed { .. }));
        freed.map_or(0, |it| it.ts)
    }
}
