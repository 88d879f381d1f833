//! One fact at a time, cheaply: what checks ask of the tables.

use super::row::{Flag, Look, Row};
use super::{Certainty, NsId, PidId, PidState, TaskId, TaskState, World};

impl World {
    /// How far a task has come; freed if it has left the history.
    #[inline]
    pub fn state_of(&self, task: TaskId) -> TaskState {
        self.row(task).state()
    }

    /// How a task is known.
    #[inline]
    pub fn certainty_of(&self, task: TaskId) -> Certainty {
        self.row(task).certainty()
    }

    /// Level-0 number of a task; 0 if it has left the history.
    #[inline]
    pub fn tid(&self, task: TaskId) -> i32 {
        self.row(task).tid
    }

    /// Whether a task has exited and may have been freed unseen: no hook tells its release, and now
    /// and then the tracepoint of the freeing does not run, with no loss told.
    pub fn may_be_freed(&self, task: TaskId) -> bool {
        !self.config.sees.release && !self.runs(task)
    }

    /// The key of a task; 0 if unknown.
    #[inline]
    pub fn key_of(&self, task: TaskId) -> u64 {
        self.row(task).key.get()
    }

    /// `start_boottime` of a task now, ns since boot.
    #[inline]
    pub fn start_of(&self, task: TaskId) -> u64 {
        self.row(task).start.get()
    }

    /// The name of a task.
    #[inline]
    pub fn comm_of(&self, task: TaskId) -> [u8; 16] {
        self.comm(self.row(task))
    }

    /// `exit_signal` of a task; -1 for a thread that leads no group.
    #[inline]
    pub fn exit_signal_of(&self, task: TaskId) -> i32 {
        self.look_of(task).exit_signal
    }

    /// `PF_*` flags of a task, as last read.
    #[inline]
    pub fn flags_of(&self, task: TaskId) -> u32 {
        self.look_of(task).flags
    }

    /// [`bits`](crate::event::bits) of a task, as last read.
    #[inline]
    pub fn bits_of(&self, task: TaskId) -> u32 {
        self.look_of(task).bits
    }

    /// uid and gid of a task in the initial user namespace, where known.
    #[inline]
    pub fn ids_of(&self, task: TaskId) -> (Option<u32>, Option<u32>) {
        let look = self.look_of(task);
        (look.uid, look.gid)
    }

    /// `CLONE_*` flags at a task's birth; 0 if unknown.
    #[inline]
    pub fn clone_flags_of(&self, task: TaskId) -> u64 {
        self.look_of(task).clone_flags
    }

    /// When a task exited, ns since boot; 0 if it has not, or that was not seen.
    #[inline]
    pub fn exited_at(&self, task: TaskId) -> u64 {
        self.cold(task).map_or(0, |cold| cold.exited)
    }

    /// Whether a task has children (of any thread of its process only if it is asked of that one).
    #[inline]
    pub fn has_children(&self, task: TaskId) -> bool {
        self.first_child(task).is_some()
    }

    /// The key of a pid; 0 if unknown.
    #[inline]
    pub fn key_of_pid(&self, pid: PidId) -> u64 {
        self.pid_row(pid).key.get()
    }

    /// How far a pid has come; freed if it has left the history.
    #[inline]
    pub fn state_of_pid(&self, pid: PidId) -> PidState {
        self.pid_row(pid).state()
    }

    /// Level-0 number of a pid.
    #[inline]
    pub fn nr(&self, pid: PidId) -> i32 {
        self.pid_row(pid).nr
    }

    /// How many tasks are not released; a walk over all.
    pub fn live_tasks(&self) -> usize {
        self.tasks.iter().filter(|(_, row)| row.is_live()).count()
    }

    /// Whether a task's real parent was inferred by the kernel's rules, and not read since; threads
    /// share their leader's.
    #[inline]
    pub fn is_parent_inferred(&self, task: TaskId) -> bool {
        let inferred = |task| self.row(task).is(Flag::ParentInferred);
        inferred(task) || inferred(self.leader(task))
    }

    /// When a pid was allocated, ns since boot; 0 if before the trace, or unseen.
    #[inline]
    pub fn allocated_at(&self, pid: PidId) -> u64 {
        self.pid_row(pid).allocated.get()
    }

    /// When a task was born by its own clock, ns since boot: unlike [`World::start_of`] no exec
    /// changes it.
    #[inline]
    pub fn born_at(&self, task: TaskId) -> u64 {
        self.birth(task)
    }

    /// The key of a PID namespace; 0 for other kinds, or if it has left the history.
    #[inline]
    pub fn key_of_ns(&self, ns: NsId) -> u64 {
        self.ns(ns).pid.as_ref().map_or(0, |space| space.key.0)
    }

    /// The PID namespace at a key, if it is not destroyed.
    #[inline]
    pub fn ns_at(&self, key: u64) -> Option<NsId> {
        if key == 0 {
            return self.index.spaces.get(&key).copied();
        }
        self.index.found.spaces.get(key, || self.index.spaces.get(&key).copied())
    }

    /// The inode numbers of the namespaces a task is in, in the order of the kinds; 0 where
    /// unknown.
    #[inline]
    pub fn inums_of(&self, task: TaskId) -> [u32; 8] {
        self.proxies.get(self.ns_set(task)).map_or([0; 8], |proxy| proxy.inums)
    }

    /// Inode number of the time namespace of a task's children; 0 if unknown.
    #[inline]
    pub fn time_for_children_of(&self, task: TaskId) -> u32 {
        self.look_of(task).time_for_children
    }

    /// Whether a task has called exec before our eyes.
    #[inline]
    pub fn has_execed(&self, task: TaskId) -> bool {
        self.exec(self.row(task)) != 0
    }

    /// Whether a sweep runs.
    #[inline]
    pub fn is_sweeping(&self) -> bool {
        self.sweep.generation.is_some()
    }

    /// Whether a task's end was concluded, and not seen.
    #[inline]
    pub fn has_vanished(&self, task: TaskId) -> bool {
        self.row(task).is(Flag::Vanished)
    }

    /// When a task last called exec, ns since boot; 0 if that was not seen.
    #[inline]
    pub fn exec_of(&self, task: TaskId) -> u64 {
        self.exec(self.row(task))
    }
}

/// How tasks end, and their families.
impl World {
    /// When a hook saw a task's release, ns since boot; 0 if none did.
    #[inline]
    pub fn released_at(&self, task: TaskId) -> u64 {
        self.cold(task).map_or(0, |cold| cold.released)
    }

    /// Exit code of a task in wait(2)'s form, once it has exited.
    #[inline]
    pub fn exit_code_of(&self, task: TaskId) -> i32 {
        self.cold(task).map_or(0, |cold| cold.exit_code)
    }

    /// Who reaped a task, where a hook saw that.
    #[inline]
    pub fn reaper_of(&self, task: TaskId) -> Option<TaskId> {
        self.cold(task)?.reaped_by
    }

    /// Whether a task shares its thread group with others, or did.
    #[inline]
    pub fn is_grouped(&self, task: TaskId) -> bool {
        self.row(task).is(Flag::Grouped)
    }

    /// The children of one thread, youngest first.
    pub fn children_of(&self, thread: TaskId) -> impl Iterator<Item = TaskId> + '_ {
        self.children_of_thread(thread)
    }

    /// Whether released tasks may have left the history: then not finding one says nothing.
    #[inline]
    pub fn has_forgotten(&self) -> bool {
        self.history.tasks.len() >= self.config.history
    }
}

/// A task of the tables that is looked up once, to be asked several things.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    world: &'a World,
    row: &'a Row,
    look: &'a Look,
}

impl World {
    /// A task, to be asked several things.
    #[inline]
    pub fn seen(&self, task: TaskId) -> Seen<'_> {
        Seen { world: self, row: self.row(task), look: self.look_of(task) }
    }
}

impl Seen<'_> {
    /// [`World::certainty_of`].
    #[inline]
    pub fn certainty(self) -> Certainty {
        self.row.certainty()
    }

    /// [`World::start_of`].
    #[inline]
    pub fn start(self) -> u64 {
        self.row.start.get()
    }

    /// [`World::comm_of`].
    #[inline]
    pub fn comm(self) -> [u8; 16] {
        self.world.comm(self.row)
    }

    /// [`World::flags_of`].
    #[inline]
    pub fn flags(self) -> u32 {
        self.look.flags
    }

    /// [`World::bits_of`].
    #[inline]
    pub fn bits(self) -> u32 {
        self.look.bits
    }

    /// [`World::ids_of`].
    #[inline]
    pub fn ids(self) -> (Option<u32>, Option<u32>) {
        (self.look.uid, self.look.gid)
    }

    /// [`World::inums_of`].
    #[inline]
    pub fn inums(self) -> [u32; 8] {
        self.world.proxies.get(self.look.ns_set).map_or([0; 8], |proxy| proxy.inums)
    }

    /// [`World::time_for_children_of`].
    #[inline]
    pub fn time_for_children(self) -> u32 {
        self.look.time_for_children
    }
}
