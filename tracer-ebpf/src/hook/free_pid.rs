//! `void free_pid(struct pid *pid)` (kernel/pid.c, 5.10 to 7.3), at its entry: the numbers are
//! still taken, and free when it returns.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{FreePid, kind};

use crate::{
    emit::{Actor, emit},
    field::{PID_INO, PID_LEVEL},
    fill::{nr, optional, set},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn entered<R: Read>(pid: Ptr) {
    emit::<FreePid>(kind::FREE_PID, Actor::current(), |out| {
        set!(
            out,
            pid = cookie(pid),
            ino = optional::<R, _>(pid, &PID_INO),
            nr = nr::<R>(pid),
            level = get::<R, _>(pid, &PID_LEVEL),
        );
    });
}

#[fentry(function = "free_pid")]
fn f_free_pid(ctx: FEntryContext) -> i32 {
    entered::<Typed>(ctx.arg(0));
    0
}

#[kprobe]
fn k_free_pid(ctx: ProbeContext) -> u32 {
    entered::<Probed>(ctx.arg::<u64>(0).unwrap_or(0) as Ptr);
    0
}
