//! `struct task_struct *copy_process(struct pid *pid, int trace, int node,
//! struct kernel_clone_args *args)` (kernel/fork.c, 5.10 to 7.3), at its return, for failures:
//! success is `task_newtask`'s to tell.

use aya_ebpf::{
    macros::{fexit, kprobe, kretprobe},
    programs::{FExitContext, ProbeContext, RetProbeContext},
};
use tracer_ebpf::wire::{ForkFail, kind};

use super::{
    errno,
    pending::{Function, enter, leave},
};
use crate::{
    emit::{Actor, current, emit},
    field::{CLONE_ARGS_FLAGS, NSPROXY_PID, PIDNS_NS, TASK_NSPROXY},
    fill::{inum, optional, set},
    walk::{Probed, Ptr, Typed, cookie, get},
};

/// Tells that a fork by the current task failed.
#[inline(always)]
pub(crate) fn failed(error: i32, flags: u64) {
    let nsproxy: Ptr = get::<Probed, _>(current(), &TASK_NSPROXY);
    let ns: Ptr = get::<Probed, _>(nsproxy, &NSPROXY_PID);
    emit::<ForkFail>(kind::FORK_FAIL, Actor::current(), |out| {
        set!(
            out,
            ns = cookie(ns),
            flags = flags,
            inum = inum::<Probed>(ns, &PIDNS_NS),
            errno = error,
        );
    });
}

#[fexit(function = "copy_process")]
fn f_copy_process(ctx: FExitContext) -> i32 {
    let error = errno(ctx.arg(4));
    if error != 0 {
        failed(error, optional::<Typed, _>(ctx.arg(3), &CLONE_ARGS_FLAGS));
    }
    0
}

#[kprobe]
fn e_copy_process(ctx: ProbeContext) -> u32 {
    let args = ctx.arg::<u64>(3).unwrap_or(0) as Ptr;
    enter(&ctx, Function::CopyProcess, [optional::<Probed, _>(args, &CLONE_ARGS_FLAGS), 0]);
    0
}

#[kretprobe]
fn k_copy_process(ctx: RetProbeContext) -> u32 {
    if let Some([flags, _]) = leave(Function::CopyProcess) {
        let error = errno(ctx.ret::<u64>() as Ptr);
        if error != 0 {
            failed(error, flags);
        }
    }
    0
}
