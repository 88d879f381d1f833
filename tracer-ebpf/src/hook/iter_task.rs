//! `bpf_iter__task` (kernel/bpf/task_iter.c): every task of the reader's PID namespace, into the
//! same ring as the live events, between a begin and an end mark. What the reader of the iterator
//! gets is each task's tid and tgid.

use aya_ebpf::{helpers::generated::bpf_seq_write, macros::map, maps::Array};
use tracer_ebpf::wire::{Mark, kind, ns_reason};

use crate::{
    emit::{Actor, emit},
    field::*,
    fill::{
        PIDTYPE_PGID, PIDTYPE_SID, deepest_ns, emit_ns_set, emit_pid, emit_pid_ns, emit_task, set,
        signal_pid,
    },
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

/// What user space tells the iterators, and what they tell back.
#[repr(C)]
pub(crate) struct Control {
    /// Number of the sweep.
    pub(crate) generation: u64,
    /// Tasks shown in it.
    pub(crate) tasks: u64,
    /// Level-0 number of the one task that the detail iterator shows.
    pub(crate) target: u64,
}

/// The one [`Control`].
#[map]
pub(crate) static CONTROL: Array<Control> = Array::with_max_entries(1, 0);

/// `struct bpf_iter_meta` (include/linux/bpf.h).
#[repr(C)]
pub(crate) struct Meta {
    /// The `seq_file`.
    pub(crate) seq: *mut u8,
    /// Number of the iterator's file.
    pub(crate) session_id: u64,
    /// Number of the element.
    pub(crate) seq_num: u64,
}

/// `struct bpf_iter__task`.
#[repr(C)]
pub(crate) struct IterTask {
    /// About the iteration.
    pub(crate) meta: *const Meta,
    /// The task; NULL at the end.
    pub(crate) task: Ptr,
}

/// Namespaces that no fork record describes: those with own ids, without tasks, or with an init.
/// Few tasks have any, so they are read by the helper: typed hops would make loading slower.
#[inline(always)]
fn namespaces(task: Ptr, pid: Ptr, level: u32) {
    let nsproxy: Ptr = get::<Typed, _>(task, &TASK_NSPROXY);
    let cred: Ptr = get::<Typed, _>(task, &TASK_CRED);
    let parent: Ptr = get::<Typed, _>(task, &TASK_REAL_PARENT);
    let user: Ptr = get::<Typed, _>(cred, &CRED_USER_NS);
    let parent_cred: Ptr = get::<Typed, _>(parent, &TASK_CRED);
    let init = Probed::at::<i32>(pid.wrapping_add((level * 16) as usize), PID_NUMBERS.load()) == 1;
    // Most tasks share their parent's: only the others are told.
    let differs = cookie(nsproxy) != cookie(get::<Typed, Ptr>(parent, &TASK_NSPROXY))
        || cookie(user) != cookie(get::<Typed, Ptr>(parent_cred, &CRED_USER_NS));
    if !nsproxy.is_null() && (differs || init) {
        emit_ns_set::<Probed>(Actor::NONE, task, nsproxy, user, 0, ns_reason::SNAPSHOT);
    }
    let own = deepest_ns(pid, level);
    if init {
        emit_pid_ns::<Probed>(Actor::NONE, own, ns_reason::SNAPSHOT);
    }
    let children: Ptr = get::<Typed, _>(nsproxy, &NSPROXY_PID);
    if !children.is_null() && cookie(children) != cookie(own) {
        emit_pid_ns::<Probed>(Actor::NONE, children, ns_reason::SNAPSHOT);
    }
}

/// A group's or session's pid that no task has as its own.
#[inline(always)]
fn held(signal: Ptr, ty: u32) {
    let pid = signal_pid::<Typed>(signal, ty);
    let first: Ptr = get::<Typed, _>(pid, &PID_TASKS);
    if !pid.is_null() && first.is_null() {
        emit_pid::<Probed>(kind::HELD_PID, Actor::NONE, pid);
    }
}

#[inline(always)]
fn mark(kind: u16, control: *mut Control) {
    // SAFETY: the map's value; one iterator runs at a time.
    let (generation, tasks) = unsafe { ((*control).generation, (*control).tasks) };
    emit::<Mark>(kind, Actor::NONE, |out| set!(out, generation = generation, tasks = tasks));
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn iter_task(ctx: *const IterTask) -> i32 {
    // SAFETY: the kernel hands a valid context, and its `meta`.
    let (meta, task) = unsafe { ((*ctx).meta, (*ctx).task) };
    let Some(control) = CONTROL.get_ptr_mut(0) else { return 0 };
    if task.is_null() {
        mark(kind::SNAPSHOT_END, control);
        return 0;
    }
    // SAFETY: as above.
    let (seq, seq_num) = unsafe { ((*meta).seq, (*meta).seq_num) };
    if seq_num == 0 {
        mark(kind::SNAPSHOT_BEGIN, control);
    }
    let pid: Ptr = get::<Typed, _>(task, &TASK_THREAD_PID);
    if pid.is_null() {
        return 0;
    }
    // SAFETY: the map's value; one iterator runs at a time.
    let generation = unsafe {
        (*control).tasks += 1;
        (*control).generation
    };
    emit_task::<Typed>(kind::SNAPSHOT, Actor::NONE, task, generation);
    let level: u32 = get::<Typed, _>(pid, &PID_LEVEL);
    namespaces(task, pid, level);
    let leader: Ptr = get::<Typed, _>(task, &TASK_GROUP_LEADER);
    if cookie(leader) == cookie(task) {
        let signal: Ptr = get::<Typed, _>(task, &TASK_SIGNAL);
        held(signal, PIDTYPE_PGID);
        held(signal, PIDTYPE_SID);
    }
    let row: [u32; 2] = [get::<Typed, u32>(task, &TASK_PID), get::<Typed, u32>(task, &TASK_TGID)];
    // SAFETY: the helper reads the eight bytes of `row`.
    unsafe { bpf_seq_write(seq.cast(), row.as_ptr().cast(), 8) };
    0
}
