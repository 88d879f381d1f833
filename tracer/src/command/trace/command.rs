//! Tracing while a command runs.

use tracer::{
    event::Event,
    model::{Change, World},
    recording::Note,
};

use super::{Trace, now};
use crate::command::{
    child::{Child, Program},
    fault::Fault,
    signals::Signals,
};

/// How long the events of the command's end may take to come, ns.
const DRAIN_NS: u64 = 200_000_000;

/// What a verb does while it traces.
pub(in crate::command) trait Watch {
    /// Takes an event, which the tables have taken in.
    fn take(&mut self, world: &World, event: &Event, change: &Change);
    /// The command has been started, at this time.
    fn started(&mut self, pid: i32, start: u64);
    /// It has ended, in wait(2)'s form.
    fn ended(&mut self, status: i32);
    /// Between two rounds; whether to go on.
    fn between(&mut self, trace: &Trace) -> Result<bool, Fault>;
    /// Whether its process is reaped, as far as the events say.
    fn is_released(&self) -> bool;
    /// Whether it has to be ended now; said once.
    fn is_over(&mut self) -> bool;
    /// What signals ask for.
    fn signals(&self) -> &Signals;
}

/// Traces until it is over: with a command, until its end has come through. The command, if it still
/// runs.
pub(in crate::command) fn follow(
    trace: &mut Trace,
    program: Option<&Program>,
    watch: &mut dyn Watch,
) -> Result<Option<Child>, Fault> {
    if watch.signals().asked().is_some() {
        return Ok(None);
    }
    match program {
        Some(program) => with_command(trace, program, watch),
        None => without(trace, watch).map(|()| None),
    }
}

/// Runs the command and traces until its end has come through, or nobody reads any more; the
/// command if it still runs.
fn with_command(
    trace: &mut Trace,
    program: &Program,
    watch: &mut dyn Watch,
) -> Result<Option<Child>, Fault> {
    let start = now();
    let mut child = program.spawn()?;
    trace.note(Note::Command { pid: child.pid(), start, words: program.words() });
    watch.started(child.pid(), start);
    let mut drained = None;
    loop {
        trace.round(&mut |world, event, change| watch.take(world, event, change))?;
        if !watch.between(trace)? {
            break;
        }
        if let Some(status) = child.status()? {
            if drained.is_none() {
                watch.ended(status);
                trace.note(Note::Ended { status });
            }
            let drained = *drained.get_or_insert_with(|| now() + DRAIN_NS);
            if watch.is_released() || now() > drained {
                break;
            }
        }
        if watch.is_over() {
            child.end();
        }
        if !child.obey(watch.signals()) {
            break;
        }
    }
    Ok(child.is_running().then_some(child))
}

/// Traces until it is over, or a signal comes, or nobody reads any more.
fn without(trace: &mut Trace, watch: &mut dyn Watch) -> Result<(), Fault> {
    while !watch.is_over() && watch.signals().asked().is_none() {
        trace.round(&mut |world, event, change| watch.take(world, event, change))?;
        if !watch.between(trace)? {
            break;
        }
    }
    Ok(())
}
