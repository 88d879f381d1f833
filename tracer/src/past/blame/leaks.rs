//! Namespaces that were made under our eyes and are still there, and what keeps them.

use std::collections::HashMap;

use super::super::facts::{Named, Space};
use super::{EXAMPLES, LAG, Sees, exemplify, process};
use crate::model::{NsFate, NsId, NsKind, PidId, TaskId, World};

/// Namespaces that are named.
const LISTED: usize = 64;
/// Namespaces that were let go of and are remembered for that.
const REMEMBERED: usize = 4096;

/// Namespaces that were made under our eyes and are still there.
#[derive(Clone, Debug, Default)]
pub struct Leaks {
    /// They, oldest first.
    pub list: Vec<Leak>,
    /// How many are not in the list.
    pub more: u64,
    /// How many certainly are there, those that are not in the list among them.
    pub sure: u64,
}

/// A namespace that is still there.
#[derive(Clone, Debug)]
pub struct Leak {
    /// Which.
    pub space: Space,
    /// When it was made, ns since boot.
    pub created: u64,
    /// Who made it, where that was seen.
    pub creator: Option<Named>,
    /// What keeps it.
    pub holders: Vec<Holder>,
    /// It certainly is there: no end of it was merely not seen.
    pub sure: bool,
    /// What kept it let go of it only just now: the kernel may free it yet.
    pub settling: bool,
}

/// Something that keeps a namespace.
#[derive(Clone, Debug)]
pub struct Holder {
    /// What.
    pub by: Hold,
    /// How many; 0 where that is unknown.
    pub count: u64,
    /// Some of the processes.
    pub who: Vec<Named>,
    /// Some of the namespaces.
    pub spaces: Vec<Space>,
}

/// What keeps a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hold {
    /// A PID namespace's init runs.
    Init,
    /// Tasks are in it that run.
    Tasks,
    /// Zombies are in it whose parent, outside, does not reap them.
    Zombies,
    /// Numbers of it are in use by groups or sessions.
    Groups,
    /// Tasks outside will put their children there.
    Awaited,
    /// Namespaces below it.
    Children,
    /// Nothing that is known: a file descriptor, a bind mount, or a mount of /proc.
    Handle,
}

impl Hold {
    /// A name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Tasks => "tasks",
            Self::Zombies => "zombies",
            Self::Groups => "groups",
            Self::Awaited => "awaited",
            Self::Children => "namespaces",
            Self::Handle => "handle",
        }
    }
}

/// What was found to keep each namespace.
type Found = HashMap<NsId, Vec<Holder>>;

/// When things let go of PID namespaces otherwise than by freeing a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    at: HashMap<NsId, u64>,
}

impl Watch {
    /// A task has exited: nothing of it will be born anywhere.
    pub(super) fn exited(&mut self, world: &World, task: TaskId, ts: u64) {
        let ns = world.for_children(task);
        if let Some(ns) = ns.filter(|&ns| Some(ns) != world.task_active_pid_ns(task)) {
            self.let_go(world, ns, ts);
        }
    }

    /// A namespace is gone, which let go of its parent.
    pub(super) fn destroyed(&mut self, world: &World, ns: NsId, ts: u64) {
        self.at.remove(&ns);
        if let Some(parent) = world.ns(ns).pid.as_ref().and_then(|pid| pid.parent) {
            self.let_go(world, parent, ts);
        }
    }

    /// Something has let go of a namespace.
    pub(super) fn let_go(&mut self, world: &World, ns: NsId, ts: u64) {
        if world.ns(ns).created == 0 || world.ns(ns).pid.is_none() {
            return;
        }
        if self.at.len() >= REMEMBERED {
            self.at.retain(|_, at| ts.saturating_sub(*at) < LAG);
        }
        if self.at.len() < REMEMBERED {
            self.at.insert(ns, ts);
        }
    }

    /// Whether something let go of a namespace so lately that the kernel may free it yet.
    fn settles(&self, world: &World, ns: NsId, now: u64) -> bool {
        let told = self.at.get(&ns).copied().unwrap_or(0);
        let last = world.ns(ns).ended.max(told);
        last != 0 && now.saturating_sub(last) < LAG
    }
}

pub(super) fn find(world: &World, now: u64, sees: Sees, watch: &Watch) -> Leaks {
    let made = |&id: &NsId| world.ns(id).created != 0;
    let mut found: Found = world.namespaces().filter(made).map(|id| (id, Vec::new())).collect();
    if found.is_empty() {
        return Leaks::default();
    }
    tasks(world, &mut found);
    numbers(world, &mut found);
    for id in world.namespaces() {
        if let Some(parent) = world.ns(id).pid.as_ref().and_then(|pid| pid.parent) {
            note(&mut found, parent, Hold::Children, None, Some(Space::of(world, id)));
        }
    }
    let mut leaks = Leaks::default();
    // The deepest ones first: one that only namespaces below it keep is as they are.
    let order: Vec<NsId> = world.namespaces().collect();
    let mut below: HashMap<NsId, (bool, bool)> = HashMap::new();
    for id in order.into_iter().rev() {
        let Some(mut holders) = found.remove(&id) else { continue };
        let ns = world.ns(id);
        if holders.is_empty() && ns.pid.is_none() {
            continue; // its tasks have let go of it, though they are not reaped
        }
        if holders.is_empty() {
            holders.push(Holder {
                by: Hold::Handle,
                count: 0,
                who: Vec::new(),
                spaces: Vec::new(),
            });
        }
        holders.sort_by_key(|it| it.by);
        let (any_sure, any_stays) = below.get(&id).copied().unwrap_or_default();
        let held =
            |it: &Holder| if it.by == Hold::Children { any_sure } else { is_sure(it.by, sees) };
        let stays = |it: &Holder| match it.by {
            Hold::Children => any_stays,
            by => by != Hold::Handle || !watch.settles(world, id, now),
        };
        let settling = !holders.iter().any(stays);
        let sure = super::is_certain(world) && !settling && holders.iter().any(held);
        if let Some(parent) = ns.pid.as_ref().and_then(|pid| pid.parent) {
            let above = below.entry(parent).or_default();
            *above = (above.0 || sure, above.1 || !settling);
        }
        leaks.sure += u64::from(sure);
        let creator = ns.creator.and_then(|by| Named::of(world, by));
        let (space, created) = (Space::of(world, id), ns.created);
        leaks.list.push(Leak { space, created, creator, holders, sure, settling });
    }
    leaks.list.sort_by_key(|it| (it.created, it.space.inum));
    leaks.more = leaks.list.len().saturating_sub(LISTED) as u64;
    leaks.list.truncate(LISTED);
    leaks
}

/// Whether the end of such a hold would have been seen.
fn is_sure(by: Hold, sees: Sees) -> bool {
    match by {
        Hold::Init | Hold::Tasks | Hold::Awaited => true,
        Hold::Zombies | Hold::Groups => sees.release,
        Hold::Handle => sees.ns_destroy,
        Hold::Children => false, // as sure as they are
    }
}

fn note(found: &mut Found, ns: NsId, by: Hold, who: Option<Named>, space: Option<Space>) {
    let Some(holders) = found.get_mut(&ns) else { return };
    let at = holders.iter().position(|it| it.by == by).unwrap_or(holders.len());
    if at == holders.len() {
        holders.push(Holder { by, count: 0, who: Vec::new(), spaces: Vec::new() });
    }
    let Some(holder) = holders.get_mut(at) else { return };
    holder.count += 1;
    exemplify(&mut holder.who, who);
    holder.spaces.extend(space.filter(|_| holder.spaces.len() < EXAMPLES));
}

/// What tasks keep: the namespaces they are in, and where their children will be born.
fn tasks(world: &World, found: &mut Found) {
    for id in world.tasks() {
        let runs = world.runs(id);
        let active = world.task_active_pid_ns(id);
        for (kind, ns) in NsKind::ALL.into_iter().zip(world.namespaces_of(id)) {
            let Some(ns) = ns.filter(|ns| kind != NsKind::Pid && found.contains_key(ns)) else {
                continue;
            };
            // A task lets go of its nsproxy as it exits, of its credentials when it is reaped.
            match kind {
                _ if runs => note(found, ns, Hold::Tasks, process(world, id), None),
                NsKind::User => note(found, ns, Hold::Zombies, Named::parent(world, id), None),
                _ => (),
            }
        }
        let awaits = world.for_children(id).filter(|&ns| runs && Some(ns) != active);
        if let Some(ns) = awaits.filter(|ns| found.contains_key(ns)) {
            note(found, ns, Hold::Awaited, process(world, id), None);
        }
    }
}

/// What the numbers in use in PID namespaces keep, and who keeps these.
fn numbers(world: &World, found: &mut Found) {
    let mut used: HashMap<PidId, Vec<NsId>> = HashMap::new();
    for pid in world.pids().filter(|&pid| world.numbers(pid).len() > 1) {
        for &(ns, _) in world.numbers(pid).iter().skip(1) {
            let Some(ns) = ns.filter(|ns| found.contains_key(ns)) else { continue };
            match world.live_holder(pid) {
                Some(task) => holder(world, found, (pid, task), ns),
                None => used.entry(pid).or_default().push(ns),
            }
        }
    }
    if used.is_empty() {
        return;
    }
    for task in world.tasks().filter(|&task| world.leads(task)) {
        let (group, session) = (world.task_pgrp(task), world.task_session(task));
        let both = [group, session.filter(|_| session != group)];
        for ns in both.iter().flatten().filter_map(|pid| used.get(pid)).flatten() {
            note(found, *ns, Hold::Groups, process(world, task), None);
        }
    }
}

/// What a task with a number in a namespace has to do with its being there.
fn holder(world: &World, found: &mut Found, (pid, task): (PidId, TaskId), ns: NsId) {
    let space = world.ns(ns);
    let Some(facts) = &space.pid else { return };
    let (init, alive) = (facts.init == Some(pid), space.fate == NsFate::Alive);
    let (by, who) = if init && alive && world.running(task) > 0 {
        (Hold::Init, process(world, task))
    } else if world.runs(task) {
        (Hold::Tasks, process(world, task))
    } else if init && facts.members > 1 || alive && !is_outside(world, world.parent(task), ns) {
        return; // it waits for the others; or its parent is to reap it, and may still
    } else {
        (Hold::Zombies, Named::parent(world, task))
    };
    note(found, ns, by, who, None);
}

/// A process that is not in the namespace.
fn is_outside(world: &World, task: Option<TaskId>, ns: NsId) -> bool {
    let pid = task.and_then(|task| world.pid_of(world.leader(task)));
    pid.is_none_or(|pid| world.pid_nr_ns(pid, ns) == 0)
}
