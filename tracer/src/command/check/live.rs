//! Checking the running kernel.

use std::process::ExitCode;

use tracer::{
    check::{Checker, Report, Violation},
    event::Event,
    kernel::Options,
    model::{Change, World},
    recording::{Codec, Sync},
    view::{self, Command, check::Findings},
};

use super::{
    options, policy,
    report::{self, Output},
    shrink,
};
use crate::{
    cli::{self, ReportFormat},
    command::{
        child::{Child, Program},
        fault::Fault,
        out,
        root::Root,
        settings,
        signals::Signals,
        trace::{self, End, How, Keep, Trace, Watch, now},
    },
};

/// How far the stream must be behind a violation before it is shown, ns: a loss that would explain it
/// is told within that time.
const SETTLED: u64 = 2_000_000_000;

/// Judges until the command's end, `--duration` or a signal.
pub(super) fn run(args: &cli::Check) -> Result<ExitCode, Fault> {
    shrink::check(args)?;
    let signals = Signals::catch()?;
    let program = Program::find(&args.command)?;
    let (sync, codec) = (Sync::default(), Codec::default());
    let record = args.evidence.record.as_ref();
    let how = record.map(|path| How { path, rotate: None, keep: None, sync, codec });
    how.as_ref().map_or(Ok(()), How::check)?;
    let output = Output::open(args, &[])?;

    let files = how.is_some() || args.evidence.shrink.is_some();
    let mut trace = Trace::start(&Options { files, ..settings::tracing(&args.tracing) })?;
    let start = trace.begun();
    let (host, coverage) = (trace.host().clone(), trace.coverage().clone());
    if let Some(how) = &how {
        let keep = Keep::create(how, &host, &coverage, start, program.is_some())?;
        trace.record(keep);
    }
    trace.judge(Checker::new(&host, &coverage, &options(args)), args.audit_interval);

    let end = End::new(args.duration, None);
    let quiet = report::format(args) == ReportFormat::Json;
    let mut live =
        Live { signals, end, root: Root::None, ts: 0, told: Vec::new(), command: None, quiet };
    let (report, child) = live.trace(&mut trace, program.as_ref())?;
    let found = Findings {
        report: &report,
        policy: &policy(args),
        host: &host,
        coverage: &coverage,
        start,
        damages: 0,
        command: live.command,
    };
    output.write(args, &found)?;
    if let Some(record) = record {
        shrink::run(args, std::slice::from_ref(record), &report)?;
    }
    if let Some(mut child) = child {
        child.wait(&live.signals)?;
    }
    Ok(report::code(args, &found))
}

/// What is judged until when.
struct Live {
    signals: Signals,
    end: End,
    root: Root,
    /// The latest time of the stream, ns since boot.
    ts: u64,
    /// Rules of which a violation was shown, by number.
    told: Vec<u8>,
    command: Option<Command>,
    /// Nothing is said before the report.
    quiet: bool,
}

impl Live {
    /// Traces until it is over. Whatever happened, everything is detached, and a recording gets its
    /// proper end.
    fn trace(
        &mut self,
        trace: &mut Trace,
        program: Option<&Program>,
    ) -> Result<(Report, Option<Child>), Fault> {
        let traced = self.follow(trace, program);
        let closed = match &traced {
            Ok(_) => trace.close(&mut |world, event, change| self.take(world, event, change)),
            Err(_) => Ok(()),
        };
        let finished = trace.finish(&mut |world, event, change| self.take(world, event, change));
        let report = trace.report();
        let kept = trace.end();
        let child = traced?;
        closed?;
        trace::complain(finished?);
        kept?;
        let report = report.ok_or_else(|| anyhow::anyhow!("nothing has judged"))?;
        Ok((report, child))
    }

    /// Sweeps, runs the command, follows the events; the command if it still runs.
    fn follow(
        &mut self,
        trace: &mut Trace,
        program: Option<&Program>,
    ) -> Result<Option<Child>, Fault> {
        let start = now();
        trace.sweep(&mut |world, event, change| self.take(world, event, change))?;
        if !self.quiet {
            trace.found(now() - start);
        }
        trace::follow(trace, program, self)
    }

    /// Shows the first violation of each rule as soon as no loss can explain it any more.
    fn show(&mut self, found: &[Violation]) {
        let settled = |one: &&Violation| one.ts.saturating_add(SETTLED) <= self.ts;
        for violation in found.iter().filter(settled) {
            if !self.told.contains(&violation.rule.number) {
                self.told.push(violation.rule.number);
                out::note(&view::text::made(|out| view::check::brief(violation, out)));
            }
        }
    }
}

impl Watch for Live {
    fn take(&mut self, world: &World, event: &Event, change: &Change) {
        self.ts = self.ts.max(event.header.ts);
        for effect in &change.effects {
            self.root.watch(world, effect);
        }
    }

    fn started(&mut self, pid: i32, _start: u64) {
        self.root = Root::Awaited(pid);
    }

    fn ended(&mut self, status: i32) {
        self.command = Some(Command { status });
    }

    fn between(&mut self, trace: &Trace) -> Result<bool, Fault> {
        if let Some(checker) = trace.judged().filter(|_| !self.quiet) {
            self.show(checker.found());
        }
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
