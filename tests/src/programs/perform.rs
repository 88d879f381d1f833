//! Running one program to its end, under the tracer: within its time, and with nothing left behind.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use super::prepare::prepare;
use super::table::{self, Program};
use crate::{proc, sys};

/// Where real programs are looked for first: a virtual machine's /bin is busybox's.
const PATH: &str = "/usr/bin:/usr/sbin:/bin:/sbin";

/// Why a program cannot run here, if it cannot.
pub(super) fn absent(program: &Program) -> Option<String> {
    let missing = program
        .needs
        .iter()
        .find(|name| !PATH.split(':').any(|folder| Path::new(folder).join(name).is_file()))?;
    Some(format!("no {missing} here"))
}

/// `perform`: what the tracer is given to run. Says how the program ended in the folder's file
/// `ended`; its own status is that it could say so.
pub(crate) fn perform(name: &str, folder: &str) -> Result<ExitCode> {
    let program = table::find(name).with_context(|| format!("no program {name}"))?;
    let folder = Path::new(folder);
    sys::become_subreaper()?;
    prepare(folder)?;
    let before = forks()?;
    let ended = run(program, folder)?;
    let (me, _) = proc::myself()?;
    for pid in proc::descendants(me)? {
        sys::kill(pid, libc::SIGKILL).ok();
        sys::reap(pid);
    }
    let told = format!("{ended}\n{}\n", forks()?.saturating_sub(before));
    fs::write(folder.join("ended"), told).context("cannot say how it ended")?;
    Ok(ExitCode::SUCCESS)
}

/// How a program ended: `exit 0`, or what else there was.
fn run(program: &Program, folder: &Path) -> Result<String> {
    let output =
        File::create(folder.join("output")).context("cannot make a file for its output")?;
    let (first, rest) = program.argv.split_first().context("an empty command")?;
    let mut child = Command::new(first)
        .args(rest)
        .current_dir(folder)
        .env_clear()
        .envs([("PATH", PATH), ("HOME", "/tmp"), ("LC_ALL", "C"), ("TERM", "dumb")])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot run {first}"))?;
    let pidfd = sys::pidfd(child.id() as i32)?;
    let millis = i32::try_from(program.seconds.saturating_mul(1000)).unwrap_or(i32::MAX);
    if !sys::readable(pidfd.as_fd(), millis)? {
        child.kill()?;
        child.wait()?;
        return Ok(format!("killed after {} s", program.seconds));
    }
    let status = child.wait()?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or(0)),
    })
}

/// What a run has told of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// How it ended.
    pub(super) ended: String,
    /// Tasks that the kernel made meanwhile.
    pub(super) forks: u64,
}

impl Told {
    /// Reads the file that [`perform`] has left.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join("ended")).context("it was not run to its end")?;
        let mut lines = text.lines();
        let ended = lines.next().unwrap_or_default().to_owned();
        let forks = lines.next().and_then(|line| line.parse().ok()).context("no count of forks")?;
        Ok(Self { ended, forks })
    }
}

/// Forks since boot, threads included.
fn forks() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    stat.lines()
        .find_map(|line| line.strip_prefix("processes "))
        .and_then(|count| count.trim().parse().ok())
        .context("/proc/stat counts no processes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a command ends that has so much time.
    fn ended(argv: &'static [&'static str], seconds: u32) -> String {
        let program =
            Program { name: "a", about: "A.", needs: &[], argv, seconds, short: false, lie: None };
        let name = format!("tracer-perform-{}-{seconds}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let ended = run(&program, &folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        ended
    }

    #[test]
    fn a_program_ends_by_itself_or_is_ended() {
        assert_eq!(ended(&["sh", "-c", "exit 3"], 60), "exit 3");
        assert_eq!(ended(&["sh", "-c", "kill -9 $$"], 61), "signal 9");
        assert_eq!(ended(&["sleep", "60"], 0), "killed after 0 s");
    }

    #[test]
    fn what_is_needed_and_not_there_is_named() {
        let needs = &["sh", "no-such-program"];
        let program = Program {
            name: "a",
            about: "A.",
            needs,
            argv: &[],
            seconds: 1,
            short: false,
            lie: None,
        };
        assert_eq!(absent(&program).as_deref(), Some("no no-such-program here"));
    }
}
