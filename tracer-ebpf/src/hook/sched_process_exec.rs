//! `sched:sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`
//! (fs/exec.c): an exec has succeeded. The record grows with its text, so it is put together in a
//! per-CPU buffer; only this program uses it.

use aya_ebpf::{
    helpers::generated::{bpf_probe_read_kernel_str, bpf_probe_read_user},
    macros::{btf_tracepoint, map},
    maps::PerCpuArray,
    programs::BtfTracePointContext,
};
use aya_log_ebpf::debug;
use tracer_ebpf::wire::{EXEC_TEXT, Exec, kind};

use crate::{
    emit::{Actor, EVENTS, header, take, wake},
    field::*,
    fill::set,
    walk::{Ptr, Typed, cookie, get},
};

/// Most bytes of the file name, its NUL included.
const NAME: usize = 256;
/// Mask that bounds the arguments' length.
const ARGS: u64 = 511;

/// A record as it is put together.
#[repr(C)]
pub(crate) struct Buffer {
    exec: Exec,
    text: [u8; EXEC_TEXT],
}

/// One buffer a CPU.
#[map]
static EXEC: PerCpuArray<Buffer> = PerCpuArray::with_max_entries(1, 0);

const _: () = assert!(NAME + ARGS as usize <= EXEC_TEXT);

/// Reads file name and arguments; answers their lengths and the arguments' whole length.
#[inline(always)]
fn read_text(text: *mut u8, task: Ptr, bprm: Ptr) -> (u64, u64, u64) {
    let name: Ptr = get::<Typed, _>(bprm, &BPRM_FILENAME);
    // SAFETY: the helper writes at most NAME bytes to the front of the buffer.
    let got = unsafe { bpf_probe_read_kernel_str(text.cast(), NAME as u32, name.cast()) };
    // The length counts the NUL.
    let name_len = if got > 0 { (got as u64 - 1) & (NAME as u64 - 1) } else { 0 };
    let mm: Ptr = get::<Typed, _>(task, &TASK_MM);
    let start: u64 = get::<Typed, _>(mm, &MM_ARG_START);
    let total = get::<Typed, u64>(mm, &MM_ARG_END).wrapping_sub(start);
    let mut len = if total > ARGS { ARGS } else { total };
    // Old verifiers take a bound only from a mask, which the compiler must not see through.
    len = core::hint::black_box(len) & ARGS;
    // SAFETY: name_len < NAME and len <= ARGS, so it fits the buffer.
    let read = unsafe {
        bpf_probe_read_user(text.add(name_len as usize).cast(), len as u32, start as *const _)
    };
    (name_len, if read == 0 { len } else { 0 }, total)
}

#[btf_tracepoint(function = "sched_process_exec")]
fn t_sched_process_exec(ctx: BtfTracePointContext) -> i32 {
    let Some((counters, seq)) = take() else { return 0 };
    let Some(buffer) = EXEC.get_ptr_mut(0) else { return 0 };
    let (task, old_tid, bprm): (Ptr, i32, Ptr) = (ctx.arg(0), ctx.arg(1), ctx.arg(2));
    let out = buffer.cast::<Exec>();
    // SAFETY: the map's value of this CPU.
    unsafe { header(out.cast(), kind::EXEC, seq, Actor::current()) };
    let cred: Ptr = get::<Typed, _>(task, &TASK_CRED);
    set!(
        out,
        task = cookie(task),
        pid = cookie(get::<Typed, _>(task, &TASK_THREAD_PID)),
        start = get::<Typed, _>(task, &TASK_START),
        old_tid = old_tid,
        tid = get::<Typed, _>(task, &TASK_PID),
        uid = get::<Typed, _>(cred, &CRED_UID),
        gid = get::<Typed, _>(cred, &CRED_GID),
        pad = 0,
        comm = get::<Typed, _>(task, &TASK_COMM),
    );
    let (name_len, args_len, total) = if EXEC_ARGS.load() != 0 {
        // SAFETY: the map's value of this CPU.
        read_text(unsafe { (&raw mut (*buffer).text).cast() }, task, bprm)
    } else {
        (0, 0, 0)
    };
    if total > 0 && args_len == 0 {
        debug!(&ctx, "the arguments of an exec by {} cannot be read", old_tid);
    }
    set!(
        out,
        filename_len = name_len as u32,
        args_len = args_len as u32,
        args_total = total as u32
    );
    let len = size_of::<Exec>() as u64 + ((name_len + args_len) & (EXEC_TEXT as u64 - 1));
    // SAFETY: the length is within the buffer.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.cast::<u8>(), len as usize) };
    if EVENTS.output::<[u8]>(bytes, wake()).is_err() {
        // SAFETY: the map's value of this CPU.
        unsafe { (*counters).full += 1 };
    }
    0
}
