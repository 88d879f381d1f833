//! `tracer daemon`: the tables are always there, and whoever may asks for them.
//!
//! ```text
//! kernel ── ring ── this thread: rules, tables, recording ── answers
//!                        ▲ bell, questions                      │
//!                   the server's thread ◄──────────────────────┘ ── clients
//! ```
//!
//! One thread owns the tables, so an answer is of one moment, and no client can hold it up.

mod answer;
mod config;
mod log;
mod metrics;
mod own;
pub(super) mod question;
mod serve;
mod socket;
mod store;
mod watch;

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use sd_notify::NotifyState;
use tracer::{
    check::{self, Checker},
    kernel::Options,
    model::NsKind,
    recording::{Codec, Sync},
    view,
};

use super::{
    fault::Fault,
    out,
    record::default_name,
    settings,
    signals::Signals,
    trace::{How, Keep, Trace},
};
use crate::cli::Daemon;
use log::Log;
use serve::{Doors, Server};
use socket::Socket;
use watch::Seen;

/// How long a round waits: what the tables are behind at most while nobody asks.
const PACE: Duration = Duration::from_millis(100);

/// How often what is slow is done: old recordings removed, a failed recording tried again.
const CHORES: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(args: &Daemon) -> Result<ExitCode, Fault> {
    let words: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    if args.print_config {
        out::print(config::print(&words)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let args = &config::read(&words)?;
    let log = Log::new(args.log_format);
    let signals = Signals::catch()?;
    // What can be refused without the kernel comes first.
    let (_socket, unix) = Socket::bind(&args.socket, args.group)?;
    let tcp = tcp(args)?;
    if let Some(dir) = &args.dir {
        fs::create_dir_all(dir).map_err(|error| {
            let what = format!("cannot record into {}", dir.display());
            Fault::unable(what, error.to_string(), "choose another with --dir")
        })?;
    }
    let options = Options { files: args.dir.is_some(), ..settings::tracing(&args.tracing) };
    let mut daemon = Running::start(args, &options, log)?;
    let server = Server::start(Doors { unix, group: args.group, tcp }, daemon.trace.bell()?)
        .map_err(|error| Fault::Failed(anyhow::anyhow!("cannot serve: {error}")))?;
    daemon.ready();
    while signals.asked().is_none() {
        daemon.round()?;
        while let Some(ask) = server.next() {
            // What happened before it was asked belongs to the answer.
            daemon.catch_up()?;
            let answer = answer::answer(&daemon.trace, &daemon.seen, &ask.question, ask.form);
            // A client that has left is no trouble.
            let _left = ask.reply.send(answer);
        }
    }
    daemon.end()
}

/// The TCP socket that is asked for, and its token.
fn tcp(args: &Daemon) -> Result<Option<(TcpListener, String)>, Fault> {
    let (Some(address), Some(file)) = (args.listen, &args.token_file) else { return Ok(None) };
    let what = format!("cannot listen on {address}");
    if !address.ip().is_loopback() {
        return Err(Fault::unable(
            what,
            "it is no loopback address, and what is sent there is not encrypted",
            "listen on 127.0.0.1 or [::1], and put a proxy with TLS in front",
        ));
    }
    let token = fs::read_to_string(file)
        .map_err(|error| Fault::unable(file.display().to_string(), error.to_string(), ""))?;
    let token = token.trim().to_owned();
    if token.len() < 16 {
        return Err(Fault::unable(
            file.display().to_string(),
            "a token has 16 letters or more",
            "make one: `head -c 24 /dev/urandom | base64`",
        ));
    }
    let listener = TcpListener::bind(address)
        .map_err(|error| Fault::unable(what, error.to_string(), "choose another with --listen"))?;
    Ok(Some((listener, token)))
}

/// What runs.
struct Running<'a> {
    args: &'a Daemon,
    log: Log,
    trace: Trace,
    seen: Seen,
    chores: Instant,
    /// Violations that the log has told.
    told: usize,
    /// Every so often systemd is told that we are alive, if it asks for that.
    watchdog: Option<Duration>,
    petted: Instant,
}

impl<'a> Running<'a> {
    /// Attaches and sweeps.
    fn start(args: &'a Daemon, options: &Options, log: Log) -> Result<Self, Fault> {
        let mut trace = Trace::start(options)?;
        trace.pace(PACE);
        let mut daemon = {
            if !args.no_check {
                let (host, coverage) = (trace.host().clone(), trace.coverage().clone());
                let checker = Checker::new(&host, &coverage, &check::Options::default());
                trace.judge(checker, args.audit_interval);
            }
            let watchdog = sd_notify::watchdog_enabled().map(|period| period / 2);
            let now = Instant::now();
            let seen = Seen::new();
            Self { args, log, trace, seen, chores: now, told: 0, watchdog, petted: now }
        };
        daemon.record();
        daemon.sweep()?;
        Ok(daemon)
    }

    fn sweep(&mut self) -> Result<(), Fault> {
        let Self { trace, seen, .. } = self;
        trace.sweep(&mut |_, event, _| seen.note(event))
    }

    /// Begins to record, if that is asked for. If it fails, everything else goes on.
    fn record(&mut self) {
        let Some(dir) = &self.args.dir else { return };
        // Somebody may have removed it. What is wrong with it is told below.
        let _made = fs::create_dir_all(dir);
        let path = store::fresh(dir, &default_name(&tracer::kernel::host()));
        let how = How {
            path: &path,
            rotate: Some(self.args.rotate),
            keep: None,
            sync: Sync::default(),
            codec: Codec::default(),
        };
        let (host, coverage) = (self.trace.host().clone(), self.trace.coverage().clone());
        let keep = match self.trace.world() {
            // Before the first sweep there is nothing to go on from.
            world if world.tasks().next().is_some() => Keep::go_on(&how, &host, &coverage, world),
            _ => Keep::create(&how, &host, &coverage, self.trace.begun(), false),
        };
        match keep {
            Ok(keep) => {
                self.log.info(&format!("recording to {}", keep.path().display()));
                self.trace.record(keep);
                self.seen.failed = None;
            }
            Err(fault) => self.failed(&fault),
        }
    }

    /// Recording has failed; that is told once.
    fn failed(&mut self, fault: &Fault) {
        let why = fault.text();
        // Each try has another file, so the reason has other words.
        if self.seen.failed.is_none() {
            self.log.error(&format!("{why}; everything else goes on, and it is tried again"));
        }
        self.seen.failed = Some(why);
    }

    /// All is there.
    fn ready(&self) {
        let world = self.trace.world();
        let spaces = world.namespaces().filter(|&ns| world.ns(ns).kind == NsKind::Pid).count();
        let host = self.trace.host();
        self.log.info(&format!(
            "tracing Linux {} by plan {}: {} tasks in {spaces} PID namespaces; listening on {}",
            host.release,
            self.trace.coverage().plan(),
            world.tasks().count(),
            self.args.socket.display(),
        ));
        let status = format!("{} tasks", world.tasks().count());
        self.notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    fn notify(&self, state: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(state) {
            self.log.warn(&format!("systemd cannot be told: {error}"));
        }
    }

    /// What has come, and what is due.
    fn round(&mut self) -> Result<(), Fault> {
        let Self { trace, seen, .. } = self;
        let done = trace.round(&mut |_, event, _| seen.note(event));
        if let Err(fault) = done {
            if !self.trace.stop_recording() {
                return Err(fault);
            }
            self.failed(&fault);
        }
        self.complain();
        if let Some(period) = self.watchdog
            && self.petted.elapsed() >= period
        {
            self.petted = Instant::now();
            self.notify(&[NotifyState::Watchdog]);
        }
        if self.chores.elapsed() >= CHORES {
            self.chores = Instant::now();
            self.chores();
        }
        Ok(())
    }

    /// What has come until now.
    fn catch_up(&mut self) -> Result<(), Fault> {
        let Self { trace, seen, .. } = self;
        trace.catch_up(&mut |_, event, _| seen.note(event))
    }

    /// Tells of violations that were not told yet.
    fn complain(&mut self) {
        let Some(judge) = self.trace.judged() else { return };
        for violation in judge.settled(self.seen.ts).skip(self.told) {
            self.told += 1;
            self.log.error(&view::text::made(|out| view::check::brief(violation, out)));
        }
    }

    /// Whether the file that is written has been removed: what is still written to it, nobody will
    /// ever read.
    fn miss(&mut self) {
        let Some(path) = self.trace.keep().map(Keep::present) else { return };
        if path.symlink_metadata().is_err() {
            self.trace.stop_recording();
            self.failed(&Fault::Failed(anyhow::anyhow!("{} has been removed", path.display())));
        }
    }

    /// What is done now and then.
    fn chores(&mut self) {
        let Some(dir) = &self.args.dir else { return };
        self.miss();
        if self.seen.failed.is_some() {
            self.record();
            if self.seen.failed.is_none() {
                // A recording that begins in the middle has to show who lives.
                if let Err(fault) = self.sweep() {
                    self.log.warn(&fault.text());
                }
            }
        }
        match store::prune(dir, self.args.keep, SystemTime::now()) {
            Ok(0) => {}
            Ok(removed) => self.log.info(&format!("{removed} old recordings were removed")),
            Err(error) => self.log.warn(&cannot_prune(dir, &error)),
        }
    }

    /// Detaches, and ends the recording properly.
    fn end(mut self) -> Result<ExitCode, Fault> {
        self.notify(&[NotifyState::Stopping]);
        let Self { trace, seen, .. } = &mut self;
        let finished = trace.finish(&mut |_, event, _| seen.note(event));
        let written = trace.end();
        let lost = self.trace.world().losses();
        self.log.info(&format!("ended: {} events, {lost} lost", self.seen.events));
        finished?;
        if self.seen.failed.is_none() {
            written?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn cannot_prune(dir: &Path, error: &std::io::Error) -> String {
    format!("cannot remove old recordings of {}: {error}", dir.display())
}
