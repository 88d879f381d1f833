//! qemu: starts a machine, follows its console, and says how it ended.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::console::{self, Line};
use crate::place;

/// A machine to boot.
pub(crate) struct Machine<'a> {
    pub(crate) image: &'a Path,
    pub(crate) initrd: &'a Path,
    pub(crate) memory: u32,
    pub(crate) cpus: u32,
    pub(crate) timeout: Duration,
    /// More for the kernel's command line.
    pub(crate) append: &'a str,
    /// More for qemu's.
    pub(crate) devices: Option<[OsString; 4]>,
}

/// How a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The command ended with this status, and the machine powered off.
    Exit(i32),
    /// The kernel panicked, and said so in this line.
    Panic(String),
    /// Nothing more was heard until the time was over.
    Stuck(Duration),
    /// The machine stopped before the command did; what qemu said, if anything.
    Stopped(String),
}

/// A whole run.
pub(crate) struct Run {
    pub(crate) ending: Ending,
    pub(crate) lines: Vec<String>,
    pub(crate) time: Duration,
}

impl fmt::Display for Ending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(status) => write!(out, "exit status {status}"),
            Self::Panic(line) => write!(out, "the kernel panicked: {line}"),
            Self::Stuck(time) => write!(out, "no exit status within {} s", time.as_secs()),
            Self::Stopped(why) if why.is_empty() => {
                out.write_str("the machine stopped without an exit status")
            }
            Self::Stopped(why) => write!(out, "the machine stopped without an exit status: {why}"),
        }
    }
}

impl Run {
    /// The last lines of the console, or those around a panic, to show why a run went wrong.
    pub(crate) fn tail(&self) -> String {
        const SHOWN: usize = 25;
        let panic = self.lines.iter().position(|line| Line::parse(line) == Line::Panic);
        let last = self.lines.len().saturating_sub(SHOWN);
        let first = panic.map_or(last, |panic| last.min(panic.saturating_sub(SHOWN / 2)));
        let lines: Vec<String> =
            self.lines[first..].iter().take(SHOWN).map(|line| format!("    | {line}")).collect();
        lines.join("\n")
    }
}

impl Machine<'_> {
    /// Boots, follows the console to its end, and returns its lines.
    pub(crate) fn boot(&self, see: &mut dyn FnMut(&str)) -> Result<(Ending, Vec<String>)> {
        let mut qemu = self.command().spawn().context("cannot start qemu-system-x86_64")?;
        let console = qemu.stdout.take().context("qemu has no console")?;
        let lines = follow(console);
        let mut log = Vec::new();
        let ending = self.watch(&lines, &mut log, see);
        // Powered off by itself, or stuck: either way it must not outlive us.
        let complaint = stop(&mut qemu)?;
        Ok((ending.unwrap_or(Ending::Stopped(complaint)), log))
    }

    fn command(&self) -> Command {
        const QEMU: &str = "qemu-system-x86_64";
        let mut qemu = Command::new(QEMU);
        if place::on_path("setpriv").is_some() {
            // However we end, the machine ends with us.
            qemu = Command::new("setpriv");
            qemu.args(["--pdeathsig", "KILL", QEMU]);
        }
        // Hardware's help where it works. Emulated processors share one thread: with a thread each,
        // qemu may run an instruction that the other processor has just patched away, and the
        // kernel, which patches itself for every hook, dies of a stale int3.
        let accel = if kvm_works() { "kvm" } else { "tcg,thread=single" };
        qemu.args(["-accel", accel]);
        qemu.args(["-cpu", "max", "-nodefaults", "-no-user-config", "-no-reboot"]);
        qemu.args(["-display", "none", "-serial", "stdio"]);
        qemu.arg("-m").arg(self.memory.to_string()).arg("-smp").arg(self.cpus.to_string());
        qemu.arg("-kernel").arg(self.image).arg("-initrd").arg(self.initrd);
        let append = format!("console=ttyS0 quiet panic=-1 rdinit=/init {}", self.append);
        qemu.args(["-append", append.trim_end()]);
        qemu.args(self.devices.iter().flatten());
        qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        qemu
    }

    /// Reads lines until the console closes; `None` when it closed before anything decided the
    /// ending.
    fn watch(
        &self,
        lines: &Receiver<String>,
        log: &mut Vec<String>,
        see: &mut dyn FnMut(&str),
    ) -> Option<Ending> {
        /// How long the machine may take to power off once the command is over.
        const POWER_OFF: Duration = Duration::from_secs(30);
        let mut deadline = Instant::now() + self.timeout;
        let mut ending = None;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    match Line::parse(&line) {
                        Line::Exit(status) => {
                            ending = Some(Ending::Exit(status));
                            deadline = deadline.min(Instant::now() + POWER_OFF);
                        }
                        // A panic on the way down, after the status, changes no verdict but is in
                        // the log.
                        Line::Panic if ending.is_none() => {
                            ending = Some(Ending::Panic(line.clone()));
                        }
                        _ => {}
                    }
                    see(&line);
                    log.push(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Some(ending.unwrap_or(Ending::Stuck(self.timeout)));
                }
                Err(RecvTimeoutError::Disconnected) => return ending,
            }
        }
    }
}

/// Reads the console on a thread of its own, so that waiting for a line can have an end.
fn follow(console: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for raw in BufReader::new(console).split(b'\n') {
            let Ok(raw) = raw else { break };
            let line = console::clean(&raw);
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Ends qemu and returns what it complained about.
fn stop(qemu: &mut Child) -> Result<String> {
    if qemu.try_wait()?.is_none() {
        // The console may close a moment before the process is gone.
        thread::sleep(Duration::from_millis(200));
        if qemu.try_wait()?.is_none() {
            qemu.kill().context("cannot stop qemu")?;
        }
    }
    qemu.wait()?;
    let mut complaint = String::new();
    if let Some(mut stderr) = qemu.stderr.take() {
        stderr.read_to_string(&mut complaint).ok();
    }
    Ok(complaint.trim().replace('\n', " / "))
}

/// `/dev/kvm` alone proves nothing: inside a virtual machine it may exist without a processor that
/// can.
fn kvm_works() -> bool {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let capable = flags.split_whitespace().any(|flag| flag == "vmx" || flag == "svm");
    capable && File::options().read(true).write(true).open("/dev/kvm").is_ok()
}
