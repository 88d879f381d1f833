//! What a world is told about where its events come from.

/// Which ends the hooks can see. Where one is missing, the tables infer it at the first event that
/// proves it, and say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sees {
    /// `release_task` (`cgroup_release`, `cgroup_task_release`). Without it a task is released at
    /// the latest when it is freed, or when its number is used again.
    pub release: bool,
    /// `free_pid`. Without it a number is free when its task is released and no group or session
    /// uses it.
    pub free_pid: bool,
    /// `zap_pid_ns_processes`. Without it a PID namespace dies when its init's group is dead.
    pub ns_dying: bool,
    /// `delayed_free_pidns`. Without it an empty PID namespace is gone when a sweep does not
    /// mention it.
    pub ns_destroy: bool,
}

impl Sees {
    /// Every hook is there.
    pub const ALL: Self = Self { release: true, free_pid: true, ns_dying: true, ns_destroy: true };
    /// Tracepoints only.
    pub const TRACEPOINTS: Self =
        Self { release: false, free_pid: false, ns_dying: false, ns_destroy: false };
}

/// How a [`World`](super::World) is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Most released tasks, most freed pids and most ended namespaces that are kept. Live ones are
    /// never evicted.
    pub history: usize,
    /// What the hooks see.
    pub sees: Sees,
}

impl Default for Config {
    fn default() -> Self {
        Self { history: 1024, sees: Sees::ALL }
    }
}
