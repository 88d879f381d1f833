//! Whom a violation is about.

use crate::model::{NsId, PidId, TaskId, World};

/// What sort of object a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A task.
    Task,
    /// A `struct pid`.
    Pid,
    /// A PID namespace.
    Namespace,
    /// The record alone: its object is not known.
    Record,
}

impl What {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Pid => "pid",
            Self::Namespace => "namespace",
            Self::Record => "record",
        }
    }
}

/// Whom a violation is about, as the tables had it at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What sort of object.
    pub what: What,
    /// Its key, by which records name it; 0 if unknown.
    pub key: u64,
    /// Key of its pid (of a task) or its task (of a pid); 0 if unknown.
    pub other: u64,
    /// The numbers of the pid, level 0 first.
    pub vector: Vec<i32>,
    /// Level-0 number of the thread group; 0 if unknown.
    pub tgid: i32,
    /// Name of the task; all NUL if unknown.
    pub comm: [u8; 16],
    /// Inode number of the namespace; 0 if it is none.
    pub inum: u32,
}

impl Subject {
    const NOBODY: Self = Self {
        what: What::Record,
        key: 0,
        other: 0,
        vector: Vec::new(),
        tgid: 0,
        comm: [0; 16],
        inum: 0,
    };

    /// A task of the tables.
    pub fn task(world: &World, id: TaskId) -> Self {
        let task = world.task(id);
        let pid = task.pid.map(|pid| world.pid(pid));
        let numbers = pid.map(|pid| pid.nrs().collect::<Vec<_>>()).filter(|all| !all.is_empty());
        Self {
            what: What::Task,
            key: task.key.0,
            other: pid.map_or(0, |pid| pid.key.0),
            vector: numbers.unwrap_or_else(|| vec![task.tid]),
            tgid: task.tgid,
            comm: task.comm,
            ..Self::NOBODY
        }
    }

    /// A task that only a record names.
    pub fn task_named(key: u64, tid: i32, tgid: i32) -> Self {
        Self { what: What::Task, key, vector: vec![tid], tgid, ..Self::NOBODY }
    }

    /// A pid of the tables.
    pub fn pid(world: &World, id: PidId) -> Self {
        let pid = world.pid(id);
        let task = pid.task.map(|task| world.task(task));
        Self {
            what: What::Pid,
            key: pid.key.0,
            other: task.as_ref().map_or(0, |task| task.key.0),
            vector: pid.nrs().collect(),
            tgid: task.as_ref().map_or(0, |task| task.tgid),
            comm: task.map_or([0; 16], |task| task.comm),
            ..Self::NOBODY
        }
    }

    /// A pid that only a record names.
    pub fn pid_named(key: u64, numbers: impl Iterator<Item = i32>) -> Self {
        Self { what: What::Pid, key, vector: numbers.collect(), ..Self::NOBODY }
    }

    /// A namespace of the tables.
    pub fn namespace(world: &World, id: NsId) -> Self {
        let ns = world.ns(id);
        let key = ns.pid.as_ref().map_or(0, |pid| pid.key.0);
        Self { what: What::Namespace, key, inum: ns.inum, ..Self::NOBODY }
    }

    /// A namespace that only a record names.
    pub fn namespace_named(key: u64, inum: u32) -> Self {
        Self { what: What::Namespace, key, inum, ..Self::NOBODY }
    }

    /// No object: the record itself.
    pub fn record() -> Self {
        Self::NOBODY
    }
}
