//! `sched:sched_process_exit(struct task_struct *p)` up to 6.14; since 6.16 with `bool group_dead`
//! (kernel/exit.c): once a task, with all its ids intact, before its children are handed on.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_ebpf::wire::{Exit, kind};

use crate::{
    emit::{Actor, emit},
    field::*,
    fill::{deepest_ns, set},
    walk::{Probed, Ptr, Typed, bit, cookie, get},
};

/// Ancestors that the search for a subreaper looks at.
const ANCESTORS: u32 = 64;

/// The nearest ancestor that is a subreaper (`find_new_reaper`, kernel/exit.c); NULL if none.
///
/// By the helper: the verifier takes every typed hop of every turn as a new one to look up.
#[inline(always)]
fn subreaper(task: Ptr, level: u32) -> Ptr {
    let mut reaper: Ptr = get::<Probed, _>(task, &TASK_REAL_PARENT);
    let mut i = 0;
    while i < ANCESTORS {
        let pid: Ptr = get::<Probed, _>(reaper, &TASK_THREAD_PID);
        // The idle task ends every chain.
        if get::<Probed, i32>(reaper, &TASK_PID) == 0
            || get::<Probed, u32>(pid, &PID_LEVEL) != level
        {
            break;
        }
        if bit::<Probed>(get::<Probed, _>(reaper, &TASK_SIGNAL), &SIGNAL_SUBREAPER) {
            return reaper;
        }
        reaper = get::<Probed, _>(reaper, &TASK_REAL_PARENT);
        i += 1;
    }
    core::ptr::null()
}

#[btf_tracepoint(function = "sched_process_exit")]
fn t_sched_process_exit(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    let group_dead =
        if HAS_GROUP_DEAD.load() != 0 { u32::from(ctx.arg::<u64>(1) & 1 != 0) } else { 2 };
    let pid: Ptr = get::<Typed, _>(task, &TASK_THREAD_PID);
    let signal: Ptr = get::<Typed, _>(task, &TASK_SIGNAL);
    let parent: Ptr = get::<Typed, _>(task, &TASK_REAL_PARENT);
    let first: Ptr = get::<Typed, _>(task, &TASK_CHILDREN);
    let has_children = cookie(first) != cookie(task.wrapping_add(TASK_CHILDREN.load() as usize));
    let (mut reaper, mut reaper_tgid) = (0, 0);
    if has_children {
        let level: u32 = get::<Typed, _>(pid, &PID_LEVEL);
        if bit::<Typed>(signal, &SIGNAL_HAS_SUBREAPER) {
            let found = subreaper(task, level);
            reaper = cookie(found);
            reaper_tgid = get::<Probed, _>(found, &TASK_TGID);
        }
        if reaper == 0 {
            let init: Ptr = get::<Probed, _>(deepest_ns(pid, level), &PIDNS_REAPER);
            reaper = cookie(init);
            reaper_tgid = get::<Probed, _>(init, &TASK_TGID);
        }
    }
    emit::<Exit>(kind::EXIT, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            pid = cookie(pid),
            real_parent = cookie(parent),
            reaper = reaper,
            code = get::<Typed, _>(task, &TASK_EXIT_CODE),
            group_code = get::<Typed, _>(signal, &SIGNAL_GROUP_CODE),
            signal_flags = get::<Typed, _>(signal, &SIGNAL_FLAGS),
            group_dead = group_dead,
            live = get::<Typed, _>(signal, &SIGNAL_LIVE),
            has_children = u32::from(has_children),
            ppid = get::<Typed, _>(parent, &TASK_TGID),
            reaper_tgid = reaper_tgid,
        );
    });
    0
}
