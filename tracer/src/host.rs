//! Facts about the traced host that no event carries.

/// The host, as it was when the trace began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Kernel release (`uname -r`).
    pub release: String,
    /// Host name.
    pub name: String,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// Wall clock at [`Host::boot_ns`], ns since 1970 (UTC).
    pub wall_ns: u64,
    /// `CLOCK_BOOTTIME` at the same instant, ns.
    pub boot_ns: u64,
    /// `CLOCK_MONOTONIC` at the same instant, ns.
    pub mono_ns: u64,
    /// CPUs that exist.
    pub cpus: u32,
    /// `kernel.pid_max` of the initial namespace.
    pub pid_max: u32,
}

impl Host {
    /// Wall clock of a time since boot, ns since 1970 (UTC).
    pub fn wall(&self, ts: u64) -> u64 {
        self.wall_ns.saturating_add(ts).saturating_sub(self.boot_ns)
    }
}
