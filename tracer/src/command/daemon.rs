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
mod archive;
mod config;
pub(super) mod confine;
mod feed;
mod health;
mod log;
mod memory;
mod metrics;
mod own;
pub(super) mod question;
mod reload;
mod serve;
mod socket;
mod store;
mod token;
mod upkeep;
mod watch;

use std::{
    net::TcpListener,
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::anyhow;
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
use archive::Archive;
use feed::Feed;
use log::Log;
use memory::{Calm, Memory};
use reload::Hangup;
use serve::{Doors, Server};
use socket::Socket;
use token::Token;
use upkeep::Renewal;
use watch::{Load, Seen};

/// How long a round waits: what the tables are behind at most while nobody asks.
const PACE: Duration = Duration::from_millis(100);

/// The part of the memory's limit that records waiting for the disk may take.
const BACKLOG: u64 = 4;
/// The same while somebody listens to what happens.
const HEARD: Duration = Duration::from_millis(5);

/// How often what is slow is done: old recordings removed, a failed recording tried again.
const CHORES: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(args: &Daemon) -> Result<ExitCode, Fault> {
    let words: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    // First of all: whoever sends it means a reload, not an end.
    let hangup = Hangup::catch()?;
    if args.print_config {
        out::print(config::print(&words)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (args, settings) = &config::read(&words)?;
    let log = Log::new(args.log_format);
    let signals = Signals::catch()?;
    // What can be refused without the kernel comes first.
    let (_socket, unix) = Socket::bind(&args.socket, args.group, args.user)?;
    let tcp = tcp(args)?;
    let token = tcp.as_ref().map(|(_, token)| token.clone());
    if let Some(dir) = &args.dir {
        store::create(dir, args.user).map_err(|error| {
            let what = format!("cannot record into {}", dir.display());
            Fault::unable(what, error.to_string(), "choose another with --dir")
        })?;
    }
    let options = Options { privileged: true, ..settings::tracing(&args.tracing) };
    let mut daemon = Running::start(args, &options, log)?;
    let archive = |dir| Archive::start(dir, daemon.trace.host(), !args.no_sandbox);
    let archive = args.dir.as_deref().map(archive).transpose();
    let cannot = |error| Fault::Failed(anyhow!("cannot serve: {error}"));
    let archive = archive.map_err(cannot)?;
    let mut anew = Renewal { words, settings: settings.clone(), token };
    let (group, patience) = (args.group, args.client_timeout);
    let doors = Doors { unix, group, tcp, archive, patience, confined: !args.no_sandbox };
    let server = Server::start(doors, daemon.trace.bell()?).map_err(cannot)?;
    daemon.confine();
    daemon.ready();
    while signals.asked().is_none() {
        daemon.round()?;
        if hangup.came() {
            daemon.renew(&mut anew);
        }
        while let Some(ask) = server.next() {
            // What happened before it was asked belongs to the answer.
            daemon.catch_up()?;
            let (connections, waiting) = server.load();
            let (listeners, unheard) = daemon.feed.load();
            daemon.seen.load = Load { connections, waiting, listeners, unheard };
            daemon.answer(ask);
        }
    }
    daemon.end()
}

/// The TCP socket that is asked for, and its token.
fn tcp(args: &Daemon) -> Result<Option<(TcpListener, Token)>, Fault> {
    let (Some(address), Some(file)) = (args.listen, &args.token_file) else { return Ok(None) };
    let what = format!("cannot listen on {address}");
    if !address.ip().is_loopback() {
        return Err(Fault::unable(
            what,
            "it is no loopback address, and what is sent there is not encrypted",
            "listen on 127.0.0.1 or [::1], and put a proxy with TLS in front",
        ));
    }
    let token = Token::new(Token::read(file)?);
    let listener = TcpListener::bind(address)
        .map_err(|error| Fault::unable(what, error.to_string(), "choose another with --listen"))?;
    Ok(Some((listener, token)))
}

/// What runs.
struct Running {
    args: Daemon,
    log: Log,
    trace: Trace,
    seen: Seen,
    memory: Memory,
    calm: Calm,
    /// Whoever listens to what happens.
    feed: Feed,
    chores: Instant,
    /// Violations that the log has told.
    told: usize,
    /// Every so often systemd is told that we are alive, if it asks for that.
    watchdog: Option<Duration>,
    petted: Instant,
}

impl Running {
    /// Attaches and sweeps.
    fn start(args: &Daemon, options: &Options, log: Log) -> Result<Self, Fault> {
        let mut trace = Trace::start(options)?;
        if let Some(user) = args.user {
            confine::user::change(user)?;
        }
        trace.pace(PACE);
        trace.be_prompt();
        if args.bpf_stats {
            trace.measure()?;
        }
        let mut daemon = {
            if !args.no_check {
                let (host, coverage) = (trace.host().clone(), trace.coverage().clone());
                let checker = Checker::new(&host, &coverage, &check::Options::default());
                trace.judge(checker, args.audit_interval);
            }
            let watchdog = sd_notify::watchdog_enabled().map(|period| period / 2);
            let now = Instant::now();
            let seen = Seen::new();
            let feed = Feed::new(trace.host(), trace.begun(), args.backlog);
            Self {
                args: args.clone(),
                log,
                trace,
                seen,
                memory: Memory::new(args.max_memory),
                calm: Calm::default(),
                feed,
                chores: now,
                told: 0,
                watchdog,
                petted: now,
            }
        };
        daemon.record();
        daemon.sweep()?;
        Ok(daemon)
    }

    fn sweep(&mut self) -> Result<(), Fault> {
        let Self { trace, seen, feed, .. } = self;
        trace.sweep(&mut |world, event, change| {
            seen.note(event);
            feed.take(world, event, change);
        })
    }

    /// Begins to record, if that is asked for. If it fails, everything else goes on.
    fn record(&mut self) {
        let Some(dir) = &self.args.dir else { return };
        // Somebody may have removed it. What is wrong with it is told below.
        let _made = store::create(dir, self.args.user);
        let path = store::fresh(dir, &default_name(&tracer::kernel::host()));
        let how = How {
            path: &path,
            rotate: Some(self.args.rotate),
            keep: None,
            sync: Sync::default(),
            codec: Codec::default(),
            backlog: match self.args.max_memory {
                0 => u64::MAX,
                limit => limit / BACKLOG,
            },
        };
        let (host, coverage) = (self.trace.host().clone(), self.trace.coverage().clone());
        // Before the first sweep there is nothing to go on from.
        let later = self.trace.world().tasks().next().is_some();
        let begun = self.trace.begun();
        let create = || {
            if !self.args.no_sandbox {
                confine::scribe(dir);
            }
            if later {
                Keep::go_on(&how, &host, &coverage)
            } else {
                Keep::create(&how, &host, &coverage, begun, false)
            }
        };
        // The thread that writes is confined as the one that starts it.
        let created = thread::scope(|scope| scope.spawn(create).join());
        let created = created.unwrap_or_else(|_panic| Err(Fault::Failed(anyhow!("cannot record"))));
        match created {
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
        let Self { trace, seen, feed, .. } = self;
        trace.pace(if feed.is_heard() { HEARD } else { PACE });
        let done = trace.round(&mut |world, event, change| {
            seen.note(event);
            feed.take(world, event, change);
        });
        feed.flush(trace.world());
        if let Err(fault) = done {
            if !self.trace.stop_recording() {
                return Err(fault);
            }
            self.failed(&fault);
        }
        self.complain();
        self.watch_memory();
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
        let Self { trace, seen, feed, .. } = self;
        trace.catch_up(&mut |world, event, change| {
            seen.note(event);
            feed.take(world, event, change);
        })
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
        self.settle();
        self.miss();
        if self.seen.failed.is_some() {
            self.record();
            if self.seen.failed.is_none() {
                // A recording that begins in the middle has to show who lives.
                self.seen.resumed += 1;
                if let Err(fault) = self.sweep() {
                    self.log.warn(&fault.text());
                }
            }
        }
        self.prune();
    }

    /// Removes what is beyond what is to be kept.
    fn prune(&mut self) {
        let Some(dir) = &self.args.dir else { return };
        match store::prune(dir, self.args.keep, SystemTime::now()) {
            Ok(0) => {}
            Ok(removed) => self.log.info(&format!("{removed} old recordings were removed")),
            Err(error) => self.log.warn(&cannot_prune(dir, &error)),
        }
    }

    /// Detaches, and ends the recording properly.
    fn end(mut self) -> Result<ExitCode, Fault> {
        self.notify(&[NotifyState::Stopping]);
        let Self { trace, seen, feed, .. } = &mut self;
        let finished = trace.finish(&mut |world, event, change| {
            seen.note(event);
            feed.take(world, event, change);
        });
        feed.end(trace.world());
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
