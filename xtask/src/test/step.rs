//! One step of the tests: announced, timed, counted.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{matrix::Tally, run, say};

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    tally: Tally,
    times: Vec<(String, Duration)>,
}

impl Steps {
    /// A step that counts as one test.
    pub(crate) fn one<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        self.timed(name, |tally| {
            let result = step();
            match result {
                Ok(_) => tally.passed += 1,
                Err(_) => tally.failed += 1,
            }
            result
        })
    }

    /// A step that is one command.
    pub(crate) fn command(&mut self, name: &str, mut command: Command) -> Result<()> {
        self.one(name, || run::run(&mut command))
    }

    /// A step that counts its tests itself. One that fails without having counted a failure counts
    /// as one.
    pub(crate) fn counted(
        &mut self,
        name: &str,
        step: impl FnOnce(&mut Tally) -> Result<()>,
    ) -> Result<()> {
        self.timed(name, |tally| {
            let before = tally.failed;
            let result = step(tally);
            if result.is_err() && tally.failed == before {
                tally.failed += 1;
            }
            result
        })
    }

    /// `cargo test`, counted by the closing lines of its test programs.
    pub(crate) fn cargo_test(&mut self, mut command: Command) -> Result<()> {
        self.counted("unit and integration tests", |tally| {
            run::watch(&mut command, |line| *tally += closing(line).unwrap_or_default())
        })
    }

    /// A step that does not run, and why: loudly, or nobody would know.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.tally.skipped += 1;
        say::step(&format!("{name}: SKIPPED: {why}"));
    }

    /// The times, and the one line that counts everything.
    pub(crate) fn close(&self) {
        say::step("times");
        for (name, time) in &self.times {
            say::note(&format!("{:<28} {}", name, say::time(*time)));
        }
        println!("{}", self.tally);
    }

    fn timed<T>(&mut self, name: &str, step: impl FnOnce(&mut Tally) -> Result<T>) -> Result<T> {
        say::step(name);
        let started = Instant::now();
        let result = step(&mut self.tally);
        let time = started.elapsed();
        self.times.push((name.to_owned(), time));
        say::note(&format!(
            "{} in {}",
            if result.is_ok() { "done" } else { "FAILED" },
            say::time(time)
        ));
        result.with_context(|| format!("step `{name}`"))
    }
}

/// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`.
fn closing(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |what: &str| {
        let part = counts.split(';').find(|part| part.trim().ends_with(what))?;
        part.split_whitespace().next()?.parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tests_closing_line_is_counted() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(closing(line), Some(Tally { passed: 12, failed: 2, skipped: 1 }));
        assert_eq!(closing("running 3 tests"), None);
    }

    #[test]
    fn a_step_that_fails_is_counted_once() {
        let mut steps = Steps::default();
        assert!(steps.counted("x", |_| anyhow::bail!("no")).is_err());
        let counted = steps.counted("y", |tally| {
            tally.failed += 3;
            anyhow::bail!("no")
        });
        assert!(counted.is_err());
        assert_eq!(steps.tally.failed, 4);
    }
}
