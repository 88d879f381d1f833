//! Namespaces of all eight kinds.

use super::slab::handle;
use super::{PidId, TaskId};
use crate::event::NsKey;

handle! {
    /// Handle of a [`Namespace`] in a [`World`](super::World).
    pub NsId
}

handle! {
    /// Handle of one combination of namespaces, the counterpart of an nsproxy (with the user and
    /// the active PID namespace). Tasks share them.
    pub NsSetId
}

/// The kinds, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NsKind {
    /// User namespaces.
    User,
    /// Mount namespaces.
    Mnt,
    /// UTS namespaces.
    Uts,
    /// IPC namespaces.
    Ipc,
    /// Network namespaces.
    Net,
    /// PID namespaces.
    Pid,
    /// Cgroup namespaces.
    Cgroup,
    /// Time namespaces.
    Time,
}

impl NsKind {
    /// All kinds, in the order of the wire.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Mnt,
        Self::Uts,
        Self::Ipc,
        Self::Net,
        Self::Pid,
        Self::Cgroup,
        Self::Time,
    ];

    /// Its place in the order of the wire.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its `CLONE_NEW*` flag (include/uapi/linux/sched.h).
    pub fn clone_flag(self) -> u64 {
        match self {
            Self::User => 0x1000_0000,
            Self::Mnt => 0x0002_0000,
            Self::Uts => 0x0400_0000,
            Self::Ipc => 0x0800_0000,
            Self::Net => 0x4000_0000,
            Self::Pid => 0x2000_0000,
            Self::Cgroup => 0x0200_0000,
            Self::Time => 0x80,
        }
    }

    /// Its name as in `/proc/PID/ns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Mnt => "mnt",
            Self::Uts => "uts",
            Self::Ipc => "ipc",
            Self::Net => "net",
            Self::Pid => "pid",
            Self::Cgroup => "cgroup",
            Self::Time => "time",
        }
    }
}

/// What has become of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NsFate {
    /// It has tasks, or may have.
    Alive,
    /// A PID namespace whose init dies: it takes no more tasks.
    Dying,
    /// No task is in it, but something holds it (a file descriptor, a bind mount, a child
    /// namespace, a task that will put its children there).
    Held,
    /// It is gone.
    Destroyed,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its kind.
    pub kind: NsKind,
    /// Inode number, as in `/proc/PID/ns`; recycled after its end.
    pub inum: u32,
    /// `ns_id`, never used again; 0 where the kernel has none.
    pub ns_id: u64,
    /// What has become of it.
    pub fate: NsFate,
    /// Tasks (threads counted) that are in it now. Of a PID namespace: whose deepest level it is.
    pub tasks: u32,
    /// When it was made, ns since boot; 0 if before the trace.
    pub created: u64,
    /// When it was destroyed, or its last task left; 0 if not.
    pub ended: u64,
    /// Who made it, where that was seen.
    pub creator: Option<TaskId>,
    /// The user namespace that owns it (of a user namespace: its parent), where known.
    pub owner: Option<NsId>,
    /// What only PID namespaces have.
    pub pid: Option<PidNamespace>,
    /// A hook told of its birth, and nobody has been seen in it yet.
    pub(super) fresh: bool,
    /// The sweep during which it was last mentioned.
    pub(super) mark: u32,
    /// It waits in the history for its eviction.
    pub(super) queued: bool,
}

impl Default for Namespace {
    fn default() -> Self {
        Self::GONE
    }
}

impl Namespace {
    /// What a handle finds whose namespace has left the bounded history.
    pub(super) const GONE: Self = Self::new(NsKind::Pid, 0);

    /// A namespace of which no more is known.
    pub(super) const fn new(kind: NsKind, inum: u32) -> Self {
        Self {
            kind,
            inum,
            ns_id: 0,
            fate: NsFate::Destroyed,
            tasks: 0,
            created: 0,
            ended: 0,
            creator: None,
            owner: None,
            pid: None,
            fresh: false,
            mark: 0,
            queued: false,
        }
    }

    /// The PID namespace's level; 0 for other kinds.
    pub fn level(&self) -> u32 {
        self.pid.as_ref().map_or(0, |pid| pid.level)
    }

    /// It certainly exists: a PID namespace until it is freed, another kind while it has tasks.
    pub fn exists(&self) -> bool {
        self.fate != NsFate::Destroyed && (self.tasks > 0 || self.pid.is_some())
    }
}

/// What only PID namespaces have (`struct pid_namespace`).
#[derive(Clone, Debug)]
pub struct PidNamespace {
    /// The key of the kernel's object.
    pub key: NsKey,
    /// `level`.
    pub level: u32,
    /// The parent; `None` for the initial one, or while unknown.
    pub parent: Option<NsId>,
    /// The pid with number 1 in it.
    pub init: Option<PidId>,
    /// The task that takes in orphans (`child_reaper`), as last read.
    pub child_reaper: Option<TaskId>,
    /// Pids that have a number in it now: the counterpart of `pid_allocated`.
    pub members: u32,
    /// `pid_allocated` without `PIDNS_ADDING`, as last read from the kernel.
    pub allocated_read: u32,
    /// The allocation cursor (`idr_next`): as last read, or behind the last number seen.
    pub cursor: u32,
    /// `pid_max` of this namespace; 0 where it is global or unknown.
    pub pid_max: u32,
    /// Tasks outside it whose children will be born in it.
    pub awaited_by: u32,
}

impl PidNamespace {
    /// One of which no more is known.
    pub(super) const fn new(key: NsKey, level: u32, parent: Option<NsId>) -> Self {
        Self {
            key,
            level,
            parent,
            init: None,
            child_reaper: None,
            members: 0,
            allocated_read: 0,
            cursor: 0,
            pid_max: 0,
            awaited_by: 0,
        }
    }
}
