//! What kernels can and do differently, by release.

/// How `pid->ino` is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ino {
    /// There is none (before 6.9).
    None,
    /// In the order in which pids are published (up to 6.19).
    Monotone,
    /// Behind the publication, in any order (since 7.0).
    Unique,
}

/// How `ns_id` is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NsIds {
    /// There is none (before 6.18).
    None,
    /// In batches for each CPU (6.18).
    Batches,
    /// One after the other.
    Monotone,
}

/// A kernel, as far as its tasks and PIDs behave differently from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// Its release (`uname -r`).
    pub release: &'static str,
    /// `sched_process_exit` says whether the group is dead, and comes before `exit_mm` (6.16).
    pub group_dead: bool,
    /// `pid->ino`.
    pub ino: Ino,
    /// `ns_common.ns_id`.
    pub ns_ids: NsIds,
    /// `alloc_pid` takes the numbers of all levels at once (7.0).
    pub one_hold: bool,
    /// `alloc_pid` may free what it has published, when pidfs has no memory (7.0).
    pub alloc_frees: bool,
    /// `alloc_pid` refuses when any ancestor namespace is dying (7.2).
    pub ancestors_count: bool,
    /// A namespace whose first fork fails is dead (up to 7.0).
    pub first_failure_kills: bool,
    /// `pid_max` is a namespace's own (6.14).
    pub ns_pid_max: bool,
    /// `free_pid` is called behind the tasklist lock (6.15).
    pub frees_late: bool,
    /// The last thread to exit makes it a group exit (6.1).
    pub last_is_group_exit: bool,
    /// `PF_USER_WORKER` (6.4).
    pub user_worker: bool,
    /// An exec enters the time namespace for children (6.3).
    pub exec_enters_time: bool,
    /// ptrace(2) has `__ptrace_link` and `__ptrace_unlink` inlined (7.3).
    pub ptrace_inlined: bool,
    /// What `release_task` calls for each task.
    pub release_hook: &'static str,
}

const OLD: Kernel = Kernel {
    name: "5.10",
    release: "5.10.262-simulated",
    group_dead: false,
    ino: Ino::None,
    ns_ids: NsIds::None,
    one_hold: false,
    alloc_frees: false,
    ancestors_count: false,
    first_failure_kills: true,
    ns_pid_max: false,
    frees_late: false,
    last_is_group_exit: false,
    user_worker: false,
    exec_enters_time: false,
    ptrace_inlined: false,
    release_hook: "cgroup_release",
};

/// The kernels that can be asked for, oldest first.
pub const KERNELS: [Kernel; 5] = [
    OLD,
    Kernel { name: "6.1", release: "6.1.192-simulated", last_is_group_exit: true, ..OLD },
    Kernel {
        name: "6.12",
        release: "6.12.117-simulated",
        last_is_group_exit: true,
        ino: Ino::Monotone,
        user_worker: true,
        exec_enters_time: true,
        ..OLD
    },
    Kernel {
        name: "6.18",
        release: "6.18.35-simulated",
        group_dead: true,
        ino: Ino::Monotone,
        ns_ids: NsIds::Batches,
        ns_pid_max: true,
        frees_late: true,
        last_is_group_exit: true,
        user_worker: true,
        exec_enters_time: true,
        ..OLD
    },
    Kernel {
        name: "7.x",
        release: "7.3.4-simulated",
        group_dead: true,
        ino: Ino::Unique,
        ns_ids: NsIds::Monotone,
        one_hold: true,
        alloc_frees: true,
        ancestors_count: true,
        first_failure_kills: false,
        ns_pid_max: true,
        frees_late: true,
        last_is_group_exit: true,
        user_worker: true,
        exec_enters_time: true,
        ptrace_inlined: true,
        release_hook: "cgroup_task_release",
    },
];

impl Kernel {
    /// The kernel of this name.
    pub fn named(name: &str) -> Option<Self> {
        KERNELS.into_iter().find(|kernel| kernel.name == name)
    }
}

impl Default for Kernel {
    /// The newest.
    fn default() -> Self {
        KERNELS[KERNELS.len() - 1]
    }
}
