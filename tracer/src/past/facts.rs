//! What is kept of tasks, pids and namespaces when the tables forget them.

use std::ops::Deref;

use crate::model::{NsId, NsKind, PidId, TaskId, World};

/// A namespace, as it was when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its handle: two namespaces that had the same inode number one after the other differ in it.
    pub id: NsId,
    /// Its kind.
    pub kind: NsKind,
    /// Its inode number; 0 if unknown.
    pub inum: u32,
    /// `ns_id`; 0 where the kernel has none.
    pub ns_id: u64,
    /// A PID namespace's level.
    pub level: u32,
}

impl Space {
    /// The namespace now.
    pub fn of(world: &World, id: NsId) -> Self {
        let ns = world.ns(id);
        Self { id, kind: ns.kind, inum: ns.inum, ns_id: ns.ns_id, level: ns.level() }
    }
}

/// A number in a PID namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The namespace, where it is known.
    pub ns: Option<NsId>,
    /// Its inode number; 0 if unknown.
    pub inum: u32,
    /// The number in it.
    pub nr: i32,
}

/// A pid's numbers, level 0 first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(Box<[Number]>);

impl Numbers {
    /// The numbers of a pid now.
    pub fn of(world: &World, pid: PidId) -> Self {
        let inum = |ns: Option<NsId>| ns.map_or(0, |ns| world.ns(ns).inum);
        let pid = world.pid(pid);
        Self(pid.numbers.iter().map(|&(ns, nr)| Number { ns, inum: inum(ns), nr }).collect())
    }

    /// The numbers of a task now: the level-0 one alone where its pid is not known.
    pub fn of_task(world: &World, id: TaskId) -> Self {
        let task = world.task(id);
        match task.pid.filter(|&pid| !world.pid(pid).numbers.is_empty()) {
            Some(pid) => Self::of(world, pid),
            None if task.tid == 0 => Self::default(),
            None => {
                let ns = world.root_ns();
                let inum = ns.map_or(0, |ns| world.ns(ns).inum);
                Self(Box::new([Number { ns, inum, nr: task.tid }]))
            }
        }
    }
}

impl Deref for Numbers {
    type Target = [Number];
    fn deref(&self) -> &[Number] {
        &self.0
    }
}

/// A task's level-0 numbers and its name, as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Level-0 number.
    pub tid: i32,
    /// Level-0 number of its thread group.
    pub tgid: i32,
    /// Its name.
    pub comm: [u8; 16],
}

impl Named {
    /// A task now; `None` if the tables have forgotten it.
    pub fn of(world: &World, id: TaskId) -> Option<Self> {
        let task = world.task(id);
        let named = Self { tid: task.tid, tgid: task.tgid, comm: task.comm };
        (task.tid != 0).then_some(named)
    }

    /// A task's process now: its leader, by whose name it is known.
    pub fn process(world: &World, id: TaskId) -> Option<Self> {
        let leader = world.task(id).leader.and_then(|leader| Self::of(world, leader));
        let own = Self::of(world, id)?;
        Some(leader.filter(|leader| leader.tgid == own.tgid).unwrap_or(own))
    }

    /// A task of which only its level-0 numbers are known; `None` for 0.
    pub fn numbered(tid: i32, tgid: i32) -> Option<Self> {
        (tid > 0).then_some(Self { tid, tgid, comm: [0; 16] })
    }

    /// The real parent of a task now: its process, or its number alone.
    pub fn parent(world: &World, id: TaskId) -> Option<Self> {
        let task = world.task(id);
        let process = task.real_parent.and_then(|parent| Self::process(world, parent));
        process.filter(|it| it.tgid == task.ppid).or(Self::numbered(task.ppid, task.ppid))
    }
}

/// What identifies a task within one boot: its level-0 number and the time at its birth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Level-0 number at birth; 0 if unknown.
    pub tid: i32,
    /// `start_boottime` at birth, ns since boot; 0 if unknown.
    pub birth: u64,
}

impl Identity {
    /// A task's.
    pub fn of(world: &World, id: TaskId) -> Self {
        let task = world.task(id);
        Self { tid: task.birth_tid, birth: task.birth }
    }

    /// Both parts are known.
    pub fn known(self) -> Option<Self> {
        (self.tid != 0 && self.birth != 0).then_some(self)
    }
}
