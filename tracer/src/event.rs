//! What happened: the closed set of events, in kernel terms.
//!
//! An event is one wire record, decoded. Live, replayed and simulated events are the same type, and
//! nothing behind this module knows where one came from.

mod keys;
mod vector;

pub use keys::{NsKey, PidKey, TaskKey};
pub use tracer_ebpf::wire::{
    AllocFail, Census, CgroupMove, ChangePid, Cred, Detail, ExchangeTids, Exit, ForkFail, FreePid,
    FreeTask, Header, Mark, NsEnd, NsSet, PidNs, Ptrace, Release, Rename, Syscall,
    Task as TaskFacts, Upid, bits, ns_reason,
};
pub use vector::Vector;

/// One event: when and where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Time, CPU, sequence number and acting task. Of a [`Body::Lost`]: the time and CPU of the
    /// first record behind the gap.
    pub header: Header,
    /// What happened.
    pub body: Body,
}

impl Default for Event {
    /// One to decode into.
    fn default() -> Self {
        Self { header: Header::default(), body: Body::SnapshotBegin(Mark::default()) }
    }
}

/// What happened. Each variant names its kernel origin in [`tracer_ebpf::wire`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `task_newtask`: a task was made.
    Fork {
        /// The child, as it was before it ran.
        task: TaskFacts,
        /// The child's own numbers, level 0 first.
        vector: Vector,
        /// `CLONE_*`.
        flags: u64,
    },
    /// The iterator found a task.
    Snapshot {
        /// The task now.
        task: TaskFacts,
        /// Its numbers, level 0 first; empty if it was released meanwhile.
        vector: Vector,
        /// The sweep's number.
        generation: u64,
        /// The iterator did not show it: read from `/proc`, some facts are absent.
        from_proc: bool,
    },
    /// A task read again after something changed it.
    Update {
        /// The task now.
        task: TaskFacts,
        /// Its numbers, level 0 first.
        vector: Vector,
    },
    /// A sweep starts.
    SnapshotBegin(Mark),
    /// A sweep has shown every task.
    SnapshotEnd(Mark),
    /// `alloc_pid` returned a pid.
    AllocPid(PidFacts),
    /// A pid that lives on only as a group's or a session's.
    HeldPid(PidFacts),
    /// `alloc_pid` refused.
    AllocFail(AllocFail),
    /// `copy_process` refused.
    ForkFail(ForkFail),
    /// `free_pid`: the numbers may be used again.
    FreePid(FreePid),
    /// setsid or setpgid takes effect.
    ChangePid(ChangePid),
    /// An exec by a non-leader swaps two tasks' pids.
    ExchangeTids(ExchangeTids),
    /// An exec has succeeded.
    Exec(Exec),
    /// A comm changed.
    Rename(Rename),
    /// A task exits.
    Exit(Exit),
    /// A task is reaped.
    Release(Release),
    /// A task's memory is freed: at the latest now it is released.
    FreeTask(FreeTask),
    /// The actor's credentials changed.
    Cred(Cred),
    /// A tracer attached or let go.
    Ptrace(Ptrace),
    /// A PID namespace was made or found.
    PidNs(PidNs),
    /// Namespaces were made or entered.
    NsSet(NsSet),
    /// The init of a PID namespace dies, and all its members with it.
    NsDying(NsEnd),
    /// A PID namespace is freed.
    NsDestroy(NsEnd),
    /// A system call that may have changed ids has returned (tracepoint plan).
    Syscall(Syscall),
    /// One task in detail, for `show`.
    Detail(Box<Detail>),
    /// Records are missing here.
    Lost(Lost),
    /// What the kernel counts of itself, read beside a sweep.
    Census(Census),
    /// A cgroup is made.
    CgroupMake(CgroupFacts),
    /// A cgroup that was there already.
    CgroupFound(CgroupFacts),
    /// A cgroup is removed.
    CgroupEnd(CgroupFacts),
    /// A process or a thread is in another cgroup now.
    CgroupMove(CgroupMove),
}

impl Body {
    /// User space added it to the stream: it has no number on a CPU, and nobody acts.
    #[inline]
    pub fn is_added(&self) -> bool {
        matches!(
            self,
            Self::Lost(_)
                | Self::Census(_)
                | Self::CgroupFound(_)
                | Self::Snapshot { from_proc: true, .. }
        )
    }
}

/// A `struct pid` and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PidFacts {
    /// Its key.
    pub pid: PidKey,
    /// `pid->ino`, or 0.
    pub ino: u64,
    /// Its numbers, level 0 first.
    pub vector: Vector,
}

/// A cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupFacts {
    /// The fixed part.
    pub facts: tracer_ebpf::wire::Cgroup,
    /// Its path from the root of its hierarchy; empty if it is removed.
    pub path: Box<[u8]>,
}

/// A successful exec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// The fixed part.
    pub facts: tracer_ebpf::wire::Exec,
    /// The path given to execve; empty with `--no-args`.
    pub filename: Box<[u8]>,
    /// The arguments, each ended by a NUL but for a last one that was cut; empty with `--no-args`.
    pub args: Box<[u8]>,
}

/// The CPU of a loss that is of no CPU in particular: records that a damaged recording lacks.
pub const NO_CPU: u16 = u16::MAX;

/// A gap in one CPU's sequence numbers, or in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The CPU, or [`NO_CPU`].
    pub cpu: u16,
    /// Records missing.
    pub count: u64,
    /// Time of the last record before the gap, ns since boot; 0 if there was none.
    pub since: u64,
}
