//! The verifier: for each plan and scenario, what the tracer says against what is true.

mod compare;
mod lifecycle;
mod namespaces;
mod pattern;
pub(crate) mod rounds;
mod tables;
mod tasks;
pub(crate) mod tool;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::scenario::{self, Scenario};
use crate::truth;
use rounds::{Asked, Outcome, Round};
use tool::Tool;

/// One scenario for each sort of event: what differs between plans is where events come from.
const SHORT: [&str; 9] = [
    "plain_fork",
    "threads",
    "zombie_late_reap",
    "orphan_to_subreaper",
    "exec_by_thread",
    "pidns_init_dies",
    "setsid_setpgid",
    "ns_every_kind",
    "failed_fork_pids_limit",
];

/// `verify`.
pub(crate) fn main(args: &[&str]) -> Result<ExitCode> {
    let asked = Asked::parse("verify", args)?;
    if std::env::var_os(truth::FILE).is_some() {
        bail!("{} is set: this is no place for a verifier", truth::FILE);
    }
    let scenarios = asked.choose(scenario::ALL.iter().map(|it| (it.name, it)).collect())?;
    asked.run(&scenarios, &SHORT, one)
}

/// How often a scenario is traced at most.
const TRIES: u32 = 5;

/// Traces one scenario; again where the tool says that the kernel skipped runs of its programs (since
/// 7.0 they can be preempted, and one that runs keeps others off its CPU): such a run is not whole,
/// and says so. The last try counts, whatever it says.
fn traced(tool: &Tool, plan: &str, scenario: &Scenario) -> Result<(tool::Run, String)> {
    let mut tries = 1;
    loop {
        let run = tool.live(plan, scenario.name)?;
        if !run.says_skipped() || tries == TRIES {
            let note = format!(", try {tries}: the kernel skipped runs of programs before");
            return Ok((run, if tries > 1 { note } else { String::new() }));
        }
        tries += 1;
    }
}

/// Runs one scenario under one plan: first the events, then the tables.
fn one(round: &Round<'_>, scenario: &Scenario) -> Result<Outcome> {
    let Round { tool, plan, first } = *round;
    let (run, note) = traced(tool, plan, scenario)?;
    if let Some(reason) = run.truth.iter().find_map(|line| line["skip"].as_str()) {
        return Ok(Outcome::Skip(reason.to_owned()));
    }
    let mut differences = compare::compare(&run);
    let mut detail = format!("{} events, {} truths{note}", run.events.len(), run.truth.len());
    // A sweep is the same under every plan: once is enough.
    if scenario.holds && first {
        let tables = tables::compare(tool, plan, scenario.name)?;
        detail = format!("{detail}, {} tasks, {} namespaces", tables.tasks, tables.namespaces);
        differences.extend(tables.differences);
    }
    Ok(if differences.is_empty() { Outcome::Pass(detail) } else { Outcome::Fail(differences) })
}
