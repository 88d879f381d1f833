//! The support table in README.md: written from a matrix, and compared with every later one.

use std::fs;

use anyhow::{Context, Result, bail};

use super::{
    sweep::{Row, Tally},
    table,
};
use crate::{place, say, vm::console::Outcome};

const BEGIN: &str = "<!-- matrix:begin -->";
const END: &str = "<!-- matrix:end -->";
const REMEDY: &str = "`cargo xtask matrix --write-readme` writes it";

/// Puts the table of these rows between the marks.
pub(crate) fn write(rows: &[Row]) -> Result<()> {
    let (path, text) = read()?;
    let (before, _, after) = split(&text)?;
    let text = format!("{before}{BEGIN}\n{}{END}{after}", table::markdown(&support(rows)));
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    say::note("README.md: the support table is written");
    Ok(())
}

/// Fails when the README promises other than what these rows show. Kernels that did not run now are
/// not judged, nor are the exact release and the time.
pub(crate) fn compare(rows: &[Row]) -> Result<()> {
    let (_, text) = read()?;
    let (_, old, _) = split(&text)?;
    let differences = differences(old, &support(rows));
    if !differences.is_empty() {
        bail!(
            "README.md's support table differs from this matrix: {}; {REMEDY}",
            differences.join("; ")
        );
    }
    Ok(())
}

fn read() -> Result<(std::path::PathBuf, String)> {
    let path = place::root().join("README.md");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((path, text))
}

/// What stands before, between and after the marks.
fn split(text: &str) -> Result<(&str, &str, &str)> {
    let marks = || {
        let (before, rest) = text.split_once(BEGIN)?;
        let (old, after) = rest.split_once(END)?;
        Some((before, old, after))
    };
    marks()
        .with_context(|| format!("README.md has no lines {BEGIN} and {END} for the support table"))
}

/// The table: a kernel a line, a plan a column, then the facts that are told but not promised.
fn support(rows: &[Row]) -> Vec<Vec<String>> {
    let plans = table::plans(rows);
    let head = |name: &str| name.to_owned();
    let mut lines = vec![
        std::iter::once(head("kernel"))
            .chain(plans.iter().map(|plan| head(plan)))
            .chain([head("tried with"), head("boot and run")])
            .collect::<Vec<_>>(),
    ];
    for row in rows {
        let mut line = vec![row.kernel.clone()];
        line.extend(plans.iter().map(|plan| cell(row, plan)));
        line.extend([row.release.clone(), format!("{} s", row.time.as_secs())]);
        lines.push(line);
    }
    lines
}

/// `25 passed`, and what else there was.
fn cell(row: &Row, plan: &str) -> String {
    let count = |outcome| {
        row.verdicts
            .iter()
            .filter(|verdict| verdict.plan == plan && verdict.outcome == outcome)
            .count()
    };
    let tally = Tally {
        passed: count(Outcome::Pass),
        failed: count(Outcome::Fail),
        skipped: count(Outcome::Skip),
    };
    let parts = [(tally.passed, "passed"), (tally.failed, "failed"), (tally.skipped, "skipped")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// Compares by the names of lines and columns, as a quick matrix has fewer lines.
fn differences(old: &str, new: &[Vec<String>]) -> Vec<String> {
    const TOLD: [&str; 2] = ["tried with", "boot and run"];
    let old: Vec<Vec<&str>> = old
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|-"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let Some((head, lines)) = new.split_first() else { return Vec::new() };
    let in_readme = |kernel: &str, column: &str| {
        let index = old.first()?.iter().position(|name| *name == column)?;
        old.iter().find(|line| line.first() == Some(&kernel))?.get(index).copied()
    };
    let mut differences = Vec::new();
    for line in lines {
        let kernel = line.first().map_or("", String::as_str);
        for (column, now) in
            head.iter().zip(line).skip(1).filter(|(column, _)| !TOLD.contains(&column.as_str()))
        {
            let then = in_readme(kernel, column).unwrap_or("nothing");
            if then != now {
                differences.push(format!("{kernel} {column}: {then} there, {now} now"));
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::{super::table::tests::row, *};

    #[test]
    fn only_what_is_promised_is_compared() {
        let mut rows = [
            row(
                "5.10",
                &[("kprobe", "fork", Outcome::Pass, ""), ("kprobe", "exec", Outcome::Skip, "")],
            ),
            row(
                "7.x",
                &[("kprobe", "fork", Outcome::Pass, ""), ("kprobe", "exec", Outcome::Pass, "")],
            ),
        ];
        let readme = table::markdown(&support(&rows));
        assert!(
            readme.contains("| 5.10   | 1 passed, 1 skipped | 5.10.1     | 41 s         |"),
            "{readme}"
        );
        rows[0].release = "5.10.2".into();
        rows[0].time *= 2;
        assert!(differences(&readme, &support(&rows)).is_empty());
        assert!(differences(&readme, &support(&rows[1..])).is_empty());
        rows[0].verdicts.pop();
        assert_eq!(
            differences(&readme, &support(&rows)),
            ["5.10 kprobe: 1 passed, 1 skipped there, 1 passed now"]
        );
    }

    #[test]
    fn the_marks_stay_where_they_are() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(split(&text).unwrap(), ("a\n", "\nold\n", "\nb\n"));
        assert!(split("no marks").is_err());
    }
}
