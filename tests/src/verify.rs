//! The verifier: for each plan and scenario, what the tracer says against what is true.

mod compare;
mod lifecycle;
mod namespaces;
mod pattern;
mod tables;
mod tasks;
pub(crate) mod tool;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::scenario::{self, Scenario};
use crate::{sys, truth};
use tool::Tool;

/// What was asked for.
#[derive(Debug)]
struct Options {
    /// The tracer.
    tracer: PathBuf,
    /// The plans to try.
    plans: Vec<String>,
    /// Under all plans but the first only [`SHORT`].
    short: bool,
    /// The scenarios to run.
    scenarios: Vec<&'static Scenario>,
    /// Where all streams are kept.
    keep: Option<PathBuf>,
}

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

/// How one scenario went under one plan.
#[derive(Debug)]
enum Outcome {
    /// All is as it must be; what was compared.
    Pass(String),
    /// It is not possible here, and why.
    Skip(String),
    /// What differs.
    Fail(Vec<String>),
}

/// `verify`.
pub(crate) fn main(args: &[&str]) -> Result<ExitCode> {
    let options = parse(args)?;
    // What a scenario leaves behind when it is killed comes to us, and dies with it.
    sys::become_subreaper()?;
    let tool = Tool::new(&options.tracer, options.keep.as_deref())?;
    let doctor = tool.doctor()?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let first = options.plans.first();
    for plan in &options.plans {
        let refusal = tool::refusal(&doctor, plan);
        let whole = !options.short || Some(plan) == first;
        for scenario in options.scenarios.iter().filter(|it| whole || SHORT.contains(&it.name)) {
            let outcome = match &refusal {
                Some(reason) => Outcome::Skip(reason.clone()),
                // A sweep is the same under every plan: once is enough.
                None => one(&tool, plan, scenario, Some(plan) == first)
                    .unwrap_or_else(|error| Outcome::Fail(vec![format!("{error:#}")])),
            };
            let (word, detail, rest) = match outcome {
                Outcome::Pass(detail) => ("pass", detail, Vec::new()),
                Outcome::Skip(detail) => ("skip", detail, Vec::new()),
                Outcome::Fail(list) => ("fail", format!("{} differences", list.len()), list),
            };
            match word {
                "pass" => passed += 1,
                "skip" => skipped += 1,
                _ => failed += 1,
            }
            println!("result {plan} {} {word} {detail}", scenario.name);
            for line in rest.iter().flat_map(|text| text.lines()) {
                println!("    {line}");
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(ExitCode::from(u8::from(failed > 0)))
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
fn one(tool: &Tool, plan: &str, scenario: &Scenario, with_tables: bool) -> Result<Outcome> {
    let (run, note) = traced(tool, plan, scenario)?;
    if let Some(reason) = run.truth.iter().find_map(|line| line["skip"].as_str()) {
        return Ok(Outcome::Skip(reason.to_owned()));
    }
    let mut differences = compare::compare(&run);
    let mut detail = format!("{} events, {} truths{note}", run.events.len(), run.truth.len());
    if scenario.holds && with_tables {
        let tables = tables::compare(tool, plan, scenario.name)?;
        detail = format!("{detail}, {} tasks, {} namespaces", tables.tasks, tables.namespaces);
        differences.extend(tables.differences);
    }
    Ok(if differences.is_empty() { Outcome::Pass(detail) } else { Outcome::Fail(differences) })
}

/// Reads the arguments.
fn parse(args: &[&str]) -> Result<Options> {
    let mut tracer = PathBuf::from("tracer");
    let (mut plans, mut only, mut keep) = (Vec::new(), Vec::new(), None);
    let mut short = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match *arg {
            "--tracer" => tracer = PathBuf::from(value()?),
            "--short" => short = true,
            "--plan" => plans.push((*value()?).to_owned()),
            "--only" => only.extend(value()?.split(',')),
            "--keep" => keep = Some(PathBuf::from(value()?)),
            _ => bail!("verify does not know {arg}\n{}", crate::USAGE),
        }
    }
    if plans.is_empty() {
        plans.push("auto".to_owned());
    }
    let mut scenarios: Vec<&Scenario> = scenario::ALL.iter().collect();
    if !only.is_empty() {
        let find =
            |name: &&str| scenario::find(name).with_context(|| format!("no scenario {name}"));
        scenarios = only.iter().map(find).collect::<Result<_>>()?;
    }
    if std::env::var_os(truth::FILE).is_some() {
        bail!("{} is set: this is no place for a verifier", truth::FILE);
    }
    Ok(Options { tracer, plans, short, scenarios, keep })
}
