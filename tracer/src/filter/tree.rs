//! Subtrees: who descends from whom, remembered as tasks are born.

use std::collections::HashSet;

use super::PidSpec;
use crate::model::{Certainty, TaskId, World};
use crate::view::{Report, What};

/// The tasks that are known to be in the trees.
///
/// A root is the first live process that its number names. A task is in it if it is a root, a
/// thread of a root, or was made by a member, and stays in it whoever its parent is later. Of a
/// task whose birth nobody saw, the parents decide.
#[derive(Clone, Debug, Default)]
pub struct Members {
    tasks: HashSet<TaskId>,
    /// The process that each root named when it was first seen alive: numbers are used again.
    roots: Vec<Option<TaskId>>,
    /// How many there may be before the forgotten ones are dropped.
    limit: usize,
}

/// Steps up a chain of parents before it is taken for a ring.
const STEPS: usize = 4096;

impl Members {
    /// Whether an event is about the trees.
    pub(super) fn concern(&mut self, roots: &[PidSpec], world: &World, report: &Report) -> bool {
        let subject = report.task.is_some_and(|task| self.has(roots, world, task));
        match report.what {
            What::AllocPid(_) | What::AllocFail { .. } | What::ForkFail { .. } => {
                subject || self.has_actor(roots, world, report)
            }
            // Freed before a task had it: its fork failed.
            What::FreePid { .. } if report.task.is_none() => self.has_actor(roots, world, report),
            What::NsCreate(ns) | What::NsDying(ns) | What::NsDestroy(ns) => {
                let creator = world.ns(ns).creator;
                subject || creator.is_some_and(|creator| self.has(roots, world, creator))
            }
            _ => subject,
        }
    }

    /// Whether the acting task is in the trees.
    fn has_actor(&mut self, roots: &[PidSpec], world: &World, report: &Report) -> bool {
        let actor = world.find_task(report.actor_tid);
        actor.is_some_and(|actor| self.has(roots, world, actor))
    }

    /// Whether a task is in the trees; if so, it is remembered.
    fn has(&mut self, roots: &[PidSpec], world: &World, id: TaskId) -> bool {
        if self.tasks.contains(&id) {
            return true;
        }
        let mut at = id;
        for _ in 0..STEPS {
            if self.tasks.contains(&at) || self.is_root(roots, world, at) {
                self.remember(world, id);
                return true;
            }
            match above(world, at) {
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }

    /// Whether a task is of a process that a root names.
    fn is_root(&mut self, roots: &[PidSpec], world: &World, id: TaskId) -> bool {
        self.roots.resize(roots.len(), None);
        let task = world.task(id);
        let process = task.leader.unwrap_or(id);
        roots.iter().zip(&mut self.roots).any(|(spec, root)| {
            if root.is_none() && task.is_live() && spec.means(world, id) {
                *root = Some(process);
            }
            root.is_some_and(|root| root == process || root == id)
        })
    }

    fn remember(&mut self, world: &World, id: TaskId) {
        if self.tasks.len() >= self.limit.max(4096) {
            self.tasks.retain(|&task| world.task(task).tid != 0);
            self.limit = self.tasks.len() * 2;
        }
        self.tasks.insert(id);
    }
}

/// Whom a task descends from: who made it, or if nobody saw that, its parent or its leader.
fn above(world: &World, id: TaskId) -> Option<TaskId> {
    let task = world.task(id);
    match (task.creator, task.certainty) {
        (Some(creator), _) => Some(creator),
        (None, Certainty::Observed) => None,
        (None, _) if !task.is_leader() => task.leader,
        (None, _) => task.real_parent,
    }
}

/// Whether a task descends from a root now: by who made whom, or by parents.
pub(super) fn descends(roots: &[PidSpec], world: &World, id: TaskId) -> bool {
    let by = |step: fn(&World, TaskId) -> Option<TaskId>| {
        std::iter::successors(Some(id), |&at| step(world, at))
            .take(STEPS)
            .any(|at| world.task(at).is_live() && roots.iter().any(|root| root.means(world, at)))
    };
    by(|world, at| world.task(at).real_parent) || by(above)
}
