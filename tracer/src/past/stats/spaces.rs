//! Namespaces by how long they lived.

use super::super::facts::{Named, Space};
use crate::model::{NsId, NsKind, World};

/// Namespaces that are listed at each end.
const LISTED: usize = 5;

/// One namespace that was made under our eyes.
#[derive(Clone, Copy, Debug)]
pub struct SpaceLife {
    /// Which.
    pub space: Space,
    /// Who made it, where that was seen.
    pub creator: Option<Named>,
    /// How long it lived, ns.
    pub lived: u64,
}

/// Namespaces of all kinds.
///
/// The end of a PID namespace is seen; one of another kind ends here with its last task, and is
/// counted as far as the tables still remember it when the events end.
#[derive(Clone, Debug, Default)]
pub struct Spaces {
    /// How many were made, by kind.
    pub made: [u64; 8],
    /// How many of those ended, by kind.
    pub ended: [u64; 8],
    /// How many there were when the events ended, by kind; those from before among them.
    pub alive: [u64; 8],
    /// The ended ones that lived longest, longest first.
    pub longest: Vec<SpaceLife>,
    /// The ended ones that lived shortest, shortest first.
    pub shortest: Vec<SpaceLife>,
}

impl Spaces {
    pub(super) fn made(&mut self, world: &World, id: NsId) {
        if let Some(count) = self.made.get_mut(world.ns(id).kind.index()) {
            *count += 1;
        }
    }

    /// A namespace that was made under our eyes has ended.
    pub(super) fn ended(&mut self, world: &World, id: NsId) {
        let ns = world.ns(id);
        if ns.created == 0 || ns.ended < ns.created {
            return;
        }
        if let Some(count) = self.ended.get_mut(ns.kind.index()) {
            *count += 1;
        }
        let life = SpaceLife::of(world, id, ns.ended - ns.created);
        insert(&mut self.longest, life, |a, b| a.lived > b.lived);
        insert(&mut self.shortest, life, |a, b| a.lived < b.lived);
    }

    pub(super) fn finish(&mut self, world: &World) {
        let others = world.past_namespaces().filter(|&id| world.ns(id).kind != NsKind::Pid);
        for id in others.collect::<Vec<_>>() {
            self.ended(world, id);
        }
        for id in world.namespaces() {
            let ns = world.ns(id);
            if let Some(count) = self.alive.get_mut(ns.kind.index()) {
                *count += 1;
            }
        }
    }
}

impl SpaceLife {
    fn of(world: &World, id: NsId, lived: u64) -> Self {
        let creator = world.ns(id).creator.and_then(|by| Named::of(world, by));
        Self { space: Space::of(world, id), creator, lived }
    }
}

/// Puts a life at its place in a short list.
fn insert(
    list: &mut Vec<SpaceLife>,
    life: SpaceLife,
    before: impl Fn(&SpaceLife, &SpaceLife) -> bool,
) {
    let at = list.iter().position(|other| before(&life, other)).unwrap_or(list.len());
    if at < LISTED {
        list.insert(at, life);
        list.truncate(LISTED);
    }
}
