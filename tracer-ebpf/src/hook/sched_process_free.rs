//! `sched:sched_process_free(struct task_struct *p)` (kernel/exit.c): an RCU callback some 10 ms
//! after the release, on behalf of an arbitrary task.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_ebpf::wire::{FreeTask, kind};

use crate::{
    emit::{Actor, emit},
    field::{TASK_PID, TASK_TGID},
    fill::set,
    walk::{Ptr, Typed, cookie, get},
};

#[btf_tracepoint(function = "sched_process_free")]
fn t_sched_process_free(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    emit::<FreeTask>(kind::FREE_TASK, Actor::NONE, |out| {
        set!(
            out,
            task = cookie(task),
            tid = get::<Typed, _>(task, &TASK_PID),
            tgid = get::<Typed, _>(task, &TASK_TGID),
        );
    });
    0
}
