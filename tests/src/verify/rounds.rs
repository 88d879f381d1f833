//! Rounds: every plan with every test, a line for each result and a tally at the end.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::tool::{self, Tool};
use crate::sys;

/// What was asked for on the command line.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The tracer.
    tracer: PathBuf,
    /// The plans to try.
    plans: Vec<String>,
    /// The names of the tests to run; all where empty.
    only: Vec<String>,
    /// Only the short ones; under all plans but the first only those that are to be run everywhere.
    pub(crate) short: bool,
    /// Where streams and recordings are kept.
    keep: Option<PathBuf>,
}

/// How one test went under one plan.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All is as it must be; what was seen.
    Pass(String),
    /// It is not possible here, or cannot be said, and why.
    Skip(String),
    /// What is wrong.
    Fail(Vec<String>),
}

/// Where a test runs.
pub(crate) struct Round<'a> {
    /// The tracer.
    pub(crate) tool: &'a Tool,
    /// The plan.
    pub(crate) plan: &'a str,
    /// This is the first plan.
    pub(crate) first: bool,
}

/// Tests by name.
pub(crate) type Named<T> = (&'static str, &'static T);

impl Asked {
    /// Reads the arguments of a verb.
    pub(crate) fn parse(verb: &str, args: &[&str]) -> Result<Self> {
        let mut tracer = PathBuf::from("tracer");
        let (mut plans, mut only, mut keep, mut short) = (Vec::new(), Vec::new(), None, false);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match *arg {
                "--tracer" => tracer = PathBuf::from(value()?),
                "--short" => short = true,
                "--plan" => plans.push((*value()?).to_owned()),
                "--only" => only.extend(value()?.split(',').map(str::to_owned)),
                "--keep" => keep = Some(PathBuf::from(value()?)),
                _ => bail!("{verb} does not know {arg}\n{}", crate::USAGE),
            }
        }
        if plans.is_empty() {
            plans.push("auto".to_owned());
        }
        Ok(Self { tracer, plans, only, short, keep })
    }

    /// Whether a test is asked for by its name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.only.iter().any(|only| only == name)
    }

    /// The tests that are named, or all.
    pub(crate) fn choose<T>(&self, all: Vec<Named<T>>) -> Result<Vec<Named<T>>> {
        let find = |name: &String| {
            let found = all.iter().find(|(known, _)| known == name);
            found.copied().with_context(|| format!("nothing is named {name}"))
        };
        if self.only.is_empty() { Ok(all) } else { self.only.iter().map(find).collect() }
    }

    /// Runs the tests under every plan; `everywhere` are those that a short run has under each.
    pub(crate) fn run<T>(
        &self,
        tests: &[Named<T>],
        everywhere: &[&str],
        one: impl Fn(&Round<'_>, &T) -> Result<Outcome>,
    ) -> Result<ExitCode> {
        // What a test leaves behind comes to us, and ends with its run.
        sys::become_subreaper()?;
        let tool = Tool::new(&self.tracer, self.keep.as_deref())?;
        let doctor = tool.doctor()?;
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        for (at, plan) in self.plans.iter().enumerate() {
            let refusal = tool::refusal(&doctor, plan);
            let round = Round { tool: &tool, plan, first: at == 0 };
            let whole = !self.short || round.first;
            for (name, test) in tests.iter().filter(|(name, _)| whole || everywhere.contains(name))
            {
                let outcome = match &refusal {
                    Some(reason) => Outcome::Skip(reason.clone()),
                    None => one(&round, test)
                        .unwrap_or_else(|error| Outcome::Fail(vec![format!("{error:#}")])),
                };
                match outcome {
                    Outcome::Pass(_) => passed += 1,
                    Outcome::Skip(_) => skipped += 1,
                    Outcome::Fail(_) => failed += 1,
                }
                outcome.print(plan, name);
            }
        }
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        Ok(ExitCode::from(u8::from(failed > 0)))
    }
}

impl Outcome {
    fn print(&self, plan: &str, name: &str) {
        match self {
            Self::Pass(detail) => println!("result {plan} {name} pass {detail}"),
            Self::Skip(reason) => println!("result {plan} {name} skip {reason}"),
            Self::Fail(list) => {
                println!("result {plan} {name} fail {} complaints", list.len());
                list.iter().flat_map(|text| text.lines()).for_each(|line| println!("    {line}"));
            }
        }
    }
}
