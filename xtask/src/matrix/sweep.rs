//! Runs one machine a kernel, two at a time, and collects their verdicts.

use std::{
    collections::VecDeque,
    fmt, fs,
    iter::Sum,
    ops::AddAssign,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    kernels::Kernel,
    place, say,
    vm::{
        self, Ending, Job, Programs, Size,
        console::{Line, Outcome, Verdict},
    },
};

/// One kernel's part of the matrix.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) kernel: String,
    pub(crate) release: String,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) time: Duration,
    /// What went wrong with the run as a whole.
    pub(crate) trouble: Option<String>,
}

/// Counts of what was tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

/// Runs a command on every kernel.
pub(crate) fn sweep(
    kernels: &[Kernel],
    programs: &Programs,
    command: &[String],
    size: &Size,
) -> Result<Vec<Row>> {
    /// As many machines as this project's CI has processors.
    const AT_ONCE: usize = 2;
    let logs = place::vm().join("log");
    fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;

    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..kernels.len()).collect());
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(index) = next else { break };
                    let row = one(&kernels[index], programs, command, size);
                    rows.lock().unwrap_or_else(PoisonError::into_inner).push((index, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(index, _)| *index);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// One machine, from boot to row. Its failures are said at once; its whole console goes into a
/// file.
fn one(kernel: &Kernel, programs: &Programs, command: &[String], size: &Size) -> Row {
    let mut row = Row {
        kernel: kernel.name.clone(),
        release: kernel.release.clone(),
        verdicts: Vec::new(),
        time: Duration::ZERO,
        trouble: None,
    };
    let mut verdicts = Vec::new();
    let job = Job { programs, command, out: None };
    let run = vm::run(kernel, &job, size, &mut |line| {
        if let Line::Verdict(verdict) = Line::parse(line) {
            if verdict.outcome == Outcome::Fail {
                say::note(&format!("{}: {line}", kernel.name));
            }
            verdicts.push(verdict);
            say::status(&format!("{}: {} scenarios so far", kernel.name, verdicts.len()));
        }
    });
    row.verdicts = verdicts;
    match run {
        Ok(run) => {
            row.time = run.time;
            row.trouble = trouble(&run.ending, &row.verdicts);
            let log = place::vm().join("log").join(format!("{}.log", kernel.name));
            if let Err(error) = fs::write(&log, run.lines.join("\n") + "\n") {
                say::note(&format!("cannot write {}: {error}", log.display()));
            }
            if let Some(trouble) = &row.trouble {
                say::note(&format!("{}: {trouble}\n{}", kernel.name, run.tail()));
            }
        }
        Err(error) => {
            say::note(&format!("{}: {error:#}", kernel.name));
            row.trouble = Some(format!("{error:#}"));
        }
    }
    say::note(&format!(
        "{} ({}): {} in {}",
        row.kernel,
        row.release,
        row.tally(),
        say::time(row.time)
    ));
    row
}

/// A status other than 0 is explained by failed scenarios; without one, it is trouble of its own.
fn trouble(ending: &Ending, verdicts: &[Verdict]) -> Option<String> {
    let failed = verdicts.iter().any(|verdict| verdict.outcome == Outcome::Fail);
    match ending {
        Ending::Exit(0) => verdicts.is_empty().then(|| "the scenarios reported nothing".to_owned()),
        Ending::Exit(_) if failed => None,
        other => Some(other.to_string()),
    }
}

impl Row {
    pub(crate) fn tally(&self) -> Tally {
        let count =
            |outcome| self.verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
        Tally {
            passed: count(Outcome::Pass),
            failed: count(Outcome::Fail) + usize::from(self.trouble.is_some()),
            skipped: count(Outcome::Skip),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        let mut sum = Self::default();
        for tally in tallies {
            sum += tally;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict { plan: "kprobe".into(), scenario: "fork".into(), outcome, text: String::new() }
    }

    #[test]
    fn a_bad_status_needs_an_explanation() {
        assert_eq!(trouble(&Ending::Exit(0), &[verdict(Outcome::Pass)]), None);
        assert_eq!(trouble(&Ending::Exit(1), &[verdict(Outcome::Fail)]), None);
        assert!(trouble(&Ending::Exit(1), &[verdict(Outcome::Pass)]).is_some());
        assert!(trouble(&Ending::Exit(0), &[]).is_some());
        assert!(
            trouble(&Ending::Stuck(Duration::from_secs(9)), &[verdict(Outcome::Fail)]).is_some()
        );
    }
}
