//! From events to what the reader sees of them.

use tracer::{
    coverage::Coverage,
    event::Event,
    filter::{Filter, PidSpec},
    host::Host,
    kernel::{Counters, Session},
    model::{Change, NsKind, World},
    view::{self, Command, Json, Lines, Report, Style, Summary, What},
};

use super::{
    super::{fault::Fault, out, select, settings},
    describe, note,
    output::Output,
    signals::Signals,
    subtree::Subtree,
};
use crate::cli;

/// The tables, and what is shown of their changes.
pub(super) struct Follow {
    world: World,
    host: Host,
    filter: Filter,
    lines: Lines,
    /// `None` for text.
    json: Option<Json>,
    summary: Summary,
    style: Style,
    typed: cli::Output,
    time: cli::TimeForm,
    output: Output,
    /// What the latest event changed, and what that means to the reader: kept for their memory.
    change: Change,
    reports: Vec<Report>,
    subtree: Subtree,
    /// Losses that were known at the latest round.
    losses: u64,
    /// Nothing is shown yet: the command whose subtree is asked for has not been started.
    muted: bool,
}

impl Follow {
    /// Nothing seen yet; `start` is the time that relative times count from.
    pub(super) fn new(
        args: &cli::Live,
        session: &Session,
        filter: Filter,
        output: Output,
        start: u64,
    ) -> Self {
        let typed = args.output;
        let host = session.host();
        Self {
            world: settings::world(session.coverage()),
            host: host.clone(),
            filter,
            lines: lines(typed, args.time, host, start),
            json: typed.json.then(|| Json::new(host)),
            summary: Summary::default(),
            style: settings::error_style(typed),
            typed,
            time: args.time,
            output,
            change: Change::default(),
            reports: Vec::new(),
            subtree: Subtree::default(),
            losses: 0,
            muted: !args.command.is_empty(),
        }
    }

    /// What stands above the events.
    pub(super) fn head(&mut self, coverage: &Coverage) {
        match &self.json {
            Some(json) => json.header(coverage, &mut self.output.text),
            None => self.lines.heading(&mut self.output.text),
        }
    }

    /// Applies one event, and shows what is asked for of it.
    pub(super) fn take(&mut self, event: &Event) {
        self.world.apply_to(event, &mut self.change);
        if self.muted {
            return;
        }
        self.subtree.watch(&self.world, &self.change);
        self.reports.clear();
        view::reports(&self.world, event, &self.change, &mut self.reports);
        for report in &self.reports {
            if !self.filter.concerns(&self.world, report) {
                continue;
            }
            // The totals are of everything that happened, whatever types are shown.
            let shown = self.filter.shows(&self.world, report);
            if shown || !matches!(report.what, What::Snapshot) {
                self.summary.add(&self.world, report);
            }
            if !shown {
                continue;
            }
            match &self.json {
                Some(json) => json.event(&self.world, report, &mut self.output.text),
                None => self.lines.line(&self.world, report, &mut self.output.text),
            }
        }
        self.output.relieve();
    }

    /// Whether records were lost, and no more of them since the latest round.
    pub(super) fn wants_sweep(&mut self) -> bool {
        let losses = self.world.losses();
        let calm = std::mem::replace(&mut self.losses, losses) == losses;
        calm && losses > 0 && self.world.certain_since().is_none()
    }

    /// Whether what the filters name exists, now that the sweep has shown every task.
    pub(super) fn check(&self) -> Result<(), Fault> {
        select::check(&self.world, &self.filter)
    }

    /// Says on standard error what is traced and what cannot be seen.
    pub(super) fn found(&self, session: &Session, sweep_ns: u64) {
        if self.json.is_some() {
            return;
        }
        let coverage = session.coverage();
        let namespaces =
            self.world.namespaces().filter(|&ns| self.world.ns(ns).kind == NsKind::Pid).count();
        note(&format!(
            "{}: {} tasks in {namespaces} PID namespaces found in {}",
            describe(&self.host, coverage.plan()),
            self.world.tasks().count(),
            view::text::made(|out| view::time::duration(sweep_ns, out)),
        ));
        let gaps = coverage.gaps();
        if !gaps.is_empty() {
            note(&format!(
                "{} facts have no hook here, and are inferred or unknown: see `tracer doctor`",
                gaps.len()
            ));
        }
    }

    /// Counts relative times from now on.
    pub(super) fn restart(&mut self, start: u64) {
        self.lines = lines(self.typed, self.time, &self.host, start);
    }

    /// The traced command: from here on only its subtree is shown.
    pub(super) fn root(&mut self, pid: i32) {
        self.muted = false;
        self.subtree.expect(pid);
        self.filter.trees.push(PidSpec::host(pid));
    }

    /// Whether the command's process is reaped, as far as the events say.
    pub(super) fn root_is_released(&self) -> bool {
        self.subtree.is_over()
    }

    /// How the command ended.
    pub(super) fn ended(&mut self, status: i32) {
        self.summary.command = Some(Command { status });
    }

    /// Hands on what has gathered to the reader.
    pub(super) fn flush(&mut self) -> Result<(), Fault> {
        self.output.flush()
    }

    /// The last events are in: writes them, and the summary.
    pub(super) fn finish(&mut self, counters: &Counters) -> Result<(), Fault> {
        if let Some(json) = &self.json {
            json.summary(&self.world, &self.summary, &mut self.output.text);
        }
        self.output.flush()?;
        if self.output.is_cut() {
            note("the reader was too slow: the end of the trace was dropped");
        }
        if self.json.is_none() && (self.output.is_cut() || !self.output.is_closed()) {
            let mut text = String::new();
            self.summary.text(&self.world, self.style, &mut text);
            out::complain(text.trim_end());
            self.left().iter().for_each(out::complain);
        }
        for line in losses(*counters) {
            note(&line);
        }
        Ok(())
    }

    /// What is shown.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What signals ask for.
    pub(super) fn signals(&self) -> &Signals {
        self.output.signals()
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.output.is_closed()
    }

    /// The processes of the command's subtree that it has left running.
    fn left(&self) -> Vec<String> {
        let line = |task| {
            view::text::made(|out| {
                out.push_str("still running: ");
                view::text::task_vector(&self.world, task, out);
                out.push_str(" (");
                view::escape::comm(&self.world.task(task).comm, out);
                out.push(')');
            })
        };
        self.subtree.running(&self.world).into_iter().map(line).collect()
    }
}

/// What writes lines.
fn lines(output: cli::Output, time: cli::TimeForm, host: &Host, start: u64) -> Lines {
    Lines::new(settings::style(output), settings::time(time), host, start)
}

/// Losses that no gap in the events shows.
fn losses(counters: Counters) -> impl Iterator<Item = String> {
    let Counters { written: _, ring_full, recursion, missed_returns } = counters;
    [
        (
            ring_full,
            "records lost because the ring was full: a larger --ring bridges longer stalls",
        ),
        (recursion, "runs of programs skipped because one already ran on the CPU"),
        (missed_returns, "returns of functions missed by kretprobes: use --plan trampoline"),
    ]
    .into_iter()
    .filter(|&(count, _)| count > 0)
    .map(|(count, what)| format!("{count} {what}"))
}
