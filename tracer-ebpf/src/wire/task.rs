//! A task with all its identities, as read at birth, by the iterator, and after changes.

use super::{Header, NS_KINDS};

record! {
    /// The members of `task_struct` (and of what it points to) that say who a task is.
    Task {
        /// Cookie of the `task_struct`.
        task: u64,
        /// Cookie of `thread_pid`; 0 once released.
        pid: u64,
        /// Cookie of `group_leader`.
        leader: u64,
        /// Cookie of `real_parent` (a thread).
        real_parent: u64,
        /// Cookie of `parent`: the tracer while traced, else the real parent.
        parent: u64,
        /// Cookie of the process group's pid.
        pgrp: u64,
        /// Cookie of the session's pid.
        session: u64,
        /// Cookie of `nsproxy->pid_ns_for_children`; 0 without nsproxy.
        for_children: u64,
        /// `pid->ino` or 0.
        ino: u64,
        /// `start_boottime`, ns since boot.
        start: u64,
        /// Id of the cgroup in the default (v2) hierarchy.
        cgroup: u64,
        /// Level-0 number (`task->pid`).
        tid: i32,
        /// Level-0 number of the thread group.
        tgid: i32,
        /// `real_parent->tgid`.
        ppid: i32,
        /// `parent->tgid`.
        parent_tgid: i32,
        /// Level-0 number of the process group.
        pgid: i32,
        /// Level-0 number of the session.
        sid: i32,
        /// `exit_signal`; -1 for a thread that leads no group.
        exit_signal: i32,
        /// `exit_code` in wait(2)'s form.
        exit_code: i32,
        /// `cred->uid` in the initial user namespace.
        uid: u32,
        /// `cred->gid`, likewise.
        gid: u32,
        /// `flags` (`PF_*`).
        flags: u32,
        /// `exit_state`: 0, `EXIT_DEAD` 0x10, `EXIT_ZOMBIE` 0x20.
        exit_state: u32,
        /// `__state` (`state` before 5.14): 0 running, 1 sleeping, 2 uninterruptible, 4 stopped, 8 traced …
        state: u32,
        /// `ptrace` flags, 0 when not traced.
        ptrace: u32,
        /// `pid->level`.
        level: u32,
        /// See [`bits`].
        bits: u32,
        /// Inode numbers of the namespaces, in the order of [`NS_KINDS`]; 0 where unknown.
        ns: [u32; NS_KINDS],
        /// Inode number of `nsproxy->pid_ns_for_children`.
        for_children_inum: u32,
        /// Inode number of `nsproxy->time_ns_for_children`.
        time_for_children_inum: u32,
        /// `comm`, NUL-padded.
        comm: [u8; 16],
    }
}

record! {
    /// A task; `task.level + 1` [`Upid`](super::Upid)s follow, host first (the rest is zero).
    TaskRecord {
        /// See [`Header`].
        header: Header,
        /// The task.
        task: Task,
        /// Clone flags of a fork, generation of a snapshot, else 0.
        arg: u64,
    }
}

/// [`Task::bits`].
pub mod bits {
    /// `signal->is_child_subreaper`.
    pub const SUBREAPER: u32 = 1;
    /// `signal->has_child_subreaper`.
    pub const HAS_SUBREAPER: u32 = 1 << 1;
    /// `task->mm` is set.
    pub const HAS_MM: u32 = 1 << 2;
    /// `task->nsproxy` is set.
    pub const HAS_NSPROXY: u32 = 1 << 3;
    /// `signal->leader`: leads a session.
    pub const SESSION_LEADER: u32 = 1 << 4;
}
