//! A task as a record reads it, next to what the tables know of it.

use crate::{
    check::Subject,
    event::{TaskFacts, Upid},
    model::{Certainty, TaskId, World},
};

/// A task as a record reads it.
#[derive(Clone, Copy)]
pub(in crate::check) struct Reading<'a> {
    /// What the record says.
    pub(in crate::check) facts: &'a TaskFacts,
    /// Its numbers, level 0 first.
    pub(in crate::check) vector: &'a [Upid],
    /// The unreleased task of the tables at its key.
    pub(in crate::check) known: Option<TaskId>,
    /// It is read at its birth.
    pub(in crate::check) born: bool,
}

impl<'a> Reading<'a> {
    /// Puts both side by side.
    #[inline]
    pub(in crate::check) fn new(
        world: &World,
        facts: &'a TaskFacts,
        vector: &'a [Upid],
        born: bool,
    ) -> Self {
        let stays = |&id: &TaskId| world.lives(id) && !(born && world.may_be_freed(id));
        let known = world.at_key(facts.task).filter(stays);
        Self { facts, vector, known, born }
    }

    /// The task of the tables, where a hook or the iterator has read it before.
    #[inline]
    pub(in crate::check) fn read_before(&self, world: &World) -> Option<TaskId> {
        self.known.filter(|&id| is_read(world, id))
    }

    /// It leads its group.
    #[inline]
    pub(in crate::check) fn leads(&self) -> bool {
        self.facts.tid == self.facts.tgid
    }

    /// Whose exit would explain that its numbers are mixed up: that of its leader, whose number
    /// another thread takes by an exec.
    pub(in crate::check) fn swap(&self, world: &World) -> [Option<TaskId>; 2] {
        if self.born {
            return [None; 2];
        }
        let member = self.known.or_else(|| world.find_task(self.facts.tgid));
        [member.and_then(|member| leader_of_many(world, member)), None]
    }

    /// The subject of a finding.
    pub(in crate::check) fn subject(&self, world: &World) -> Subject {
        match self.known {
            Some(id) => Subject::task(world, id),
            None => Subject::task_named(self.facts.task, self.facts.tid, self.facts.tgid),
        }
    }
}

/// A hook or the iterator has read this task.
#[inline]
pub(in crate::check) fn is_read(world: &World, id: TaskId) -> bool {
    matches!(world.certainty_of(id), Certainty::Observed | Certainty::Snapshot)
}

/// The leader of a task that shares its group with others.
pub(in crate::check) fn leader_of_many(world: &World, member: TaskId) -> Option<TaskId> {
    (world.threads(member).len() > 1).then(|| world.leader(member))
}

/// The unreleased task at a key.
#[inline]
pub(in crate::check) fn live(world: &World, key: u64) -> Option<TaskId> {
    world.at_key(key).filter(|&id| world.lives(id))
}

/// Whether two names are the same: what follows the NUL may be what stood there before.
#[inline]
pub(in crate::check) fn same_comm(left: &[u8; 16], right: &[u8; 16]) -> bool {
    left == right || {
        let end = |comm: &[u8; 16]| comm.iter().position(|&byte| byte == 0).unwrap_or(16);
        left.get(..end(left)) == right.get(..end(right))
    }
}
