//! What a world has beside its tables: settings, the order of its history, what is under way.

use super::super::slab::Handle;
use super::super::world::Unresolved;
use super::super::{Config, NsId, PidId, Sees, TaskId, World};
use super::columns::Columns;
use super::read::Reader;
use super::shape::{Shape, Shapes};
use super::write::Writer;
use super::{BadState, MOST_HISTORY};

fn flag<C: Columns>(io: &mut C, flag: &mut bool) {
    *flag = io.number(u64::from(*flag)) != 0;
}

fn optional<C: Columns>(io: &mut C, value: &mut Option<u64>) {
    let some = io.number(u64::from(value.is_some())) != 0;
    let read = io.number(value.unwrap_or(0));
    *value = some.then_some(read);
}

/// The values of which there is one each.
fn singles<C: Columns>(io: &mut C, world: &mut World, shapes: &Shapes) {
    let Config { history, sees } = &mut world.config;
    let mut most = *history as u64;
    io.u64(&mut most);
    if most > MOST_HISTORY {
        io.refuse("bound of the history");
        most = MOST_HISTORY;
    }
    *history = most as usize;
    let Sees { release, free_pid, ns_dying, ns_destroy } = sees;
    for sees in [release, free_pid, ns_dying, ns_destroy] {
        flag(io, sees);
    }
    io.link(&mut world.root, &shapes.spaces, 0);
    io.u32(&mut world.sweep.mark);
    optional(io, &mut world.sweep.generation);
    io.u64(&mut world.sweep.losses);
    io.u64(&mut world.sweep.begun);
    io.u64(&mut world.losses.count);
    flag(io, &mut world.losses.open);
    optional(io, &mut world.losses.certain_since);
    let (mut task, mut flags) = world.unsharing.unzip();
    io.link::<TaskId>(&mut task, &shapes.tasks, 0);
    optional(io, &mut flags);
    world.unsharing = task.zip(flags);
    io.u64(&mut world.now);
}

fn unresolved<C: Columns>(io: &mut C, one: &mut Unresolved, shapes: &Shapes) {
    let mut task = Some(one.task);
    io.after(&mut task, &shapes.tasks, 1);
    one.key = io.wide(one.key);
    flag(io, &mut one.tracer);
    match task {
        Some(task) => one.task = task,
        None => io.refuse("link"),
    }
}

fn past<C: Columns, K: Copy + From<Handle> + Into<Handle>>(
    io: &mut C,
    id: Option<K>,
    shape: &Shape,
) -> Option<K> {
    let mut id = id;
    io.after(&mut id, shape, 1);
    if id.is_none() {
        io.refuse("history");
    }
    id
}

impl World {
    pub(super) fn save_rest(&self, to: &mut Writer<'_>, shapes: &Shapes) {
        to.table(self.history.tasks.iter(), |to, &id| {
            past(to, Some(id), &shapes.tasks);
        });
        to.table(self.history.pids.iter(), |to, &id| {
            past(to, Some(id), &shapes.pids);
        });
        to.table(self.history.spaces.iter(), |to, &id| {
            past(to, Some(id), &shapes.spaces);
        });
        to.table(self.unresolved.iter(), |to, &one| unresolved(to, &mut one.clone(), shapes));
    }

    pub(super) fn restore_rest(
        &mut self,
        from: &mut Reader<'_>,
        shapes: &Shapes,
    ) -> Result<(), BadState> {
        let Self { history, unresolved: open, .. } = self;
        from.table(|from| history.tasks.extend(past::<_, TaskId>(from, None, &shapes.tasks)))?;
        from.table(|from| history.pids.extend(past::<_, PidId>(from, None, &shapes.pids)))?;
        from.table(|from| history.spaces.extend(past::<_, NsId>(from, None, &shapes.spaces)))?;
        from.table(|from| {
            let mut one = Unresolved { task: Handle::NONE.into(), key: 0, tracer: false };
            unresolved(from, &mut one, shapes);
            open.push(one);
        })?;
        Ok(())
    }

    pub(super) fn save_singles(&self, to: &mut Writer<'_>, shapes: &Shapes) {
        let mut single = Self {
            config: self.config,
            root: self.root,
            sweep: self.sweep,
            losses: self.losses,
            unsharing: self.unsharing,
            now: self.now,
            ..Self::default()
        };
        to.table([()].into_iter(), |to, ()| singles(to, &mut single, shapes));
    }

    pub(super) fn restore_singles(
        &mut self,
        from: &mut Reader<'_>,
        shapes: &Shapes,
    ) -> Result<(), BadState> {
        let mut rows = 0;
        from.table(|from| {
            singles(from, self, shapes);
            rows += 1;
        })?;
        if rows == 1 { Ok(()) } else { Err(BadState::Value("number of rows")) }
    }
}
