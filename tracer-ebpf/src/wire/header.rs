//! What every record starts with.

record! {
    /// The start of every record.
    Header {
        /// Time in ns since boot (`CLOCK_BOOTTIME`), read just before the record was reserved. The
        /// order of records is the order of the ring, not of this time.
        ts: u64,
        /// Sequence number on this CPU, taken even when the reservation fails: a hole is a loss.
        seq: u32,
        /// CPU the hook ran on.
        cpu: u16,
        /// One of [`kind`].
        kind: u16,
        /// Cookie of the task that acted (`current`), 0 where `current` is arbitrary.
        actor: u64,
        /// Level-0 number of the acting task.
        actor_tid: i32,
        /// Level-0 number of the acting task's thread group.
        actor_tgid: i32,
    }
}

/// What a record says. Numbers are never given a second meaning.
pub mod kind {
    /// A task was made: [`TaskRecord`](super::super::TaskRecord), `arg` = clone flags.
    pub const FORK: u16 = 1;
    /// A task as the iterator found it: `TaskRecord`, `arg` = the sweep's generation.
    pub const SNAPSHOT: u16 = 2;
    /// A task read again after something changed it: `TaskRecord`, `arg` = 0.
    pub const UPDATE: u16 = 3;
    /// The iterator starts: [`Mark`](super::super::Mark).
    pub const SNAPSHOT_BEGIN: u16 = 4;
    /// The iterator has shown every task: `Mark`.
    pub const SNAPSHOT_END: u16 = 5;
    /// `alloc_pid` returned a pid: [`PidRecord`](super::super::PidRecord).
    pub const ALLOC_PID: u16 = 6;
    /// A pid that no task has as its own, found as a group's or session's: `PidRecord`.
    pub const HELD_PID: u16 = 7;
    /// `alloc_pid` refused: [`AllocFail`](super::super::AllocFail).
    pub const ALLOC_FAIL: u16 = 8;
    /// `copy_process` refused: [`ForkFail`](super::super::ForkFail).
    pub const FORK_FAIL: u16 = 9;
    /// `free_pid` is entered: [`FreePid`](super::super::FreePid).
    pub const FREE_PID: u16 = 10;
    /// `change_pid` is entered: [`ChangePid`](super::super::ChangePid).
    pub const CHANGE_PID: u16 = 11;
    /// `exchange_tids` is entered: [`ExchangeTids`](super::super::ExchangeTids).
    pub const EXCHANGE_TIDS: u16 = 12;
    /// An exec has succeeded: [`Exec`](super::super::Exec) and its text.
    pub const EXEC: u16 = 13;
    /// A task's comm changed: [`Rename`](super::super::Rename).
    pub const RENAME: u16 = 14;
    /// A task exits: [`Exit`](super::super::Exit).
    pub const EXIT: u16 = 15;
    /// A task is reaped: [`Release`](super::super::Release).
    pub const RELEASE: u16 = 16;
    /// A task's memory is about to be freed: [`FreeTask`](super::super::FreeTask).
    pub const FREE_TASK: u16 = 17;
    /// Credentials changed: [`Cred`](super::super::Cred).
    pub const CRED: u16 = 18;
    /// A tracer attached or detached: [`Ptrace`](super::super::Ptrace).
    pub const PTRACE: u16 = 19;
    /// A PID namespace: [`PidNs`](super::super::PidNs).
    pub const PID_NS: u16 = 20;
    /// Namespaces were made or entered: [`NsSet`](super::super::NsSet).
    pub const NS_SET: u16 = 21;
    /// The init of a PID namespace dies: [`NsEnd`](super::super::NsEnd).
    pub const NS_DYING: u16 = 22;
    /// A PID namespace is freed: `NsEnd`.
    pub const NS_DESTROY: u16 = 23;
    /// A system call that may have changed ids has returned: [`Syscall`](super::super::Syscall).
    pub const SYSCALL: u16 = 24;
    /// One task in detail, asked for by `show`: [`Detail`](super::super::Detail).
    pub const DETAIL: u16 = 25;
    /// Records are missing here: [`Lost`](super::super::Lost). Written by user space.
    pub const LOST: u16 = 26;
    /// A task that `/proc` shows and the iterator does not: `TaskRecord` as of a snapshot, with
    /// what is not known left at 0. Written by user space.
    pub const PROC: u16 = 27;
    /// What the kernel counts of itself: [`Census`](super::super::Census). Written by user space.
    pub const CENSUS: u16 = 28;
    /// A cgroup is made: [`Cgroup`](super::super::Cgroup) and its path.
    pub const CGROUP_MAKE: u16 = 29;
    /// A cgroup is removed: `Cgroup`, without a path.
    pub const CGROUP_END: u16 = 30;
    /// A cgroup that was there already: `Cgroup` and its path. Written by user space.
    pub const CGROUP_FOUND: u16 = 31;
    /// A process or a thread moves: [`CgroupMove`](super::super::CgroupMove).
    pub const CGROUP_MOVE: u16 = 32;
}
