//! `pid`: one PID at every level, and who uses it.

use std::fmt::Write as _;

use super::style::{Align, Grid};
use super::table::labelled;
use super::{Paint, Style, text};
use crate::model::{PidId, PidState, TaskId, World};

/// The kinds of use, in the kernel's order (`enum pid_type`).
pub(super) const TYPES: [&str; 4] = ["PIDTYPE_PID", "PIDTYPE_TGID", "PIDTYPE_PGID", "PIDTYPE_SID"];

/// The columns.
const HEADS: [(&str, Align); 3] =
    [("LEVEL", Align::Right), ("NAMESPACE", Align::Left), ("NUMBER", Align::Right)];

/// Appends one pid: its number at every level and the tasks that use it.
pub fn pid(world: &World, id: PidId, style: Style, out: &mut String) {
    style.painted(Paint::Strong, out, |out| {
        out.push_str("pid ");
        text::vector(world, id, out);
    });
    let pid = world.pid(id);
    out.push_str(match pid.state {
        PidState::Allocated => ", allocated, no task has it yet",
        PidState::Attached if world.is_held_only(id) => {
            ", no task has it: it lives on as a group's or a session's"
        }
        PidState::Attached => "",
        PidState::Freed => ", freed: its numbers may be used again",
    });
    if pid.ino != 0 {
        let _ = write!(out, ", ino {}", pid.ino);
    }
    out.push_str("\n\n");
    let mut grid = Grid::new(&HEADS);
    for (level, (ns, nr)) in pid.numbers.iter().enumerate() {
        let space = |ns| text::made(|out| text::namespace(world, ns, out));
        let cells = vec![level.to_string(), ns.map_or("?".into(), space), nr.to_string()];
        grid.row(Paint::Plain, cells);
    }
    grid.write(style, out);
    out.push('\n');
    for (name, tasks) in TYPES.into_iter().zip(uses(world, id)) {
        labelled(name, 14, out, |out| {
            for (index, &task) in tasks.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                text::who(world, task, out);
            }
            out.push_str(if tasks.is_empty() { "-" } else { "" });
        });
        out.push('\n');
    }
}

/// The unreleased tasks on each of a pid's lists (`struct pid.tasks`), in the order of [`TYPES`].
/// Only group leaders are on the last three.
pub(super) fn uses(world: &World, id: PidId) -> [Vec<TaskId>; 4] {
    let own = world.pid(id).task.filter(|&task| {
        let task = world.task(task);
        task.is_live() && task.pid == Some(id)
    });
    let leader = own.filter(|&task| world.task(task).is_leader());
    let mut lists =
        [own.into_iter().collect(), leader.into_iter().collect(), Vec::new(), Vec::new()];
    let [_, _, groups, sessions] = &mut lists;
    for task in world.tasks().filter(|&task| world.task(task).is_leader()) {
        let process = world.process(task);
        if process.pgrp == Some(id) {
            groups.push(task);
        }
        if process.session == Some(id) {
            sessions.push(task);
        }
    }
    lists
}
