//! Checking the running kernel.

use std::{fs, process::ExitCode};

use tracer::{
    check::{Checker, Report, Violation},
    event::Event,
    kernel::Options,
    model::{Change, World},
    past::{self, Blame},
    recording::{Codec, Sync},
    stream::Lie,
    view::{
        self, Command,
        check::{Blamed, Findings},
    },
};

use super::{
    limits, options, policy,
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

/// Judges until the command's end, `--duration` or a signal.
pub(super) fn run(args: &cli::Check) -> Result<ExitCode, Fault> {
    shrink::check(args)?;
    let signals = Signals::catch()?;
    let program = Program::find(&args.command)?;
    let (sync, codec) = (Sync::default(), Codec::default());
    let record = args.evidence.record.as_ref();
    let how =
        record.map(|path| How { path, rotate: None, keep: None, sync, codec, backlog: u64::MAX });
    how.as_ref().map_or(Ok(()), How::check)?;
    let output = Output::open(args, &[])?;

    let files = how.is_some() || args.evidence.shrink.is_some();
    args.lie.into_iter().for_each(warn);
    let tracing = settings::tracing(&args.tracing);
    let mut trace = Trace::start(&Options { files, lie: args.lie, ..tracing })?;
    let start = trace.begun();
    let (host, coverage) = (trace.host().clone(), trace.coverage().clone());
    if let Some(how) = &how {
        let keep = Keep::create(how, &host, &coverage, start, program.is_some())?;
        trace.record(keep);
    }
    trace.judge(Checker::new(&host, &coverage, &options(args)), args.audit_interval);

    let end = End::new(args.duration, None);
    let quiet = report::format(args) == ReportFormat::Json;
    let mut live = Live {
        signals,
        end,
        root: Root::None,
        ts: 0,
        told: Vec::new(),
        blame: Some(Blame::new(&coverage)),
        command: None,
        quiet,
    };
    let (report, child) = live.trace(&mut trace, program.as_ref())?;
    let blame = Blamed::new(live.blamed(&trace), limits(args));
    let found = Findings {
        report: &report,
        policy: &policy(args),
        host: &host,
        coverage: &coverage,
        start,
        damages: 0,
        blame: Some(&blame),
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

/// Says that nothing of what follows is true.
fn warn(lie: Lie) {
    out::note(&format!(
        "the stream is CORRUPTED ON PURPOSE (--lie {}): what is said of this host is not true",
        lie.name()
    ));
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
    /// Who is to blame; taken at the end.
    blame: Option<Blame>,
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
        let failed = traced.is_err() || closed.is_err() || finished.is_err();
        if failed {
            trace.broke_off();
        }
        let report = trace.report();
        if let Some(report) = report.as_ref().filter(|_| failed) {
            // No report will come: what is known is not kept back.
            report.violations.iter().for_each(|violation| self.show(violation));
        }
        let kept = trace.end();
        let child = traced?;
        closed?;
        trace::complain(finished?);
        kept?;
        let report = report.ok_or_else(|| anyhow::anyhow!("nothing has judged"))?;
        Ok((report, child))
    }

    /// Who is to blame, at the end, and what they do with SIGCHLD.
    fn blamed(&mut self, trace: &Trace) -> past::Findings {
        let Some(blame) = self.blame.take() else { return past::Findings::default() };
        let mut findings = blame.finish(trace.world(), self.ts);
        findings.ask(|tgid| fs::read(format!("/proc/{tgid}/status")).ok());
        findings
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

    /// Shows a violation, of each rule the first.
    fn show(&mut self, violation: &Violation) {
        if !self.told.contains(&violation.rule.number) {
            self.told.push(violation.rule.number);
            out::note(&view::text::made(|out| view::check::brief(violation, out)));
        }
    }
}

impl Watch for Live {
    fn take(&mut self, world: &World, event: &Event, change: &Change) {
        self.ts = self.ts.max(event.header.ts);
        if let Some(blame) = &mut self.blame {
            blame.add(world, event, change);
        }
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
            checker.settled(self.ts).for_each(|violation| self.show(violation));
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
