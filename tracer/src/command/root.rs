//! The traced command's process, as the events tell of it.

use tracer::model::{Effect, TaskId, World};

/// The traced command's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Root {
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

impl Root {
    /// The task that is the command's process.
    pub(super) fn task(self) -> Option<TaskId> {
        match self {
            Self::Alive(_, task) => Some(task),
            _ => None,
        }
    }

    /// Whether it is reaped, as far as the events say.
    #[cfg(feature = "kernel")]
    pub(super) fn is_over(self) -> bool {
        self == Self::Released
    }

    /// Takes in a change of the tables.
    pub(super) fn watch(&mut self, world: &World, effect: &Effect) {
        *self = match (*self, effect) {
            // Born, found, or after an exec by a thread: another task has the number now.
            (Self::Awaited(pid), &(Effect::Born(task) | Effect::Found(task)))
            | (Self::Alive(pid, _), &Effect::TidChanged { task, .. })
                if world.task(task).tid == pid =>
            {
                Self::Alive(pid, task)
            }
            (Self::Alive(_, root), &(Effect::Released { task, .. } | Effect::Vanished(task)))
                if task == root =>
            {
                Self::Released
            }
            (same, _) => same,
        };
    }
}
