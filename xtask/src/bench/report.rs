//! The table that is printed, and the same as JSON.

use std::{
    fmt::{self, Write},
    fs,
    thread::available_parallelism,
};

use super::stats::Spread;

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Target {
    fn limit(self) -> f64 {
        match self {
            Self::AtMost(limit) | Self::AtLeast(limit) => limit,
        }
    }

    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }

    /// `met`, or `MISSED by 12 %`.
    fn verdict(self, value: f64) -> String {
        if self.is_met(value) {
            return "met".into();
        }
        let limit = self.limit();
        if limit == 0.0 {
            return format!("MISSED by {}", short(value));
        }
        let (more, less) = (value.max(limit), value.min(limit));
        let by = if less > 0.0 { (more / less - 1.0) * 100.0 } else { f64::INFINITY };
        format!("MISSED by {by:.0} %")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if matches!(self, Self::AtMost(_)) { '≤' } else { '≥' };
        write!(out, "{sign} {}", short(self.limit()))
    }
}

/// One figure.
struct Row {
    section: String,
    what: String,
    unit: &'static str,
    spread: Spread,
    target: Option<Target>,
}

/// Everything that was found.
pub(super) struct Report {
    section: String,
    rows: Vec<Row>,
    /// What could not be measured, and why; and what is good to know.
    notes: Vec<String>,
    release: String,
    load: String,
    cpus: usize,
}

impl Report {
    /// Nothing measured yet.
    pub(super) fn new() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
        Self {
            section: String::new(),
            rows: Vec::new(),
            notes: Vec::new(),
            release: read("/proc/sys/kernel/osrelease"),
            load,
            cpus: available_parallelism().map_or(1, usize::from),
        }
    }

    /// The load average when the benchmark began.
    pub(super) fn load(&self) -> &str {
        &self.load
    }

    /// Whether somebody else needs the machine too.
    pub(super) fn is_busy(&self) -> bool {
        self.load.parse::<f64>().is_ok_and(|load| load > 0.7)
    }

    /// What follows belongs to this part.
    pub(super) fn section(&mut self, name: &str) {
        name.clone_into(&mut self.section);
    }

    /// A figure of several measurements; none are no figure.
    pub(super) fn add(&mut self, what: &str, unit: &'static str, samples: &[f64]) {
        self.judge(what, unit, samples, None);
    }

    /// A figure that has a target.
    pub(super) fn aim(&mut self, what: &str, unit: &'static str, samples: &[f64], target: Target) {
        self.judge(what, unit, samples, Some(target));
    }

    fn judge(&mut self, what: &str, unit: &'static str, samples: &[f64], target: Option<Target>) {
        let Some(spread) = Spread::of(samples) else {
            return self.note(&format!("{what}: SKIPPED: nothing was measured"));
        };
        let (section, what) = (self.section.clone(), what.to_owned());
        self.rows.push(Row { section, what, unit, spread, target });
    }

    /// Something that a reader of the figures must know.
    pub(super) fn note(&mut self, note: &str) {
        crate::say::note(note);
        self.notes.push(format!("{}: {note}", self.section));
    }

    /// The whole as JSON.
    pub(super) fn json(&self) -> String {
        let mut out = String::from("{\n");
        let _ = write!(
            out,
            "  \"kernel\": {}, \"cpus\": {}, \"load\": {},\n  \"rows\": [",
            quoted(&self.release),
            self.cpus,
            quoted(&self.load)
        );
        for (index, row) in self.rows.iter().enumerate() {
            let Spread { low, median, high } = row.spread;
            let _ = write!(
                out,
                "{}\n    {{\"part\": {}, \"figure\": {}, \"unit\": {}, \"median\": {median}, \
                 \"p25\": {low}, \"p75\": {high}",
                if index > 0 { "," } else { "" },
                quoted(&row.section),
                quoted(&row.what),
                quoted(row.unit),
            );
            if let Some(target) = row.target {
                let met = target.is_met(median);
                let _ =
                    write!(out, ", \"target\": {}, \"met\": {met}", quoted(&target.to_string()));
            }
            out.push('}');
        }
        let notes: Vec<String> = self.notes.iter().map(|note| quoted(note)).collect();
        let _ = write!(out, "\n  ],\n  \"notes\": [{}]\n}}\n", notes.join(", "));
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "Linux {}, {} CPUs, load {} at the start; medians.\n",
            self.release, self.cpus, self.load
        )?;
        writeln!(out, "| part | figure | median | p25–p75 | unit | target | verdict |")?;
        writeln!(out, "|---|---|--:|--:|---|---|---|")?;
        for row in &self.rows {
            let Spread { low, median, high } = row.spread;
            let target = row.target.map(|target| target.to_string()).unwrap_or_default();
            let verdict = row.target.map(|target| target.verdict(median)).unwrap_or_default();
            writeln!(
                out,
                "| {} | {} | {} | {}–{} | {} | {target} | {verdict} |",
                row.section,
                row.what,
                short(median),
                short(low),
                short(high),
                row.unit,
            )?;
        }
        if !self.notes.is_empty() {
            writeln!(out)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "- {note}"))
    }
}

/// Three digits that matter; whole numbers in full.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_says_by_how_much() {
        assert_eq!(Target::AtMost(150.0).verdict(150.0), "met");
        assert_eq!(Target::AtMost(100.0).verdict(112.0), "MISSED by 12 %");
        assert_eq!(Target::AtLeast(20.0).verdict(16.0), "MISSED by 25 %");
        assert_eq!(Target::AtMost(0.0).verdict(7.0), "MISSED by 7");
        assert_eq!(Target::AtMost(0.0).verdict(0.0), "met");
        assert_eq!(Target::AtLeast(20.0).to_string(), "≥ 20");
    }

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [0.0, 0.1234, 1.234, 12.34, 123.4, 200_000.0, 3.0, -0.5].map(short);
        assert_eq!(shown, ["0", "0.123", "1.23", "12.3", "123", "200000", "3", "-0.500"]);
    }

    #[test]
    fn the_same_rows_stand_in_table_and_json() {
        let mut report = Report::new();
        report.section("loss");
        report.aim("lost \"x\"", "events", &[2.0], Target::AtMost(0.0));
        report.add("rate", "1/s", &[1.0, 3.0]);
        report.add("nothing", "1/s", &[]);
        let table = report.to_string();
        assert!(table.contains("| loss | lost \"x\" | 2 | 2–2 | events | ≤ 0 | MISSED by 2 |"));
        assert!(table.contains("| loss | rate | 2 | 1.50–2.50 | 1/s |  |  |"));
        assert!(table.contains("nothing: SKIPPED"));
        let json = report.json();
        assert!(json.contains(r#""figure": "lost \"x\"", "unit": "events", "median": 2"#));
        assert!(json.contains(r#""target": "≤ 0", "met": false}"#));
    }
}
