//! Other tools that see tasks come and go, switched as ours is.
//!
//! `perf record` is told through its control pipe. forkstat and exitsnoop cannot be told: they are
//! started before each `on` block and interrupted behind it, outside the measured time. Stopping
//! them by SIGSTOP would be no off: the kernel would go on telling them.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use super::{Bench, READER, children::Running, slowdown::Switch};
use crate::{place, run};

/// One tool.
pub(super) struct Peer {
    /// What it is called in the table.
    pub(super) name: &'static str,
    /// Finds and readies it, or says why not.
    pub(super) find: fn(&Bench) -> Result<Box<dyn Switch>>,
}

pub(super) const ALL: [Peer; 3] = [
    Peer { name: "perf record -e dummy --namespaces", find: perf },
    Peer { name: "forkstat", find: |bench| Restarted::find(bench, "forkstat", "forkstat", &[]) },
    Peer {
        name: "exitsnoop",
        find: |bench| Restarted::find(bench, "exitsnoop", "libbpf-tools", &[]),
    },
];

/// A tool's program. Debian keeps those for root where a user's PATH does not lead.
pub(super) fn program(name: &str, package: &str) -> Result<PathBuf> {
    let sbin = PathBuf::from("/usr/sbin").join(name);
    match place::on_path(name).or_else(|| sbin.is_file().then_some(sbin)) {
        Some(program) => Ok(program),
        None => bail!("{name} is not installed (apt-get install {package})"),
    }
}

/// perf, told through a pipe.
struct Perf {
    running: Running,
    control: File,
    answer: File,
}

fn perf(bench: &Bench) -> Result<Box<dyn Switch>> {
    let program = program("perf", "linux-perf")?;
    let pipe = |name: &str| -> Result<(PathBuf, File)> {
        let path = bench.scratch.join(name);
        let _ = fs::remove_file(&path);
        run::output(Command::new("mkfifo").arg(&path))?;
        // For both, or opening would wait for the other side.
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok((path, file))
    };
    let ((control_path, control), (answer_path, answer)) =
        (pipe("perf.control")?, pipe("perf.answer")?);
    let fifos = format!("--control=fifo:{},{}", control_path.display(), answer_path.display());
    let child = bench
        .on(READER, &program)
        .args(["record", "--quiet", "--all-cpus", "--event", "dummy", "--namespaces"])
        .args(["--delay", "-1", &fifos, "--output", "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut perf = Perf { running: Running(child), control, answer };
    // It reads commands only once it is ready.
    perf.tell("disable")?;
    Ok(Box::new(perf))
}

impl Perf {
    fn tell(&mut self, command: &str) -> Result<()> {
        ensure!(self.running.0.try_wait()?.is_none(), "perf has ended");
        writeln!(self.control, "{command}")?;
        // `ack\n`, to its last byte: old versions send a NUL behind it.
        let mut byte = [0];
        while byte != *b"\n" {
            self.answer.read_exact(&mut byte).context("perf does not answer")?;
        }
        Ok(())
    }
}

impl Switch for Perf {
    fn on(&mut self, _: &Bench) -> Result<()> {
        self.tell("enable")
    }

    fn off(&mut self, _: &Bench, _: u32) -> Result<()> {
        self.tell("disable")
    }
}

/// A tool that is started for each block.
struct Restarted {
    program: PathBuf,
    arguments: &'static [&'static str],
    output: PathBuf,
    running: Option<Running>,
}

impl Restarted {
    /// How long a start may take; that it was enough is seen from what the tool has written.
    const START: Duration = Duration::from_millis(1200);
    /// What it has yet to read.
    const DRAIN: Duration = Duration::from_millis(100);

    fn find(
        bench: &Bench,
        name: &str,
        package: &str,
        arguments: &'static [&'static str],
    ) -> Result<Box<dyn Switch>> {
        let output = bench.scratch.join(name);
        Ok(Box::new(Self { program: program(name, package)?, arguments, output, running: None }))
    }

    /// Where it says what is wrong.
    fn complaints(&self) -> PathBuf {
        self.output.with_extension("err")
    }
}

impl Switch for Restarted {
    fn on(&mut self, bench: &Bench) -> Result<()> {
        let output = File::create(&self.output)?;
        let child = bench
            .on(READER, &self.program)
            .args(self.arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(File::create(self.complaints())?)
            .spawn()?;
        self.running = Some(Running(child));
        sleep(Self::START);
        Ok(())
    }

    fn off(&mut self, _: &Bench, operations: u32) -> Result<()> {
        sleep(Self::DRAIN);
        let mut running = self.running.take().context("it was not started")?;
        if running.0.try_wait()?.is_some() {
            let complaints = fs::read_to_string(self.complaints())?;
            bail!(
                "it does not run here: {}",
                complaints.lines().next().unwrap_or("no reason given")
            );
        }
        running.interrupt()?;
        let lines = String::from_utf8_lossy(&fs::read(&self.output)?).lines().count();
        ensure!(lines >= operations as usize, "{lines} lines of {operations} tasks: it was not on");
        Ok(())
    }

    fn rounds(&self) -> Option<u32> {
        Some(15)
    }
}
