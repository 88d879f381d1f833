//! The traced command's process and its descendants, by who created whom: a later parent does not
//! matter.

use std::collections::HashSet;

use tracer::model::{Change, Effect, TaskId, TaskState, World};

/// The traced command's process and its descendants.
#[derive(Clone, Debug, Default)]
pub(super) struct Subtree {
    root: Root,
    /// Its tasks that are not yet reaped.
    tasks: HashSet<TaskId>,
}

/// The traced command's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Root {
    /// There is no command, or none yet.
    #[default]
    None,
    /// Its birth has not come yet; the level-0 number it has.
    Awaited(i32),
    /// It lives, or was not yet reaped: its number, and the task that has it.
    Alive(i32, TaskId),
    /// It has been reaped.
    Released,
}

impl Subtree {
    /// The number that the command was started with.
    pub(super) fn expect(&mut self, pid: i32) {
        self.root = Root::Awaited(pid);
    }

    /// Whether the command's process is reaped, as far as the events say.
    #[cfg(feature = "kernel")]
    pub(super) fn is_over(&self) -> bool {
        self.root == Root::Released
    }

    /// Takes in what an event has changed.
    pub(super) fn watch(&mut self, world: &World, change: &Change) {
        if matches!(self.root, Root::None) {
            return;
        }
        for effect in &change.effects {
            match *effect {
                Effect::Born(task) | Effect::Found(task) => self.born(world, task),
                Effect::TidChanged { task, .. } => self.swapped(world, task),
                Effect::Released { task, .. } | Effect::Vanished(task) => self.released(task),
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
        let task = world.task(id);
        if let Root::Awaited(pid) = self.root
            && task.tid == pid
        {
            self.root = Root::Alive(pid, id);
            self.tasks.insert(id);
        } else if task.creator.is_some_and(|creator| self.tasks.contains(&creator)) {
            self.tasks.insert(id);
        }
    }

    /// An exec by a thread: another task has the command's number now.
    fn swapped(&mut self, world: &World, id: TaskId) {
        if let Root::Alive(pid, _) = self.root
            && world.task(id).tid == pid
            && self.tasks.contains(&id)
        {
            self.root = Root::Alive(pid, id);
        }
    }

    /// A task was reaped.
    fn released(&mut self, id: TaskId) {
        self.tasks.remove(&id);
        if matches!(self.root, Root::Alive(_, root) if root == id) {
            self.root = Root::Released;
        }
    }
}
