//! From what changed in the tables to the events that users know.

mod make;

use crate::model::{NsId, NsKind, PidId, Reparent, TaskId};

pub use make::reports;

/// The types of events, as users name them (`--type`, JSON `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// `alloc_pid` returned a pid, or refused.
    AllocPid,
    /// A task was made, or could not be.
    Fork,
    /// An exec succeeded.
    Exec,
    /// A comm changed.
    Rename,
    /// A task exited.
    Exit,
    /// A process got another real parent.
    Reparent,
    /// A task was reaped.
    Release,
    /// A pid's numbers may be used again.
    FreePid,
    /// A process moved to another process group.
    Pgid,
    /// A process moved to another session.
    Sid,
    /// A namespace was made.
    NsCreate,
    /// A task entered a namespace.
    NsEnter,
    /// A PID namespace's init dies.
    NsDying,
    /// A PID namespace was freed.
    NsDestroy,
    /// A tracer attached or let go.
    Ptrace,
    /// Credentials changed.
    Cred,
    /// A cgroup was made.
    CgroupCreate,
    /// A process moved to another cgroup.
    CgroupMove,
    /// A cgroup was removed.
    CgroupRemove,
    /// A task that lived already was found.
    Snapshot,
    /// Records are missing.
    Lost,
}

impl Type {
    /// All types, in the order of a task's life.
    pub const ALL: [Self; 21] = [
        Self::AllocPid,
        Self::Fork,
        Self::Exec,
        Self::Rename,
        Self::Exit,
        Self::Reparent,
        Self::Release,
        Self::FreePid,
        Self::Pgid,
        Self::Sid,
        Self::NsCreate,
        Self::NsEnter,
        Self::NsDying,
        Self::NsDestroy,
        Self::Ptrace,
        Self::Cred,
        Self::CgroupCreate,
        Self::CgroupMove,
        Self::CgroupRemove,
        Self::Snapshot,
        Self::Lost,
    ];

    /// The name used by `--type` and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllocPid => "alloc_pid",
            Self::Fork => "fork",
            Self::Exec => "exec",
            Self::Rename => "rename",
            Self::Exit => "exit",
            Self::Reparent => "reparent",
            Self::Release => "release",
            Self::FreePid => "free_pid",
            Self::Pgid => "pgid",
            Self::Sid => "sid",
            Self::NsCreate => "ns_create",
            Self::NsEnter => "ns_enter",
            Self::NsDying => "ns_dying",
            Self::NsDestroy => "ns_destroy",
            Self::Ptrace => "ptrace",
            Self::Cred => "cred",
            Self::CgroupCreate => "cg_create",
            Self::CgroupMove => "cg_move",
            Self::CgroupRemove => "cg_remove",
            Self::Snapshot => "snapshot",
            Self::Lost => "lost",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.name() == name)
    }
}

/// One event as a user knows it. What it leaves out is in the tables, so it is to be shown before
/// the next event is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Time, ns since boot.
    pub ts: u64,
    /// The CPU.
    pub cpu: u16,
    /// The task it is about (of a failed fork: the caller; of a new namespace: who made it).
    pub task: Option<TaskId>,
    /// Level-0 number of the task that acted; 0 where `current` is arbitrary.
    pub actor_tid: i32,
    /// Level-0 number of its thread group.
    pub actor_tgid: i32,
    /// What happened.
    pub what: What,
}

/// What happened, with the facts that the tables do not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `alloc_pid` returned a pid; no task has it yet.
    AllocPid(PidId),
    /// `alloc_pid` refused.
    AllocFail {
        /// The errno, positive.
        errno: i32,
        /// Inode number of the namespace that refused.
        inum: u32,
        /// Its level.
        level: u32,
    },
    /// A task was made.
    Fork {
        /// `CLONE_*`, the signal in the low byte included.
        flags: u64,
    },
    /// A fork failed.
    ForkFail {
        /// The errno, positive.
        errno: i32,
        /// `CLONE_*` as asked for.
        flags: u64,
        /// Inode number of the PID namespace the child would have been born in.
        inum: u32,
    },
    /// An exec succeeded.
    Exec {
        /// The level-0 number before, if a non-leader did it.
        old_tid: Option<i32>,
        /// The path; empty with `--no-args`.
        filename: Box<[u8]>,
        /// The arguments, NUL-separated; empty with `--no-args`.
        args: Box<[u8]>,
        /// Arguments are missing at the end.
        cut: bool,
    },
    /// A comm changed; the new one is in the tables.
    Rename {
        /// The name before; all NUL if unknown.
        old: [u8; 16],
    },
    /// A task exited.
    Exit {
        /// Exit code in wait(2)'s form, where it is known.
        code: Option<i32>,
        /// Its exit itself was not seen; it is certain only that it has happened by now.
        inferred: bool,
        /// Whether the whole group is dead, where the kernel says so.
        group_dead: Option<bool>,
        /// How long it lived, ns.
        lived: Option<u64>,
    },
    /// A process got another real parent.
    Reparent(Reparent),
    /// A task was reaped.
    Release {
        /// By whom, where a hook saw that.
        by: Option<TaskId>,
        /// No hook saw it; it is certain only that it has happened by now.
        inferred: bool,
        /// How long it was a zombie, ns.
        zombie: Option<u64>,
    },
    /// A pid's numbers may be used again.
    FreePid {
        /// The pid.
        pid: PidId,
        /// No hook saw it.
        inferred: bool,
    },
    /// A process moved to another process group.
    Pgid {
        /// Before.
        old: Option<PidId>,
        /// Now.
        new: PidId,
    },
    /// A process moved to another session.
    Sid {
        /// Before.
        old: Option<PidId>,
        /// Now.
        new: PidId,
    },
    /// A namespace was made.
    NsCreate(NsId),
    /// A task entered a namespace (of kind `pid`: its children will be born in it).
    NsEnter {
        /// The kind.
        kind: NsKind,
        /// Where it was.
        from: Option<NsId>,
        /// Where it is.
        to: NsId,
    },
    /// A PID namespace's init dies.
    NsDying(NsId),
    /// A PID namespace was freed.
    NsDestroy(NsId),
    /// A tracer attached (`Some`) or let go.
    Ptrace(Option<TaskId>),
    /// Credentials changed.
    Cred,
    /// A cgroup was made: its id.
    CgroupCreate(u64),
    /// A process, or one thread, moved to another cgroup.
    CgroupMove {
        /// Id of the one before; 0 if unknown.
        from: u64,
        /// Id of the one now.
        to: u64,
    },
    /// A cgroup was removed: its id.
    CgroupRemove(u64),
    /// A task that lived already was found.
    Snapshot,
    /// Records are missing.
    Lost {
        /// How many.
        count: u64,
        /// Time of the last record before the gap; 0 if there was none.
        since: u64,
    },
}

impl What {
    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Self::AllocPid(_) | Self::AllocFail { .. } => Type::AllocPid,
            Self::Fork { .. } | Self::ForkFail { .. } => Type::Fork,
            Self::Exec { .. } => Type::Exec,
            Self::Rename { .. } => Type::Rename,
            Self::Exit { .. } => Type::Exit,
            Self::Reparent(_) => Type::Reparent,
            Self::Release { .. } => Type::Release,
            Self::FreePid { .. } => Type::FreePid,
            Self::Pgid { .. } => Type::Pgid,
            Self::Sid { .. } => Type::Sid,
            Self::NsCreate(_) => Type::NsCreate,
            Self::NsEnter { .. } => Type::NsEnter,
            Self::NsDying(_) => Type::NsDying,
            Self::NsDestroy(_) => Type::NsDestroy,
            Self::Ptrace(_) => Type::Ptrace,
            Self::Cred => Type::Cred,
            Self::CgroupCreate(_) => Type::CgroupCreate,
            Self::CgroupMove { .. } => Type::CgroupMove,
            Self::CgroupRemove(_) => Type::CgroupRemove,
            Self::Snapshot => Type::Snapshot,
            Self::Lost { .. } => Type::Lost,
        }
    }

    /// The pid it is about, where it is about one.
    pub fn pid(&self) -> Option<PidId> {
        match *self {
            Self::AllocPid(pid) | Self::FreePid { pid, .. } => Some(pid),
            _ => None,
        }
    }

    /// The namespace it is about, where it is about one.
    pub fn namespace(&self) -> Option<NsId> {
        match *self {
            Self::NsCreate(ns)
            | Self::NsDying(ns)
            | Self::NsDestroy(ns)
            | Self::NsEnter { to: ns, .. } => Some(ns),
            _ => None,
        }
    }
}
