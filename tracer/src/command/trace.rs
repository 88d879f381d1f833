//! Tracing the kernel with the tables kept: what `live` and `record` have in common.

mod command;
mod end;
mod keep;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tracer::{
    coverage::Coverage,
    event::Event,
    host::Host,
    kernel::{Counters, Options, Session},
    model::{Change, NsKind, World},
    recording::{Note, Progress},
    view,
};

use super::{fault::Fault, out, settings};
pub(super) use command::{Watch, follow};
pub(super) use end::End;
pub(super) use keep::{How, Keep};

/// How long to wait for the first event of a round: what an event is late on the screen at most.
const ROUND: Duration = Duration::from_millis(5);

/// Takes an event that the tables have taken in.
pub(super) type Sink<'a> = dyn FnMut(&World, &Event, &Change) + 'a;

/// A session with its tables, and what keeps it in a file.
pub(super) struct Trace {
    session: Session,
    world: World,
    change: Change,
    keep: Option<Keep>,
    /// Losses that were known at the latest round.
    losses: u64,
    /// When tracing began, ns since boot.
    start: u64,
}

impl Trace {
    /// Attaches; nothing is read yet.
    pub(super) fn start(options: &Options) -> Result<Self, Fault> {
        let session = Session::start(options)?;
        let world = settings::world(session.coverage());
        let start = now();
        Ok(Self { session, world, change: Change::default(), keep: None, losses: 0, start })
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
        &self.world
    }

    /// Records from now on. Before the first sweep.
    pub(super) fn record(&mut self, keep: Keep) {
        self.keep = Some(keep);
    }

    /// What records, if anything does.
    pub(super) fn keep(&self) -> Option<&Keep> {
        self.keep.as_ref()
    }

    /// Has something about the run recorded too.
    pub(super) fn note(&mut self, note: Note) {
        if let Some(keep) = &mut self.keep {
            keep.note(&self.world, note);
        }
    }

    /// Sweeps all tasks.
    pub(super) fn sweep(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, world, change, keep, .. } = self;
        Ok(session.sweep(&mut |record, event| take(world, change, keep, record, event, sink))?)
    }

    /// One round: what has come. After a loss, a sweep repairs the tables.
    pub(super) fn round(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, world, change, keep, .. } = self;
        session.poll(ROUND, &mut |record, event| take(world, change, keep, record, event, sink))?;
        if self.wants_sweep() {
            // If it is lost in a storm too, the tables stay uncertain and the next calm round tries
            // again.
            let _ = self.sweep(sink);
        }
        match &mut self.keep {
            Some(keep) => keep.tick(&self.world),
            None => Ok(()),
        }
    }

    /// Whether records were lost, and no more of them since the latest round.
    fn wants_sweep(&mut self) -> bool {
        let losses = self.world.losses();
        let calm = std::mem::replace(&mut self.losses, losses) == losses;
        calm && losses > 0 && self.world.certain_since().is_none()
    }

    /// Detaches everything, and hands on what came until then.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) -> Result<Counters, Fault> {
        let Self { session, world, change, keep, .. } = self;
        Ok(session.finish(&mut |record, event| take(world, change, keep, record, event, sink))?)
    }

    /// Ends the recording, if there is one; what was written.
    pub(super) fn end(&mut self) -> Result<Progress, Fault> {
        match self.keep.take() {
            Some(keep) => keep.end(&self.world),
            None => Ok(Progress::default()),
        }
    }

    /// Says on standard error what is traced and what cannot be seen.
    pub(super) fn found(&self, sweep_ns: u64) {
        let (host, coverage) = (self.host(), self.coverage());
        let namespaces =
            self.world.namespaces().filter(|&ns| self.world.ns(ns).kind == NsKind::Pid).count();
        out::note(&format!(
            "tracing Linux {} on {} by plan {}: {} tasks in {namespaces} PID namespaces found in {}",
            host.release,
            host.name,
            coverage.plan(),
            self.world.tasks().count(),
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

/// The tables take an event in, its record is kept, and then it is handed on.
fn take(
    world: &mut World,
    change: &mut Change,
    keep: &mut Option<Keep>,
    record: &[u8],
    event: &Event,
    sink: &mut Sink<'_>,
) {
    world.apply_to(event, change);
    if let Some(keep) = keep {
        keep.take(record, event, world);
    }
    sink(world, event, change);
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
