//! The report for people.

use std::fmt::Write;

use tracer::{
    coverage::Coverage,
    kernel::{IteratorProbe, Probe, Refused},
    view::{Paint, Style, escape},
};

use super::facts::{Facts, purpose};

/// Where the second column begins.
const COLUMN: usize = 16;
/// Bytes of the ring that a process's life takes.
const LIFE: u32 = 1536;
/// How many lives a busy host sees in a tenth of a second.
const LIVES: u32 = 1000;
/// How many of the tasks that the iterator hides are named.
const NAMED: usize = 8;

/// Writes the report.
pub(super) fn write(
    facts: &Facts,
    found: Result<&Probe, &Refused>,
    style: Style,
    out: &mut String,
) {
    let mut page = Page { style, out };
    page.facts(facts);
    match found {
        Ok(probe) => {
            page.run(probe);
            page.plans(probe);
            page.hooks(&probe.coverage);
            page.lost(&probe.coverage);
        }
        Err(Refused::Unable { what, why, help }) => {
            page.heading("Tracing is not possible here");
            page.alarm(&format!("  {what}: {why}"));
            page.line(&format!("  help: {help}"));
            page.line(
                "  Hooks, and what is lost without them, can be told where tracing is possible.",
            );
        }
        // Said as any failure is.
        Err(Refused::Runtime(_)) => {}
    }
}

/// Writes what the daemon would keep of its privileges.
pub(super) fn daemon(kept: &[(&str, String)], style: Style, out: &mut String) {
    if kept.is_empty() {
        return;
    }
    let mut page = Page { style, out };
    page.heading("The daemon keeps");
    for (name, told) in kept {
        page.line(&format!("  {name:<18}{told}"));
    }
}

/// The report as it grows.
struct Page<'o> {
    style: Style,
    out: &'o mut String,
}

impl Page<'_> {
    /// The host and this process.
    fn facts(&mut self, facts: &Facts) {
        self.fact("kernel", &format!("Linux {}", facts.release));
        match &facts.btf {
            Ok(()) => self.fact("BTF", "present"),
            Err(why) => self.bad("BTF", &format!("absent: {why}")),
        }
        self.fact("lockdown", &facts.lockdown);
        if facts.initial {
            self.fact("PID namespace", "the initial one");
        } else {
            self.bad("PID namespace", "not the initial one: run tracer on the host itself");
        }
        for (i, (cap, has)) in facts.capabilities.iter().enumerate() {
            let head = if i == 0 { "capabilities" } else { "" };
            let has = if *has { "yes" } else { "no" };
            self.fact(head, format!("{cap:<18}{has:<5}{}", purpose(cap)).trim_end());
        }
    }

    /// CPUs, ring, iterator, start-up.
    fn run(&mut self, probe: &Probe) {
        let Probe { host, iterator, .. } = probe;
        self.fact("host", &format!("{} CPUs, pid_max {}", host.cpus, host.pid_max));
        let lives = probe.ring / LIFE;
        self.fact(
            "ring",
            &format!(
                "{} KiB: some {lives} lives of processes, a stall of {}.{} s at {} forks a second",
                probe.ring >> 10,
                lives / LIVES / 10,
                lives / LIVES % 10,
                LIVES * 10
            ),
        );
        self.iterator(iterator);
        self.fact("start", &format!("{} ms, with the first sweep", probe.start_ms));
    }

    /// Whether the iterator shows every task.
    fn iterator(&mut self, iterator: &IteratorProbe) {
        let IteratorProbe { shown, proc, hidden } = iterator;
        if hidden.is_empty() {
            return self.fact("iterator", &format!("shows all {shown} tasks that /proc shows"));
        }
        let count = hidden.len();
        let mut text =
            format!("shows {shown} of {proc} tasks; {count} are taken from /proc, marked:");
        for (tid, comm) in hidden.iter().take(NAMED) {
            let _infallible = write!(text, " {tid} (");
            escape::comm(comm.as_bytes(), &mut text);
            text.push(')');
        }
        if count > NAMED {
            text.push(' ');
            text.push_str(self.style.ellipsis());
        }
        self.bad("iterator", &text);
    }

    /// Which plans are possible.
    fn plans(&mut self, probe: &Probe) {
        self.heading("Plans");
        let used = probe.coverage.plan();
        for (plan, refused) in &probe.plans {
            match refused {
                Some(why) => self.alarm(&format!("  {:<12}not possible: {why}", plan.name())),
                None if *plan == used => self.line(&format!("  {:<12}used", plan.name())),
                None => self.line(&format!("  {:<12}possible", plan.name())),
            }
        }
    }

    /// What came of every hook.
    fn hooks(&mut self, coverage: &Coverage) {
        self.heading("Hooks");
        let width = coverage.hooks.iter().map(|hook| hook.place.len()).max().unwrap_or(0);
        for hook in &coverage.hooks {
            let line = format!("  {:<width$}  {:<11}", hook.place, hook.plan.name());
            let fact = hook.fact.describe();
            match &hook.refused {
                None => self.line(&format!("{line} attached  {fact}")),
                Some(why) => self.alarm(&format!("{line} refused   {fact}: {why}")),
            }
        }
    }

    /// What nobody can see here.
    fn lost(&mut self, coverage: &Coverage) {
        self.heading("Lost");
        let gaps = coverage.gaps();
        if gaps.is_empty() {
            self.line("  nothing: every fact has a hook");
        }
        for gap in gaps {
            self.alarm(&format!("  {:<14}{}", gap.fact.name(), gap.cost));
        }
    }

    /// A heading, below an empty line.
    fn heading(&mut self, text: &str) {
        self.out.push('\n');
        self.style.paint(Paint::Strong, text, self.out);
        self.out.push('\n');
    }

    /// A fact by its name.
    fn fact(&mut self, name: &str, text: &str) {
        self.line(&format!("{name:<COLUMN$}{text}"));
    }

    /// A fact that is in the way, or costs something.
    fn bad(&mut self, name: &str, text: &str) {
        self.alarm(&format!("{name:<COLUMN$}{text}"));
    }

    /// A line.
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A line about something that is lost.
    fn alarm(&mut self, text: &str) {
        self.style.paint(Paint::Alarm, text, self.out);
        self.out.push('\n');
    }
}
