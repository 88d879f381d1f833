//! From events to what the reader sees of them.

mod output;
mod subtree;

use tracer::{
    coverage::Coverage,
    event::Event,
    filter::{Filter, PidSpec},
    host::Host,
    model::{Change, World},
    view::{self, Command, Json, Lines, Report, Style, Summary, What},
};

use super::{fault::Fault, out, settings, signals::Signals};
use crate::cli;
pub(super) use output::Output;
use subtree::Subtree;

/// What is shown of the tables' changes.
pub(super) struct Follow {
    host: Host,
    filter: Filter,
    lines: Lines,
    /// `None` for text.
    json: Option<Json>,
    summary: Summary,
    style: Style,
    shown: cli::Shown,
    output: Output,
    /// What the latest event means to the reader: kept for its memory.
    reports: Vec<Report>,
    subtree: Subtree,
    /// Nothing is shown yet: the command whose subtree is asked for has not been started.
    muted: bool,
}

/// How events are shown.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Text or JSON, and how times are written.
    pub(super) shown: cli::Shown,
    /// The time that relative times count from, ns since boot.
    pub(super) start: u64,
    /// Nothing is shown before [`Follow::root`].
    pub(super) muted: bool,
}

impl Follow {
    /// Nothing seen yet.
    pub(super) fn new(form: Form, host: &Host, filter: Filter, output: Output) -> Self {
        let Form { shown, start, muted } = form;
        Self {
            host: host.clone(),
            filter,
            lines: settings::lines(shown, host, start),
            json: shown.output.json.then(|| Json::new(host)),
            summary: Summary::default(),
            style: settings::error_style(shown.output),
            shown,
            output,
            reports: Vec::new(),
            subtree: Subtree::default(),
            muted,
        }
    }

    /// What stands above the events.
    pub(super) fn head(&mut self, coverage: &Coverage) {
        match &self.json {
            Some(json) => json.header(coverage, &mut self.output.text),
            None => self.lines.heading(&mut self.output.text),
        }
    }

    /// Shows what is asked for of an event, which the tables have taken in.
    pub(super) fn take(&mut self, world: &World, event: &Event, change: &Change) {
        if self.muted {
            return;
        }
        self.subtree.watch(world, change);
        self.reports.clear();
        view::reports(world, event, change, &mut self.reports);
        for report in &self.reports {
            if !self.filter.concerns(world, report) {
                continue;
            }
            // The totals are of everything that happened, whatever types are shown.
            let shown = self.filter.shows(world, report);
            if shown || !matches!(report.what, What::Snapshot) {
                self.summary.add(world, report);
            }
            if !shown {
                continue;
            }
            match &self.json {
                Some(json) => json.event(world, report, &mut self.output.text),
                None => self.lines.line(world, report, &mut self.output.text),
            }
        }
        self.output.relieve();
    }

    /// The traced command: from here on only its subtree is shown, with times from its start.
    pub(super) fn root(&mut self, pid: i32, start: u64) {
        self.lines = settings::lines(self.shown, &self.host, start);
        self.muted = false;
        self.subtree.expect(pid);
        self.filter.trees.push(PidSpec::host(pid));
    }

    /// Whether the command's process is reaped, as far as the events say.
    #[cfg(feature = "kernel")]
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
    pub(super) fn finish(&mut self, world: &World) -> Result<(), Fault> {
        if let Some(json) = &self.json {
            json.summary(world, &self.summary, &mut self.output.text);
        }
        self.output.flush()?;
        if self.output.is_cut() {
            out::note("the reader was too slow: the end of the trace was dropped");
        }
        if self.json.is_none() && (self.output.is_cut() || !self.output.is_closed()) {
            let mut text = String::new();
            self.summary.text(world, self.style, &mut text);
            out::complain(text.trim_end());
            self.left(world).iter().for_each(out::complain);
        }
        Ok(())
    }

    /// What is shown.
    #[cfg(feature = "kernel")]
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What signals ask for.
    pub(super) fn signals(&self) -> &Signals {
        self.output.signals()
    }

    /// Whether so much has gathered that it should go out.
    pub(super) fn is_full(&self) -> bool {
        self.output.is_full()
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.output.is_closed()
    }

    /// The processes of the command's subtree that it has left running.
    fn left(&self, world: &World) -> Vec<String> {
        let line = |task| {
            view::text::made(|out| {
                out.push_str("still running: ");
                view::text::task_vector(world, task, out);
                out.push_str(" (");
                view::escape::comm(&world.task(task).comm, out);
                out.push(')');
            })
        };
        self.subtree.running(world).into_iter().map(line).collect()
    }
}
