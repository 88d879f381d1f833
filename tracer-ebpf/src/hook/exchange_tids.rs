//! `void exchange_tids(struct task_struct *left, struct task_struct *right)` (kernel/pid.c, since
//! 5.8): the executing thread and the old leader swap pids in `de_thread`.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{ExchangeTids, kind};

use crate::{
    emit::{Actor, emit},
    fill::set,
    walk::{Ptr, cookie},
};

#[inline(always)]
fn entered(left: Ptr, right: Ptr) {
    emit::<ExchangeTids>(kind::EXCHANGE_TIDS, Actor::current(), |out| {
        set!(out, left = cookie(left), right = cookie(right));
    });
}

#[fentry(function = "exchange_tids")]
fn f_exchange_tids(ctx: FEntryContext) -> i32 {
    entered(ctx.arg(0), ctx.arg(1));
    0
}

#[kprobe]
fn k_exchange_tids(ctx: ProbeContext) -> u32 {
    let arg = |n| ctx.arg::<u64>(n).unwrap_or(0) as Ptr;
    entered(arg(0), arg(1));
    0
}
