//! The matrix in markdown: a table a plan, scenarios down, kernels across; then the reasons.

use std::fmt::Write;

use super::sweep::Row;
use crate::vm::console::{Outcome, Verdict};

/// The names in the order of their first appearance.
fn in_order<'a>(rows: &'a [Row], name: impl Fn(&'a Verdict) -> &'a str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for verdict in rows.iter().flat_map(|row| &row.verdicts) {
        if !names.contains(&name(verdict)) {
            names.push(name(verdict));
        }
    }
    names
}

pub(crate) fn plans(rows: &[Row]) -> Vec<&str> {
    in_order(rows, |verdict| &verdict.plan)
}

/// One table for each plan.
pub(crate) fn scenarios(rows: &[Row]) -> String {
    let mut text = String::new();
    let kernels: Vec<String> = rows.iter().map(|row| row.kernel.clone()).collect();
    let scenarios = in_order(rows, |verdict| &verdict.scenario);
    for plan in plans(rows) {
        let mut lines = vec![[vec![plan.to_owned()], kernels.clone()].concat()];
        for scenario in &scenarios {
            let cells = rows.iter().map(|row| cell(row, plan, scenario).to_owned());
            lines.push(std::iter::once((*scenario).to_owned()).chain(cells).collect());
        }
        let _ = write!(text, "\n{}", markdown(&lines));
    }
    text
}

fn cell(row: &Row, plan: &str, scenario: &str) -> &'static str {
    let mut verdicts =
        row.verdicts.iter().filter(|verdict| verdict.plan == plan && verdict.scenario == scenario);
    match verdicts.next().map(|verdict| verdict.outcome) {
        Some(Outcome::Pass) => "ok",
        Some(Outcome::Fail) => "FAIL",
        Some(Outcome::Skip) => "skip",
        None => "",
    }
}

/// Why something failed or was skipped, each reason once, with all the places where it holds.
pub(crate) fn reasons(rows: &[Row]) -> String {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |reason: String, place: String| match reasons
        .iter_mut()
        .find(|(known, _)| *known == reason)
    {
        Some((_, places)) => places.push(place),
        None => reasons.push((reason, vec![place])),
    };
    for row in rows {
        if let Some(trouble) = &row.trouble {
            add(format!("FAIL {trouble}"), row.kernel.clone());
        }
        for verdict in &row.verdicts {
            let word = match verdict.outcome {
                Outcome::Pass => continue,
                Outcome::Fail => "FAIL",
                Outcome::Skip => "skip",
            };
            let reason = format!("{word} {}: {}", verdict.scenario, verdict.text);
            add(reason, format!("{} {}", row.kernel, verdict.plan));
        }
    }
    reasons.sort();
    let mut text = String::new();
    for (reason, places) in &reasons {
        let _ = writeln!(text, "- {reason} ({})", places.join(", "));
    }
    text
}

/// A table whose columns are as wide as their widest cell; the first line is the head.
pub(crate) fn markdown(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0).max(3)).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;

    pub(crate) fn row(kernel: &str, verdicts: &[(&str, &str, Outcome, &str)]) -> Row {
        let verdict = |(plan, scenario, outcome, text): &(&str, &str, Outcome, &str)| Verdict {
            plan: (*plan).into(),
            scenario: (*scenario).into(),
            outcome: *outcome,
            text: (*text).into(),
        };
        Row {
            kernel: kernel.into(),
            release: format!("{kernel}.1"),
            verdicts: verdicts.iter().map(verdict).collect(),
            time: Duration::from_secs(41),
            trouble: None,
        }
    }

    #[test]
    fn a_table_for_each_plan() {
        let rows = [
            row(
                "5.10",
                &[
                    ("kprobe", "fork", Outcome::Pass, ""),
                    ("tracepoint", "fork", Outcome::Skip, "no hook"),
                ],
            ),
            row(
                "6.1",
                &[("kprobe", "fork", Outcome::Fail, "lost"), ("kprobe", "exec", Outcome::Pass, "")],
            ),
        ];
        let expected = "\n\
            | kprobe | 5.10 | 6.1  |\n|--------|------|------|\n| fork   | ok   | FAIL |\n| exec   |      | ok   |\n\n\
            | tracepoint | 5.10 | 6.1 |\n|------------|------|-----|\n| fork       | skip |     |\n| exec       |      |     |\n";
        assert_eq!(scenarios(&rows), expected);
        assert_eq!(
            reasons(&rows),
            "- FAIL fork: lost (6.1 kprobe)\n- skip fork: no hook (5.10 tracepoint)\n"
        );
    }
}
