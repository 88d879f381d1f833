//! The same iterator, for one task in detail (`show`).

use tracer_ebpf::wire::{Detail, RLIMITS, kind};

use super::iter_task::{CONTROL, IterTask};
use crate::{
    emit::{Actor, emit},
    field::*,
    fill::{emit_task, optional, set},
    walk::{Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn fill(out: *mut Detail, task: Ptr) {
    let signal: Ptr = get::<Typed, _>(task, &TASK_SIGNAL);
    let cred: Ptr = get::<Typed, _>(task, &TASK_CRED);
    let nsproxy: Ptr = get::<Typed, _>(task, &TASK_NSPROXY);
    let pid: Ptr = get::<Typed, _>(task, &TASK_THREAD_PID);
    set!(
        out,
        task = cookie(task),
        utime = get::<Typed, _>(task, &TASK_UTIME),
        stime = get::<Typed, _>(task, &TASK_STIME),
        nvcsw = get::<Typed, _>(task, &TASK_NVCSW),
        nivcsw = get::<Typed, _>(task, &TASK_NIVCSW),
        mm = cookie(get::<Typed, _>(task, &TASK_MM)),
        active_mm = cookie(get::<Typed, _>(task, &TASK_ACTIVE_MM)),
        nsproxy = cookie(nsproxy),
        signal = cookie(signal),
        cred = cookie(cred),
        cpus = get::<Typed, _>(task, &TASK_CPUS),
        exec_id = u64::from(get::<Typed, u32>(task, &TASK_EXEC_ID)),
        policy = get::<Typed, _>(task, &TASK_POLICY),
        prio = get::<Typed, _>(task, &TASK_PRIO),
        static_prio = get::<Typed, _>(task, &TASK_STATIC_PRIO),
        normal_prio = get::<Typed, _>(task, &TASK_NORMAL_PRIO),
        rt_priority = get::<Typed, _>(task, &TASK_RT_PRIORITY),
        nr_cpus = get::<Typed, _>(task, &TASK_NR_CPUS),
        nr_threads = get::<Typed, _>(signal, &SIGNAL_NR_THREADS),
        pid_count = get::<Typed, _>(pid, &PID_COUNT),
        euid = get::<Typed, _>(cred, &CRED_EUID),
        egid = get::<Typed, _>(cred, &CRED_EGID),
        suid = get::<Typed, _>(cred, &CRED_SUID),
        sgid = get::<Typed, _>(cred, &CRED_SGID),
        cpu = optional::<Typed, _>(task, &TASK_CPU),
        nsproxy_count = get::<Typed, _>(nsproxy, &NSPROXY_COUNT),
        cap_lo = get::<Typed, _>(cred, &CRED_CAPS),
        cap_hi = Typed::at(cred, CRED_CAPS.load() + 4),
    );
    // SAFETY: the pointer is to a reservation of the record's size.
    let (cur, max) = unsafe {
        ((&raw mut (*out).rlim_cur).cast::<u64>(), (&raw mut (*out).rlim_max).cast::<u64>())
    };
    let mut i = 0;
    while i < RLIMITS {
        let off = SIGNAL_RLIM.load() + i as u32 * 16;
        // SAFETY: `i` is within both arrays.
        unsafe {
            cur.add(i).write(Typed::at(signal, off));
            max.add(i).write(Typed::at(signal, off + 8));
        }
        i += 1;
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn iter_detail(ctx: *const IterTask) -> i32 {
    // SAFETY: the kernel hands a valid context.
    let task = unsafe { (*ctx).task };
    let Some(control) = CONTROL.get_ptr_mut(0) else { return 0 };
    if task.is_null() {
        return 0;
    }
    // SAFETY: the map's value; one iterator runs at a time.
    let (target, generation) = unsafe { ((*control).target, (*control).generation) };
    if u64::from(get::<Typed, u32>(task, &TASK_PID)) != target {
        return 0;
    }
    emit_task::<Typed>(kind::SNAPSHOT, Actor::NONE, task, generation);
    emit::<Detail>(kind::DETAIL, Actor::NONE, |out| fill(out, task));
    0
}
