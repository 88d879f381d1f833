//! The tables of `ps`, `ns` and `pid` while a scenario holds still, against `/proc`.

use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::Child;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::tool::Tool;
use super::{namespaces, tasks};
use crate::proc::{self, Facts};
use crate::sys;

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Tasks compared.
    pub(super) tasks: usize,
    /// Namespaces compared.
    pub(super) namespaces: usize,
    /// What differs.
    pub(super) differences: Vec<String>,
}

/// Holds a scenario still and compares every table.
pub(super) fn compare(tool: &Tool, plan: &str, scenario: &str) -> Result<Tables> {
    let mut child = tool.hold(scenario)?;
    let result = while_still(tool, plan, scenario, &mut child);
    // The end of its input is its end, whatever came before.
    drop(child.stdin.take());
    let ends = sys::readable(sys::pidfd(child.id() as i32)?.as_fd(), 30_000)?;
    if !ends || result.is_err() {
        for pid in proc::descendants(child.id() as i32)? {
            sys::kill(pid, libc::SIGKILL).ok();
        }
        child.kill().ok();
    }
    let status = child.wait()?;
    let mut tables = result?;
    if !status.success() {
        tables.differences.push(format!("the scenario that held still ended with {status}"));
    }
    Ok(tables)
}

/// Compares while the scenario stands still.
fn while_still(tool: &Tool, plan: &str, scenario: &str, child: &mut Child) -> Result<Tables> {
    let output = child.stdout.as_mut().context("no pipe from the scenario")?;
    ensure!(sys::readable(output.as_fd(), 60_000)?, "the scenario does not become ready");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    ensure!(line == "ready\n", "the scenario could not become ready");

    let mut tables = Tables::default();
    let uptime = uptime_ns()?;
    let before = proc::walk()?;
    let name = |what: &str| format!("{plan}.{scenario}.{what}");
    let ps = tool.lines(&name("ps"), &["ps", "--json", "--threads"])?;
    let after = proc::walk()?;
    let ns = tool.lines(&name("ns"), &["ns", "--json"])?;
    let at_last = proc::walk()?;

    for lines in [&ps, &ns] {
        let ends =
            (lines.first().map(|line| &line["type"]), lines.last().map(|line| &line["type"]));
        if ends.0.is_none_or(|kind| kind != "header") || ends.1.is_none_or(|kind| kind != "summary")
        {
            tables.differences.push(format!("no header or no summary: {ends:?}"));
        }
    }
    let (count, differences) = tasks::compare(&rows(&ps, "task"), &before, &after, uptime);
    tables.tasks = count;
    tables.differences.extend(differences);
    let rows = rows(&ns, "namespace");
    let hidden = scenario == "unshare_without_fork";
    let (count, differences) = namespaces::compare(&rows, &before, &at_last, hidden);
    tables.namespaces = count;
    tables.differences.extend(differences);
    let deepest = proc::descendants(child.id() as i32)?
        .into_iter()
        .filter_map(|pid| before.get(&pid))
        .max_by_key(|facts| facts.ns_pid.len());
    if let Some(facts) = deepest {
        tables.differences.extend(one_pid(tool, &name("pid"), facts)?);
    }
    Ok(tables)
}

/// `tracer pid`, by the number at level 0 and by the one in the task's own namespace.
fn one_pid(tool: &Tool, name: &str, facts: &Facts) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    let own = facts.ns.get("pid").zip(facts.ns_pid.last());
    let own = own.map(|(inode, number)| format!("{number}@{inode}"));
    for query in [Some(facts.tid.to_string()), own].into_iter().flatten() {
        let lines = tool.lines(name, &["pid", &query, "--json"])?;
        let want = serde_json::json!(facts.ns_pid);
        if !lines.iter().any(|line| line["ns_pids"] == want) {
            differences.push(format!("pid {query}: no line with ns_pids {want}\n{lines:?}"));
        }
    }
    Ok(differences)
}

/// The rows of one type.
fn rows<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// Nanoseconds since boot, to a hundredth of a second.
fn uptime_ns() -> Result<u64> {
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let digits: String = uptime.chars().take_while(|c| *c != ' ').filter(|c| *c != '.').collect();
    Ok(digits.parse::<u64>().context("cannot read /proc/uptime")? * 10_000_000)
}
