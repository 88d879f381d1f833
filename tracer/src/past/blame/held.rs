//! Pids that no task has and that cannot be freed: a process group or a session uses them.

use std::collections::HashMap;

use super::super::facts::{Named, Numbers};
use super::{exemplify, process};
use crate::model::{NsFate, PidId, World};

/// Pids that are named.
const LISTED: usize = 64;

/// Pids that only a group or a session uses.
#[derive(Clone, Debug, Default)]
pub struct HeldPids {
    /// They, those whose namespace waits for them first, then the oldest.
    pub pids: Vec<HeldPid>,
    /// How many are not in the list.
    pub more: u64,
}

/// A pid that only a group or a session uses.
#[derive(Clone, Debug)]
pub struct HeldPid {
    /// Its numbers.
    pub numbers: Numbers,
    /// The task that had it, where it is remembered.
    pub had: Option<Named>,
    /// How long no task has had it, ns; 0 if unknown.
    pub age: u64,
    /// Processes whose process group it is.
    pub groups: u32,
    /// Processes whose session it is.
    pub sessions: u32,
    /// Some of these processes.
    pub users: Vec<Named>,
    /// A namespace of it is dying and waits for it.
    pub awaited: bool,
}

pub(super) fn find(world: &World, now: u64) -> HeldPids {
    let held = |&id: &PidId| world.is_held_only(id) && world.users(id) != [0; 2];
    let mut users: HashMap<PidId, Vec<Named>> =
        world.pids().filter(held).map(|id| (id, Vec::new())).collect();
    if users.is_empty() {
        return HeldPids::default();
    }
    for task in world.tasks().filter(|&task| world.leads(task)) {
        for pid in [world.task_pgrp(task), world.task_session(task)].into_iter().flatten() {
            if let Some(users) = users.get_mut(&pid) {
                exemplify(users, process(world, task));
            }
        }
    }
    let one = |(id, users): (PidId, Vec<Named>)| {
        let had = world.holder(id);
        let since = had.map_or(0, |had| world.task(had).released);
        let [groups, sessions] = world.users(id);
        let awaits = |ns| world.ns(ns).fate == NsFate::Dying;
        HeldPid {
            numbers: Numbers::of(world, id),
            had: had.and_then(|had| Named::of(world, had)),
            age: if since == 0 { 0 } else { now.saturating_sub(since) },
            groups,
            sessions,
            users,
            awaited: world.numbers(id).iter().any(|&(ns, _)| ns.is_some_and(awaits)),
        }
    };
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_unstable_by_key(|&(id, _)| id);
    let mut pids: Vec<HeldPid> = users.into_iter().map(one).collect();
    pids.sort_by_key(|it| {
        (std::cmp::Reverse((it.awaited, it.age)), it.numbers.first().map(|first| first.nr))
    });
    let more = pids.len().saturating_sub(LISTED) as u64;
    pids.truncate(LISTED);
    HeldPids { pids, more }
}
