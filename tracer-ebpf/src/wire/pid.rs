//! Records about `struct pid` (kernel/pid.c).

use super::Header;

record! {
    /// One number of a pid: `struct upid` (include/linux/pid.h).
    Upid {
        /// Cookie of the PID namespace.
        ns: u64,
        /// The number in it.
        nr: i32,
        /// Inode number of the namespace. Recycled after its end: no identity by itself.
        inum: u32,
    }
}

record! {
    /// A pid and its numbers; `level + 1` [`Upid`]s follow, host first (the rest is zero).
    PidRecord {
        /// See [`Header`].
        header: Header,
        /// Cookie of the `struct pid`.
        pid: u64,
        /// `pid->ino`, the pidfd's inode number; 0 where the kernel has none.
        ino: u64,
        /// `pid->level`.
        level: u32,
        /// Always 0.
        pad: u32,
    }
}

record! {
    /// `alloc_pid` failed.
    AllocFail {
        /// See [`Header`].
        header: Header,
        /// Cookie of the namespace that was asked for a number.
        ns: u64,
        /// Its inode number.
        inum: u32,
        /// Its level.
        level: u32,
        /// The errno, positive.
        errno: i32,
        /// Numbers in use in it (`pid_allocated` with `PIDNS_ADDING`, the top bit).
        allocated: u32,
    }
}

record! {
    /// `copy_process` failed.
    ForkFail {
        /// See [`Header`].
        header: Header,
        /// Cookie of the caller's PID namespace for children.
        ns: u64,
        /// Clone flags asked for.
        flags: u64,
        /// The namespace's inode number.
        inum: u32,
        /// The errno, positive.
        errno: i32,
    }
}

record! {
    /// `free_pid` is entered: its numbers may be used again from here on.
    FreePid {
        /// See [`Header`].
        header: Header,
        /// Cookie of the `struct pid`.
        pid: u64,
        /// `pid->ino` or 0.
        ino: u64,
        /// Its level-0 number.
        nr: i32,
        /// Its level.
        level: u32,
    }
}

record! {
    /// `change_pid` is entered: setsid or setpgid takes effect.
    ChangePid {
        /// See [`Header`].
        header: Header,
        /// Cookie of the task that is changed, always a group leader.
        task: u64,
        /// Cookie of the new group or session pid.
        pid: u64,
        /// The task's level-0 number.
        tid: i32,
        /// `PIDTYPE_PGID` (2) or `PIDTYPE_SID` (3).
        ty: u32,
        /// Level-0 number of the new pid.
        nr: i32,
        /// Always 0.
        pad: u32,
    }
}

record! {
    /// `exchange_tids` is entered: an exec by a non-leader swaps the two tasks' pids.
    ExchangeTids {
        /// See [`Header`].
        header: Header,
        /// Cookie of the executing thread.
        left: u64,
        /// Cookie of the old leader.
        right: u64,
    }
}
