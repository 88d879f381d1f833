//! `tracer live`: events as they happen.

mod child;
mod follow;
mod output;
mod program;
mod signals;
mod subtree;

use std::{process::ExitCode, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use tracer::{
    filter::{Filter, Types},
    host::Host,
    kernel::Session,
};

use super::{fault::Fault, out, select, settings};
use crate::cli;
use child::Child;
use follow::Follow;
use output::Output;
use program::Program;
use signals::Signals;

/// How long to wait for the first event of a round: what an event is late on the screen at most.
const ROUND: Duration = Duration::from_millis(5);
/// How long the events of the command's end may take to come, ns.
const DRAIN_NS: u64 = 200_000_000;

/// Traces until the command's end, `--duration`, a signal or a closed pipe.
pub(super) fn run(args: &cli::Live) -> Result<ExitCode, Fault> {
    let signals = Signals::catch()?;
    let program = Program::find(&args.command)?;
    let mut filter = select::filter(&args.selection)?;
    filter.types = Some(args.events.types.unwrap_or(Types::LIVE));

    let mut session = Session::start(&settings::tracing(&args.tracing))?;
    let host = session.host().clone();
    let start = now();
    let (since, until) = (args.events.since, args.events.until);
    filter.since = since.map(|spec| spec.resolve(&host, start, start));
    filter.until = until.map(|spec| spec.resolve(&host, start, start));

    let output = Output::stdout(signals);
    let mut follow = Follow::new(args, &session, filter, output, start);
    let ended = trace(args, &mut session, &mut follow, program.as_ref());

    // Whatever happened, everything is detached, and what came until then is shown.
    let finished = session.finish(&mut |_record, event| follow.take(event));
    let child = ended?;
    let counters = finished?;
    follow.finish(&counters)?;
    if let Some(mut child) = child {
        // Untraced from here on: only where nobody reads any more.
        child.wait(follow.signals())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sweeps, runs the command, follows the events; the command if it still runs.
fn trace(
    args: &cli::Live,
    session: &mut Session,
    follow: &mut Follow,
    program: Option<&Program>,
) -> Result<Option<Child>, Fault> {
    follow.head(session.coverage());
    let start = now();
    session.sweep(&mut |_record, event| follow.take(event))?;
    if program.is_none() {
        follow.check()?;
    }
    follow.found(session, now() - start);
    follow.flush()?;
    if follow.signals().asked().is_some() {
        return Ok(None);
    }

    let mut end = End::new(args, follow.filter());
    let Some(program) = program else {
        while !end.is_reached() && follow.signals().asked().is_none() && !follow.is_closed() {
            round(session, follow)?;
        }
        return Ok(None);
    };
    follow.restart(now());
    let mut child = program.spawn()?;
    follow.root(child.pid());
    with_command(session, follow, &mut child, &mut end)?;
    Ok(child.is_running().then_some(child))
}

/// Follows the events until the command's end has come through, or nobody reads any more.
fn with_command(
    session: &mut Session,
    follow: &mut Follow,
    child: &mut Child,
    end: &mut End,
) -> Result<(), Fault> {
    let mut drained = None;
    while !follow.is_closed() {
        round(session, follow)?;
        if let Some(status) = child.status()? {
            follow.ended(status);
            let drained = *drained.get_or_insert_with(|| now() + DRAIN_NS);
            if follow.root_is_released() || now() > drained {
                break;
            }
        }
        if end.is_reached_once() {
            child.end();
        }
        if !child.obey(follow.signals()) {
            break;
        }
    }
    Ok(())
}

/// One round: what has come, on its way to the reader. After a loss, a sweep repairs the tables.
fn round(session: &mut Session, follow: &mut Follow) -> Result<(), Fault> {
    session.poll(ROUND, &mut |_record, event| follow.take(event))?;
    if follow.wants_sweep() {
        // If it is lost in a storm too, the tables stay uncertain and the next calm round tries
        // again.
        let _ = session.sweep(&mut |_record, event| follow.take(event));
    }
    follow.flush()
}

/// When tracing ends by itself.
struct End {
    /// ns since boot.
    at: Option<u64>,
}

impl End {
    /// After `--duration`; without a command also at `--until`, behind which nothing is shown.
    fn new(args: &cli::Live, filter: &Filter) -> Self {
        let over = args
            .duration
            .map(|time| now().saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)));
        let until = filter.until.filter(|_| args.command.is_empty());
        Self { at: over.into_iter().chain(until).min() }
    }

    /// Whether it is reached.
    fn is_reached(&self) -> bool {
        self.at.is_some_and(|at| now() > at)
    }

    /// Whether it is reached; said once.
    fn is_reached_once(&mut self) -> bool {
        let reached = self.is_reached();
        if reached {
            self.at = None;
        }
        reached
    }
}

/// The time, ns since boot.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// One line on standard error, between the command's own.
fn note(line: &str) {
    out::complain(format_args!("# {line}"));
}

/// The kernel and the way it is traced.
fn describe(host: &Host, plan: tracer::coverage::Plan) -> String {
    format!("tracing Linux {} on {} by plan {plan}", host.release, host.name)
}
