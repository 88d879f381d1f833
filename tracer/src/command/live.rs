//! `tracer live`: events as they happen.

use std::process::ExitCode;

use tracer::{
    event::Event,
    kernel::Options,
    model::{Change, World},
    recording::{Codec, Sync},
};

use super::{
    child::Program,
    fault::Fault,
    follow::{Follow, Form, Output},
    listen, select, settings,
    signals::Signals,
    trace::{self, End, How, Keep, Trace, Watch, now},
};
use crate::cli;

/// Traces until the command's end, `--duration`, a signal or a closed pipe.
pub(super) fn run(args: &cli::Live) -> Result<ExitCode, Fault> {
    let signals = Signals::catch()?;
    let signals = match listen::run(args, signals)? {
        listen::Heard::All(code) => return Ok(code),
        listen::Heard::Nobody(signals) => signals,
    };
    let program = Program::find(&args.command)?;
    let mut filter = select::filter(&args.selection)?;

    let (sync, codec) = (Sync::default(), Codec::default());
    let how = args.record.as_ref().map(|path| How {
        path,
        rotate: None,
        keep: None,
        sync,
        codec,
        backlog: u64::MAX,
    });
    how.as_ref().map_or(Ok(()), How::check)?;

    let options = Options { files: how.is_some(), ..settings::tracing(&args.tracing) };
    let mut trace = Trace::start(&options)?;
    let start = trace.begun();
    let host = trace.host().clone();
    select::narrow(&mut filter, &args.events, &host, start, start);
    let until = filter.until;
    if let Some(how) = &how {
        let keep = Keep::create(how, &host, trace.coverage(), start, program.is_some())?;
        trace.record(keep);
    }

    let muted = program.is_some();
    let form = Form { shown: args.shown, start, muted };
    let follow = Follow::new(form, &host, filter, Output::stdout(signals));
    // Without a command also at `--until`, behind which nothing is shown.
    let until = until.filter(|_| args.command.is_empty());
    let mut live = Live { follow, end: End::new(args.duration, until) };
    let ended = live.trace(args, &mut trace, program.as_ref());

    // Whatever happened, everything is detached, what came until then is shown,
    // and a recording gets its proper end.
    let finished = trace.finish(&mut |world, event, change| live.follow.take(world, event, change));
    let kept = trace.end();
    let child = ended?;
    let counters = finished?;
    live.follow.finish(trace.world())?;
    trace::complain(counters);
    kept?;
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
        if !args.shown.output.json {
            trace.found(now() - start);
        }
        self.follow.flush()?;
        trace::follow(trace, program, self)
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
