//! The tables.

use std::collections::VecDeque;

use super::cgroup::Cgroups;
use super::group::{Group, GroupId};
use super::hash::Map;
use super::index;
use super::memo::Memo;
use super::nsproxy::NsProxy;
use super::pid::{Number, PastPid, PidRow};
use super::row::{Cold, Look, Row};
use super::shared::Shared;
use super::slab::{Handle, Slab};
use super::{Change, Config, Namespace, NsId, NsSetId, PidId, Sees, TaskId};
use crate::event::Event;

/// The kernel's tables as the events so far tell them.
///
/// Every handle that it ever gave out may be asked for: one whose entry has left the bounded
/// history finds a placeholder (a freed task or pid with number 0, a destroyed namespace).
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(super) config: Config,
    pub(super) tasks: Slab<TaskId, Row>,
    /// What few tasks have.
    pub(super) cold: Slab<Handle, Cold>,
    /// What many tasks have in common.
    pub(super) looks: Shared<Look>,
    /// The names of tasks.
    pub(super) comms: Shared<[u8; 16]>,
    pub(super) groups: Slab<GroupId, Group>,
    pub(super) pids: Slab<PidId, PidRow>,
    /// What freed pids have.
    pub(super) past_pids: Slab<Handle, PastPid>,
    /// The numbers of pids, by slot, that are not one number in the initial namespace.
    pub(super) deep: Map<u32, Box<[Number]>>,
    /// The inode numbers of pids, by slot, that need more than 32 bits.
    pub(super) inos: Map<u32, u64>,
    /// The users of pids, by slot, that have very many.
    pub(super) crowds: Map<u32, [u32; 2]>,
    pub(super) spaces: Slab<NsId, Namespace>,
    pub(super) proxies: Slab<NsSetId, NsProxy>,
    pub(super) cgroups: Cgroups,
    pub(super) index: Index,
    pub(super) history: History,
    /// The initial PID namespace.
    pub(super) root: Option<NsId>,
    pub(super) sweep: Sweep,
    pub(super) losses: Losses,
    /// Who has just called unshare, with its flags: an update of the task follows.
    pub(super) unsharing: Option<(TaskId, u64)>,
    /// Tasks whose parent or tracer a running sweep has not shown yet.
    pub(super) unresolved: Vec<Unresolved>,
    /// How many tasks are being taken out, each as a consequence of the one before.
    pub(super) leaving: u32,
    /// The task that is being entered, and how it looks so far.
    pub(super) draft: Option<(TaskId, Look)>,
    /// What the tests of the shortcuts set and see.
    #[cfg(test)]
    pub(super) probe: Probe,
    /// Time of the event that is applied.
    pub(super) now: u64,
    /// What the event that is applied has changed so far.
    pub(super) out: Change,
}

/// Whether the common cases take their shortcuts, and how many did.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(super) struct Probe {
    pub(super) roundabout: bool,
    pub(super) births: u32,
    pub(super) ends: u32,
}

/// How the entries are found.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The last task at each key; it may be released.
    pub(super) tasks: index::Index,
    /// The live pid at each key.
    pub(super) pids: index::Index,
    /// The live pid with each number in the initial namespace: `init_pid_ns.idr`.
    pub(super) numbers: index::Index,
    /// The live pid with each number in each other namespace: `pid_namespace.idr`.
    pub(super) inner: Map<u64, PidId>,
    /// The PID namespace at each key that is not destroyed.
    pub(super) spaces: Map<u64, NsId>,
    /// The namespace of each kind and inode number that is not destroyed.
    pub(super) inums: Map<(u8, u32), NsId>,
    /// Live tasks whose pid is unknown, by level-0 number.
    pub(super) loose: Map<i32, TaskId>,
    /// The combinations of namespaces.
    pub(super) proxies: Map<[Option<NsId>; 8], NsSetId>,
    /// What was found lately, or was not.
    pub(super) found: Found,
}

/// The latest answers of the indexes that are asked most.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) tasks: Memo<TaskId>,
    pub(super) pids: Memo<PidId>,
    pub(super) numbers: Memo<PidId>,
    pub(super) spaces: Memo<NsId>,
}

/// What has ended, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) tasks: VecDeque<TaskId>,
    pub(super) pids: VecDeque<PidId>,
    pub(super) spaces: VecDeque<NsId>,
}

/// The iterator's current run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sweep {
    /// Counts the sweeps as this world saw them; entries carry the last one that saw them.
    pub(super) mark: u32,
    /// Its generation, while it runs.
    pub(super) generation: Option<u64>,
    /// Losses when it began.
    pub(super) losses: u64,
    /// The time when it began.
    pub(super) begun: u64,
}

/// A task that names another one which the tables do not have yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unresolved {
    /// The task.
    pub(super) task: TaskId,
    /// The key of the other one.
    pub(super) key: u64,
    /// The other one is its tracer, else its real parent.
    pub(super) tracer: bool,
}

/// What was lost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Losses {
    /// Records missing in all.
    pub(super) count: u64,
    /// The tables may be wrong because of them.
    pub(super) open: bool,
    /// When the last sweep completed without a loss since it began.
    pub(super) certain_since: Option<u64>,
}

impl World {
    /// Empty tables, for events of every hook.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty tables, set up for events of certain hooks.
    pub fn with(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// Says what the hooks see, once that is known. Before the first event.
    pub fn set_sees(&mut self, sees: Sees) {
        self.config.sees = sees;
    }

    /// Takes one event into account.
    ///
    /// Pure and total: the same events give the same tables everywhere, and no input fails.
    pub fn apply(&mut self, event: &Event) -> Change {
        let mut change = Change::default();
        self.apply_to(event, &mut change);
        change
    }

    /// [`World::apply`] into a change that is used again, which saves its allocation.
    pub fn apply_to(&mut self, event: &Event, change: &mut Change) {
        std::mem::swap(&mut self.out.effects, &mut change.effects);
        self.out.clear();
        self.now = event.header.ts;
        self.evict();
        self.dispatch(event);
        std::mem::swap(&mut self.out.effects, &mut change.effects);
        change.task = self.out.task;
        change.pid = self.out.pid;
        change.impossible = self.out.impossible.take();
    }

    /// How many records are known to be missing.
    pub fn losses(&self) -> u64 {
        self.losses.count
    }

    /// Since when nothing is missing: the end of the last sweep that no loss has followed; `None`
    /// before the first one and after a loss.
    pub fn certain_since(&self) -> Option<u64> {
        self.losses.certain_since
    }
}
