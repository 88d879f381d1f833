//! `struct pid *alloc_pid(struct pid_namespace *ns, pid_t *set_tid, size_t set_tid_size)`
//! (kernel/pid.c; this prototype since 5.5, seen up to 7.3), at its return.

use aya_ebpf::{
    macros::{fexit, kprobe, kretprobe},
    programs::{FExitContext, ProbeContext, RetProbeContext},
};
use tracer_ebpf::wire::{AllocFail, kind};

use super::{
    errno,
    pending::{Function, enter, leave},
};
use crate::{
    emit::{Actor, emit},
    field::{PIDNS_ALLOCATED, PIDNS_LEVEL, PIDNS_NS},
    fill::{emit_pid, inum, set},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn done<R: Read>(ns: Ptr, pid: Ptr) {
    let error = errno(pid);
    if error == 0 {
        emit_pid::<R>(kind::ALLOC_PID, Actor::current(), pid);
        return;
    }
    emit::<AllocFail>(kind::ALLOC_FAIL, Actor::current(), |out| {
        set!(
            out,
            ns = cookie(ns),
            inum = inum::<R>(ns, &PIDNS_NS),
            level = get::<R, _>(ns, &PIDNS_LEVEL),
            errno = error,
            allocated = get::<R, _>(ns, &PIDNS_ALLOCATED),
        );
    });
}

#[fexit(function = "alloc_pid")]
fn f_alloc_pid(ctx: FExitContext) -> i32 {
    // The result's slot is the one behind the three arguments.
    done::<Typed>(ctx.arg(0), ctx.arg(3));
    0
}

#[kprobe]
fn e_alloc_pid(ctx: ProbeContext) -> u32 {
    enter(&ctx, Function::AllocPid, [ctx.arg(0).unwrap_or(0), 0]);
    0
}

#[kretprobe]
fn k_alloc_pid(ctx: RetProbeContext) -> u32 {
    if let Some([ns, _]) = leave(Function::AllocPid) {
        done::<Probed>(ns as Ptr, ctx.ret::<u64>() as Ptr);
    }
    0
}
