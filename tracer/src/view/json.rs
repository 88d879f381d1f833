//! One JSON object a line: a header, the events or rows, and a summary.
//!
//! Unknown values are absent, never 0 or null; 64-bit ids are strings. Text is text: what could
//! harm a terminal is escaped, and where bytes are no UTF-8 they are replaced by U+FFFD and a field
//! with `_hex` behind the name (`comm_hex`, `filename_hex`, `args_hex`) holds all the bytes.

mod blame;
mod check;
mod diff;
mod event;
mod life;
mod lifetime;
mod object;
mod row;
mod stats;
#[cfg(test)]
mod tests;

use object::Object;

use super::digits::push;
use super::{ContainerRow, Report, Summary, names, time};
use crate::coverage::{Coverage, Fact};
use crate::event::NO_CPU;
use crate::host::Host;
use crate::model::{NsId, PidId, TaskId, World};
use crate::past::facts::Identity;

/// Version of what is written here.
const SCHEMA: u32 = 1;

/// Writes JSON lines.
#[derive(Clone, Debug)]
pub struct Json {
    host: Host,
    /// The boot id without dashes: the first part of every `process_id`.
    boot: String,
}

impl Json {
    /// A writer for this host's events.
    pub fn new(host: &Host) -> Self {
        Self { host: host.clone(), boot: host.boot_id.replace('-', "") }
    }

    /// Appends the first line: schema, host, plan and, for each fact, the hook that tells it.
    pub fn header(&self, coverage: &Coverage, out: &mut String) {
        let mut line = Object::line("header", out);
        line.number("schema", SCHEMA);
        line.str("version", env!("CARGO_PKG_VERSION"));
        let host = &self.host;
        for (key, text) in
            [("release", &host.release), ("boot_id", &host.boot_id), ("host", &host.name)]
        {
            if !text.is_empty() {
                line.text(key, text.as_bytes());
            }
        }
        for (key, number) in [("cpus", host.cpus), ("pid_max", host.pid_max)] {
            line.known(key, number);
        }
        line.str("plan", coverage.plan().name());
        let mut facts = line.object("coverage");
        for fact in Fact::ALL {
            let name = fact.name();
            match coverage.hook(fact) {
                Some(hook) => facts.text(name, hook.place.as_bytes()),
                None => facts.raw(name, "null"),
            }
        }
        facts.close();
        line.flag("group_dead", coverage.group_dead);
        line.flag("pid_ino", coverage.pid_ino);
        line.flag("ns_id", coverage.ns_id);
        line.known("hidden_tasks", coverage.hidden_tasks);
        line.end();
    }

    /// Appends the first line where nothing is known of the host.
    pub fn bare_header(out: &mut String) {
        let mut line = Object::line("header", out);
        line.number("schema", SCHEMA);
        line.str("version", env!("CARGO_PKG_VERSION"));
        line.end();
    }

    /// Appends the line of one event.
    pub fn event(&self, world: &World, report: &Report, out: &mut String) {
        let mut line = Object::line(report.what.ty().name(), out);
        self.times(report.ts, &mut line);
        if report.cpu != NO_CPU {
            line.number("cpu", report.cpu);
        }
        event::Event { world, report, json: self }.write(&mut line);
        line.end();
    }

    /// Appends the line of one task (`ps`, `tree`).
    pub fn task(&self, world: &World, task: TaskId, out: &mut String) {
        let mut line = Object::line("task", out);
        self.task_fields(world, task, &mut line);
        line.end();
    }

    /// Appends a line for each of these namespaces (`ns`).
    pub fn namespaces(&self, world: &World, list: &[NsId], out: &mut String) {
        let lowest = super::namespaces::lowest(world);
        for &ns in list {
            row::namespace(world, ns, lowest.get(&ns).copied(), out);
        }
    }

    /// Appends the line of one namespace; of several at once, see [`Json::namespaces`].
    pub fn namespace(&self, world: &World, ns: NsId, out: &mut String) {
        self.namespaces(world, &[ns], out);
    }

    /// Appends the line of one container (`containers`).
    pub fn container(&self, world: &World, row: &ContainerRow, out: &mut String) {
        row::container(world, row, out);
    }

    /// Appends the line of one pid (`pid`).
    pub fn pid(&self, world: &World, pid: PidId, out: &mut String) {
        self.pid_row(world, pid, out);
    }

    /// Appends the last line: totals and losses, and how the command ended.
    pub fn summary(&self, world: &World, summary: &Summary, out: &mut String) {
        let mut line = Object::line("summary", out);
        line.number("events", summary.events());
        let mut types = line.object("types");
        for (ty, count) in summary.by_type() {
            types.number(ty.name(), count);
        }
        types.close();
        line.number("tasks", summary.tasks());
        line.number("failed_forks", summary.failed_forks());
        line.number("lost", summary.lost());
        line.number("namespaces", summary.namespaces());
        line.array("zombies", summary.zombies(world), |zombie, out| {
            let mut item = Object::item(out);
            event::who(world, zombie, &mut item);
            event::parent(world, zombie, &mut item);
            if let Some(parent) = world.task(zombie).real_parent {
                item.text("parent_comm", super::escape::name(&world.task(parent).comm));
            }
            item.close();
        });
        if let Some(command) = summary.command {
            event::ended(names::Ended::from_wait(command.status), &mut line);
        }
        line.end();
    }

    /// The identity that lasts: boot id, level-0 number at birth, time of birth.
    fn process_id(&self, world: &World, id: TaskId, line: &mut Object<'_>) {
        self.identity(Identity::of(world, id), line);
    }

    /// The same of a task that the tables may have forgotten.
    fn identity(&self, identity: Identity, line: &mut Object<'_>) {
        if let Some(identity) = identity.known().filter(|_| !self.boot.is_empty()) {
            line.quoted("process_id", |out| {
                super::escape::json(self.boot.as_bytes(), out);
                out.push('-');
                push(identity.tid, out);
                out.push('-');
                push(identity.birth, out);
            });
        }
    }

    /// The time of something, `ts` and `time`.
    fn times(&self, ts: u64, line: &mut Object<'_>) {
        self.time("ts", "time", ts, line);
    }

    fn time(&self, key: &str, wall_key: &str, ts: u64, line: &mut Object<'_>) {
        line.number(key, ts);
        if self.host.wall_ns != 0 {
            line.quoted(wall_key, |out| time::rfc3339(self.host.wall(ts), out));
        }
    }
}
