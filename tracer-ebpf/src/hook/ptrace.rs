//! `void __ptrace_link(struct task_struct *child, struct task_struct *new_parent,
//! const struct cred *ptracer_cred)` and `void __ptrace_unlink(struct task_struct *child)`
//! (kernel/ptrace.c, 5.10 to 7.3), at their entry. 7.3 has inlined both into ptrace(2)'s own paths,
//! so `void proc_ptrace_connector(struct task_struct *task, int ptrace_id)` (drivers/connector/
//! cn_proc.c), which attaching and detaching call at their end, is a second witness.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{Ptrace, kind};

use crate::{
    emit::{Actor, current, emit},
    field::{TASK_PID, TASK_TGID},
    fill::set,
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn entered<R: Read>(task: Ptr, tracer: Ptr) {
    emit::<Ptrace>(kind::PTRACE, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            tracer = cookie(tracer),
            tid = get::<R, _>(task, &TASK_PID),
            tgid = get::<R, _>(task, &TASK_TGID),
            tracer_tgid = get::<R, _>(tracer, &TASK_TGID),
            pad = 0,
        );
    });
}

#[fentry(function = "__ptrace_link")]
fn f_ptrace_link(ctx: FEntryContext) -> i32 {
    entered::<Typed>(ctx.arg(0), ctx.arg(1));
    0
}

#[kprobe]
fn k_ptrace_link(ctx: ProbeContext) -> u32 {
    let arg = |n| ctx.arg::<u64>(n).unwrap_or(0) as Ptr;
    entered::<Probed>(arg(0), arg(1));
    0
}

#[fentry(function = "__ptrace_unlink")]
fn f_ptrace_unlink(ctx: FEntryContext) -> i32 {
    entered::<Typed>(ctx.arg(0), core::ptr::null());
    0
}

#[kprobe]
fn k_ptrace_unlink(ctx: ProbeContext) -> u32 {
    entered::<Probed>(ctx.arg::<u64>(0).unwrap_or(0) as Ptr, core::ptr::null());
    0
}

/// `PTRACE_ATTACH` (include/uapi/linux/ptrace.h): the current task has attached; else it let go.
const PTRACE_ATTACH: u32 = 16;

#[inline(always)]
fn told<R: Read>(task: Ptr, id: u32) {
    let by = if id == PTRACE_ATTACH { current() } else { core::ptr::null() };
    let tracer_tgid = if id == PTRACE_ATTACH { get::<Probed, i32>(by, &TASK_TGID) } else { 0 };
    emit::<Ptrace>(kind::PTRACE, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            tracer = cookie(by),
            tid = get::<R, _>(task, &TASK_PID),
            tgid = get::<R, _>(task, &TASK_TGID),
            tracer_tgid = tracer_tgid,
            pad = 0,
        );
    });
}

#[fentry(function = "proc_ptrace_connector")]
fn f_ptrace_connector(ctx: FEntryContext) -> i32 {
    told::<Typed>(ctx.arg(0), ctx.arg::<u64>(1) as u32);
    0
}

#[kprobe]
fn k_ptrace_connector(ctx: ProbeContext) -> u32 {
    let task = ctx.arg::<u64>(0).unwrap_or(0) as Ptr;
    told::<Probed>(task, ctx.arg::<u64>(1).unwrap_or(0) as u32);
    0
}
