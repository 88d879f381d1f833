//! `diff`: what appeared, ended and changed between two states of the same tables.

use super::facts::{Identity, Named, Numbers, Space};
use crate::model::{NsFate, NsId, NsKind, PidId, TaskId, TaskState, World};

/// What differs. Tasks are in the order of their level-0 numbers, namespaces in that of their
/// kinds. What came and went in between is in none of it.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// Tasks that are there now and were not.
    pub appeared: Vec<TaskFacts>,
    /// Tasks that were there and are not.
    pub ended: Vec<Ended>,
    /// Tasks that were and are there, and differ.
    pub changed: Vec<Changed>,
    /// Namespaces that are there now and were not.
    pub new_spaces: Vec<SpaceFacts>,
    /// Namespaces that were there and are not (of other kinds than `pid`: have no tasks left).
    pub ended_spaces: Vec<SpaceFacts>,
    /// PID namespaces with another fate, and the one before.
    pub changed_spaces: Vec<(NsFate, SpaceFacts)>,
}

/// A task as it is (of one that ended: as it was).
#[derive(Clone, Debug)]
pub struct TaskFacts {
    /// Its numbers.
    pub numbers: Numbers,
    /// Level-0 number of its thread group.
    pub tgid: i32,
    /// It leads its thread group.
    pub leader: bool,
    /// Its name.
    pub comm: [u8; 16],
    /// Its identity.
    pub identity: Identity,
    /// The process of its real parent.
    pub parent: Option<Named>,
    /// It has exited, and nobody has reaped it.
    pub zombie: bool,
    /// When it was born, ns since boot; 0 if unknown.
    pub birth: u64,
    /// The PID namespace that its innermost number is in.
    pub space: Option<Space>,
}

/// A task that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it was.
    pub task: TaskFacts,
    /// Its exit code in wait(2)'s form, where its exit was seen and is still known.
    pub code: Option<i32>,
    /// When it exited; 0 if unknown.
    pub exited: u64,
    /// When it was reaped; 0 if unknown.
    pub released: u64,
    /// By whom.
    pub by: Option<Named>,
}

/// A task that differs.
#[derive(Clone, Debug)]
pub struct Changed {
    /// What it is.
    pub task: TaskFacts,
    /// In what it differs.
    pub fields: Vec<Field>,
}

/// Something about a task that differs, before and now.
#[derive(Clone, Debug)]
pub enum Field {
    /// Another number: an exec by a thread.
    Tid(Numbers, Numbers),
    /// An exec, the last one at this time.
    Exec(u64),
    /// Its name.
    Comm([u8; 16], [u8; 16]),
    /// Its real parent's process.
    Parent(Option<Named>, Option<Named>),
    /// Its process group.
    Pgrp(Numbers, Numbers),
    /// Its session.
    Session(Numbers, Numbers),
    /// Its uid in the initial user namespace.
    Uid(Option<u32>, Option<u32>),
    /// Its gid, likewise.
    Gid(Option<u32>, Option<u32>),
    /// Its namespace of a kind.
    Namespace(Option<Space>, Option<Space>),
    /// The PID namespace where its children will be born.
    ForChildren(Option<Space>, Option<Space>),
    /// Its tracer's process.
    Tracer(Option<Named>, Option<Named>),
    /// The id of its cgroup.
    Cgroup(u64, u64),
    /// It is a zombie now.
    Zombie {
        /// Since when; 0 if unknown.
        since: u64,
        /// Its exit code in wait(2)'s form.
        code: Option<i32>,
    },
}

/// A namespace as it is (of one that ended: as it was).
#[derive(Clone, Debug)]
pub struct SpaceFacts {
    /// Which.
    pub space: Space,
    /// What has become of it.
    pub fate: NsFate,
    /// Tasks in it.
    pub tasks: u32,
    /// The parent of a PID namespace.
    pub parent: Option<Space>,
    /// Who made it, where that was seen.
    pub creator: Option<Named>,
    /// When it was made; 0 if unknown.
    pub created: u64,
    /// When it ended; 0 if it has not, or that is unknown.
    pub ended: u64,
}

/// Compares the tables with a later state of themselves.
pub fn diff(before: &World, after: &World) -> Diff {
    let mut diff = Diff::default();
    for id in before.tasks() {
        if after.task(id).is_live() {
            let fields = fields(before, after, id);
            if !fields.is_empty() {
                diff.changed.push(Changed { task: TaskFacts::of(after, id), fields });
            }
        } else {
            diff.ended.push(ended(before, after, id));
        }
    }
    let new = after.tasks().filter(|&id| !before.task(id).is_live());
    diff.appeared = new.map(|id| TaskFacts::of(after, id)).collect();
    spaces(before, after, &mut diff);
    diff
}

fn spaces(before: &World, after: &World, diff: &mut Diff) {
    for id in before.namespaces() {
        let (was, is) = (before.ns(id), after.ns(id));
        if !is.exists() {
            let ended = SpaceFacts { ended: is.ended, fate: is.fate, ..SpaceFacts::of(before, id) };
            diff.ended_spaces.push(ended);
        } else if was.fate != is.fate {
            diff.changed_spaces.push((was.fate, SpaceFacts::of(after, id)));
        }
    }
    let new = after.namespaces().filter(|&id| !before.ns(id).exists());
    diff.new_spaces = new.map(|id| SpaceFacts::of(after, id)).collect();
}

impl TaskFacts {
    /// A task now.
    fn of(world: &World, id: TaskId) -> Self {
        let task = world.task(id);
        let space = world.task_active_pid_ns(id);
        Self {
            numbers: Numbers::of_task(world, id),
            tgid: task.tgid,
            leader: task.is_leader(),
            comm: task.comm,
            identity: Identity::of(world, id),
            parent: Named::parent(world, id),
            zombie: task.state == TaskState::Zombie,
            birth: task.birth,
            space: space.map(|ns| Space::of(world, ns)),
        }
    }
}

impl SpaceFacts {
    /// A namespace now.
    fn of(world: &World, id: NsId) -> Self {
        let ns = world.ns(id);
        Self {
            space: Space::of(world, id),
            fate: ns.fate,
            tasks: ns.tasks,
            parent: ns.pid.as_ref().and_then(|pid| pid.parent).map(|it| Space::of(world, it)),
            creator: ns.creator.and_then(|by| Named::of(world, by)),
            created: ns.created,
            ended: ns.ended,
        }
    }
}

fn ended(before: &World, after: &World, id: TaskId) -> Ended {
    let task = after.task(id);
    Ended {
        task: TaskFacts::of(before, id),
        code: (task.exited != 0).then_some(task.exit_code),
        exited: task.exited,
        released: task.released,
        by: task.reaped_by.and_then(|by| Named::of(after, by)),
    }
}

/// In what a task that lives in both differs.
fn fields(before: &World, after: &World, id: TaskId) -> Vec<Field> {
    let (was, is) = (before.task(id), after.task(id));
    let mut fields = Vec::new();
    let numbers = (Numbers::of_task(before, id), Numbers::of_task(after, id));
    if numbers.0 != numbers.1 {
        fields.push(Field::Tid(numbers.0, numbers.1));
    }
    if was.exec != is.exec {
        fields.push(Field::Exec(is.exec));
    }
    if was.comm != is.comm {
        fields.push(Field::Comm(was.comm, is.comm));
    }
    if was.ppid != is.ppid {
        fields.push(Field::Parent(Named::parent(before, id), Named::parent(after, id)));
    }
    if is.is_leader() {
        let groups = |world: &World, pid: Option<PidId>| {
            pid.map(|pid| Numbers::of(world, pid)).unwrap_or_default()
        };
        let (old, new) = (before.task_pgrp(id), after.task_pgrp(id));
        if old != new {
            fields.push(Field::Pgrp(groups(before, old), groups(after, new)));
        }
        let (old, new) = (before.task_session(id), after.task_session(id));
        if old != new {
            fields.push(Field::Session(groups(before, old), groups(after, new)));
        }
    }
    if was.uid != is.uid {
        fields.push(Field::Uid(was.uid, is.uid));
    }
    if was.gid != is.gid {
        fields.push(Field::Gid(was.gid, is.gid));
    }
    places(before, after, id, &mut fields);
    if was.tracer != is.tracer {
        let named = |world, tracer: Option<TaskId>| tracer.and_then(|it| Named::process(world, it));
        fields.push(Field::Tracer(named(before, was.tracer), named(after, is.tracer)));
    }
    if was.cgroup != is.cgroup {
        fields.push(Field::Cgroup(was.cgroup, is.cgroup));
    }
    if was.state != is.state && is.state == TaskState::Zombie {
        let code = (is.exited != 0).then_some(is.exit_code);
        fields.push(Field::Zombie { since: is.exited, code });
    }
    fields
}

/// In which namespaces a task differs.
fn places(before: &World, after: &World, id: TaskId, fields: &mut Vec<Field>) {
    let space = |world: &World, ns: Option<NsId>| ns.map(|ns| Space::of(world, ns));
    let (was, is) = (before.namespaces_of(id), after.namespaces_of(id));
    for ((kind, old), new) in NsKind::ALL.into_iter().zip(was).zip(is) {
        // the innermost PID namespace of a task never changes
        if old != new && kind != NsKind::Pid {
            fields.push(Field::Namespace(space(before, old), space(after, new)));
        }
    }
    let (old, new) = (before.task(id).for_children, after.task(id).for_children);
    if old != new {
        fields.push(Field::ForChildren(space(before, old), space(after, new)));
    }
}
