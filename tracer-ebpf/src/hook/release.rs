//! `void cgroup_release(struct task_struct *task)` up to 6.18, `cgroup_task_release` since 6.19
//! (kernel/cgroup/cgroup.c). `release_task` calls it for each task that it releases, also for a
//! leader that goes with its last thread, which a hook on `release_task` itself never shows.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{Release, kind};

use crate::{
    emit::{Actor, emit},
    field::{TASK_EXIT_CODE, TASK_PID, TASK_REAL_PARENT, TASK_TGID, TASK_THREAD_PID},
    fill::set,
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn entered<R: Read>(task: Ptr) {
    let parent: Ptr = get::<R, _>(task, &TASK_REAL_PARENT);
    emit::<Release>(kind::RELEASE, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            pid = cookie(get::<R, _>(task, &TASK_THREAD_PID)),
            real_parent = cookie(parent),
            tid = get::<R, _>(task, &TASK_PID),
            tgid = get::<R, _>(task, &TASK_TGID),
            ppid = get::<R, _>(parent, &TASK_TGID),
            code = get::<R, _>(task, &TASK_EXIT_CODE),
        );
    });
}

#[fentry(function = "cgroup_release")]
fn f_release(ctx: FEntryContext) -> i32 {
    entered::<Typed>(ctx.arg(0));
    0
}

#[kprobe]
fn k_release(ctx: ProbeContext) -> u32 {
    entered::<Probed>(ctx.arg::<u64>(0).unwrap_or(0) as Ptr);
    0
}
