//! Arguments of a function between its entry probe and its return probe (kprobe plan only:
//! an fexit program gets the arguments with the result).

use aya_ebpf::{EbpfContext, helpers::bpf_get_current_pid_tgid, macros::map, maps::HashMap};
use aya_log_ebpf::warn;

use crate::emit::COUNTERS;

/// Which function; part of the key, as they nest.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Function {
    AllocPid,
    CopyProcess,
    CopyPidNs,
    CreateNewNamespaces,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pid_tgid: u64,
    function: u64,
}

/// By task and function.
#[map]
static PENDING: HashMap<Key, [u64; 2]> = HashMap::with_max_entries(16384, 0);

fn key(function: Function) -> Key {
    Key { pid_tgid: bpf_get_current_pid_tgid(), function: function as u64 }
}

/// Keeps two arguments for the return probe.
#[inline(always)]
pub(crate) fn enter<C: EbpfContext>(ctx: &C, function: Function, args: [u64; 2]) {
    if PENDING.insert(key(function), args, 0).is_err() {
        warn!(ctx, "too many calls of function {} at a time: one is not seen", function as u32);
        return;
    }
    if let Some(counters) = COUNTERS.get_ptr_mut(0) {
        // SAFETY: the map's value of this CPU.
        unsafe { (*counters).entries += 1 };
    }
}

/// The arguments that the entry probe kept.
#[inline(always)]
pub(crate) fn leave(function: Function) -> Option<[u64; 2]> {
    let key = key(function);
    // SAFETY: only this task writes the entry, and it is here.
    let args = unsafe { PENDING.get(key).copied() }?;
    let _ = PENDING.remove(key);
    if let Some(counters) = COUNTERS.get_ptr_mut(0) {
        // SAFETY: the map's value of this CPU.
        unsafe { (*counters).returns += 1 };
    }
    Some(args)
}
