//! From stored entries to rows, and back.

use super::super::group::Group;
use super::super::nsproxy::NsProxy;
use super::super::pid::{PastPid, PidFlag};
use super::super::row::{Flag, Look, Past, Wide};
use super::super::slab::{Handle, Link};
use super::super::{Namespace, NsKind, PidId, PidState, Task, TaskId, TaskState, World};
use super::BadState;
use super::columns::Columns;
use super::derive::Marks;
use super::read::Reader;
use super::rows::{self, PidRow, TaskRow};
use super::shape::{Shape, Shapes};
use super::write::Writer;
use tracer_ebpf::wire::MAX_UPIDS;

impl World {
    pub(super) fn save_rows(&self, to: &mut Writer<'_>, shapes: &Shapes) {
        to.table(self.tasks.iter(), |to, (id, _)| {
            rows::task(to, id, &mut self.pack_task(id), shapes);
        });
        to.table(self.groups.iter(), |to, (_, group)| {
            rows::group(to, &mut group.clone(), shapes);
        });
        to.table(self.pids.iter(), |to, (id, _)| rows::pid(to, &mut self.pack_pid(id), shapes));
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
        let mut marks = Marks::default();
        fill(from, &shapes.tasks, |from, id: TaskId| {
            let mut row = TaskRow::NONE;
            rows::task(from, id, &mut row, shapes);
            marks.tasks.extend(row.keyed.then_some((id, row.task.key.0)));
            marks.loose.extend(row.loose.then_some(id));
            marks.families.push((id, row.task.real_parent, row.task.ppid, row.older));
            self.unpack_task(id, row);
        })?;
        fill(from, &shapes.groups, |from, id: Handle| {
            let mut group = Group::default();
            rows::group(from, &mut group, shapes);
            if let Some(place) = self.groups.at_mut(id.slot()) {
                *place = group;
            }
        })?;
        fill(from, &shapes.pids, |from, id: PidId| {
            let mut row = PidRow::NONE;
            rows::pid(from, &mut row, shapes);
            self.unpack_pid(id, &row);
        })?;
        fill(from, &shapes.spaces, |from, id| {
            let (mut ns, mut keyed, mut numbered) = (Namespace::new(NsKind::Pid, 0), false, false);
            rows::space(from, &mut ns, (&mut keyed, &mut numbered), shapes);
            marks.spaces.extend(keyed.then_some(id));
            marks.inums.extend(numbered.then_some(id));
            if let Some(place) = self.spaces.get_mut(id) {
                *place = ns;
            }
        })?;
        fill(from, &shapes.proxies, |from, id: Handle| {
            let mut proxy = NsProxy::default();
            rows::proxy(from, &mut proxy, shapes);
            if let Some(place) = self.proxies.at_mut(id.slot()) {
                *place = proxy;
            }
        })?;
        Ok(marks)
    }

    fn pack_task(&self, id: TaskId) -> TaskRow {
        let (row, task) = (self.row(id), self.task(id));
        let group = self.group_id(id);
        let own = group.is_none();
        TaskRow {
            keyed: self.at_key(task.key.0) == Some(id),
            loose: self.index.loose.get(&task.tid) == Some(&id),
            group,
            pgrp: self.task_pgrp(id).filter(|_| own),
            session: self.task_session(id).filter(|_| own),
            older: self.tasks.follow(row.older),
            mark: row.mark,
            task,
        }
    }

    fn unpack_task(&mut self, id: TaskId, from: TaskRow) {
        let TaskRow { task, .. } = from;
        let live = task.is_live();
        let Some(row) = self.tasks.get_mut(id) else { return };
        row.set_state(task.state);
        row.set_certainty(task.certainty);
        row.set(Flag::ParentInferred, task.parent_inferred);
        row.set(Flag::Vanished, task.vanished);
        row.set(Flag::Grouped, from.group.is_some());
        row.key = Wide::new(task.key.0);
        row.start = Wide::new(task.start);
        (row.tid, row.creator_tid) = (task.tid, task.creator_tid);
        row.creator = Link::of(task.creator);
        row.mark = from.mark;
        if live {
            row.pid = Link::of(task.pid);
            (row.group, row.session) = (Link::of(from.pgrp), Link::of(from.session));
        }
        if let Some(group) = from.group {
            (row.group, row.session) = (Link::to(group), Link::NONE);
        }
        self.set_comm(id, task.comm);
        self.relook(id, |look| *look = look_of(&task));
        let ended = task.exited | task.released != 0 || task.exit_code != 0 || !live;
        let linked = task.tracer.is_some() || task.awaits.is_some() || task.reaped_by.is_some();
        if ended || linked || task.birth != task.start || task.birth_tid != task.tid {
            let parent = task.real_parent;
            let past = Past { pid: task.pid, parent, pgrp: from.pgrp, session: from.session };
            if let Some(cold) = self.cold_mut(id) {
                (cold.birth, cold.birth_tid, cold.ppid) = (task.birth, task.birth_tid, task.ppid);
                (cold.exited, cold.released) = (task.exited, task.released);
                (cold.exit_code, cold.reaped_by) = (task.exit_code, task.reaped_by);
                (cold.tracer, cold.awaits) = (task.tracer, task.awaits);
                cold.past = if live { Past::default() } else { past };
            }
        }
        if task.exec != 0 {
            self.set_exec(id, task.exec);
        }
    }

    fn pack_pid(&self, id: PidId) -> PidRow {
        let (pid, mut numbers) = (self.pid(id), [(None, 0); MAX_UPIDS]);
        for (slot, number) in numbers.iter_mut().zip(pid.numbers.iter()) {
            *slot = *number;
        }
        PidRow {
            key: pid.key.0,
            ino: pid.ino,
            state: pid.state,
            task: pid.task,
            allocated: pid.allocated,
            freed: pid.freed,
            mark: self.pid_row(id).mark,
            numbers,
            levels: pid.numbers.len(),
        }
    }

    fn unpack_pid(&mut self, id: PidId, from: &PidRow) {
        let Some(row) = self.pids.get_mut(id) else { return };
        row.set_state(from.state);
        row.key = Wide::new(from.key);
        row.allocated = Wide::new(from.allocated);
        row.mark = from.mark;
        if from.state == PidState::Freed {
            // until the history is known
            row.set(PidFlag::Expired, true);
            self.set_past_pid(id, PastPid { freed: from.freed, task: from.task });
        } else {
            row.link = Link::of(from.task);
        }
        self.set_ino(id, from.ino);
        self.set_numbers(id, from.numbers.get(..from.levels).unwrap_or_default());
    }
}

fn look_of(task: &Task) -> Look {
    Look {
        cgroup: task.cgroup,
        clone_flags: task.clone_flags,
        uid: task.uid,
        gid: task.gid,
        ns_set: task.ns_set,
        for_children: task.for_children,
        time_for_children: task.time_for_children,
        exit_signal: task.exit_signal,
        flags: task.flags,
        run_state: task.run_state,
        bits: task.bits,
    }
}

impl TaskRow {
    const NONE: Self = Self {
        task: Task { state: TaskState::Running, ..Task::GONE },
        keyed: false,
        loose: false,
        group: None,
        pgrp: None,
        session: None,
        older: None,
        mark: 0,
    };
}

impl PidRow {
    const NONE: Self = Self {
        key: 0,
        ino: 0,
        state: PidState::Freed,
        task: None,
        allocated: 0,
        freed: 0,
        mark: 0,
        numbers: [(None, 0); MAX_UPIDS],
        levels: 0,
    };
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
