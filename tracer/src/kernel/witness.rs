//! What `/proc` shows of every task, thread by thread.

use std::path::Path;

use super::procfs;
use crate::check::{Shown, View};

/// Reads all tasks now. What ends meanwhile is left out.
pub fn witness() -> View {
    let mut view = View::new();
    for tgid in procfs::list(Path::new("/proc")) {
        let dir = format!("/proc/{tgid}/task");
        for tid in procfs::list(Path::new(&dir)) {
            let dir = Path::new(&dir).join(tid.to_string());
            let Ok(task) = procfs::read_numbers(&dir) else { continue };
            if task.tid != tid || task.ns_pid.is_empty() {
                continue;
            }
            let shown = Shown {
                tgid: task.tgid,
                ppid: task.ppid,
                numbers: task.ns_pid,
                pgids: task.ns_pgid,
                sids: task.ns_sid,
                start: task.start / procfs::TICK,
            };
            view.insert(tid, shown);
        }
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_task_is_shown() {
        let own = std::process::id() as i32;
        let view = witness();
        let shown = &view[&own];
        assert_eq!((shown.tgid, shown.numbers.last()), (own, Some(&own)));
        assert_eq!(shown.pgids.len(), shown.numbers.len());
        assert!(shown.ppid > 0 && shown.start > 0);
    }
}
