//! Which slots of a table are taken, and their generations: what a handle is resolved with.

use super::super::World;
use super::super::slab::{Handle, Slab};
use super::BadState;
use super::columns::Columns;
use super::read::Reader;
use super::write::Writer;

/// The slots of one table.
#[derive(Default)]
pub(super) struct Shape {
    /// 0 where nothing is stored.
    generations: Vec<u32>,
}

/// The slots of all tables.
#[derive(Default)]
pub(super) struct Shapes {
    pub(super) tasks: Shape,
    pub(super) processes: Shape,
    pub(super) pids: Shape,
    pub(super) spaces: Shape,
    pub(super) proxies: Shape,
    /// What is written of each.
    all: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Shape {
    fn new(generations: &[u32], free: &[u32]) -> Self {
        let mut generations = generations.to_vec();
        for &slot in free {
            if let Some(generation) = generations.get_mut(slot as usize) {
                *generation = 0;
            }
        }
        Self { generations }
    }

    /// The handle finds an entry.
    pub(super) fn has(&self, handle: Handle) -> bool {
        self.generation(handle.slot()) == handle.generation()
    }

    /// The generation of the entry in a slot; 0 without one.
    pub(super) fn generation(&self, slot: u32) -> u32 {
        self.generations.get(slot as usize).copied().unwrap_or(0)
    }

    /// The handles of all entries, in the order of the slots.
    pub(super) fn handles(&self) -> impl Iterator<Item = Handle> + '_ {
        let slots = self.generations.iter().enumerate();
        slots.filter_map(|(slot, &generation)| Handle::new(slot as u32, generation))
    }
}

impl Shapes {
    pub(super) fn of(world: &World) -> Self {
        let mut shapes = Self::default();
        shapes.tasks = shapes.add(&world.tasks);
        shapes.processes = shapes.add(&world.processes);
        shapes.pids = shapes.add(&world.pids);
        shapes.spaces = shapes.add(&world.spaces);
        shapes.proxies = shapes.add(&world.proxies);
        shapes
    }

    fn add<K: Copy + From<Handle> + Into<Handle>, T>(&mut self, slab: &Slab<K, T>) -> Shape {
        let generations: Vec<_> = slab.generations().collect();
        let shape = Shape::new(&generations, slab.free());
        self.all.push((generations, slab.free().to_vec()));
        shape
    }

    pub(super) fn save(&self, to: &mut Writer<'_>) {
        for (generations, free) in &self.all {
            to.table(generations.iter(), |to, &generation| {
                to.number(u64::from(generation));
            });
            to.table(free.iter(), |to, &slot| to.step(&mut u64::from(slot)));
        }
    }

    pub(super) fn restore(from: &mut Reader<'_>, world: &mut World) -> Result<Self, BadState> {
        Ok(Self {
            tasks: restore(from, &mut world.tasks)?,
            processes: restore(from, &mut world.processes)?,
            pids: restore(from, &mut world.pids)?,
            spaces: restore(from, &mut world.spaces)?,
            proxies: restore(from, &mut world.proxies)?,
            all: Vec::new(),
        })
    }
}

fn restore<K: Copy + From<Handle> + Into<Handle>, T>(
    from: &mut Reader<'_>,
    slab: &mut Slab<K, T>,
) -> Result<Shape, BadState> {
    let mut generations = Vec::new();
    from.table(|from| {
        let mut generation = 0;
        from.u32(&mut generation);
        if generation == 0 || generations.len() >= u32::MAX as usize {
            from.refuse("generation");
        }
        generations.push(generation);
    })?;
    let mut vacant = vec![false; generations.len()];
    let mut free = Vec::new();
    from.table(|from| {
        let mut slot = 0;
        from.step(&mut slot);
        match vacant.get_mut(usize::try_from(slot).unwrap_or(usize::MAX)) {
            Some(vacant) if !*vacant => *vacant = true,
            _ => from.refuse("free slot"),
        }
        free.push(slot as u32);
    })?;
    for &generation in &generations {
        slab.reserve(generation);
    }
    let shape = Shape::new(&generations, &free);
    slab.set_free(free);
    Ok(shape)
}
