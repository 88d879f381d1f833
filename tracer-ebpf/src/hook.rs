//! The hooks, one kernel function or tracepoint a file; each knows no other.
//!
//! A function's hook comes as a trampoline program (`f_…`: fentry or fexit) and as a kprobe
//! program (`k_…`, with `e_…` where the return probe needs the entry's arguments). Which one is
//! loaded, and where it is attached, user space decides.

mod alloc_pid;
mod cgroup;
mod change_pid;
mod commit_creds;
mod copy_process;
mod exchange_tids;
mod free_pid;
mod iter_detail;
mod iter_namespaces;
mod iter_task;
mod namespaces;
mod pending;
mod pid_namespace;
mod ptrace;
mod release;
mod sched_process_exec;
mod sched_process_exit;
mod sched_process_free;
mod sys_exit;
mod task_newtask;
mod task_rename;

use crate::walk::{Ptr, number};

/// `IS_ERR`: the errno in a pointer, positive, or 0 (include/linux/err.h).
#[inline(always)]
fn errno(ptr: Ptr) -> i32 {
    let value = number(ptr) as i64;
    if (-4095..0).contains(&value) { -value as i32 } else { 0 }
}
