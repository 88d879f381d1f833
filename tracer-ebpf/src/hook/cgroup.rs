//! `cgroup:cgroup_mkdir(struct cgroup *cgrp, const char *path)`, `cgroup_rmdir` likewise, and
//! `cgroup_attach_task(struct cgroup *dst_cgrp, const char *path, struct task_struct *task, bool
//! threadgroup)` (kernel/cgroup/cgroup.c): what a container's name is found by.

use aya_ebpf::{
    helpers::generated::bpf_probe_read_kernel_str,
    macros::{btf_tracepoint, map},
    maps::PerCpuArray,
    programs::BtfTracePointContext,
};
use tracer_ebpf::wire::{CGROUP_PATH, Cgroup, CgroupMove, kind};

use crate::{
    emit::{Actor, EVENTS, emit, header, take, wake},
    field::*,
    fill::{cgroup_id, set},
    walk::{Ptr, Typed, cookie, get},
};

/// A record as it is put together: it grows with its path.
#[repr(C)]
pub(crate) struct Buffer {
    cgroup: Cgroup,
    path: [u8; CGROUP_PATH],
}

/// One buffer a CPU, of the first program alone.
#[map]
static CGROUP: PerCpuArray<Buffer> = PerCpuArray::with_max_entries(1, 0);

/// Whether a cgroup is one of the hierarchy that is told of.
#[inline(always)]
fn is_told(cgroup: Ptr) -> bool {
    if !(has(&CGROUP_ROOT) && has(&CGROUP_ROOT_ID) && has(&CGROUP_KN) && has(&KERNFS_ID)) {
        return false;
    }
    let root: Ptr = get::<Typed, _>(cgroup, &CGROUP_ROOT);
    get::<Typed, u32>(root, &CGROUP_ROOT_ID) == CGROUP_HIERARCHY.load()
}

#[btf_tracepoint(function = "cgroup_mkdir")]
fn t_cgroup_mkdir(ctx: BtfTracePointContext) -> i32 {
    let (cgroup, path): (Ptr, Ptr) = (ctx.arg(0), ctx.arg(1));
    if !is_told(cgroup) {
        return 0;
    }
    let Some((counters, seq)) = take() else { return 0 };
    let Some(buffer) = CGROUP.get_ptr_mut(0) else { return 0 };
    let out = buffer.cast::<Cgroup>();
    // SAFETY: the map's value of this CPU.
    unsafe { header(out.cast(), kind::CGROUP_MAKE, seq, Actor::current()) };
    // SAFETY: the helper writes at most CGROUP_PATH bytes behind the fixed part.
    let got = unsafe {
        let text: *mut u8 = (&raw mut (*buffer).path).cast();
        bpf_probe_read_kernel_str(text.cast(), CGROUP_PATH as u32, path.cast())
    };
    // The length counts the NUL.
    let len = if got > 0 { (got as u64 - 1) & (CGROUP_PATH as u64 - 1) } else { 0 };
    set!(
        out,
        cgroup = cgroup_id::<Typed>(cgroup),
        path_len = len as u32,
        level = get::<Typed, _>(cgroup, &CGROUP_LEVEL),
    );
    let len = size_of::<Cgroup>() as u64 + len;
    // SAFETY: the length is within the buffer.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.cast::<u8>(), len as usize) };
    if EVENTS.output::<[u8]>(bytes, wake()).is_err() {
        // SAFETY: the map's value of this CPU.
        unsafe { (*counters).full += 1 };
    }
    0
}

#[btf_tracepoint(function = "cgroup_rmdir")]
fn t_cgroup_rmdir(ctx: BtfTracePointContext) -> i32 {
    let cgroup: Ptr = ctx.arg(0);
    if is_told(cgroup) {
        emit::<Cgroup>(kind::CGROUP_END, Actor::current(), |out| {
            set!(
                out,
                cgroup = cgroup_id::<Typed>(cgroup),
                path_len = 0,
                level = get::<Typed, _>(cgroup, &CGROUP_LEVEL),
            );
        });
    }
    0
}

#[btf_tracepoint(function = "cgroup_attach_task")]
fn t_cgroup_attach_task(ctx: BtfTracePointContext) -> i32 {
    let (cgroup, task, group): (Ptr, Ptr, u32) = (ctx.arg(0), ctx.arg(2), ctx.arg(3));
    if is_told(cgroup) {
        emit::<CgroupMove>(kind::CGROUP_MOVE, Actor::current(), |out| {
            set!(
                out,
                task = cookie(task),
                cgroup = cgroup_id::<Typed>(cgroup),
                tid = get::<Typed, _>(task, &TASK_PID),
                tgid = get::<Typed, _>(task, &TASK_TGID),
                group = group & 1,
                pad = 0,
            );
        });
    }
    0
}
