//! The capabilities that are kept, and what for.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use rustix::{
    process::geteuid,
    thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities},
};

/// A capability that a thread of the daemon may keep.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::command) struct Kept {
    /// Its name.
    pub(in crate::command) name: &'static str,
    set: CapabilitySet,
    /// What it is for, and when it is kept.
    pub(in crate::command) why: &'static str,
}

/// All of them; nothing else survives the start.
pub(in crate::command) static KEPT: [Kept; 4] = [
    Kept {
        name: "CAP_BPF",
        set: CapabilitySet::BPF,
        why: "a sweep makes an iterator; no program and no map can be loaded any more",
    },
    Kept {
        name: "CAP_SYS_ADMIN",
        set: CapabilitySet::SYS_ADMIN,
        why: "only where there is no CAP_BPF, for which it stands in",
    },
    Kept {
        name: "CAP_SYS_PTRACE",
        set: CapabilitySet::SYS_PTRACE,
        why: "only where the iterator hides tasks: their namespaces are read from /proc",
    },
    Kept {
        name: "CAP_DAC_OVERRIDE",
        set: CapabilitySet::DAC_OVERRIDE,
        why: "only where --dir belongs to somebody else",
    },
];

/// What this thread has.
pub(super) fn now() -> CapabilitySet {
    capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective)
}

/// What is needed, of what we have, to make files in a directory: nothing where it is our own.
pub(super) fn for_files(dir: &Path) -> CapabilitySet {
    let ours = fs::metadata(dir)
        .is_ok_and(|about| about.uid() == geteuid().as_raw() && about.mode() & 0o300 == 0o300);
    if ours { CapabilitySet::empty() } else { now() & CapabilitySet::DAC_OVERRIDE }
}

/// Drops all but these from this thread; those that are left.
pub(super) fn keep(caps: CapabilitySet) -> Vec<&'static Kept> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: caps, permitted: caps, inheritable: none };
    // It can only fail for what we do not have; what is left is read back.
    let _told_below = set_capabilities(None, sets);
    let left = now();
    KEPT.iter().filter(|kept| left.contains(kept.set)).collect()
}
