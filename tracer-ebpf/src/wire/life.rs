//! What happens to a task after its birth, up to its release.

use super::Header;

record! {
    /// `sched_process_exec`. `filename_len` bytes of the file name and `args_len` bytes of the
    /// arguments (NUL-separated) follow.
    Exec {
        /// See [`Header`]; the actor is the task.
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// Cookie of its pid, after the swap if there was one.
        pid: u64,
        /// `start_boottime`, which an exec by a non-leader overwrites.
        start: u64,
        /// Level-0 number before the exec; differs from `tid` when a non-leader did it.
        old_tid: i32,
        /// Level-0 number now.
        tid: i32,
        /// `cred->uid` now.
        uid: u32,
        /// `cred->gid` now.
        gid: u32,
        /// Bytes of the file name.
        filename_len: u32,
        /// Bytes of arguments that were kept.
        args_len: u32,
        /// Bytes of arguments that the process has; more than `args_len` if they were cut.
        args_total: u32,
        /// Always 0.
        pad: u32,
        /// `comm` now.
        comm: [u8; 16],
    }
}

record! {
    /// `task_rename`.
    Rename {
        /// See [`Header`].
        header: Header,
        /// Cookie of the task that is renamed.
        task: u64,
        /// Cookie of its pid: a second witness of an exec by a non-leader.
        pid: u64,
        /// Its level-0 number.
        tid: i32,
        /// Its thread group's.
        tgid: i32,
        /// The new name, NUL-padded.
        comm: [u8; 16],
    }
}

record! {
    /// `sched_process_exit`.
    Exit {
        /// See [`Header`]; the actor is the task.
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// Cookie of its pid.
        pid: u64,
        /// Cookie of its real parent now.
        real_parent: u64,
        /// Cookie of the task whose children its children become if no thread of its own group
        /// lives on: the nearest subreaper, else the namespace's child reaper. 0 without children.
        reaper: u64,
        /// `exit_code` in wait(2)'s form.
        code: i32,
        /// `signal->group_exit_code`.
        group_code: i32,
        /// `signal->flags`; `SIGNAL_GROUP_EXIT` is 4.
        signal_flags: u32,
        /// Whether the whole group is dead: 0 no, 1 yes, 2 the kernel does not say.
        group_dead: u32,
        /// `signal->live` after the decrement.
        live: i32,
        /// Whether it has children: 0 or 1.
        has_children: u32,
        /// `real_parent->tgid`.
        ppid: i32,
        /// `reaper->tgid`.
        reaper_tgid: i32,
    }
}

record! {
    /// `release_task` works on a task: it is reaped. The actor is who reaps it.
    Release {
        /// See [`Header`].
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// Cookie of its pid.
        pid: u64,
        /// Cookie of its real parent now.
        real_parent: u64,
        /// Its level-0 number.
        tid: i32,
        /// Its thread group's.
        tgid: i32,
        /// `real_parent->tgid`.
        ppid: i32,
        /// `exit_code`, final.
        code: i32,
    }
}

record! {
    /// `sched_process_free`: an upper bound for the release, some 10 ms late.
    FreeTask {
        /// See [`Header`]; no actor.
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// Its level-0 number (after a swap by exec: the new one).
        tid: i32,
        /// Its thread group's.
        tgid: i32,
    }
}

record! {
    /// Credentials of the acting task changed.
    Cred {
        /// See [`Header`]; the actor is the task.
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// Id of the user namespace or 0.
        user_ns_id: u64,
        /// `uid` now.
        uid: u32,
        /// `gid` now.
        gid: u32,
        /// Inode number of the user namespace now.
        user_ns: u32,
        /// Inode number of the parent of that namespace, 0 for the initial one.
        user_ns_parent: u32,
    }
}

record! {
    /// `__ptrace_link` or `__ptrace_unlink`.
    Ptrace {
        /// See [`Header`].
        header: Header,
        /// Cookie of the traced task.
        task: u64,
        /// Cookie of the tracer; 0 when it lets go.
        tracer: u64,
        /// Level-0 number of the traced task.
        tid: i32,
        /// Level-0 number of its thread group.
        tgid: i32,
        /// Level-0 number of the tracer's thread group, or 0.
        tracer_tgid: i32,
        /// Always 0.
        pad: u32,
    }
}

record! {
    /// The exit of a system call that may have changed ids (tracepoint plan), successful.
    Syscall {
        /// See [`Header`]; the actor called it.
        header: Header,
        /// Number of the call in the x86-64 table, also for a 32-bit caller.
        nr: u64,
        /// Its first arguments. Numbers of tasks are in the caller's PID namespace.
        args: [u64; 3],
        /// What it returned.
        ret: i64,
    }
}

record! {
    /// Start or end of a sweep by the iterator.
    Mark {
        /// See [`Header`].
        header: Header,
        /// Counts the sweeps of a run, from 1.
        generation: u64,
        /// Tasks shown, at the end.
        tasks: u64,
    }
}
