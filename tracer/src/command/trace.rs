//! Tracing the kernel with the tables kept: what `live` and `record` have in common.

mod audit;
mod command;
mod end;
mod keep;
mod lasting;
mod resync;
mod tables;
mod witness;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tracer::{
    check::{Checker, Report},
    coverage::Coverage,
    event::Event,
    host::Host,
    kernel::{Bell, Counters, Options, Session},
    model::{Change, NsKind, World},
    recording::{Note, Progress},
    view,
};

use super::{fault::Fault, out, settings};
use audit::Audit;
pub(super) use command::{Watch, follow};
pub(super) use end::End;
pub(super) use keep::{How, Keep};
use resync::Resyncs;
use tables::Tables;

/// How long to wait for the first event of a round: what an event is late on the screen at most.
const ROUND: Duration = Duration::from_millis(5);

/// Takes an event that the tables have taken in.
pub(super) type Sink<'a> = dyn FnMut(&World, &Event, &Change) + 'a;

/// A session with its tables, and what keeps it in a file.
pub(super) struct Trace {
    session: Session,
    tables: Tables,
    /// Losses that were known at the latest round.
    losses: u64,
    /// When the tables are compared with the kernel's, if they are.
    audit: Option<Audit>,
    /// When tracing began, ns since boot.
    start: u64,
    /// How long a round waits for the first event.
    pace: Duration,
    /// Losses are told at once.
    prompt: bool,
    /// Why it was swept since the first time.
    resyncs: Resyncs,
}

impl Trace {
    /// Attaches; nothing is read yet.
    pub(super) fn start(options: &Options) -> Result<Self, Fault> {
        let session = Session::start(options)?;
        let tables = Tables::new(settings::world(session.coverage()));
        Ok(Self {
            session,
            tables,
            losses: 0,
            audit: None,
            start: now(),
            pace: ROUND,
            prompt: false,
            resyncs: Resyncs::default(),
        })
    }

    /// Has each round wait so long for many events: what an event is late at most.
    pub(super) fn pace(&mut self, wait: Duration) {
        self.pace = wait;
    }

    /// What ends a round before its time, from another thread.
    pub(super) fn bell(&self) -> Result<Bell, Fault> {
        Ok(self.session.bell()?)
    }

    /// What the kernel side could not deliver so far.
    pub(super) fn counters(&self) -> Counters {
        self.session.counters()
    }

    /// When tracing began, ns since boot.
    pub(super) fn begun(&self) -> u64 {
        self.start
    }

    /// The host.
    pub(super) fn host(&self) -> &Host {
        self.session.host()
    }

    /// What is attached.
    pub(super) fn coverage(&self) -> &Coverage {
        self.session.coverage()
    }

    /// The tables.
    pub(super) fn world(&self) -> &World {
        &self.tables.world
    }

    /// Records from now on. Before the first sweep, or with what goes on from these tables.
    pub(super) fn record(&mut self, mut keep: Keep) {
        keep.begin(&self.tables.world);
        self.tables.keep = Some(keep);
    }

    /// Stops recording, as well as that can be done; whether anything was recorded.
    pub(super) fn stop_recording(&mut self) -> bool {
        let Some(keep) = self.tables.keep.take() else { return false };
        // What has failed already is not told again.
        let _failed = keep.end(&self.tables.world);
        true
    }

    /// What records, if anything does.
    pub(super) fn keep(&self) -> Option<&Keep> {
        self.tables.keep.as_ref()
    }

    /// Judges every event, and sweeps every so often. Before the first sweep.
    pub(super) fn judge(&mut self, checker: Checker, every: Duration) {
        self.tables.judge = Some(checker);
        self.audit = Some(Audit::new(every));
    }

    /// What judges, if anything does.
    pub(super) fn judged(&self) -> Option<&Checker> {
        self.tables.judge.as_ref()
    }

    /// What is on its way may never come.
    pub(super) fn broke_off(&mut self) {
        if let Some(judge) = &mut self.tables.judge {
            judge.broke_off();
        }
    }

    /// The verdicts, if something has judged.
    pub(super) fn report(&mut self) -> Option<Report> {
        let checker = self.tables.judge.take()?;
        Some(checker.finish(&self.tables.world))
    }

    /// Has something about the run recorded too.
    pub(super) fn note(&mut self, note: Note) {
        let Tables { world, keep, .. } = &mut self.tables;
        if let Some(keep) = keep {
            keep.note(world, note);
        }
    }

    /// Sweeps all tasks.
    pub(super) fn sweep(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, tables, .. } = self;
        Ok(session.sweep(&mut |record, event| tables.take(record, event, sink))?)
    }

    /// One round: what has come. After a loss, a sweep repairs the tables.
    pub(super) fn round(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, tables, pace, .. } = self;
        session.poll(*pace, &mut |record, event| tables.take(record, event, sink))?;
        self.reveal(sink);
        if self.wants_sweep() {
            // If it is lost in a storm too, the tables stay uncertain and the next calm round tries
            // again.
            let _ = self.sweep(sink);
        }
        let Tables { world, keep, .. } = &mut self.tables;
        match keep {
            Some(keep) => keep.tick(world),
            None => Ok(()),
        }
    }

    /// Takes in what has come until now, without waiting.
    pub(super) fn catch_up(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, tables, .. } = self;
        session.poll(Duration::ZERO, &mut |record, event| tables.take(record, event, sink))?;
        self.reveal(sink);
        Ok(())
    }

    fn reveal(&mut self, sink: &mut Sink<'_>) {
        let Self { session, tables, prompt, .. } = self;
        if *prompt {
            session.reveal(&mut |record, event| tables.take(record, event, sink));
        }
    }

    /// Whether records were lost, and no more of them since the latest round; or an audit is due.
    fn wants_sweep(&mut self) -> bool {
        let world = &self.tables.world;
        let losses = world.losses();
        let calm = std::mem::replace(&mut self.losses, losses) == losses;
        let unsure = losses > 0 && world.certain_since().is_none();
        let due = self.audit.as_mut().is_some_and(Audit::is_due);
        let repairs = calm && unsure;
        self.resyncs.loss += u64::from(repairs);
        self.resyncs.audit += u64::from(due && !repairs);
        repairs || due
    }

    /// The tables are compared with the kernel's a last time, while the hooks are still attached:
    /// twice, so that what both sweeps show is no matter of timing; `/proc` in between.
    pub(super) fn close(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, tables, .. } = self;
        // What is on its way comes in: also returns of functions that are not missed.
        for _ in 0..audit::DRAIN {
            session.poll(ROUND, &mut |record, event| tables.take(record, event, sink))?;
        }
        session.settle(&mut |record, event| tables.take(record, event, sink));
        self.compare(sink)?;
        self.witness(sink)?;
        self.compare(sink)
    }

    /// A sweep whose end may be lost, which says so by that loss.
    fn compare(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let swept = self.sweep(sink);
        if self.world().certain_since().is_some() { swept } else { Ok(()) }
    }

    /// Detaches everything, and hands on what came until then.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) -> Result<Counters, Fault> {
        let Self { session, tables, .. } = self;
        Ok(session.finish(&mut |record, event| tables.take(record, event, sink))?)
    }

    /// Ends the recording, if there is one; what was written.
    pub(super) fn end(&mut self) -> Result<Progress, Fault> {
        match self.tables.keep.take() {
            Some(keep) => keep.end(&self.tables.world),
            None => Ok(Progress::default()),
        }
    }

    /// Says on standard error what is traced and what cannot be seen.
    pub(super) fn found(&self, sweep_ns: u64) {
        let (host, coverage, world) = (self.host(), self.coverage(), self.world());
        let namespaces = world.namespaces().filter(|&ns| world.ns(ns).kind == NsKind::Pid).count();
        out::note(&format!(
            "tracing Linux {} on {} by plan {}: {} tasks in {namespaces} PID namespaces found in {}",
            host.release,
            host.name,
            coverage.plan(),
            world.tasks().count(),
            view::text::made(|out| view::time::duration(sweep_ns, out)),
        ));
        let gaps = coverage.gaps();
        if !gaps.is_empty() {
            out::note(&format!(
                "{} facts have no hook here, and are inferred or unknown: see `tracer doctor`",
                gaps.len()
            ));
        }
    }
}

/// Says which losses no gap in the events shows.
pub(super) fn complain(counters: Counters) {
    let Counters { written: _, ring_full, recursion, missed_returns } = counters;
    let losses = [
        (
            ring_full,
            "records lost because the ring was full: a larger --ring bridges longer stalls",
        ),
        (recursion, "runs of programs skipped because one already ran on the CPU"),
        (missed_returns, "returns of functions missed by kretprobes: use --plan trampoline"),
    ];
    for (count, what) in losses.into_iter().filter(|&(count, _)| count > 0) {
        out::note(&format!("{count} {what}"));
    }
}

/// The time, ns since boot.
pub(super) fn now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
