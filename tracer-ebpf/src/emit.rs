//! Into the ring: sequence number, reservation, header, submission; and the counts of what failed.

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    helpers::{
        bpf_get_current_pid_tgid, bpf_get_smp_processor_id,
        generated::{bpf_get_current_task, bpf_ktime_get_boot_ns},
    },
    macros::map,
    maps::{PerCpuArray, RingBuf},
};
use tracer_ebpf::wire::Header;

use crate::{
    field::WATERMARK,
    walk::{Ptr, cookie},
};

/// Every record goes through this one ring: the order of reservations is the order of events.
#[map]
pub(crate) static EVENTS: RingBuf = RingBuf::with_byte_size(1 << 24, 0);

/// Per CPU: what was written and what was not.
#[repr(C)]
pub(crate) struct Counters {
    /// Sequence numbers taken: records written or lost.
    pub(crate) taken: u64,
    /// Reservations that failed because the ring was full.
    pub(crate) full: u64,
    /// Entry probes that await their return probe.
    pub(crate) entries: u64,
    /// Return probes that ran.
    pub(crate) returns: u64,
}

/// One [`Counters`] a CPU.
#[map]
pub(crate) static COUNTERS: PerCpuArray<Counters> = PerCpuArray::with_max_entries(1, 0);

/// Who acts.
#[derive(Clone, Copy)]
pub(crate) struct Actor {
    task: u64,
    pid_tgid: u64,
}

impl Actor {
    /// Nobody in particular: the hook runs on behalf of an arbitrary task.
    pub(crate) const NONE: Self = Self { task: 0, pid_tgid: 0 };

    /// The current task.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        Self { task: cookie(current()), pid_tgid: bpf_get_current_pid_tgid() }
    }
}

/// The current task; a mere number to the verifier.
#[inline(always)]
pub(crate) fn current() -> Ptr {
    // SAFETY: the helper has no preconditions.
    unsafe { bpf_get_current_task() as Ptr }
}

/// Writes the header of a record.
///
/// # Safety
/// `out` must be valid for writes.
#[inline(always)]
pub(crate) unsafe fn header(out: *mut Header, kind: u16, seq: u32, actor: Actor) {
    // SAFETY: the caller's.
    unsafe {
        (&raw mut (*out).ts).write(bpf_ktime_get_boot_ns());
        (&raw mut (*out).seq).write(seq);
        (&raw mut (*out).cpu).write(bpf_get_smp_processor_id() as u16);
        (&raw mut (*out).kind).write(kind);
        // Volatile: sixteen zeroes of nobody would become a memset, which is a loop over bytes here
        // that the verifier walks through on every path.
        (&raw mut (*out).actor).write_volatile(actor.task);
        (&raw mut (*out).actor_tid).write_volatile(actor.pid_tgid as i32);
        (&raw mut (*out).actor_tgid).write_volatile((actor.pid_tgid >> 32) as i32);
    }
}

/// Takes this CPU's next sequence number, and its counters.
#[inline(always)]
pub(crate) fn take() -> Option<(*mut Counters, u32)> {
    let counters = COUNTERS.get_ptr_mut(0)?;
    // SAFETY: the map's value of this CPU. An interrupt between load and store may take the same
    // number; the reader knows that twins are no loss.
    unsafe {
        let seq = (*counters).taken;
        (*counters).taken = seq + 1;
        Some((counters, seq as u32))
    }
}

/// Writes a record of type `T`, which starts with a [`Header`]; `fill` writes all the rest.
#[inline(always)]
pub(crate) fn emit<T: 'static>(kind: u16, actor: Actor, fill: impl FnOnce(*mut T)) {
    let Some((counters, seq)) = take() else { return };
    let Some(mut entry) = EVENTS.reserve::<T>(0) else {
        // SAFETY: the map's value of this CPU.
        unsafe { (*counters).full += 1 };
        return;
    };
    let out = entry.as_mut_ptr();
    // SAFETY: the reservation is as large as `T`, whose first field is the header.
    unsafe { header(out.cast(), kind, seq, actor) };
    fill(out);
    entry.submit(wake());
}

/// Waking the reader costs more than the record: only a well-filled ring does it; otherwise the
/// reader's timer finds what there is.
#[inline(always)]
pub(crate) fn wake() -> u64 {
    if EVENTS.query(u64::from(BPF_RB_AVAIL_DATA)) >= WATERMARK.load() {
        u64::from(BPF_RB_FORCE_WAKEUP)
    } else {
        u64::from(BPF_RB_NO_WAKEUP)
    }
}
