//! What a world has beside its tables: settings, history, and what is under way.

use super::super::world::Unresolved;
use super::super::{Config, NsId, PidId, Sees, TaskId, World};
use super::columns::Columns;
use super::derive::Marks;
use super::read::Reader;
use super::rows;
use super::shape::{Shape, Shapes};
use super::write::Writer;
use super::{BadState, MOST_HISTORY};
use crate::model::nsproxy::NsProxy;
use crate::model::slab::Handle;
use crate::model::{Namespace, NsKind, Pid, Process, Task};

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
        let mut singles_read = 0;
        from.table(|from| {
            singles(from, self, shapes);
            singles_read += 1;
        })?;
        if singles_read == 1 { Ok(()) } else { Err(BadState::Value("number of rows")) }
    }

    pub(super) fn save_rows(&self, to: &mut Writer<'_>, shapes: &Shapes) {
        let mark = self.sweep.mark;
        to.table([mark].into_iter(), |to, mark| {
            to.number(u64::from(mark));
        });
        to.table(self.tasks.iter(), |to, (id, task)| {
            let mut keyed = self.index.tasks.get(&task.key.0) == Some(&id);
            let mut loose = self.index.loose.get(&task.tid) == Some(&id);
            let found = (&mut keyed, &mut loose);
            rows::task(to, id, &mut task.clone(), found, shapes, mark);
        });
        to.table(self.processes.iter(), |to, (_, process)| {
            rows::process(to, &mut process.clone(), shapes);
        });
        to.table(self.pids.iter(), |to, (_, pid)| {
            rows::pid(to, &mut pid.clone(), shapes, mark);
        });
        to.table(self.spaces.iter(), |to, (id, ns)| {
            let key = ns.pid.as_ref().map(|pid| pid.key.0);
            let mut keyed = key.is_some_and(|key| self.index.spaces.get(&key) == Some(&id));
            let mut numbered = self.find_ns(ns.kind, ns.inum) == Some(id);
            rows::space(to, &mut ns.clone(), (&mut keyed, &mut numbered), shapes);
        });
        to.table(self.proxies.iter(), |to, (_, proxy)| {
            rows::proxy(to, &mut proxy.clone(), shapes);
        });
    }

    pub(super) fn restore_rows(
        &mut self,
        from: &mut Reader<'_>,
        shapes: &Shapes,
    ) -> Result<Marks, BadState> {
        let mut mark = 0;
        from.table(|from| from.u32(&mut mark))?;
        let mut marks = Marks::default();
        fill(from, &shapes.tasks, |from, id: TaskId| {
            let (mut task, mut keyed, mut loose) = (Task::GONE, false, false);
            rows::task(from, id, &mut task, (&mut keyed, &mut loose), shapes, mark);
            marks.tasks.extend(keyed.then_some(id));
            marks.loose.extend(loose.then_some(id));
            self.tasks.fill(Handle::from(id).slot(), task);
        })?;
        fill(from, &shapes.processes, |from, id: Handle| {
            let mut process = Process::GONE;
            rows::process(from, &mut process, shapes);
            self.processes.fill(id.slot(), process);
        })?;
        fill(from, &shapes.pids, |from, id: Handle| {
            let mut pid = Pid::GONE;
            rows::pid(from, &mut pid, shapes, mark);
            self.pids.fill(id.slot(), pid);
        })?;
        fill(from, &shapes.spaces, |from, id: NsId| {
            let (mut ns, mut keyed, mut numbered) = (Namespace::new(NsKind::Pid, 0), false, false);
            rows::space(from, &mut ns, (&mut keyed, &mut numbered), shapes);
            marks.spaces.extend(keyed.then_some(id));
            marks.inums.extend(numbered.then_some(id));
            self.spaces.fill(Handle::from(id).slot(), ns);
        })?;
        fill(from, &shapes.proxies, |from, id: Handle| {
            let mut proxy = NsProxy { kinds: [None; 8], inums: [0; 8], tasks: 0 };
            rows::proxy(from, &mut proxy, shapes);
            self.proxies.fill(id.slot(), proxy);
        })?;
        Ok(marks)
    }
}

/// A row for each entry of a table.
fn fill<'b, K: From<Handle>>(
    from: &mut Reader<'b>,
    shape: &Shape,
    mut row: impl FnMut(&mut Reader<'b>, K),
) -> Result<(), BadState> {
    let mut handles = shape.handles();
    from.table(|from| match handles.next() {
        Some(handle) => row(from, handle.into()),
        None => from.refuse("number of rows"),
    })?;
    if handles.next().is_none() { Ok(()) } else { Err(BadState::Value("number of rows")) }
}
