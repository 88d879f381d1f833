//! A daemon in a folder of its own, and how to ask it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::run::TRACER;

/// How long anything may take here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a daemon.
pub(crate) struct House {
    dir: PathBuf,
    daemon: Option<Child>,
}

impl House {
    /// A folder, still without a daemon.
    pub(crate) fn empty(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir()
            .join(format!("tracer-daemon-{}-{next}-{name}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        Self { dir, daemon: None }
    }

    /// A daemon that is ready, with these options.
    pub(crate) fn new(name: &str, options: &[&str]) -> Self {
        let mut house = Self::empty(name);
        house.start(options);
        house
    }

    /// Starts a daemon, and waits until it answers.
    pub(crate) fn start(&mut self, options: &[&str]) {
        let mut command = self.command();
        command.args(options);
        self.start_as(command);
    }

    /// Starts a daemon by a command line of its own.
    pub(crate) fn start_as(&mut self, mut command: Command) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.daemon = Some(child.spawn().unwrap());
        let begun = Instant::now();
        while self.ask("/healthz").is_none_or(|answer| answer.status != 200) {
            assert!(begun.elapsed() < PATIENCE, "it never answers: {}", self.log());
            let ended = self.daemon.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "{}", self.log());
            std::thread::yield_now();
        }
    }

    /// The daemon's command line, with the socket.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(TRACER);
        command.arg("daemon").arg("--socket").arg(self.path("socket"));
        command
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.daemon.as_ref().unwrap().id() as i32
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is() {
            assert!(begun.elapsed() < PATIENCE, "{what}: {}", self.log());
            std::thread::yield_now();
        }
    }

    /// The value of a line of `/metrics`, by its name and labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        // Where clients are given little time, a busy host may make one too slow.
        let mut answer = None;
        self.until("metrics", || {
            answer = self.ask("/metrics");
            answer.is_some()
        });
        let page = answer.unwrap().body;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}: {page}")).parse().unwrap()
    }

    /// Sends a signal, and waits for the end.
    pub(crate) fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.daemon.take().unwrap().wait().unwrap()
    }

    /// A verb, asking this daemon.
    pub(crate) fn verb(&self, words: &[&str]) -> Output {
        let (verb, rest) = words.split_first().unwrap();
        let mut command = Command::new(TRACER);
        command.arg(verb).arg("--socket").arg(self.path("socket")).args(rest).output().unwrap()
    }

    /// Sends bytes, and reads what comes until the end.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut stream = UnixStream::connect(self.path("socket")).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may hang up before it has read everything.
        let _hung_up = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _hung_up = stream.read_to_end(&mut answer);
        Some(answer)
    }

    /// The same, as text.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<String> {
        Some(String::from_utf8_lossy(&self.bytes(bytes)?).into_owned())
    }

    /// Asks for a path.
    pub(crate) fn ask(&self, path: &str) -> Option<Answer> {
        let text = self.raw(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").as_bytes())?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let _ended = daemon.kill();
            let _reaped = daemon.wait();
        }
        let _gone = fs::remove_dir_all(&self.dir);
    }
}

/// What the daemon answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}
