//! `tracer live`: events as they happen.

use std::process::ExitCode;

use tracer::{
    event::Event,
    filter::Types,
    kernel::Options,
    model::{Change, World},
    recording::{Codec, Sync},
};

use super::{
    child::Program,
    fault::Fault,
    follow::{Follow, Form, Output},
    select, settings,
    signals::Signals,
    trace::{self, How, Keep, Trace, Watch, now},
};
use crate::cli;

/// Traces until the command's end, `--duration`, a signal or a closed pipe.
pub(super) fn run(args: &cli::Live) -> Result<ExitCode, Fault> {
    let signals = Signals::catch()?;
    let program = Program::find(&args.command)?;
    let mut filter = select::filter(&args.selection)?;
    filter.types = Some(args.events.types.unwrap_or(Types::LIVE));

    let (sync, codec) = (Sync::default(), Codec::default());
    let how = args.record.as_ref().map(|path| How { path, rotate: None, keep: None, sync, codec });
    how.as_ref().map_or(Ok(()), How::check)?;

    let options = Options { files: how.is_some(), ..settings::tracing(&args.tracing) };
    let mut trace = Trace::start(&options)?;
    let start = trace.begun();
    let host = trace.host().clone();
    let (since, until) = (args.events.since, args.events.until);
    filter.since = since.map(|spec| spec.resolve(&host, start, start));
    filter.until = until.map(|spec| spec.resolve(&host, start, start));
    let until = filter.until;
    if let Some(how) = &how {
        let keep = Keep::create(how, &host, trace.coverage(), start, program.is_some())?;
        trace.record(keep);
    }

    let muted = program.is_some();
    let form = Form { output: args.output, time: args.time, start, muted };
    let follow = Follow::new(form, &host, filter, Output::stdout(signals));
    let mut live = Live { follow, end: End::new(args, until) };
    let ended = live.trace(args, &mut trace, program.as_ref());

    // Whatever happened, everything is detached, and what came until then is shown.
    let finished = trace.finish(&mut |world, event, change| live.follow.take(world, event, change));
    let child = ended?;
    let counters = finished?;
    live.follow.finish(trace.world())?;
    trace::complain(counters);
    trace.end()?;
    if let Some(mut child) = child {
        // Untraced from here on: only where nobody reads any more.
        child.wait(live.follow.signals())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is shown, and until when.
struct Live {
    follow: Follow,
    end: End,
}

impl Live {
    /// Sweeps, runs the command, follows the events; the command if it still runs.
    fn trace(
        &mut self,
        args: &cli::Live,
        trace: &mut Trace,
        program: Option<&Program>,
    ) -> Result<Option<super::child::Child>, Fault> {
        self.follow.head(trace.coverage());
        let start = now();
        trace.sweep(&mut |world, event, change| self.follow.take(world, event, change))?;
        if program.is_none() {
            select::check(trace.world(), self.follow.filter())?;
        }
        if !args.output.json {
            trace.found(now() - start);
        }
        self.follow.flush()?;
        if self.follow.signals().asked().is_some() {
            return Ok(None);
        }
        match program {
            Some(program) => trace::with_command(trace, program, self),
            None => trace::without(trace, self).map(|()| None),
        }
    }
}

impl Watch for Live {
    fn take(&mut self, world: &World, event: &Event, change: &Change) {
        self.follow.take(world, event, change);
    }

    fn started(&mut self, pid: i32, start: u64) {
        self.follow.root(pid, start);
    }

    fn ended(&mut self, status: i32) {
        self.follow.ended(status);
    }

    fn between(&mut self, _trace: &Trace) -> Result<bool, Fault> {
        self.follow.flush()?;
        Ok(!self.follow.is_closed())
    }

    fn is_released(&self) -> bool {
        self.follow.root_is_released()
    }

    fn is_over(&mut self) -> bool {
        self.end.is_reached_once()
    }

    fn signals(&self) -> &Signals {
        self.follow.signals()
    }
}

/// When tracing ends by itself.
struct End {
    /// ns since boot.
    at: Option<u64>,
}

impl End {
    /// After `--duration`; without a command also at `--until`, behind which nothing is shown.
    fn new(args: &cli::Live, until: Option<u64>) -> Self {
        let until = until.filter(|_| args.command.is_empty());
        Self { at: args.duration.map(trace::after).into_iter().chain(until).min() }
    }

    /// Whether it is reached; said once.
    fn is_reached_once(&mut self) -> bool {
        let reached = self.at.is_some_and(|at| now() > at);
        if reached {
            self.at = None;
        }
        reached
    }
}
