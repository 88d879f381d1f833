//! `ps`: the task table.

use super::style::{Align, Grid, pad};
use super::{Paint, Style, escape, text, time};
use crate::model::{Certainty, PidId, TaskId, TaskState, World};

/// The columns; `PID` is the whole vector, the other ids count at level 0.
const HEADS: [(&str, Align); 10] = [
    ("PID", Align::Left),
    ("TGID", Align::Right),
    ("PPID", Align::Right),
    ("PGID", Align::Right),
    ("SID", Align::Right),
    ("UID", Align::Right),
    ("STATE", Align::Left),
    ("AGE", Align::Right),
    ("PIDNS", Align::Left),
    ("COMM", Align::Left),
];

/// Appends the table of these tasks. `now` is the time of the table, ns since boot.
///
/// A kernel thread's name is in brackets, a thread's in braces. `?` stands for what is unknown.
/// Behind the name of a task whose birth was not seen and that no sweep showed, its origin.
pub fn table(world: &World, tasks: &[TaskId], now: u64, style: Style, out: &mut String) {
    let mut grid = Grid::new(&HEADS);
    for &id in tasks {
        let zombie = world.task(id).state == TaskState::Zombie;
        grid.row(if zombie { Paint::End } else { Paint::Plain }, row(world, id, now));
    }
    grid.write(style, out);
}

fn row(world: &World, id: TaskId, now: u64) -> Vec<String> {
    let task = world.task(id);
    let known = task.certainty != Certainty::Inferred;
    let or_unknown = |number: i32| match number {
        0 if !known => "?".to_owned(),
        number => number.to_string(),
    };
    let group = |pid: Option<PidId>| pid.map_or("?".into(), |pid| world.pid(pid).nr().to_string());
    let age = now.checked_sub(task.start).filter(|_| task.start != 0);
    vec![
        text::made(|out| text::task_vector(world, id, out)),
        or_unknown(task.tgid),
        or_unknown(task.ppid),
        group(world.task_pgrp(id)),
        group(world.task_session(id)),
        task.uid.map_or("?".into(), |uid| uid.to_string()),
        state(task.state).into(),
        age.map_or("?".into(), |ns| text::made(|out| time::duration(ns, out))),
        world
            .task_active_pid_ns(id)
            .map_or("?".into(), |ns| text::made(|out| text::namespace(world, ns, out))),
        text::made(|out| {
            comm(world, id, out);
            out.push_str(origin(task.certainty));
        }),
    ]
}

/// How far a task has come, in a word.
pub(super) fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Running => "running",
        TaskState::Zombie => "zombie",
        TaskState::Released => "released",
        TaskState::Freed => "freed",
    }
}

/// A task's name: `bash`, `[kthreadd]`, `{worker}`.
pub(super) fn comm(world: &World, id: TaskId, out: &mut String) {
    let task = world.task(id);
    let (open, close) = match (task.kernel, task.is_leader()) {
        (true, _) => ("[", "]"),
        (false, false) => ("{", "}"),
        (false, true) => ("", ""),
    };
    out.push_str(open);
    escape::comm(&task.comm, out);
    out.push_str(close);
}

/// How we know of a task, where that is worth a word.
pub(super) fn origin(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed | Certainty::Snapshot => "",
        Certainty::Proc => " [from /proc]",
        Certainty::Inferred => " [inferred]",
    }
}

/// Appends a name and its value, the value in a column of its own.
pub(super) fn labelled(
    label: &str,
    columns: usize,
    out: &mut String,
    value: impl FnOnce(&mut String),
) {
    let from = out.len();
    out.push_str(label);
    pad(out, from, columns);
    value(out);
}
