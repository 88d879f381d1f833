//! The scenarios: programs that do one thing to the kernel's tables and know exactly what.
//!
//! Names follow rr's tests where they match. Each runs in a second, uses no sleep, and leaves
//! nothing behind.

mod clone3_set_tid;
mod clone_newpid;
mod container;
mod double_fork_daemon;
mod exec_by_thread;
mod exec_failed;
mod failed_fork_dead_ns;
mod failed_fork_pids_limit;
mod failed_fork_set_tid_taken;
mod fork_in_thread;
mod io_uring_worker;
mod kernel_threads;
mod killed_by_signal;
mod leader_exits_first;
mod ns_every_kind;
mod orphan_to_ns_init;
mod orphan_to_subreaper;
mod pid_reuse;
mod pidns_init_dies;
mod pidns_nested;
mod plain_fork;
mod ptrace_attach;
mod setns_then_fork;
mod setsid_setpgid;
mod threads;
mod unshare_then_fork;
mod unshare_without_fork;
mod vfork_exec;
mod zombie_late_reap;

use anyhow::Result;

/// One scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in one sentence.
    pub(crate) about: &'static str,
    /// It has a state worth comparing table by table, where it holds still.
    pub(crate) holds: bool,
    /// Does it.
    pub(crate) run: fn() -> Result<()>,
}

/// Every scenario, the plain ones first.
pub(crate) const ALL: [Scenario; 29] = [
    plain_fork::SCENARIO,
    vfork_exec::SCENARIO,
    threads::SCENARIO,
    fork_in_thread::SCENARIO,
    double_fork_daemon::SCENARIO,
    zombie_late_reap::SCENARIO,
    orphan_to_subreaper::SCENARIO,
    orphan_to_ns_init::SCENARIO,
    pidns_nested::SCENARIO,
    clone_newpid::SCENARIO,
    container::SCENARIO,
    unshare_without_fork::SCENARIO,
    unshare_then_fork::SCENARIO,
    setns_then_fork::SCENARIO,
    clone3_set_tid::SCENARIO,
    exec_by_thread::SCENARIO,
    exec_failed::SCENARIO,
    leader_exits_first::SCENARIO,
    killed_by_signal::SCENARIO,
    pidns_init_dies::SCENARIO,
    setsid_setpgid::SCENARIO,
    ns_every_kind::SCENARIO,
    failed_fork_pids_limit::SCENARIO,
    failed_fork_dead_ns::SCENARIO,
    failed_fork_set_tid_taken::SCENARIO,
    pid_reuse::SCENARIO,
    kernel_threads::SCENARIO,
    io_uring_worker::SCENARIO,
    ptrace_attach::SCENARIO,
];

/// The scenario of this name.
pub(crate) fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, scenario) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != scenario.name));
        }
    }
}
