//! What a user asks to see.

mod parse;
#[cfg(test)]
mod tests;
mod tree;

use crate::container::Container;
use crate::model::{NsKind, TaskId, World};
use crate::view::{Report, Type, What};

pub use parse::{BadFilter, CommSpec, NsSpec, PidSpec};

/// A set of event types (`--type`): `all`, `live`, or names separated by commas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u32);

/// The bit of refused allocations, which `live` shows though it hides `alloc_pid`.
const REFUSED: u32 = 1 << 31;

impl Types {
    /// No type.
    pub const NONE: Self = Self(0);
    /// Every type.
    pub const ALL: Self = Self(u32::MAX);
    /// What `live` shows: all but successful `alloc_pid`, `free_pid`, `rename`, `cred`,
    /// `cg_…` and `snapshot`.
    pub const LIVE: Self = Self(
        !(bit(Type::AllocPid)
            | bit(Type::FreePid)
            | bit(Type::Rename)
            | bit(Type::Cred)
            | bit(Type::CgroupCreate)
            | bit(Type::CgroupMove)
            | bit(Type::CgroupRemove)
            | bit(Type::Snapshot)),
    );

    /// This set and one type more.
    #[must_use]
    pub fn with(self, ty: Type) -> Self {
        Self(self.0 | bit(ty) | if ty == Type::AllocPid { REFUSED } else { 0 })
    }

    /// What is in one of the two.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set has this event.
    pub fn has(self, what: &What) -> bool {
        let asked = match what {
            What::AllocFail { .. } => REFUSED,
            // Losses are always shown.
            What::Lost { .. } => return true,
            what => bit(what.ty()),
        };
        self.0 & asked != 0
    }
}

const fn bit(ty: Type) -> u32 {
    1 << ty as u32
}

/// What a user asks to see. Conditions of different kinds must all hold; of several of one kind,
/// one. Without any, everything is admitted, but for threads. Losses are admitted whatever is asked
/// for, within the times.
///
/// - An event is **about** its task; a fork also about the task that called clone, so `--pid` of a
///   shell shows what it starts. An event about a pid without a task is about its numbers.
/// - `--ns` of a PID namespace means every task that has a number in it, those of its descendants
///   among them, and the namespace's own events.
/// - Of threads that lead no group (without `--threads`) only this is shown: an exit with which the
///   whole group ends, an exec, a failed fork, and what happens to namespaces.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// `--pid`: tasks and thread groups with this number.
    pub pids: Vec<PidSpec>,
    /// `--ns`.
    pub namespaces: Vec<NsSpec>,
    /// `--comm`.
    pub comms: Vec<CommSpec>,
    /// `--uid`: uids in the initial user namespace.
    pub uids: Vec<u32>,
    /// `--cgroup`: ids in the default hierarchy.
    pub cgroups: Vec<u64>,
    /// `--container`: ids or their starts, names, uids of pods.
    pub containers: Vec<String>,
    /// `--tree`, and the traced command (`PidSpec::host(pid)`): these and their descendants.
    pub trees: Vec<PidSpec>,
    /// `--type`; `None` is all.
    pub types: Option<Types>,
    /// `--since`, ns since boot.
    pub since: Option<u64>,
    /// `--until`, ns since boot, that moment included.
    pub until: Option<u64>,
    /// `--threads`: threads too, not only processes.
    pub threads: bool,
    /// Who is in the trees.
    pub members: tree::Members,
}

impl Filter {
    /// Whether to show this event: [`Filter::concerns`] and [`Filter::shows`]. It must be asked for
    /// every report, in order: it remembers who was born into the trees.
    pub fn admits(&mut self, world: &World, report: &Report) -> bool {
        self.concerns(world, report) && self.shows(world, report)
    }

    /// Whether this event is about what was asked for, whatever its type and time and whether it is
    /// a thread's: what a summary counts. To be asked for every report, in order.
    pub fn concerns(&mut self, world: &World, report: &Report) -> bool {
        // First, because it must learn of every birth.
        let in_tree = self.trees.is_empty() || self.members.concern(&self.trees, world, report);
        if matches!(report.what, What::Lost { .. }) {
            return true;
        }
        if !in_tree {
            return false;
        }
        let subject = report.task.or_else(|| match report.what {
            // A pid that is freed before a task had it: its fork failed.
            What::AllocPid(_)
            | What::AllocFail { .. }
            | What::ForkFail { .. }
            | What::FreePid { .. } => world.find_task(report.actor_tid),
            _ => None,
        });
        let creator = match (&report.what, report.task) {
            (What::Fork { .. }, Some(task)) => world.task(task).creator,
            _ => None,
        };
        let about = |holds: &dyn Fn(TaskId) -> bool| subject.into_iter().chain(creator).any(holds);
        (self.pids.is_empty()
            || about(&|task| self.pid_admits(world, task))
            || self.numbered(world, report))
            && (self.namespaces.is_empty()
                || subject.is_some_and(|task| self.ns_admits(world, task))
                || self.ns_event(world, report))
            && (self.comms.is_empty() || about(&|task| self.comm_admits(world, task)))
            && (self.uids.is_empty() || about(&|task| self.uid_admits(world, task)))
            && (self.cgroups.is_empty() || about(&|task| self.cgroup_admits(world, task)))
            && (self.containers.is_empty()
                || about(&|task| self.container_admits(world, task))
                || self.cgroup_event(world, report))
    }

    /// Whether every task is admitted, but for threads.
    pub fn is_open(&self) -> bool {
        let conditions = [
            self.pids.len(),
            self.namespaces.len(),
            self.comms.len(),
            self.uids.len(),
            self.cgroups.len(),
            self.containers.len(),
            self.trees.len(),
        ];
        conditions.iter().all(|&len| len == 0)
    }

    /// Whether the types, the time and `--threads` admit this event.
    pub fn shows(&self, world: &World, report: &Report) -> bool {
        self.types.is_none_or(|types| types.has(&report.what))
            && self.since.is_none_or(|since| report.ts >= since)
            && self.until.is_none_or(|until| report.ts <= until)
            && (self.threads || !of_thread(world, report))
    }

    /// Whether to show this task (`ps`, `tree`).
    pub fn admits_task(&self, world: &World, id: TaskId) -> bool {
        let task = world.task(id);
        (self.threads || task.is_leader())
            && (self.pids.is_empty() || self.pid_admits(world, id))
            && (self.namespaces.is_empty() || self.ns_admits(world, id))
            && (self.comms.is_empty() || self.comm_admits(world, id))
            && (self.uids.is_empty() || self.uid_admits(world, id))
            && (self.cgroups.is_empty() || self.cgroup_admits(world, id))
            && (self.containers.is_empty() || self.container_admits(world, id))
            && (self.trees.is_empty() || tree::descends(&self.trees, world, id))
    }

    fn pid_admits(&self, world: &World, id: TaskId) -> bool {
        self.pids.iter().any(|spec| spec.means(world, id))
    }

    /// A pid that no task has, by its numbers.
    fn numbered(&self, world: &World, report: &Report) -> bool {
        let Some(pid) = report.what.pid() else { return false };
        let numbers = &world.pid(pid).numbers;
        self.pids.iter().any(|spec| match spec.ns {
            None => numbers.first().is_some_and(|&(_, nr)| nr == spec.nr),
            Some(inum) => numbers
                .iter()
                .any(|&(ns, nr)| nr == spec.nr && ns.is_some_and(|ns| world.ns(ns).inum == inum)),
        })
    }

    fn ns_admits(&self, world: &World, id: TaskId) -> bool {
        self.namespaces.iter().any(|spec| spec.holds(world, id))
    }

    /// An event about a namespace itself, or a refusal by it.
    fn ns_event(&self, world: &World, report: &Report) -> bool {
        let (kind, inum) = match report.what {
            What::AllocFail { inum, .. } | What::ForkFail { inum, .. } => (NsKind::Pid, inum),
            What::NsEnter { from: Some(from), .. } if self.has_ns(world.ns(from)) => return true,
            _ => match report.what.namespace() {
                Some(ns) => return self.has_ns(world.ns(ns)),
                None => return self.pid_in_ns(world, report),
            },
        };
        self.namespaces.iter().any(|spec| spec.is(kind, inum))
    }

    fn has_ns(&self, ns: &crate::model::Namespace) -> bool {
        self.namespaces.iter().any(|spec| spec.is(ns.kind, ns.inum))
    }

    /// A pid that has a number in it.
    fn pid_in_ns(&self, world: &World, report: &Report) -> bool {
        let Some(pid) = report.what.pid() else { return false };
        let numbers = world.pid(pid).numbers;
        let mut spaces = numbers.iter().filter_map(|&(ns, _)| ns);
        spaces.any(|ns| self.has_ns(world.ns(ns)))
    }

    fn comm_admits(&self, world: &World, id: TaskId) -> bool {
        self.comms.iter().any(|spec| spec.matches(&world.task(id).comm))
    }

    fn uid_admits(&self, world: &World, id: TaskId) -> bool {
        world.task(id).uid.is_some_and(|uid| self.uids.contains(&uid))
    }

    fn cgroup_admits(&self, world: &World, id: TaskId) -> bool {
        self.cgroups.contains(&world.cgroup_of(id))
    }

    fn container_admits(&self, world: &World, id: TaskId) -> bool {
        self.meant(world.container_of(id))
    }

    /// An event about a cgroup of a container.
    fn cgroup_event(&self, world: &World, report: &Report) -> bool {
        let (What::CgroupCreate(id) | What::CgroupRemove(id)) = report.what else { return false };
        self.meant(world.cgroup(id).and_then(|cgroup| cgroup.container.as_ref()))
    }

    fn meant(&self, container: Option<&Container>) -> bool {
        container
            .is_some_and(|container| self.containers.iter().any(|word| container.is_meant(word)))
    }
}

impl PidSpec {
    /// Whether the task or its thread group has this number.
    pub fn means(&self, world: &World, id: TaskId) -> bool {
        let task = world.task(id);
        let Some(inum) = self.ns else { return task.tid == self.nr || task.tgid == self.nr };
        let has = |id: TaskId| {
            let numbers = world.task(id).pid.map(|pid| world.pid(pid).numbers);
            numbers.is_some_and(|numbers| {
                numbers.iter().any(|&(ns, nr)| {
                    nr == self.nr && ns.is_some_and(|ns| world.ns(ns).inum == inum)
                })
            })
        };
        has(id) || task.leader.is_some_and(has)
    }
}

impl NsSpec {
    /// Whether it is this one.
    pub fn is(&self, kind: NsKind, inum: u32) -> bool {
        self.inum == inum && self.kind.is_none_or(|asked| asked == kind)
    }

    /// Whether the task is in it; of a PID namespace: has a number in it.
    pub fn holds(&self, world: &World, id: TaskId) -> bool {
        let is = |ns| self.is(world.ns(ns).kind, world.ns(ns).inum);
        let numbers = world.task(id).pid.map(|pid| world.pid(pid).numbers);
        world.namespaces_of(id).into_iter().flatten().any(is)
            || numbers.is_some_and(|all| all.iter().filter_map(|&(ns, _)| ns).any(is))
    }
}

/// Whether an event is a mere thread's.
fn of_thread(world: &World, report: &Report) -> bool {
    let Some(task) = report.task else { return false };
    let hidden = match report.what {
        What::Exit { group_dead, .. } => group_dead != Some(true),
        _ => {
            matches!(
                report.what.ty(),
                Type::Rename
                    | Type::Release
                    | Type::FreePid
                    | Type::Ptrace
                    | Type::Cred
                    | Type::Snapshot
                    | Type::Fork
            ) && !matches!(report.what, What::ForkFail { .. })
        }
    };
    hidden && !world.task(task).is_leader()
}
