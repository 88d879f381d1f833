//! What can be told about tracing here, with or without the right to trace.

use std::{fs, path::Path};

use tracer::kernel::Probe;

/// The kernel's own description of its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";
/// The initial PID namespace (`PROC_PID_INIT_INO`).
const INITIAL: &str = "pid:[4026531836]";
/// The capabilities that matter here: name, number, and what it is for.
const CAPABILITIES: [(&str, u32, &str); 5] = [
    ("CAP_BPF", 39, "loads programs and maps"),
    ("CAP_PERFMON", 38, "attaches programs, which read kernel memory"),
    ("CAP_SYS_PTRACE", 19, "reads other users' tasks in /proc"),
    ("CAP_SYS_ADMIN", 21, "stands in for CAP_BPF and CAP_PERFMON"),
    ("CAP_SYS_RESOURCE", 24, "raises the limit on locked memory; needed before Linux 5.11 only"),
];

/// What can be told without tracing.
pub(super) struct Facts {
    /// Kernel release.
    pub(super) release: String,
    /// Whether the kernel describes its types, else why not.
    pub(super) btf: Result<(), String>,
    /// The lockdown mode.
    pub(super) lockdown: String,
    /// The effective capabilities, by name.
    pub(super) capabilities: Vec<(String, bool)>,
    /// This process is in the initial PID namespace.
    pub(super) initial: bool,
}

impl Facts {
    /// As the probe found them.
    pub(super) fn of(probe: &Probe) -> Self {
        Self {
            release: probe.host.release.clone(),
            btf: probe.btf.clone(),
            lockdown: probe.lockdown.clone(),
            capabilities: probe.caps.clone(),
            initial: probe.pid_ns_initial,
        }
    }

    /// As anybody can read them.
    pub(super) fn read() -> Self {
        let word = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let effective = word("/proc/self/status").as_deref().and_then(effective).unwrap_or(0);
        let has = |(name, bit, _): (&str, u32, _)| (name.to_owned(), effective >> bit & 1 == 1);
        let namespace = fs::read_link("/proc/self/ns/pid");
        Self {
            release: word("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into()),
            btf: fs::File::open(BTF).map(drop).map_err(|error| format!("{BTF}: {error}")),
            lockdown: lockdown(word("/sys/kernel/security/lockdown").as_deref()),
            capabilities: CAPABILITIES.map(has).to_vec(),
            initial: namespace.is_ok_and(|link| link == Path::new(INITIAL)),
        }
    }
}

/// What a capability is for here.
pub(super) fn purpose(name: &str) -> &'static str {
    CAPABILITIES.iter().find(|cap| cap.0 == name).map_or("", |cap| cap.2)
}

/// The effective set in `/proc/self/status`.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// The mode that stands in brackets: `none [integrity] confidentiality`.
fn lockdown(modes: Option<&str>) -> String {
    let mode = modes.and_then(|modes| modes.split_once('[')?.1.split_once(']'));
    mode.map_or("unknown", |(mode, _)| mode).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockdown_is_the_mode_in_brackets() {
        assert_eq!(lockdown(Some("none [integrity] confidentiality")), "integrity");
        assert_eq!(lockdown(Some("odd")), "unknown");
        assert_eq!(lockdown(None), "unknown");
    }

    #[test]
    fn the_effective_set_is_hex() {
        assert_eq!(effective("CapPrm:\t0\nCapEff:\t000001ffffffffff\n"), Some(0x1ff_ffff_ffff));
        assert_eq!(effective("Name:\tx\n"), None);
    }
}
