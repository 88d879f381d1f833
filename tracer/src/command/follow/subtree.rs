//! The traced command's process and its descendants, by who created whom: a later parent does not
//! matter.

use std::collections::HashSet;

use tracer::model::{Change, Effect, TaskId, TaskState, World};

use super::super::root::Root;

/// The traced command's process and its descendants.
#[derive(Clone, Debug, Default)]
pub(super) struct Subtree {
    root: Root,
    /// Its tasks that are not yet reaped.
    tasks: HashSet<TaskId>,
}

impl Subtree {
    /// The number that the command was started with.
    pub(super) fn expect(&mut self, pid: i32) {
        self.root = Root::Awaited(pid);
    }

    /// Whether the command's process is reaped, as far as the events say.
    #[cfg(feature = "kernel")]
    pub(super) fn is_over(&self) -> bool {
        self.root.is_over()
    }

    /// Takes in what an event has changed.
    pub(super) fn watch(&mut self, world: &World, change: &Change) {
        if matches!(self.root, Root::None) {
            return;
        }
        for effect in &change.effects {
            self.root.watch(world, effect);
            match *effect {
                Effect::Born(task) | Effect::Found(task) => self.born(world, task),
                Effect::Released { task, .. } | Effect::Vanished(task) => {
                    self.tasks.remove(&task);
                }
                _ => {}
            }
        }
    }

    /// The processes that have not ended, ascending by level-0 number.
    pub(super) fn running(&self, world: &World) -> Vec<TaskId> {
        let runs = |&task: &TaskId| {
            world.task(task).is_leader() && world.task(task).state == TaskState::Running
        };
        let mut running: Vec<TaskId> = self.tasks.iter().copied().filter(runs).collect();
        running.sort_unstable_by_key(|&task| world.task(task).tid);
        running
    }

    /// A task was made: the command's own, or by one of its descendants.
    fn born(&mut self, world: &World, id: TaskId) {
        let creator = world.task(id).creator;
        let descends = creator.is_some_and(|creator| self.tasks.contains(&creator));
        if descends || self.root.task() == Some(id) {
            self.tasks.insert(id);
        }
    }
}
