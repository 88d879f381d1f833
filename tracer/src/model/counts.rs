//! Sizes of the tables, to hold against the kernel's own counts.

use super::pid::PidRow;
use super::{PidId, TaskState, World};

/// How much there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Unreleased tasks (`nr_threads`, kernel/fork.c, and the zombies).
    pub tasks: usize,
    /// Of these, group leaders.
    pub processes: usize,
    /// Of these, exited ones.
    pub zombies: usize,
    /// Of these, kernel threads.
    pub kernel_threads: usize,
    /// Pids whose numbers are in use (`init_pid_ns.pid_allocated`).
    pub pids: usize,
    /// Namespaces that certainly exist, in the order of the kinds.
    pub namespaces: [usize; 8],
    /// Entries kept of released tasks.
    pub past_tasks: usize,
    /// Entries kept of freed pids.
    pub past_pids: usize,
}

impl World {
    /// Counts the tables.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            past_tasks: self.history.tasks.len(),
            past_pids: self.history.pids.len(),
            ..Counts::default()
        };
        for (id, row) in self.tasks.iter().filter(|(_, row)| row.is_live()) {
            counts.tasks += 1;
            counts.processes += usize::from(row.tid == self.tgid(id));
            counts.zombies += usize::from(row.state() == TaskState::Zombie);
            counts.kernel_threads += usize::from(self.task(id).kernel);
        }
        let live = |(id, row): &(PidId, &PidRow)| row.is_live() && !self.is_idle(*id);
        counts.pids = self.pids.iter().filter(live).count();
        for (_, ns) in self.spaces.iter().filter(|(_, ns)| ns.exists()) {
            if let Some(count) = counts.namespaces.get_mut(ns.kind.index()) {
                *count += 1;
            }
        }
        counts
    }
}
