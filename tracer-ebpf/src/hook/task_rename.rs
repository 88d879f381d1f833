//! `task:task_rename(struct task_struct *task, const char *comm)` (fs/exec.c): exec, prctl, a
//! write to `/proc/PID/comm` by a sibling, kernel threads.

use aya_ebpf::{
    helpers::generated::bpf_probe_read_kernel_str, macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use tracer_ebpf::wire::{Rename, kind};

use crate::{
    emit::{Actor, emit},
    field::{TASK_PID, TASK_TGID, TASK_THREAD_PID},
    fill::set,
    walk::{Ptr, Typed, cookie, get},
};

#[btf_tracepoint(function = "task_rename")]
fn t_task_rename(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    let name: Ptr = ctx.arg(1);
    let mut comm = [0_u8; 16];
    // SAFETY: the helper writes at most 16 bytes to our own stack. It leaves what follows the NUL.
    unsafe { bpf_probe_read_kernel_str(comm.as_mut_ptr().cast(), 16, name.cast()) };
    emit::<Rename>(kind::RENAME, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            pid = cookie(get::<Typed, _>(task, &TASK_THREAD_PID)),
            tid = get::<Typed, _>(task, &TASK_PID),
            tgid = get::<Typed, _>(task, &TASK_TGID),
            comm = comm,
        );
    });
    0
}
