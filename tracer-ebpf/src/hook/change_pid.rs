//! `void change_pid(struct task_struct *task, enum pid_type type, struct pid *pid)` up to 6.14;
//! since 6.15 with `struct pid **pids` in front (kernel/pid.c). Called by setsid and setpgid.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{ChangePid, kind};

use crate::{
    emit::{Actor, emit},
    field::{CHANGE_PID_SHIFT, TASK_PID},
    fill::{nr, set},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn entered<R: Read>(task: Ptr, ty: u64, pid: Ptr) {
    emit::<ChangePid>(kind::CHANGE_PID, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            pid = cookie(pid),
            tid = get::<R, _>(task, &TASK_PID),
            ty = ty as u32,
            nr = nr::<R>(pid),
            pad = 0,
        );
    });
}

#[fentry(function = "change_pid")]
fn f_change_pid(ctx: FEntryContext) -> i32 {
    if CHANGE_PID_SHIFT.load() != 0 {
        entered::<Typed>(ctx.arg(1), ctx.arg(2), ctx.arg(3));
    } else {
        entered::<Typed>(ctx.arg(0), ctx.arg(1), ctx.arg(2));
    }
    0
}

#[kprobe]
fn k_change_pid(ctx: ProbeContext) -> u32 {
    let arg = |n| ctx.arg::<u64>(n).unwrap_or(0);
    if CHANGE_PID_SHIFT.load() != 0 {
        entered::<Probed>(arg(1) as Ptr, arg(2), arg(3) as Ptr);
    } else {
        entered::<Probed>(arg(0) as Ptr, arg(1), arg(2) as Ptr);
    }
    0
}
