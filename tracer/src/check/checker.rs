//! All rules, applied to a stream.

use super::{
    ALL, Form, Report, Row, Rule, Violation,
    audit::Audit,
    book::Book,
    complete,
    cx::{Cx, is_plain},
    group, life, namespace, order, pid,
    rules::COUNT,
    stream, task,
};
use crate::{
    coverage::Coverage,
    event::{Body, Event},
    host::Host,
    model::{Change, World},
};

/// Which rules are judged.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these, by number; all where empty.
    pub only: Vec<u8>,
    /// Not these.
    pub skip: Vec<u8>,
}

/// How far the stream must be behind a violation before it is told, ns: a loss that would explain it
/// is told within that time.
const SETTLED: u64 = 2_000_000_000;

/// How often a rule was tested.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Which.
    pub rule: &'static Rule,
    /// Tests.
    pub tested: u64,
    /// Those that failed.
    pub violated: u64,
    /// Those that failed where records are missing.
    pub doubted: u64,
}

/// Judges every event of a stream by all rules.
#[derive(Clone, Debug)]
pub struct Checker {
    forms: [Form; COUNT],
    book: Book,
    pid: pid::State,
    task: task::State,
    group: group::State,
    namespace: namespace::State,
    order: order::State,
    life: life::State,
    stream: stream::State,
    audit: Audit,
    complete: complete::State,
    /// The hooks are being detached: what still comes lacks parts.
    over: bool,
}

impl Checker {
    /// For the events of a host that are seen by these hooks.
    pub fn new(host: &Host, coverage: &Coverage, options: &Options) -> Self {
        let forms = ALL.map(|rule| {
            let named = options.only.is_empty() || options.only.contains(&rule.number);
            if named && !options.skip.contains(&rule.number) {
                Form::of(rule, coverage)
            } else {
                Form::Skipped
            }
        });
        Self {
            book: Book::new(&forms, coverage.hidden_tasks > 0),
            forms,
            pid: pid::State::new(host, coverage),
            task: task::State::new(host, coverage),
            group: group::State::new(host, coverage),
            namespace: namespace::State::new(host, coverage),
            order: order::State::new(host, coverage),
            life: life::State::new(host, coverage),
            stream: stream::State::new(host, coverage),
            audit: Audit::new(coverage),
            complete: complete::State::new(coverage),
            over: false,
        }
    }

    /// Holds a record against the tables as they are before it.
    pub fn before(&mut self, world: &World, event: &Event) {
        if self.over {
            return;
        }
        self.book.recent.note(event);
        self.book.now = self.book.now.max(event.header.ts);
        self.book.certain = world.certain_since().is_some();
        match &event.body {
            Body::Lost(lost) => {
                self.book.lose(lost.count, lost.since);
                self.book.certain = false;
            }
            Body::Snapshot { from_proc: true, .. } => self.book.hides = true,
            _ => {}
        }
        let plain = is_plain(&event.body);
        let cx = &mut Cx { world, event, plain, book: &mut self.book };
        self.stream.before(cx);
        self.order.before(cx);
        self.pid.before(cx);
        self.task.before(cx);
        self.group.before(cx);
        self.namespace.before(cx);
        self.life.before(cx);
        self.audit.before(cx);
        self.complete.before(cx);
        self.over = matches!(&event.body, Body::Census(census) if census.last != 0);
    }

    /// Judges what the record has changed; `world` has it now.
    pub fn after(&mut self, world: &World, event: &Event, change: &Change) {
        if self.over {
            return;
        }
        let swept = matches!(event.body, Body::SnapshotEnd(_));
        if swept {
            self.book.certain = world.certain_since().is_some();
        }
        let plain = is_plain(&event.body);
        let cx = &mut Cx { world, event, plain, book: &mut self.book };
        if !swept && !matches!(event.body, Body::PidNs(_)) {
            // the others judge sweeps alone
            self.pid.after(cx, change);
            self.task.after(cx, change);
            return;
        }
        self.order.after(cx, change);
        self.pid.after(cx, change);
        self.task.after(cx, change);
        self.group.after(cx, change);
        self.namespace.after(cx, change);
        self.audit.after(cx, change);
    }

    /// Whether hooks tell of every change of groups and sessions.
    pub(super) fn compares_groups(&self) -> bool {
        self.audit.compares_groups()
    }

    pub(super) fn book_mut(&mut self) -> &mut Book {
        &mut self.book
    }

    /// How often each rule was tested so far, and what came of it.
    pub fn counts(&self) -> impl Iterator<Item = Count> {
        ALL.iter().zip(self.book.tallies()).map(|(rule, tally)| Count {
            rule,
            tested: tally.tested,
            violated: tally.violated,
            doubted: tally.doubted,
        })
    }

    /// The violations that no loss can explain any more, in the order in which they were found; `ts` is
    /// how far the stream has come, ns since boot.
    pub fn settled(&self, ts: u64) -> impl Iterator<Item = &Violation> {
        let settled = move |one: &&Violation| one.ts.saturating_add(SETTLED) <= ts;
        self.book.violations.iter().filter(settled)
    }

    /// The stream broke off without its proper end: what was on its way then is not known to be
    /// missing. Before [`Checker::finish`].
    pub fn broke_off(&mut self) {
        self.stream.broke_off();
    }

    /// The verdicts, at the end of the stream.
    pub fn finish(mut self, world: &World) -> Report {
        self.book.certain = world.certain_since().is_some();
        let last = Event::default();
        let cx = &mut Cx { world, event: &last, plain: false, book: &mut self.book };
        self.order.finish(cx);
        self.pid.finish(cx);
        self.task.finish(cx);
        self.group.finish(cx);
        self.namespace.finish(cx);
        self.stream.finish(cx);
        let tallies = self.book.tallies();
        let Book { violations, lost, certain, recent, .. } = self.book;
        let rows = ALL
            .iter()
            .zip(self.forms)
            .zip(tallies)
            .map(|((rule, form), tally)| Row::judge(rule, form, tally, lost > 0, certain));
        let completeness =
            self.complete.finish(world, self.pid.holes(), self.namespace.uncounted());
        Report { rows: rows.collect(), violations, events: recent.count(), lost, completeness }
    }
}
