//! Which slots of a table are taken, and their generations: what a handle is resolved with.

use super::super::World;
use super::super::slab::{Handle, Slab};
use super::BadState;
use super::columns::Columns;
use super::read::Reader;
use super::write::Writer;

/// More slots than a host has tasks.
const MOST_SLOTS: usize = 1 << 28;

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
    pub(super) groups: Shape,
    pub(super) pids: Shape,
    pub(super) spaces: Shape,
    pub(super) proxies: Shape,
    /// The vacant slots of each, and its newest generation.
    spare: Vec<(Vec<u32>, u32)>,
}

impl Shape {
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
        shapes.groups = shapes.add(&world.groups);
        shapes.pids = shapes.add(&world.pids);
        shapes.spaces = shapes.add(&world.spaces);
        shapes.proxies = shapes.add(&world.proxies);
        shapes
    }

    fn add<K, T>(&mut self, slab: &Slab<K, T>) -> Shape
    where
        K: Copy + From<Handle> + Into<Handle>,
        T: Default,
    {
        let (free, newest) = slab.spare();
        self.spare.push((free.to_vec(), newest));
        Shape { generations: slab.generations().collect() }
    }

    pub(super) fn save(&self, to: &mut Writer<'_>) {
        let shapes = [&self.tasks, &self.groups, &self.pids, &self.spaces, &self.proxies];
        for (shape, (free, newest)) in shapes.into_iter().zip(&self.spare) {
            to.table(shape.generations.iter(), |to, &generation| {
                to.step(&mut u64::from(generation));
            });
            to.table(free.iter(), |to, &slot| to.step(&mut u64::from(slot)));
            to.table([newest].into_iter(), |to, &newest| to.u32(&mut newest.clone()));
        }
    }

    pub(super) fn restore(from: &mut Reader<'_>, world: &mut World) -> Result<Self, BadState> {
        Ok(Self {
            tasks: restore(from, &mut world.tasks)?,
            groups: restore(from, &mut world.groups)?,
            pids: restore(from, &mut world.pids)?,
            spaces: restore(from, &mut world.spaces)?,
            proxies: restore(from, &mut world.proxies)?,
            spare: Vec::new(),
        })
    }
}

fn restore<K, T>(from: &mut Reader<'_>, slab: &mut Slab<K, T>) -> Result<Shape, BadState>
where
    K: Copy + From<Handle> + Into<Handle>,
    T: Default,
{
    let mut generations = Vec::new();
    from.table(|from| {
        let mut generation = 0;
        from.step(&mut generation);
        let generation = from.narrow(generation);
        if generations.len() >= MOST_SLOTS {
            from.refuse("number of slots");
        }
        generations.push(generation);
    })?;
    let mut listed = vec![false; generations.len()];
    let mut free = Vec::new();
    from.table(|from| {
        let mut slot = 0;
        from.step(&mut slot);
        let at = usize::try_from(slot).unwrap_or(usize::MAX);
        match (generations.get(at), listed.get_mut(at)) {
            (Some(0), Some(listed)) if !*listed => *listed = true,
            _ => from.refuse("free slot"),
        }
        free.push(slot as u32);
    })?;
    if generations.iter().zip(&listed).any(|(&generation, &listed)| (generation == 0) != listed) {
        return Err(BadState::Value("free slot"));
    }
    let mut newest = 0;
    from.table(|from| from.u32(&mut newest))?;
    for &generation in &generations {
        slab.reserve(generation);
    }
    slab.set_spare(free, newest);
    Ok(Shape { generations })
}
