//! Giving up what is no longer needed.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

use super::{Refused, procfs};

/// What is still needed once everything is attached: a further sweep makes a new iterator (the
/// first two), and `/proc/PID/ns` of other users' tasks asks for the third.
const KEPT: CapabilitySet =
    CapabilitySet::BPF.union(CapabilitySet::PERFMON).union(CapabilitySet::SYS_PTRACE);

/// Drops all capabilities but [`KEPT`] from this thread; with `files` the one too by which root
/// makes files in the directories of others. What it starts as root later gets
/// root's again, as the bounding set stays: a traced command runs as it would without us.
pub(super) fn drop_unneeded(files: bool) -> anyhow::Result<()> {
    let now = capabilities(None)?;
    let mut effective = now.effective & KEPT;
    if files {
        effective |= now.effective & CapabilitySet::DAC_OVERRIDE;
    }
    // Before 5.8's split there is only the big one.
    if !now.effective.contains(CapabilitySet::BPF) {
        effective |= now.effective & CapabilitySet::SYS_ADMIN;
    }
    let sets = CapabilitySets { effective, permitted: effective, inheritable: now.inheritable };
    set_capabilities(None, sets)?;
    Ok(())
}

/// Whether this user may load programs that read the kernel's memory. Asked before anything is
/// loaded, as the kernel's own answer is an EPERM for whatever happens to come first.
pub(super) fn check() -> Result<(), Refused> {
    let now = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    let missing = missing(now);
    if missing.is_empty() {
        let mode = procfs::line("/sys/kernel/security/lockdown").unwrap_or_default();
        return if is_locked(&mode) { Err(locked()) } else { Ok(()) };
    }
    let verb = if missing.len() == 1 { "is" } else { "are" };
    Err(Refused::Unable {
        what: "not permitted to load BPF programs".into(),
        why: format!("{} {verb} missing", missing.join(" and ")),
        help: "run as root, or with CAP_BPF and CAP_PERFMON (and CAP_SYS_PTRACE for other users' \
               tasks): sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep on the program"
            .into(),
    })
}

/// Whether a mode, as the kernel states it, forbids BPF to read the kernel's memory. The milder
/// `integrity` does not.
fn is_locked(mode: &str) -> bool {
    mode.contains("[confidentiality]")
}

/// What a kernel in that mode is told to be.
pub(super) fn locked() -> Refused {
    Refused::Unable {
        what: "not permitted to read the kernel's memory".into(),
        why: "this kernel runs in lockdown mode \"confidentiality\"".into(),
        help: "boot with lockdown=integrity or without lockdown (see kernel_lockdown(7))".into(),
    }
}

fn missing(now: CapabilitySet) -> Vec<&'static str> {
    // The big one stands in for both.
    if now.contains(CapabilitySet::SYS_ADMIN) {
        return Vec::new();
    }
    [("CAP_BPF", CapabilitySet::BPF), ("CAP_PERFMON", CapabilitySet::PERFMON)]
        .into_iter()
        .filter(|&(_, cap)| !now.contains(cap))
        .map(|(name, _)| name)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let (bpf, perfmon) = (CapabilitySet::BPF, CapabilitySet::PERFMON);
        assert_eq!(missing(CapabilitySet::empty()), ["CAP_BPF", "CAP_PERFMON"]);
        assert_eq!(missing(bpf | CapabilitySet::SYS_PTRACE), ["CAP_PERFMON"]);
        assert_eq!(missing(perfmon), ["CAP_BPF"]);
        assert!(missing(bpf | perfmon).is_empty());
        assert!(missing(CapabilitySet::SYS_ADMIN).is_empty());
    }

    #[test]
    fn only_the_strictest_lockdown_is_in_the_way() {
        assert!(is_locked("none integrity [confidentiality]"));
        assert!(!is_locked("none [integrity] confidentiality"));
        assert!(!is_locked("[none] integrity confidentiality"));
        assert!(!is_locked(""));
    }
}
