//! CSV (RFC 4180): one row an event, in columns that stay.

use std::fmt::Write as _;

use super::super::facts::{Identity, Number, Numbers};
use super::Exporter;
use crate::coverage::Coverage;
use crate::event::NO_CPU;
use crate::host::Host;
use crate::model::{TaskId, World};
use crate::view::names::Ended;
use crate::view::{Report, Style, Summary, What, details, escape, names, text, time};

/// The columns. New ones will be added at the end.
///
/// `ts` is ns since boot and `time` RFC 3339; `pid` (thread group), `tid`, `ppid`, `creator` (the
/// tid that called clone), `pgid` and `sid` count at level 0; `ns_pids` is the whole vector, host
/// first, with slashes; `pid_ns` is the inode number of the innermost PID namespace; `count` is how
/// many records were lost; `details` is what the lines for people say. What is unknown is empty.
pub const COLUMNS: [&str; 24] = [
    "ts",
    "time",
    "cpu",
    "type",
    "pid",
    "tid",
    "ns_pids",
    "ppid",
    "creator",
    "pgid",
    "sid",
    "uid",
    "gid",
    "comm",
    "start_ns",
    "exit_code",
    "exit_signal",
    "core_dumped",
    "error",
    "count",
    "inferred",
    "pid_ns",
    "process_id",
    "details",
];

/// Writes CSV. Text of traced processes is escaped as on a terminal, and gets an apostrophe before
/// it if a spreadsheet would take it for a formula.
#[derive(Clone, Debug, Default)]
pub struct Csv {
    host: Host,
    boot: String,
}

impl Exporter for Csv {
    fn begin(&mut self, host: &Host, _: &Coverage, out: &mut Vec<u8>) {
        self.host = host.clone();
        self.boot = text::made(|out| {
            escape::terminal(host.boot_id.replace('-', "").as_bytes(), out);
        });
        out.extend_from_slice(COLUMNS.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn event(&mut self, world: &World, report: &Report, out: &mut Vec<u8>) {
        let mut row = Row::default();
        self.row(world, report, &mut row);
        out.extend_from_slice(row.0.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn end(&mut self, _: &World, _: &Summary, _: &mut Vec<u8>) {}
}

impl Csv {
    fn row(&self, world: &World, report: &Report, row: &mut Row) {
        row.0 = report.ts.to_string();
        let wall = self.host.wall_ns != 0;
        row.cell(|out| {
            if wall {
                time::rfc3339(self.host.wall(report.ts), out);
            }
        });
        row.number((report.cpu != NO_CPU).then_some(report.cpu));
        row.cell(|out| out.push_str(report.what.ty().name()));
        let who = Who::of(world, report);
        row.number(known(who.tgid));
        row.number(known(who.tid));
        row.cell(|out| slashes(&who.numbers, out));
        who.task_cells(world, row);
        ending(&report.what, row);
        row.cell(|out| {
            if let What::AllocFail { errno, .. } | What::ForkFail { errno, .. } = report.what {
                names::write_errno(errno, out);
            }
        });
        row.number(match report.what {
            What::Lost { count, .. } => Some(count),
            _ => None,
        });
        row.cell(|out| out.push_str(inferred(&report.what)));
        row.number(who.numbers.last().map(|last| last.inum).filter(|&inum| inum != 0));
        row.cell(|out| {
            let identity = who.task.and_then(|id| Identity::of(world, id).known());
            if let Some(Identity { tid, birth }) = identity.filter(|_| !self.boot.is_empty()) {
                let _ = write!(out, "{}-{tid}-{birth}", self.boot);
            }
        });
        row.text(|out| details(world, report, Style { color: false, ascii: true }, out));
    }
}

/// A number that is unknown when it is 0.
fn known(number: i32) -> Option<i32> {
    (number != 0).then_some(number)
}

fn slashes(numbers: &[Number], out: &mut String) {
    for (level, number) in numbers.iter().enumerate() {
        let _ = write!(out, "{}{}", if level == 0 { "" } else { "/" }, number.nr);
    }
}

/// Whom a row is about.
struct Who {
    task: Option<TaskId>,
    creator: i32,
    tid: i32,
    tgid: i32,
    numbers: Numbers,
}

impl Who {
    fn of(world: &World, report: &Report) -> Self {
        let own = |id: TaskId| world.task(id);
        if let What::AllocPid(pid) = report.what {
            // no task has it yet
            let numbers = Numbers::of(world, pid);
            let tid = world.pid(pid).nr();
            return Self { task: None, creator: report.actor_tid, tid, tgid: 0, numbers };
        }
        let numbers = match (report.what.pid(), report.task) {
            (Some(pid), _) => Numbers::of(world, pid),
            (None, Some(id)) => Numbers::of_task(world, id),
            (None, None) => Numbers::default(),
        };
        let creator = match report.what {
            What::Fork { .. } => report.task.map_or(0, |id| own(id).creator_tid),
            _ => 0,
        };
        let nobody = matches!(report.what, What::Lost { .. } | What::NsDestroy(_));
        let (tid, tgid) = match report.task {
            Some(id) => (own(id).tid, own(id).tgid),
            None if nobody => (0, 0),
            None => (report.actor_tid, report.actor_tgid),
        };
        Self { task: report.task, creator, tid, tgid, numbers }
    }

    /// From `ppid` to `start_ns`.
    fn task_cells(&self, world: &World, row: &mut Row) {
        let task = self.task.map(|id| world.task(id));
        let task = task.as_ref();
        row.number(task.and_then(|task| known(task.ppid)));
        row.number(known(self.creator));
        let group = |pid: Option<crate::model::PidId>| pid.map(|pid| world.pid(pid).nr());
        row.number(self.task.and_then(|id| group(world.task_pgrp(id))));
        row.number(self.task.and_then(|id| group(world.task_session(id))));
        row.number(task.and_then(|task| task.uid));
        row.number(task.and_then(|task| task.gid));
        row.text(|out| {
            if let Some(task) = task {
                escape::terminal(escape::name(&task.comm), out);
            }
        });
        row.number(task.map(|task| task.start).filter(|&start| start != 0));
    }
}

/// `exit_code`, `exit_signal`, `core_dumped`.
fn ending(what: &What, row: &mut Row) {
    let ended = match what {
        What::Exit { code: Some(code), .. } => Some(Ended::from_wait(*code)),
        _ => None,
    };
    let (code, signal, core) = match ended {
        Some(Ended::Code(code)) => (Some(code), None, ""),
        Some(Ended::Signal { signal, core }) => {
            (None, Some(signal), if core { "true" } else { "false" })
        }
        None => (None, None, ""),
    };
    row.number(code);
    row.number(signal);
    row.cell(|out| out.push_str(core));
}

/// Whether it was inferred, of what may be.
fn inferred(what: &What) -> &'static str {
    let inferred = match what {
        What::Exit { inferred, .. }
        | What::Release { inferred, .. }
        | What::FreePid { inferred, .. } => *inferred,
        What::Reparent(reparent) => reparent.inferred,
        _ => return "",
    };
    if inferred { "true" } else { "false" }
}

/// A row under construction.
#[derive(Default)]
struct Row(String);

impl Row {
    /// A cell that needs neither quotes nor escapes.
    fn cell(&mut self, write: impl FnOnce(&mut String)) {
        self.0.push(',');
        write(&mut self.0);
    }

    fn number(&mut self, number: Option<impl std::fmt::Display>) {
        self.0.push(',');
        if let Some(number) = number {
            let _ = write!(self.0, "{number}");
        }
    }

    /// A cell of any text.
    fn text(&mut self, write: impl FnOnce(&mut String)) {
        let mut cell = text::made(write);
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            cell.insert(0, '\'');
        }
        self.0.push(',');
        if cell.contains(['"', ',', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            self.0.push('"');
            self.0.push_str(&cell.replace('"', "\"\""));
            self.0.push('"');
        } else {
            self.0.push_str(&cell);
        }
    }
}
