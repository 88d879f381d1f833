//! What a hook takes, by the kernel's own statistics, beside an empty program in the same place.
//!
//! The statistics take the time around each run, so both contain one reading of the clock, and
//! neither contains the way to the program; what that costs is in the slowdown.

use std::{collections::BTreeMap, thread::sleep, time::Duration};

use anyhow::{Context, Result, bail};

use super::{
    Bench, READER, number,
    report::{Report, Target},
    talk::Talk,
};

/// Time for the last tasks to be freed, which RCU does later.
const FREED: Duration = Duration::from_millis(60);

/// The hook whose runs count the lifecycles.
const BIRTH: &str = "task_newtask";
/// The hook at the exit of every system call: most of its runs are no event.
const CALLS: &str = "sys_exit";

/// Both kinds of programs.
const GROUPS: [&str; 2] = ["tracer", "empty"];

/// ns and runs of each hook.
type Stats = BTreeMap<String, (f64, f64)>;

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let mut gauge = Talk::start(bench.on(READER, &bench.gauge).args(["switch", "--stats"]))?;
    gauge.expect("ready")?;

    let mut situ = Load::new(bench, &mut gauge);
    situ.rounds("vfork", bench.rounds(50_000, 10_000), bench.rounds(11, 3))?;
    for name in situ.names() {
        let what = format!("`{name}` in a vfork storm");
        report.add(&what, "ns", &situ.of("tracer", &name));
        report.add(&format!("{what}, empty"), "ns", &situ.of("empty", &name));
    }
    let (ours, empty) = (situ.lifecycles("tracer"), situ.lifecycles("empty"));
    let ratio: Vec<f64> = ours.iter().zip(&empty).map(|(ours, empty)| ours / empty).collect();
    report.aim("lifecycle (fork to free) in situ", "ns", &ours, Target::AtMost(1500.0));
    report.add("lifecycle, empty programs", "ns", &empty);
    report.aim("lifecycle, times the empty programs", "×", &ratio, Target::AtMost(3.0));

    // Of the events only these can be had without all that makes a task.
    let mut hot = Load::new(bench, &mut gauge);
    hot.rounds("rename", bench.rounds(300_000, 100_000), bench.rounds(11, 3))?;
    let renames = hot.of("tracer", "task_rename");
    report.aim("`task_rename`, hot loop: one event", "ns", &renames, Target::AtMost(150.0));
    report.add("`task_rename`, hot loop, empty", "ns", &hot.of("empty", "task_rename"));
    let mut calls = Load::new(bench, &mut gauge);
    calls.rounds("getppid", bench.rounds(500_000, 200_000), bench.rounds(11, 3))?;
    report.add("`sys_exit`, hot loop: no event", "ns", &calls.of("tracer", CALLS));
    report.add("`sys_exit`, hot loop, empty", "ns", &calls.of("empty", CALLS));
    let mut groups = Load::new(bench, &mut gauge);
    groups.rounds("setpgid", bench.rounds(200_000, 50_000), bench.rounds(11, 3))?;
    let halves: Vec<f64> = groups.of("tracer", CALLS).iter().map(|ns| ns / 2.0).collect();
    if halves.is_empty() {
        report.note("`sys_exit` is not hooked under this plan: calls pay nothing");
    } else {
        let what = "`sys_exit` of setpgid, hot loop: an event of two";
        report.aim(what, "ns", &halves, Target::AtMost(150.0));
    }
    Ok(())
}

/// One kind of load, with what each round's statistics say.
struct Load<'a> {
    bench: &'a Bench,
    gauge: &'a mut Talk,
    found: Vec<(&'static str, Stats)>,
}

impl<'a> Load<'a> {
    fn new(bench: &'a Bench, gauge: &'a mut Talk) -> Self {
        Self { bench, gauge, found: Vec::new() }
    }

    /// Rounds of both kinds in turn, so that both see the same machine.
    fn rounds(&mut self, operation: &str, count: u32, rounds: u32) -> Result<()> {
        for _ in 0..rounds {
            for group in GROUPS {
                self.gauge.order(&format!("{group} on"))?;
                let before = stats(self.gauge, group)?;
                self.bench.storm(operation, count)?;
                sleep(FREED);
                let mut after = stats(self.gauge, group)?;
                self.gauge.order(&format!("{group} off"))?;
                for (name, (ns, runs)) in &mut after {
                    let (ns_before, runs_before) =
                        before.get(name).with_context(|| format!("{name} has come late"))?;
                    *ns -= ns_before;
                    *runs -= runs_before;
                }
                self.found.push((group, after));
            }
        }
        Ok(())
    }

    /// Every hook that ran for a good part of the lifecycles.
    fn names(&self) -> Vec<String> {
        let Some((_, first)) = self.found.first() else { return Vec::new() };
        let births = first.get(BIRTH).map_or(0.0, |&(_, runs)| runs);
        first
            .iter()
            .filter(|(_, (_, runs))| *runs > births / 2.0)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// ns per run of a hook, round by round.
    fn of(&self, group: &str, name: &str) -> Vec<f64> {
        let stats = self.found.iter().filter(|(of, _)| *of == group);
        stats
            .filter_map(|(_, stats)| stats.get(name).filter(|(_, runs)| *runs > 0.0))
            .map(|(ns, runs)| ns / runs)
            .collect()
    }

    /// ns of all hooks per task that was made, round by round.
    fn lifecycles(&self, group: &str) -> Vec<f64> {
        let stats = self.found.iter().filter(|(of, _)| *of == group);
        stats
            .filter_map(|(_, stats)| {
                let &(_, births) = stats.get(BIRTH).filter(|(_, runs)| *runs > 0.0)?;
                Some(stats.values().map(|(ns, _)| ns).sum::<f64>() / births)
            })
            .collect()
    }
}

/// The statistics of one kind of programs so far.
fn stats(gauge: &mut Talk, group: &str) -> Result<Stats> {
    gauge.tell("stats")?;
    let mut stats = Stats::new();
    loop {
        let line = gauge.hear()?;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["ok"] => return Ok(stats),
            ["hook", of, name, ns, runs] if of == group => {
                stats.insert(name.to_owned(), (number(ns)?, number(runs)?));
            }
            ["hook", ..] => {}
            _ => bail!("what is `{line}`?"),
        }
    }
}
