//! Forks as fast as they come.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
};

/// What names another program that forks: `storm`, where it is built.
const OTHER: &str = "TRACER_STORM";

/// Loops that fork until this is dropped.
pub(crate) struct Storm(Vec<Child>);

impl Storm {
    /// So many loops at once.
    pub(crate) fn start(loops: usize) -> Self {
        let mut command = if let Some(storm) = env::var_os(OTHER) {
            let mut command = Command::new(storm);
            command.args(["vfork", "4000000000"]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do (:); (:); (:); (:); done"]);
            command
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self((0..loops).map(|_| command.spawn().unwrap()).collect())
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _over = child.kill();
            let _over = child.wait();
        }
    }
}

/// Tasks that the kernel has made since boot, by its own count.
pub(crate) fn forks() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let line = stat.lines().find_map(|line| line.strip_prefix("processes ")).unwrap();
    line.trim().parse().unwrap()
}
