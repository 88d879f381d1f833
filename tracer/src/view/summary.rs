//! What a run has seen, in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Paint, Report, Style, Type, What, names, text, time};
use crate::model::{TaskId, TaskState, World};

/// How the traced command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Exit status in wait(2)'s form.
    pub status: i32,
}

/// Counts what is shown: give it every report that the filter admits, whatever its type.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How the traced command ended, if there is one: set it when known.
    pub command: Option<Command>,
    counts: [u64; Type::ALL.len()],
    tasks: u64,
    threads: u64,
    errnos: BTreeMap<i32, u64>,
    lost: u64,
    exited: BTreeSet<TaskId>,
    last: u64,
}

impl Summary {
    /// Counts one event.
    pub fn add(&mut self, world: &World, report: &Report) {
        self.last = self.last.max(report.ts);
        if let Some(count) = self.counts.get_mut(report.what.ty() as usize) {
            *count += 1;
        }
        match (&report.what, report.task) {
            (What::ForkFail { errno, .. }, _) => *self.errnos.entry(*errno).or_default() += 1,
            (What::Lost { count, .. }, _) => self.lost = self.lost.saturating_add(*count),
            (What::Fork { .. }, Some(task)) => {
                self.tasks += 1;
                self.threads += u64::from(!world.task(task).is_leader());
            }
            (What::Exit { .. }, Some(task)) => {
                self.exited.insert(task);
            }
            (What::Release { .. }, Some(task)) => {
                self.exited.remove(&task);
            }
            _ => (),
        }
    }

    /// So many events are missing from what is shown.
    pub fn miss(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
    }

    /// Events of all types.
    pub fn events(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many of each type that occurred, refusals among them.
    pub fn by_type(&self) -> impl Iterator<Item = (Type, u64)> + '_ {
        Type::ALL.into_iter().zip(self.counts).filter(|&(_, count)| count > 0)
    }

    fn count(&self, ty: Type) -> u64 {
        self.counts.get(ty as usize).copied().unwrap_or(0)
    }

    /// Tasks made, threads among them.
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// Forks that failed.
    pub fn failed_forks(&self) -> u64 {
        self.errnos.values().sum()
    }

    /// Namespaces made.
    pub fn namespaces(&self) -> u64 {
        self.count(Type::NsCreate)
    }

    /// Records lost, as far as the reports say.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Processes that exited and that nobody has reaped, in the order of the tables.
    pub fn zombies<'s>(&'s self, world: &'s World) -> impl Iterator<Item = TaskId> + 's {
        let left = |&id: &TaskId| {
            let task = world.task(id);
            task.state == TaskState::Zombie && task.is_leader()
        };
        self.exited.iter().copied().filter(left)
    }

    /// Appends the summary for humans, some lines.
    pub fn text(&self, world: &World, style: Style, out: &mut String) {
        let tasks = self.tasks();
        let _ = write!(out, "{}, {} made", counted(self.events(), "event"), counted(tasks, "task"));
        if self.threads > 0 {
            let _ = write!(out, " ({})", counted(self.threads, "thread"));
        }
        let _ = writeln!(out, ", {} made", counted(self.namespaces(), "namespace"));
        for (index, (ty, count)) in self.by_type().enumerate() {
            out.push_str(if index == 0 { "  " } else { ", " });
            let _ = write!(out, "{} {count}", ty.name());
        }
        out.push_str(if self.by_type().next().is_some() { "\n" } else { "" });
        if self.failed_forks() > 0 {
            style.painted(Paint::Alarm, out, |out| self.failures(out));
            out.push('\n');
        }
        for zombie in self.zombies(world) {
            style.painted(Paint::End, out, |out| self.zombie(world, zombie, out));
            out.push('\n');
        }
        if self.lost > 0 {
            let lost =
                format!("LOST {}: what is shown is incomplete", counted(self.lost, "record"));
            style.paint(Paint::Alarm, &lost, out);
        } else {
            out.push_str("nothing lost");
        }
        out.push('\n');
        if let Some(command) = self.command {
            out.push_str("command ended: ");
            names::Ended::from_wait(command.status).write(out);
            out.push('\n');
        }
    }

    fn failures(&self, out: &mut String) {
        let _ = write!(out, "{} failed: ", counted(self.failed_forks(), "fork"));
        for (index, (&errno, count)) in self.errnos.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { ", " });
            names::write_errno(errno, out);
            let _ = write!(out, " {count}");
        }
    }

    fn zombie(&self, world: &World, id: TaskId, out: &mut String) {
        out.push_str("zombie ");
        text::task_vector(world, id, out);
        out.push_str(" (");
        super::escape::comm(&world.task(id).comm, out);
        out.push_str("), not reaped by ");
        text::parent(world, id, out);
        let exited = world.task(id).exited;
        if let Some(age) = self.last.checked_sub(exited).filter(|_| exited != 0) {
            out.push_str(" for ");
            time::duration(age, out);
        }
    }
}

/// `1 event`, `2 events`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
