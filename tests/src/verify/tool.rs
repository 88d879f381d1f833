//! Running the tracer, with an end to it.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{proc, sys, task, truth};

/// Milliseconds after which a run is killed. A virtual machine without acceleration is slow.
const PATIENCE: i32 = 120_000;

/// What is shown of a run, live and replayed.
const SHOWN: [&str; 4] = ["--json", "--threads", "--type", "all"];

/// The tracer, and where its streams go.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The program.
    path: PathBuf,
    /// This program, which it traces.
    scenarios: String,
    /// Holds all streams.
    folder: PathBuf,
    /// The folder goes at the end.
    temporary: bool,
    /// The scenario that holds still, last one: it and its tasks are no leftovers.
    held: Cell<Option<i32>>,
}

/// What one run of `tracer live` gave.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Its lines, header and summary included.
    pub(super) lines: Vec<Value>,
    /// The events among them.
    pub(super) events: Vec<Value>,
    /// What the scenario knows.
    pub(super) truth: Vec<Value>,
    /// Exit status and messages, where they are not as they must be.
    pub(super) trouble: Vec<String>,
}

impl Run {
    /// Whether the tool says that the kernel skipped runs of its programs.
    pub(super) fn says_skipped(&self) -> bool {
        self.trouble.iter().any(|text| text.contains("skipped because one already ran"))
    }
}

impl Tool {
    /// Takes note of the program, and makes the folder.
    pub(crate) fn new(path: &Path, keep: Option<&Path>) -> Result<Self> {
        let name = format!("tracer-verify-{}", std::process::id());
        let folder = keep.map_or_else(|| std::env::temp_dir().join(name), Path::to_path_buf);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let scenarios = task::program()?;
        Ok(Self {
            path: path.to_owned(),
            scenarios,
            folder,
            temporary: keep.is_none(),
            held: Cell::new(None),
        })
    }

    /// The program.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where streams and recordings go.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `tracer doctor --json` says.
    pub(crate) fn doctor(&self) -> Result<Value> {
        let lines = self.lines("doctor", &["doctor", "--json"])?;
        lines
            .into_iter()
            .find(|line| line["type"] == "doctor")
            .context("tracer doctor --json prints no line of type doctor")
    }

    /// Traces one scenario.
    pub(super) fn live(&self, plan: &str, scenario: &str) -> Result<Run> {
        let name = format!("{plan}.{scenario}");
        let truth_file = self.folder.join(format!("{name}.truth"));
        fs::remove_file(&truth_file).ok();
        let recording = self.folder.join(format!("{name}.tracer"));
        fs::remove_file(&recording).ok();
        let mut command = Command::new(&self.path);
        command.args(["live"]).args(SHOWN).args(["--plan", plan, "--record"]).arg(&recording);
        command.args(["--", &self.scenarios, "run", scenario]).env(truth::FILE, &truth_file);
        let (code, output, errors) = self.run(&name, &mut command)?;
        let lines = parse(&output).with_context(|| format!("tracer live of {scenario}"))?;
        let truth = parse(&fs::read_to_string(&truth_file).unwrap_or_default())?;
        let is_event = |line: &&Value| line["type"] != "header" && line["type"] != "summary";
        let mut run = Run {
            events: lines.iter().filter(is_event).cloned().collect(),
            lines,
            truth,
            trouble: Vec::new(),
        };
        if code != Some(0) {
            run.trouble.push(format!("tracer live ended with {code:?} (none: killed)\n{errors}"));
        } else if !errors.trim().is_empty() {
            run.trouble.push(format!("tracer live complains:\n{errors}"));
        }
        run.trouble.extend(self.replay(&name, &recording, &output)?);
        Ok(run)
    }

    /// What the recording of a run does not give back as it was live: lines, or tables.
    fn replay(&self, name: &str, recording: &Path, live: &str) -> Result<Option<String>> {
        let mut command = Command::new(&self.path);
        command.arg("replay").args(SHOWN).arg(recording);
        let (code, output, errors) = self.run(&format!("{name}.replay"), &mut command)?;
        if code != Some(0) || !errors.trim().is_empty() {
            return Ok(Some(format!("tracer replay ended with {code:?}\n{errors}")));
        }
        if output != live {
            let pair = live.lines().zip(output.lines()).find(|(live, replayed)| live != replayed);
            let (live, replayed) = pair.unwrap_or(("", "(only their number differs)"));
            return Ok(Some(format!("a replay differs\nlive:   {live}\nreplay: {replayed}")));
        }
        // The recorder's tables, by their digest.
        let mut command = Command::new(&self.path);
        command.args(["verify", "--strict"]).arg(recording);
        let (code, _, errors) = self.run(&format!("{name}.verify"), &mut command)?;
        if code != Some(0) {
            return Ok(Some(format!("tracer verify ended with {code:?}\n{errors}")));
        }
        self.check(name, recording)
    }

    /// Which of the kernel's invariants a recording violates, as the tracer has it.
    fn check(&self, name: &str, recording: &Path) -> Result<Option<String>> {
        let mut command = Command::new(&self.path);
        command.arg("check").arg(recording);
        let (code, output, errors) = self.run(&format!("{name}.check"), &mut command)?;
        Ok((code != Some(0)).then(|| format!("tracer check ended with {code:?}\n{output}{errors}")))
    }

    /// Runs a command that must succeed, and gives its JSON lines.
    pub(super) fn lines(&self, name: &str, args: &[&str]) -> Result<Vec<Value>> {
        let (code, output, errors) = self.run(name, Command::new(&self.path).args(args))?;
        if code != Some(0) {
            bail!("tracer {} ended with {code:?}:\n{errors}", args.join(" "));
        }
        parse(&output).with_context(|| format!("tracer {}", args.join(" ")))
    }

    /// Starts a scenario that will hold still; its standard input ends it.
    pub(super) fn hold(&self, scenario: &str) -> Result<Child> {
        let child = Command::new(&self.scenarios)
            .args(["hold", scenario])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the scenario")?;
        self.held.set(Some(child.id() as i32));
        Ok(child)
    }

    /// Runs a command to its end: exit code (none: a signal), output, errors.
    pub(crate) fn run(
        &self,
        name: &str,
        command: &mut Command,
    ) -> Result<(Option<i32>, String, String)> {
        let file = |what: &str| -> Result<(PathBuf, File)> {
            let path = self.folder.join(format!("{name}.{what}"));
            let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
            Ok((path, file))
        };
        let (output, errors) = (file("out")?, file("err")?);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output.1)
            .stderr(errors.1)
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        let pidfd = sys::pidfd(child.id() as i32)?;
        let in_time = sys::readable(pidfd.as_fd(), PATIENCE)?;
        if !in_time {
            child.kill()?;
        }
        let status = child.wait()?;
        end_leftovers(self.held.get())?;
        let text = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into());
        let (output, mut errors): (String, String) = (text(&output.0)?, text(&errors.0)?);
        if !in_time {
            errors.push_str("killed: it did not end in time\n");
        }
        Ok((status.code(), output, errors))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if self.temporary {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Kills and reaps what a run has left: orphans come to us, a subreaper. Spares the scenario that
/// holds still.
fn end_leftovers(held: Option<i32>) -> Result<()> {
    let (me, _) = proc::myself()?;
    let mut spared = held.map(proc::descendants).transpose()?.unwrap_or_default();
    spared.extend(held);
    for pid in proc::descendants(me)? {
        if !spared.contains(&pid) {
            sys::kill(pid, libc::SIGKILL).ok();
            sys::reap(pid);
        }
    }
    Ok(())
}

/// JSON lines.
fn parse(text: &str) -> Result<Vec<Value>> {
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("no JSON: {line}")))
        .collect()
}

/// Why a plan is not possible here, if it is not.
pub(crate) fn refusal(doctor: &Value, plan: &str) -> Option<String> {
    let entry = &doctor["plans"][plan];
    let refused = entry["possible"] == false;
    refused.then(|| entry["reason"].as_str().unwrap_or("not possible here").to_owned())
}
