//! A program that is spoken to line by line.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::run;

/// How long a program may take to end once its input has ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program. Dropping it ends its input, and so the program.
pub(super) struct Talk {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    /// Starts it.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let name = run::shown(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("no pipe from a program")?;
        Ok(Self { name, child, input, lines: BufReader::new(output).lines() })
    }

    /// What it says next; `None` at its end.
    pub(super) fn next(&mut self) -> Result<Option<String>> {
        Ok(self.lines.next().transpose()?)
    }

    /// What it says next.
    pub(super) fn hear(&mut self) -> Result<String> {
        match self.next()? {
            Some(line) => Ok(line),
            None => bail!("`{}` ended ({})", self.name, self.child.wait()?),
        }
    }

    /// Waits for a word.
    pub(super) fn expect(&mut self, word: &str) -> Result<()> {
        match self.hear()? {
            line if line == word => Ok(()),
            line => bail!("`{}` said `{line}`, not `{word}`", self.name),
        }
    }

    /// Tells it something.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("its input has ended")?;
        writeln!(input, "{line}").with_context(|| format!("`{}` has ended", self.name))
    }

    /// Tells it something; its answer.
    pub(super) fn ask(&mut self, line: &str) -> Result<String> {
        self.tell(line)?;
        self.hear()
    }

    /// Tells it to do something; it must say `ok`.
    pub(super) fn order(&mut self, line: &str) -> Result<()> {
        self.tell(line)?;
        self.expect("ok")
    }

    /// All that it measures until it ends: names and values.
    pub(super) fn samples(mut self) -> Result<Samples> {
        let mut samples = Samples::default();
        while let Some(line) = self.next()? {
            let words: Vec<&str> = line.split(' ').collect();
            let ["sample", name, value] = words[..] else { bail!("what is `{line}`?") };
            samples.0.push((name.to_owned(), super::number(value)?));
        }
        let status = self.child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.name);
        }
        Ok(samples)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.input = None;
        let begun = Instant::now();
        while let Ok(None) = self.child.try_wait() {
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            sleep(Duration::from_millis(2));
        }
    }
}

/// Measurements, by name.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<(String, f64)>);

impl Samples {
    /// Those of one name.
    pub(super) fn named(&self, name: &str) -> Vec<f64> {
        self.0.iter().filter(|(of, _)| of == name).map(|&(_, value)| value).collect()
    }
}
