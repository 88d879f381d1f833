//! One line an event, for humans: time, event, the vector, comm, and what matters of it.

pub(super) mod detail;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::digits::push;
use super::style::{blanks, pad};
use super::summary::counted;
use super::{Paint, Report, Style, Type, What, escape, text, time};
use crate::event::NO_CPU;
use crate::host::Host;
use crate::model::{NsFate, World};

/// Writes one line an event.
///
/// The PID column is the task's own vector, host first; of a thread, the details begin with
/// `thread of` and its process.
#[derive(Clone, Debug)]
pub struct Lines {
    style: Style,
    time: time::TimeFormat,
    host: Host,
    start: u64,
}

/// Columns of the event's name, the vector and the comm; longer ones push the rest to the right.
const COLUMNS: [usize; 3] = [11, 17, 16];

impl Lines {
    /// A writer; `start` is the time (ns since boot) from which relative times count.
    pub fn new(style: Style, time: time::TimeFormat, host: &Host, start: u64) -> Self {
        Self { style, time, host: host.clone(), start }
    }

    /// Columns of the time.
    pub(super) fn time_columns(&self) -> usize {
        match self.time {
            time::TimeFormat::Relative => 11,
            time::TimeFormat::Wall => 30,
            time::TimeFormat::Boot => 16,
        }
    }

    /// How text looks.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// How long before the start of relative times something was, if it was.
    pub(super) fn before_start(&self, ts: u64) -> Option<u64> {
        let before = self.start.checked_sub(ts).filter(|&before| before > 0);
        before.filter(|_| self.time == time::TimeFormat::Relative)
    }

    /// The host.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Appends the heading, with its newline.
    pub fn heading(&self, out: &mut String) {
        let time = match self.time {
            time::TimeFormat::Relative => "TIME",
            time::TimeFormat::Wall => "TIME (UTC)",
            time::TimeFormat::Boot => "SINCE BOOT",
        };
        let [event, pid, comm] = COLUMNS;
        let columns = self.time_columns();
        self.style.painted(Paint::Strong, out, |out| {
            let _ = match self.time {
                time::TimeFormat::Wall => write!(out, "{time:<columns$}"),
                _ => write!(out, "{time:>columns$}"),
            };
            let _ = write!(out, "  {:event$}{:pid$}{:comm$}DETAILS", "EVENT", "PID", "COMM");
        });
        out.push('\n');
    }

    /// Appends the line of one event, with its newline.
    pub fn line(&self, world: &World, report: &Report, out: &mut String) {
        self.style.painted(Paint::Dim, out, |out| self.stamp(report.ts, out));
        out.push_str("  ");
        let [event, pid, comm] = COLUMNS;
        let ty = report.what.ty();
        self.style.paint(paint(&report.what), ty.name(), out);
        blanks(event.saturating_sub(ty.name().len()).max(1), out);
        if ty == Type::Lost {
            self.style.painted(Paint::Alarm, out, |out| lost(report, out));
            out.push('\n');
            return;
        }
        let from = out.len();
        subject(world, report, out);
        pad(out, from, pid);
        let from = out.len();
        name(world, report, out);
        pad(out, from, comm);
        detail::write(world, report, self.style, out);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }

    /// The time column. Relative times and those since boot are aligned on the right.
    pub(super) fn stamp(&self, ts: u64, out: &mut String) {
        let right = |ns: u64, decimals: u32, out: &mut String| {
            let whole = (ns / 1_000_000_000).checked_ilog10().unwrap_or(0) + 1;
            let digits = (whole + 1 + decimals) as usize;
            blanks(self.time_columns().saturating_sub(digits), out);
            time::seconds(ns, decimals, out);
        };
        match self.time {
            time::TimeFormat::Relative => right(ts.saturating_sub(self.start), 6, out),
            time::TimeFormat::Wall => time::rfc3339(self.host.wall(ts), out),
            time::TimeFormat::Boot => right(ts, 9, out),
        }
    }
}

/// Appends the details of an event, as its line has them.
pub fn details(world: &World, report: &Report, style: Style, out: &mut String) {
    match report.what.ty() {
        Type::Lost => lost(report, out),
        _ => detail::write(world, report, style, out),
    }
}

/// What is missing: always in full.
fn lost(report: &Report, out: &mut String) {
    let What::Lost { count, since } = report.what else { return };
    let _ = write!(out, "LOST {}", counted(count, "record"));
    if report.cpu != NO_CPU {
        let _ = write!(out, " on CPU {}", report.cpu);
    }
    if let Some(gap) = report.ts.checked_sub(since).filter(|&gap| since != 0 && gap > 0) {
        out.push_str(" in the ");
        time::duration(gap, out);
        out.push_str(" before this");
    }
}

/// The vector of what the line is about.
fn subject(world: &World, report: &Report, out: &mut String) {
    match (report.what.pid(), report.task) {
        (Some(pid), _) => text::vector(world, pid, out),
        (None, Some(task)) => text::task_vector(world, task, out),
        (None, None) if report.actor_tid != 0 && report.what.ty() != Type::NsDestroy => {
            push(report.actor_tid, out);
        }
        (None, None) => out.push('-'),
    }
}

/// The comm column. The task of a pid that is only just allocated is not born yet.
fn name(world: &World, report: &Report, out: &mut String) {
    let known = |task: &_| !escape::name(&world.task(*task).comm).is_empty();
    match report.task.filter(known) {
        Some(task) if report.what.ty() != Type::AllocPid || report.what.pid().is_none() => {
            escape::comm(&world.task(task).comm, out);
        }
        _ => out.push('-'),
    }
}

/// The colour of an event's name.
fn paint(what: &What) -> Paint {
    match what {
        What::AllocFail { .. } | What::ForkFail { .. } | What::Lost { .. } => Paint::Alarm,
        What::Exit { code, .. } if code.is_some_and(|code| code != 0) => Paint::Alarm,
        What::Fork { .. } | What::AllocPid(_) => Paint::Birth,
        What::Exec { .. }
        | What::Rename { .. }
        | What::Cred
        | What::CgroupMove { .. }
        | What::Pgid { .. }
        | What::Sid { .. }
        | What::Reparent(_)
        | What::Ptrace(_) => Paint::Act,
        What::Exit { .. } | What::Release { .. } | What::FreePid { .. } => Paint::End,
        What::CgroupCreate(_) | What::CgroupRemove(_) => Paint::Space,
        What::NsCreate(_) | What::NsEnter { .. } | What::NsDying(_) | What::NsDestroy(_) => {
            Paint::Space
        }
        What::Snapshot => Paint::Dim,
    }
}

/// A fate in a word.
pub(super) fn fate(fate: NsFate) -> &'static str {
    match fate {
        NsFate::Alive => "alive",
        NsFate::Dying => "dying",
        NsFate::Held => "held",
        NsFate::Destroyed => "destroyed",
    }
}
