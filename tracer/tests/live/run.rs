//! A running tracer: what it holds, what it says, and that it takes everything with it.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use aya::programs::loaded_programs;

pub(crate) const TRACER: &str = env!("CARGO_BIN_EXE_tracer");

/// The longest that anything may take here, on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// `tracer live`.
pub(crate) fn tracer() -> Command {
    let mut command = Command::new(TRACER);
    command.arg("live").stdin(Stdio::null());
    command
}

/// What it said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether this user can trace this host; if not, says that a test was skipped for it.
pub(crate) fn can_trace() -> bool {
    static CAN: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let output = tracer().args(["--duration", "1ms"]).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(complaint(&output)) }
    });
    if let Err(why) = &*CAN {
        eprintln!("skipped: tracing is not possible here: {why}");
    }
    CAN.is_ok()
}

/// One that runs.
pub(crate) struct Run {
    child: Child,
    said: String,
    stderr: Option<BufReader<ChildStderr>>,
}

impl Run {
    /// In a process group of its own, as from a shell.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.process_group(0).spawn().unwrap();
        let stderr = child.stderr.take().map(BufReader::new);
        Self { child, said: String::new(), stderr }
    }

    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    fn proc(&self, what: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{what}", self.child.id()))
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        wait(what, || so(self));
    }

    /// Whether it handles a signal.
    pub(crate) fn catches(&self, signal: i32) -> bool {
        self.mask("SigCgt:") >> (signal - 1) & 1 == 1
    }

    /// A mask of its status: signals or capabilities.
    pub(crate) fn mask(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        u64::from_str_radix(mask.trim(), 16).unwrap()
    }

    /// The kernel's objects that it holds: by descriptor, what each is.
    fn objects(&self) -> Vec<(PathBuf, String)> {
        let entries = fs::read_dir(self.proc("fd")).into_iter().flatten().flatten();
        let link = |entry: fs::DirEntry| {
            let target = fs::read_link(entry.path()).ok()?;
            let info = self.proc("fdinfo").join(entry.file_name());
            Some((info, target.to_string_lossy().into_owned()))
        };
        entries.filter_map(link).collect()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.objects().iter().filter(|(_, target)| target.contains(what)).count()
    }

    pub(crate) fn holds(&self, what: &str) -> bool {
        self.count(what) > 0
    }

    /// The ids of its programs.
    pub(crate) fn programs(&self) -> BTreeSet<u32> {
        let id = |(info, _): (PathBuf, String)| {
            let info = fs::read_to_string(info).ok()?;
            let id = info.lines().find_map(|line| line.strip_prefix("prog_id:"))?;
            id.trim().parse().ok()
        };
        self.objects().into_iter().filter_map(id).collect()
    }

    /// Whether something waits on its standard output.
    pub(crate) fn has_told(&self) -> bool {
        let Some(stdout) = &self.child.stdout else { return false };
        rustix::io::ioctl_fionread(stdout).unwrap() > 0
    }

    /// Reads what it and its command say up to a line `NAME=VALUE`; the value.
    pub(crate) fn told(&mut self, name: &str) -> String {
        let stderr = self.stderr.as_mut().unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no {name}: {}", self.said);
            if let Some(value) = line.trim().strip_prefix(name) {
                return value.to_owned();
            }
            self.said.push_str(&line);
        }
    }

    pub(crate) fn signal(&self, signal: i32) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Its end, and all that it said. Its programs must have gone with it.
    pub(crate) fn end(self) -> (ExitStatus, String) {
        self.end_while(|_| {})
    }

    /// The same, while something is done again and again.
    pub(crate) fn end_while(mut self, meanwhile: impl Fn(&Self)) -> (ExitStatus, String) {
        let mut programs = self.programs();
        let stderr = self.stderr.take();
        let reader = thread::spawn(move || {
            stderr.map(|stderr| stderr.lines().map_while(Result::ok).collect::<Vec<_>>())
        });
        // What nobody reads must not hold it up.
        let stdout = self.child.stdout.take();
        thread::spawn(move || stdout.map(|mut out| std::io::copy(&mut out, &mut std::io::sink())));
        let mut status = None;
        wait("it ends", || {
            meanwhile(&self);
            programs.extend(self.programs());
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        // The kernel frees a program when no processor can be in it any more.
        wait("its programs are unloaded", || {
            loaded_programs().filter_map(Result::ok).all(|info| !programs.contains(&info.id()))
        });
        self.said.push_str(&reader.join().unwrap().unwrap_or_default().join("\n"));
        (status.unwrap(), std::mem::take(&mut self.said))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Only when a test has failed before its end.
        let _over = self.child.kill();
        let _over = self.child.wait();
    }
}

pub(crate) fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::yield_now();
    }
}

/// A pipe with a name, that nobody writes to.
pub(crate) struct Fifo(pub(crate) PathBuf);

impl Fifo {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tracer-{}-{name}", std::process::id()));
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        Self(path)
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}
