//! What the kernel counts of itself.

use super::Header;

record! {
    /// What the kernel counts of itself, read beside a sweep: a second witness that nothing was
    /// missed. Written by user space.
    Census {
        /// See [`Header`]; no actor. Its time is that after reading.
        header: Header,
        /// Time before reading, ns since boot.
        began: u64,
        /// Tasks made since boot, threads and kernel threads among them (`total_forks`,
        /// kernel/fork.c; `processes` of `/proc/stat`).
        forks: u64,
        /// Tasks that are not released (`nr_threads`, kernel/fork.c; behind the slash in
        /// `/proc/loadavg`).
        threads: u32,
        /// The number that the initial PID namespace gave out last (its allocation cursor less one;
        /// the last field of `/proc/loadavg`).
        last_pid: i32,
        /// `pid_max` of the initial PID namespace, or of all.
        pid_max: i32,
        /// 1 if it is the run's last one: the hooks are detached from here on, one after the other,
        /// and what still comes lacks parts. Else 0.
        last: u32,
    }
}
