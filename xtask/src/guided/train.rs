//! The work that a profile is taken from: what users do, on hosts of every kind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{place, run, say};

/// Whose rules the simulated hosts follow, and which hooks they have.
const KERNELS: [&str; 4] = ["5.10", "6.1", "6.12", "7.x"];
const PLANS: [&str; 3] = ["trampoline", "kprobe", "tracepoint"];

/// Events of each.
const EVENTS: &str = "40000";

/// What is asked of each recording.
const VERBS: [&[&str]; 6] = [
    &["check"],
    &["replay", "--threads"],
    &["replay", "--threads", "--json"],
    &["ps", "--threads"],
    &["verify"],
    &["stats"],
];

/// Recorded on this host, where its kernel lets us: the way from the ring is in no replay.
const LIVE: [&str; 3] = ["check", "live", "record"];

/// Something that forks, execs and ends all the time, for a few seconds.
const LOAD: &str = "i=0; while [ $i -lt 3000 ]; do /bin/true & i=$((i+1)); done; wait";

/// Has the program do it all.
pub(super) fn work(tracer: &Path, folder: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut files = kept()?;
    for (number, (kernel, plan)) in
        KERNELS.iter().flat_map(|kernel| PLANS.map(|plan| (kernel, plan))).enumerate()
    {
        let file = folder.join(format!("{number}.tracer"));
        let mut simulate = silent(tracer, "simulate");
        simulate.args(["--events", EVENTS, "--seed", &number.to_string(), "-o"]).arg(&file);
        run::output(simulate.args(["--kernel", kernel, "--plan", plan]))?;
        files.push(file);
    }
    for file in &files {
        for verb in VERBS {
            judged(silent(tracer, verb[0]).args(&verb[1..]).arg(file))?;
        }
    }
    if !run::is_root() {
        say::note("not root: nothing is traced live for the profile");
        return Ok(());
    }
    for verb in LIVE {
        let mut live = silent(tracer, verb);
        if verb == "record" {
            live.arg("-o").arg(folder.join("live.tracer"));
        }
        live.args(["--", "/bin/sh", "-c", LOAD]);
        if let Err(why) = judged(&mut live) {
            say::note(&format!("this kernel cannot be traced, so the profile lacks that: {why:#}"));
            break;
        }
    }
    Ok(())
}

/// The recordings of kernels that are kept with the tests.
fn kept() -> Result<Vec<PathBuf>> {
    let folder = place::root().join("tests/recording/kernels");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

fn silent(tracer: &Path, verb: &str) -> Command {
    let mut command = Command::new(tracer);
    command.arg(verb).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs it to its end. A verdict of whatever kind is work done; a wrong usage is not.
fn judged(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| run::shown(command))?;
    ensure!(
        matches!(status.code(), Some(0 | 3 | 4)),
        "`{}` ended with {status}",
        run::shown(command)
    );
    Ok(())
}
