//! The second pass of a sweep over the same tasks: what no task's own record describes. PID
//! namespaces by their inits or by those who will put children there, ids of namespaces, and pids
//! that live on only as a group's or a session's. The end mark comes last.

use aya_ebpf::helpers::generated::bpf_seq_write;
use tracer_ebpf::wire::{kind, ns_reason};

use super::iter_task::{CONTROL, IterTask, mark};
use crate::{
    emit::Actor,
    field::*,
    fill::{PIDTYPE_PGID, PIDTYPE_SID, deepest_ns, emit_ns_set, emit_pid, emit_pid_ns, signal_pid},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

/// Whether a task has other namespaces than its parent: most have the same.
#[inline(always)]
fn differs(task: Ptr, nsproxy: Ptr, user: Ptr) -> bool {
    let parent: Ptr = get::<Typed, _>(task, &TASK_REAL_PARENT);
    let cred: Ptr = get::<Typed, _>(parent, &TASK_CRED);
    cookie(nsproxy) != cookie(get::<Typed, Ptr>(parent, &TASK_NSPROXY))
        || cookie(user) != cookie(get::<Typed, Ptr>(cred, &CRED_USER_NS))
}

/// The group's or session's pid if no task has it as its own, else NULL.
#[inline(always)]
fn held(signal: Ptr, ty: u32) -> Ptr {
    let pid = signal_pid::<Probed>(signal, ty);
    let first: Ptr = get::<Probed, _>(pid, &PID_TASKS);
    if first.is_null() { pid } else { core::ptr::null() }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn iter_namespaces(ctx: *const IterTask) -> i32 {
    // SAFETY: the kernel hands a valid context, and its `meta`.
    let (meta, task) = unsafe { ((*ctx).meta, (*ctx).task) };
    let Some(control) = CONTROL.get_ptr_mut(0) else { return 0 };
    if task.is_null() {
        mark(kind::SNAPSHOT_END, control);
        return 0;
    }
    // SAFETY: as above.
    let seq = unsafe { (*meta).seq };
    let pid: Ptr = get::<Typed, _>(task, &TASK_THREAD_PID);
    if pid.is_null() {
        return 0;
    }
    let level: u32 = get::<Typed, _>(pid, &PID_LEVEL);
    let nsproxy: Ptr = get::<Typed, _>(task, &TASK_NSPROXY);
    let cred: Ptr = get::<Typed, _>(task, &TASK_CRED);
    let user: Ptr = get::<Typed, _>(cred, &CRED_USER_NS);
    let signal: Ptr = get::<Typed, _>(task, &TASK_SIGNAL);
    let leads = get::<Typed, i32>(task, &TASK_PID) == get::<Typed, i32>(task, &TASK_TGID);
    let own = deepest_ns(pid, level);
    let init = Probed::at::<i32>(pid.wrapping_add((level * 16) as usize), PID_NUMBERS.load()) == 1;
    if init {
        emit_pid_ns::<Probed>(Actor::NONE, own, ns_reason::SNAPSHOT);
    }
    if !nsproxy.is_null() {
        let children: Ptr = get::<Probed, _>(nsproxy, &NSPROXY_PID);
        if cookie(children) != cookie(own) {
            emit_pid_ns::<Probed>(Actor::NONE, children, ns_reason::SNAPSHOT);
        }
        if init || differs(task, nsproxy, user) {
            emit_ns_set::<Probed>(Actor::NONE, task, nsproxy, user, 0, ns_reason::SNAPSHOT);
        }
    }
    if leads {
        for ty in [PIDTYPE_PGID, PIDTYPE_SID] {
            let pid = held(signal, ty);
            if !pid.is_null() {
                emit_pid::<Probed>(kind::HELD_PID, Actor::NONE, pid);
            }
        }
    }
    let row: u64 = 0;
    // SAFETY: the helper reads the eight bytes of `row`: an answer, so that the reader gets to drain
    // the ring now and then.
    unsafe { bpf_seq_write(seq.cast(), (&raw const row).cast_mut().cast(), 8) };
    0
}
