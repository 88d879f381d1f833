//! `bpf_iter__task` (kernel/bpf/task_iter.c): every task of the reader's PID namespace, into the
//! same ring as the live events. The begin mark comes first; the end mark is the second pass's to
//! write (`iter_namespaces`). Two simple programs load faster than one that does both: the verifier
//! follows the paths of one behind each path of the other.

use aya_ebpf::{helpers::generated::bpf_seq_write, macros::map, maps::Array};
use tracer_ebpf::wire::{Mark, kind};

use crate::{
    emit::{Actor, emit},
    field::{TASK_PID, TASK_TGID, TASK_THREAD_PID},
    fill::{emit_task, set},
    walk::{Ptr, Typed, get},
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

/// Begin or end of a sweep.
#[inline(always)]
pub(crate) fn mark(kind: u16, control: *mut Control) {
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
    let row: [u32; 2] = [get::<Typed, u32>(task, &TASK_PID), get::<Typed, u32>(task, &TASK_TGID)];
    // SAFETY: the helper reads the eight bytes of `row`.
    unsafe { bpf_seq_write(seq.cast(), row.as_ptr().cast(), 8) };
    0
}
