//! `tracer record`: keeps what happens, for `replay` and all that reads recordings.

mod progress;

use std::{path::PathBuf, process::ExitCode};

use tracer::{
    event::Event,
    host::Host,
    kernel::{self, Options},
    model::{Change, World},
    view::{self, time},
};

use super::{
    child::Program,
    fault::Fault,
    out,
    root::Root,
    settings,
    signals::Signals,
    trace::{self, End, How, Keep, Trace, Watch, now},
};
use crate::cli;
use progress::Progress;

/// Records until the command's end, `--duration` or a signal.
pub(super) fn run(args: &cli::Record) -> Result<ExitCode, Fault> {
    if args.keep.is_some() && args.rotate.is_none() {
        return Err(Fault::unable(
            "--keep",
            "there is one file without --rotate",
            "say when a new file begins: --rotate 100M, or --rotate 1h",
        ));
    }
    let signals = Signals::catch()?;
    let program = Program::find(&args.command)?;
    let path = args.output.clone().unwrap_or_else(|| default_name(&kernel::host()));
    let how = How {
        path: &path,
        rotate: args.rotate,
        keep: args.keep.map(|files| files.get() as usize),
        sync: args.sync.into(),
        codec: args.codec.into(),
        backlog: u64::MAX,
    };
    how.check()?;
    let options = Options { files: true, ..settings::tracing(&args.tracing) };
    let mut trace = Trace::start(&options)?;
    let command = program.is_some();
    let keep = Keep::create(&how, trace.host(), trace.coverage(), trace.begun(), command)?;
    trace.record(keep);

    let end = End::new(args.duration, None);
    let mut record = Record { signals, end, root: Root::None, progress: Progress::new() };
    let traced = record.trace(&mut trace, program.as_ref());
    let finished = trace.finish(&mut |world, event, change| record.take(world, event, change));
    record.progress.clear();
    let lost = trace.world().losses();
    let (events, _) = trace.keep().map(Keep::progress).unwrap_or_default();
    // Whatever happened, what was recorded gets its proper end.
    let ended = trace.end();
    let child = traced?;
    let counters = finished?;
    let written = ended?;
    trace::complain(counters);
    out::note(&progress::summary(&path, events, &written, lost));
    if let Some(mut child) = child {
        child.wait(&record.signals)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that tells host and time: `web1-20261122T081500Z.tracer`.
pub(super) fn default_name(host: &Host) -> PathBuf {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = host.name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    let name = name.trim_start_matches(['.', '-']);
    let now = view::text::made(|out| time::rfc3339(host.wall_ns, out));
    let second = now.split('.').next().unwrap_or_default().replace(['-', ':'], "");
    let host = if name.is_empty() { "host" } else { name };
    PathBuf::from(format!("{host}-{second}Z.tracer"))
}

/// What is recorded until when.
struct Record {
    signals: Signals,
    end: End,
    root: Root,
    progress: Progress,
}

impl Record {
    fn trace(
        &mut self,
        trace: &mut Trace,
        program: Option<&Program>,
    ) -> Result<Option<super::child::Child>, Fault> {
        let start = now();
        trace.sweep(&mut |_world, _event, _change| ())?;
        trace.found(now() - start);
        if let Some(keep) = trace.keep() {
            out::note(&format!("recording to {}", keep.path().display()));
        }
        trace::follow(trace, program, self)
    }
}

impl Watch for Record {
    fn take(&mut self, world: &World, _event: &Event, change: &Change) {
        for effect in &change.effects {
            self.root.watch(world, effect);
        }
    }

    fn started(&mut self, pid: i32, _start: u64) {
        self.root = Root::Awaited(pid);
    }

    fn ended(&mut self, status: i32) {
        self.progress.clear();
        out::note(&view::text::made(|out| {
            out.push_str("command ended: ");
            view::names::Ended::from_wait(status).write(out);
        }));
    }

    fn between(&mut self, trace: &Trace) -> Result<bool, Fault> {
        self.progress.show(trace);
        Ok(true)
    }

    fn is_released(&self) -> bool {
        self.root.is_over()
    }

    fn is_over(&mut self) -> bool {
        self.end.is_reached_once()
    }

    fn signals(&self) -> &Signals {
        &self.signals
    }
}
