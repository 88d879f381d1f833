//! What an event changed in the tables.

use super::{NsId, NsKind, PidId, TaskId};

/// What one event changed: the answer of [`World::apply`](super::World::apply).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The task the event is about (of a failed fork: the caller).
    pub task: Option<TaskId>,
    /// The pid the event is about, where it is about one (alloc, free, held).
    pub pid: Option<PidId>,
    /// What changed, in the order in which the kernel does it. Empty for a mere confirmation.
    pub effects: Vec<Effect>,
    /// What cannot be, given the tables so far. The tables stay consistent all the same.
    pub impossible: Option<Impossible>,
}

impl Change {
    /// Forgets everything but the allocation.
    pub(super) fn clear(&mut self) {
        self.task = None;
        self.pid = None;
        self.effects.clear();
        self.impossible = None;
    }
}

/// One change of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A task was born under our eyes.
    Born(TaskId),
    /// A task that already lived was found: by a sweep, or by the first event that names it.
    Found(TaskId),
    /// A sweep no longer finds the task: its end was lost.
    Vanished(TaskId),
    /// Another parent.
    Reparented(Reparent),
    /// Another tracer, or none.
    Traced {
        /// The traced task.
        task: TaskId,
        /// Its tracer now.
        tracer: Option<TaskId>,
    },
    /// It, or its whole thread group, was moved to another cgroup.
    CgroupMoved {
        /// The task: the leader, if the whole group was moved.
        task: TaskId,
        /// Id of the cgroup before; 0 if unknown.
        from: u64,
        /// Id of the cgroup now.
        to: u64,
    },
    /// Another process group.
    Pgrp {
        /// The group leader whose process moved.
        task: TaskId,
        /// Before.
        old: Option<PidId>,
        /// Now.
        new: PidId,
    },
    /// Another session.
    Session {
        /// The group leader whose process moved.
        task: TaskId,
        /// Before.
        old: Option<PidId>,
        /// Now.
        new: PidId,
    },
    /// Another level-0 number: an exec by a non-leader.
    TidChanged {
        /// The task.
        task: TaskId,
        /// Its pid before.
        old: Option<PidId>,
        /// Its pid now.
        new: Option<PidId>,
    },
    /// Another name.
    Renamed {
        /// The task.
        task: TaskId,
        /// Its name before; all NUL if that was not known.
        old: [u8; 16],
    },
    /// A task exited (it may be a zombie from here on).
    Exited(TaskId),
    /// A task was reaped.
    Released {
        /// The task.
        task: TaskId,
        /// Who reaped it, where a hook saw that.
        by: Option<TaskId>,
        /// No hook saw the release itself; it is certain only that it has happened by now.
        inferred: bool,
    },
    /// The numbers of a pid may be used again.
    PidFreed {
        /// The pid.
        pid: PidId,
        /// No hook saw it; it is certain only that it has happened by now.
        inferred: bool,
    },
    /// A namespace was made.
    NsCreated {
        /// The namespace.
        ns: NsId,
        /// Who made it.
        by: Option<TaskId>,
    },
    /// A namespace that already existed was found.
    NsFound(NsId),
    /// A task entered a namespace (of kind `pid`: its children will be born in it).
    NsEntered {
        /// Who.
        task: TaskId,
        /// The kind.
        kind: NsKind,
        /// Where it was.
        from: Option<NsId>,
        /// Where it is.
        to: NsId,
    },
    /// The init of a PID namespace dies.
    NsDying(NsId),
    /// A PID namespace was freed.
    NsDestroyed(NsId),
}

/// A change of the real parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reparent {
    /// The child (a group leader).
    pub child: TaskId,
    /// The parent before.
    pub from: Option<TaskId>,
    /// The parent now.
    pub to: Option<TaskId>,
    /// Why, where that is known.
    pub why: ReparentReason,
    /// Inferred by the kernel's own rules (`find_new_reaper`), not read from the kernel.
    pub inferred: bool,
}

/// Why a task got another parent (`find_new_reaper`, kernel/exit.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReparentReason {
    /// A thread exited and another one of the same process takes over.
    Sibling,
    /// The parent died; the nearest subreaper takes over.
    Subreaper,
    /// The parent died; the init of its PID namespace takes over.
    NamespaceInit,
    /// The parent changed while nobody looked.
    Unseen,
}

/// Input that the kernel cannot produce, given what came before. With losses it is a consequence
/// of them; without, it is for the checks to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// A task was born twice.
    BornTwice(TaskId),
    /// A pid was allocated while its number in this namespace was still in use.
    NumberInUse(PidId),
    /// A pid was freed that was never allocated or found.
    UnknownPid,
    /// Something happened to a task that nobody has seen.
    UnknownTask,
    /// Something happened to a task after its release.
    AfterRelease(TaskId),
    /// The vector does not fit the namespaces' tree.
    BadVector(PidId),
}
