//! Giving up what is no longer needed.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What is still needed once everything is attached: a further sweep makes a new iterator (the
/// first two), and `/proc/PID/ns` of other users' tasks asks for the third.
const KEPT: CapabilitySet =
    CapabilitySet::BPF.union(CapabilitySet::PERFMON).union(CapabilitySet::SYS_PTRACE);

/// Drops all capabilities but [`KEPT`] from this thread. What it starts as root later gets
/// root's again, as the bounding set stays: a traced command runs as it would without us.
pub(super) fn drop_unneeded() -> anyhow::Result<()> {
    let now = capabilities(None)?;
    let mut effective = now.effective & KEPT;
    // Before 5.8's split there is only the big one.
    if !now.effective.contains(CapabilitySet::BPF) {
        effective |= now.effective & CapabilitySet::SYS_ADMIN;
    }
    let sets = CapabilitySets { effective, permitted: effective, inheritable: now.inheritable };
    set_capabilities(None, sets)?;
    Ok(())
}

/// The effective capabilities that matter here, by name, and whether we have them.
pub(super) fn effective() -> Vec<(String, bool)> {
    let now = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    [
        ("CAP_BPF", CapabilitySet::BPF),
        ("CAP_PERFMON", CapabilitySet::PERFMON),
        ("CAP_SYS_PTRACE", CapabilitySet::SYS_PTRACE),
        ("CAP_SYS_ADMIN", CapabilitySet::SYS_ADMIN),
        ("CAP_SYS_RESOURCE", CapabilitySet::SYS_RESOURCE),
    ]
    .into_iter()
    .map(|(name, cap)| (name.to_owned(), now.contains(cap)))
    .collect()
}
