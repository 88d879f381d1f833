//! Zombies, by who lets them stand.

use std::collections::HashMap;

use super::super::facts::{Identity, Named, Space};
use super::super::top::Top;
use super::{EXAMPLES, SigChld, process};
use crate::model::{NsId, PidId, TaskId, TaskState, World};

/// Parents that are named.
const PARENTS: usize = 64;
/// Zombies that are named which their parent cannot reap.
const KEPT: usize = 64;
/// Zombies that stand since another time than their exit, at most.
const STANDS: usize = 1 << 16;

/// `TASK_STOPPED` and `TASK_TRACED` (include/linux/sched.h).
const STOPPED: u32 = 0x4 | 0x8;

/// Zombies, by who lets them stand.
#[derive(Clone, Debug, Default)]
pub struct Zombies {
    /// How many stand at the end and can be reaped.
    pub left: u64,
    /// Of these, those that stand longer than an end may be told late.
    pub left_surely: u64,
    /// Who lets them stand, the longest time in all first.
    pub parents: Vec<Neglect>,
    /// Parents that are not in the list.
    pub more: u64,
    /// Those that stand through no fault of their parent's, oldest first.
    pub kept: Vec<Kept>,
    /// Those that are not in the list.
    pub kept_more: u64,
    /// The one that stood longest, whoever let it.
    pub longest: Option<Standing>,
}

/// A parent, and the zombies that it let stand.
#[derive(Clone, Debug, Default)]
pub struct Neglect {
    /// Its process; `None` if unknown.
    pub parent: Option<Named>,
    /// Its identity, as far as known.
    pub identity: Identity,
    /// Zombies that stand at the end.
    pub left: u64,
    /// How long these stand in all, ns.
    pub left_ns: u64,
    /// Zombies that it reaped, or left to another parent.
    pub late: u64,
    /// How long these stood in all, ns.
    pub late_ns: u64,
    /// How much more that may be: small ones are forgotten where there are too many.
    pub error: u64,
    /// How long one stood at most, ns.
    pub longest: u64,
    /// Some of those that stand, the oldest first of all.
    pub examples: Vec<Named>,
    /// The PID namespace whose init it is.
    pub init_of: Option<Space>,
    /// A thread of it was stopped when last read.
    pub stopped: bool,
    /// A thread of it is traced, by this process.
    pub traced_by: Option<Named>,
    /// The tables know only its number.
    pub unknown: bool,
    /// What it does with SIGCHLD; `None` where nobody asked.
    pub sigchld: Option<SigChld>,
}

impl Neglect {
    /// How long its zombies stood in all, ns.
    pub fn total(&self) -> u64 {
        self.left_ns.saturating_add(self.late_ns)
    }
}

/// A zombie that its parent cannot reap.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The zombie.
    pub zombie: Named,
    /// Its parent.
    pub parent: Option<Named>,
    /// How long it stands, ns; 0 if unknown.
    pub age: u64,
    /// What keeps it.
    pub why: Why,
}

/// What keeps a zombie from its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Other threads of it live, so many (`delay_group_leader`).
    Threads(u64),
    /// It is a PID namespace's init, and so many other numbers are in use in that
    /// (`zap_pid_ns_processes` waits for them).
    Namespace(Space, u64),
    /// A tracer that is not its parent has to wait for it first.
    Tracer(Named),
}

/// How long one zombie stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The zombie.
    pub zombie: Named,
    /// Its last parent.
    pub parent: Option<Named>,
    /// How long, ns.
    pub age: u64,
    /// It was reaped.
    pub reaped: bool,
}

/// Since when a zombie stands.
#[derive(Clone, Copy, Debug)]
struct Stand {
    /// Since when it could be reaped; 0 if unknown.
    start: u64,
    /// Since when it is up to its present parent.
    since: u64,
}

/// Zombies as they go.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Those that stand since another time than their exit.
    stands: HashMap<TaskId, Stand>,
    late: Top<Identity, Named>,
    longest: Option<Standing>,
}

impl Watch {
    /// A zombie that was already there: it stands since now at the latest.
    pub(super) fn found(&mut self, world: &World, id: TaskId, ts: u64) {
        if is_zombie(world, id) && world.exited_at(id) == 0 {
            self.stand(id, Stand { start: ts, since: ts });
        }
    }

    /// A task is released. The last thread of a dead leader leaves that one to its parent.
    pub(super) fn released(&mut self, world: &World, id: TaskId, ts: u64, sure: bool) {
        let leader = world.leader(id);
        if leader != id {
            if is_zombie(world, leader) && world.threads(leader).len() == 1 {
                self.stand(leader, Stand { start: ts, since: ts });
            }
            self.forget(id);
            return;
        }
        let stand = self.stand_of(world, id);
        self.forget(id);
        if stand.start == 0 || !sure || !world.task(id).is_leader() {
            return;
        }
        self.charge(world, (id, parent_of(world, id)), ts.saturating_sub(stand.since));
        self.oldest(world, id, ts.saturating_sub(stand.start), true);
    }

    /// The number of a member of a dying namespace is free: its init may be the last one now.
    pub(super) fn freed(&mut self, world: &World, pid: PidId, ts: u64) {
        for &(ns, _) in world.numbers(pid).iter().skip(1) {
            let init = ns.and_then(|ns| world.ns(ns).pid.as_ref());
            let init = init.filter(|it| it.members == 1).and_then(|it| it.init);
            let Some(task) = init.and_then(|init| world.live_holder(init)) else { continue };
            let leader = world.leader(task);
            if is_zombie(world, leader) {
                self.stand(leader, Stand { start: ts, since: ts });
            }
        }
    }

    /// A zombie that was up to somebody is from now on up to its (new) parent.
    pub(super) fn handed_on(&mut self, world: &World, id: TaskId, from: Option<TaskId>, ts: u64) {
        if !is_zombie(world, id) || world.threads(id).len() > 1 {
            return;
        }
        let stand = self.stand_of(world, id);
        let stays = from.is_some_and(|from| parent_of(world, id) == Some(world.leader(from)));
        if stand.start == 0 || stays {
            return;
        }
        self.charge(world, (id, from), ts.saturating_sub(stand.since));
        self.stand(id, Stand { since: ts, ..stand });
    }

    /// It is gone.
    pub(super) fn forget(&mut self, id: TaskId) {
        if !self.stands.is_empty() {
            self.stands.remove(&id);
        }
    }

    fn stand(&mut self, id: TaskId, stand: Stand) {
        if self.stands.len() < STANDS || self.stands.contains_key(&id) {
            self.stands.insert(id, stand);
        }
    }

    fn stand_of(&self, world: &World, id: TaskId) -> Stand {
        let known = if self.stands.is_empty() { None } else { self.stands.get(&id).copied() };
        let exited = world.exited_at(id);
        known.unwrap_or(Stand { start: exited, since: exited })
    }

    fn charge(&mut self, world: &World, (id, keeper): (TaskId, Option<TaskId>), ns: u64) {
        let keeper = keeper.map(|keeper| world.leader(keeper)).filter(|&it| world.tid(it) != 0);
        let named = keeper.and_then(|it| Named::of(world, it));
        if let Some(named) = named.or_else(|| Named::parent(world, id)) {
            let identity = identity(world, keeper, &named);
            self.late.add(identity, ns, named);
        }
    }

    fn oldest(&mut self, world: &World, id: TaskId, age: u64, reaped: bool) {
        if self.longest.is_none_or(|it| it.age < age)
            && let Some(zombie) = Named::of(world, id)
        {
            let parent = Named::parent(world, id);
            self.longest = Some(Standing { zombie, parent, age, reaped });
        }
    }

    /// What stands now, and what stood.
    pub(super) fn finish(mut self, world: &World, now: u64) -> Zombies {
        let mut found = Zombies::default();
        let mut parents: HashMap<Identity, Neglect> = HashMap::new();
        for id in world.tasks().filter(|&id| is_zombie(world, id)) {
            let stand = self.stand_of(world, id);
            let age = |since: u64| if since == 0 { 0 } else { now.saturating_sub(since) };
            let parent = Named::parent(world, id);
            let why = why(world, id);
            if let (Some(why), Some(zombie)) = (why, Named::of(world, id)) {
                found.kept.push(Kept { zombie, parent, age: age(stand.since), why });
            }
            if matches!(why, Some(Why::Threads(_) | Why::Namespace(..))) {
                continue; // it is no zombie that anybody could reap
            }
            let stood = age(stand.start);
            self.oldest(world, id, stood, false);
            found.left += 1;
            found.left_surely += u64::from(stood > super::LAG);
            if why.is_none() {
                left(&mut parents, world, id, age(stand.since));
            }
        }
        found.kept.sort_by_key(|it| std::cmp::Reverse(it.age));
        found.kept_more = found.kept.len().saturating_sub(KEPT) as u64;
        found.kept.truncate(KEPT);
        self.join(&mut found, parents);
        found.longest = self.longest;
        found
    }

    /// Joins what stands with what stood.
    fn join(&self, found: &mut Zombies, mut parents: HashMap<Identity, Neglect>) {
        for (identity, late) in self.late.iter() {
            let new = Neglect { parent: Some(late.label), identity, ..Neglect::default() };
            let parent = parents.entry(identity).or_insert(new);
            (parent.late, parent.late_ns, parent.error) = (late.count, late.weight, late.error);
            parent.longest = parent.longest.max(late.longest);
        }
        let mut all: Vec<Neglect> = parents.into_values().collect();
        all.sort_by_key(|it| (std::cmp::Reverse((it.total(), it.left)), it.identity));
        found.more = all.len().saturating_sub(PARENTS) as u64;
        all.truncate(PARENTS);
        found.parents = all;
    }
}

/// A dead leader that is not released.
fn is_zombie(world: &World, id: TaskId) -> bool {
    world.state_of(id) == TaskState::Zombie && world.tid(id) == world.tgid(id)
}

/// The real parent's leader, if the tables have it.
fn parent_of(world: &World, id: TaskId) -> Option<TaskId> {
    world.parent(id).map(|it| world.leader(it)).filter(|&it| world.tgid(it) == world.ppid(id))
}

fn identity(world: &World, keeper: Option<TaskId>, named: &Named) -> Identity {
    keeper.map_or(Identity { tid: named.tgid, birth: 0 }, |it| Identity::of(world, it))
}

/// The PID namespace whose init a task's process is.
fn init_of(world: &World, leader: TaskId) -> Option<NsId> {
    let own = world.pid_of(leader)?;
    let ns = world.deepest(own)?;
    (world.ns(ns).pid.as_ref()?.init == Some(own)).then_some(ns)
}

/// What keeps a zombie from its parent, if something does.
fn why(world: &World, id: TaskId) -> Option<Why> {
    let threads = world.threads(id).len();
    if threads > 1 {
        return Some(Why::Threads(threads as u64 - 1));
    }
    if let Some(ns) = init_of(world, id) {
        let members = world.ns(ns).pid.as_ref().map_or(0, |pid| pid.members);
        if members > 1 {
            return Some(Why::Namespace(Space::of(world, ns), u64::from(members) - 1));
        }
    }
    let tracer = world.tracer(id)?;
    let parent = parent_of(world, id);
    if parent.is_some_and(|parent| world.same_process(parent, tracer)) {
        return None;
    }
    process(world, tracer).map(Why::Tracer)
}

/// A zombie that its parent does not reap.
fn left(parents: &mut HashMap<Identity, Neglect>, world: &World, id: TaskId, age: u64) {
    let parent = parent_of(world, id);
    let named = Named::parent(world, id);
    let key = named.map_or(Identity::default(), |named| identity(world, parent, &named));
    let neglect = parents.entry(key).or_insert_with(|| {
        let mut new = Neglect { parent: named, identity: key, ..Neglect::default() };
        describe(&mut new, world, parent);
        new
    });
    neglect.left += 1;
    neglect.left_ns = neglect.left_ns.saturating_add(age);
    let Some(zombie) = Named::of(world, id) else { return };
    if age > neglect.longest {
        neglect.longest = age;
        neglect.examples.insert(0, zombie);
        neglect.examples.truncate(EXAMPLES);
    } else if neglect.examples.len() < EXAMPLES {
        neglect.examples.push(zombie);
    }
}

/// What the tables tell of a parent that explains why it does not reap.
fn describe(neglect: &mut Neglect, world: &World, parent: Option<TaskId>) {
    let Some(parent) = parent else {
        neglect.unknown = true;
        return;
    };
    neglect.init_of = init_of(world, parent).map(|ns| Space::of(world, ns));
    for &thread in &world.threads(parent) {
        neglect.stopped |= world.task(thread).run_state & STOPPED != 0;
        let tracer = world.tracer(thread).and_then(|tracer| process(world, tracer));
        neglect.traced_by = neglect.traced_by.or(tracer);
    }
}
