//! `task:task_newtask(struct task_struct *task, unsigned long clone_flags)` (kernel/fork.c; the
//! flags are u64 since 6.18): once for each task that `copy_process` makes, io workers included,
//! before the child runs.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_ebpf::wire::kind;

use crate::{
    emit::Actor,
    fill::emit_task,
    walk::{Ptr, Typed},
};

#[btf_tracepoint(function = "task_newtask")]
fn t_task_newtask(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    emit_task::<Typed>(kind::FORK, Actor::current(), task, ctx.arg::<u64>(1));
    0
}
