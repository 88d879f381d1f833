//! What the tracer says of a program while it runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::perform::Told;
use super::table::Program;
use crate::task;
use crate::verify::rounds::{Outcome, Round};
use crate::verify::tool::Tool;

/// One run's command line, and where it leaves what.
struct Watched<'a> {
    tool: &'a Tool,
    plan: &'a str,
    program: &'a Program,
    recording: PathBuf,
    folder: PathBuf,
}

/// Watches a program; again where what was seen is not whole. The last try counts.
pub(super) fn watch(round: &Round<'_>, program: &Program) -> Result<Outcome> {
    /// How often at most: since 7.0 the kernel may skip runs of BPF programs.
    const TRIES: u32 = 3;
    let &Round { tool, plan, .. } = round;
    let mut tries = 1;
    loop {
        let name = format!("{plan}.{}", program.name);
        let folder = std::env::temp_dir().join(format!("tracer-{}.{name}", std::process::id()));
        let recording = tool.folder().join(format!("{name}.tracer"));
        fs::remove_file(&recording).ok();
        let run = Watched { tool, plan, program, recording, folder };
        let seen = run.check();
        fs::remove_dir_all(&run.folder).ok();
        if tries == TRIES || !matches!(seen, Ok(Outcome::Skip(_))) {
            return seen;
        }
        tries += 1;
    }
}

impl Watched<'_> {
    /// Under `tracer check`.
    fn check(&self) -> Result<Outcome> {
        let mut command = Command::new(self.tool.path());
        command.args(["check", "--plan", self.plan, "--format", "json", "--record"]);
        command.arg(&self.recording);
        if let Some(lie) = self.program.lie {
            command.args(["--lie", lie]);
        }
        let (code, output, errors) = self.traced(&mut command)?;
        let told = match self.told(&errors) {
            Ok(told) => told,
            Err(wrong) => return Ok(wrong),
        };
        let lines: Vec<Value> =
            output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let summary = lines.iter().rfind(|line| line["type"] == "summary");
        let verdict = summary.and_then(|line| line["verdict"].as_str()).unwrap_or_default();
        let detail = summary.map(facts).unwrap_or_default();
        if let Some(lie) = self.program.lie {
            return Ok(caught(lie, code, &format!("{told}{detail}")));
        }
        Ok(match (code, verdict) {
            (Some(0), "holds") => Outcome::Pass(format!("{told}{detail}")),
            (Some(4), "unknown") => Outcome::Skip(format!("{}{detail}", unknown(&lines))),
            _ => {
                let mut list = vec![format!("tracer check ended with {code:?}{detail}")];
                list.extend(violations(&lines));
                list.extend(errors.lines().map(String::from));
                Outcome::Fail(list)
            }
        })
    }

    /// Runs the tracer with the program behind its own arguments.
    fn traced(&self, command: &mut Command) -> Result<(Option<i32>, String, String)> {
        let program = task::program()?;
        command.args(["--", &program, "perform", self.program.name]).arg(&self.folder);
        self.tool.run(&self.name("run"), command)
    }

    /// What the program's run has told, in words; nothing was tested by one that failed.
    fn told(&self, errors: &str) -> std::result::Result<String, Outcome> {
        let told = match Told::read(&self.folder) {
            // stress-ng ends well where it may not do what it was asked for.
            Ok(_) if self.output().contains("skipping the stressor") => {
                return Err(Outcome::Fail(self.complaint("it did nothing", errors)));
            }
            Ok(told) if told.ended == "exit 0" => told,
            Ok(told) => return Err(Outcome::Fail(self.complaint(&told.ended, errors))),
            Err(error) => return Err(Outcome::Fail(self.complaint(&format!("{error:#}"), errors))),
        };
        Ok(format!("{} forks", told.forks))
    }

    /// A program that failed, with the end of what it said.
    fn complaint(&self, what: &str, errors: &str) -> Vec<String> {
        const SHOWN: usize = 15;
        let output = self.output();
        let lines: Vec<&str> = output.lines().chain(errors.lines()).collect();
        let last = lines.len().saturating_sub(SHOWN);
        let said = lines.iter().skip(last).map(|line| format!("  {line}"));
        std::iter::once(format!("{}: {what}", self.program.name)).chain(said).collect()
    }

    /// What the program printed.
    fn output(&self) -> String {
        let output = fs::read(self.folder.join("output")).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }

    /// The name of a stream.
    fn name(&self, what: &str) -> String {
        format!("{}.{}.{what}", self.plan, self.program.name)
    }
}

/// What has become of a lie: any verdict but that all holds.
fn caught(lie: &str, code: Option<i32>, detail: &str) -> Outcome {
    match code {
        Some(3) => Outcome::Pass(format!("violated, as it must be: {detail}")),
        Some(4) => Outcome::Pass(format!("unknown, as it may be: {detail}")),
        _ => Outcome::Fail(vec![format!("the lie about {lie} is believed ({code:?}): {detail}")]),
    }
}

/// What a summary says beside the verdict: counts, and how complete it was.
fn facts(summary: &Value) -> String {
    let fields = summary.as_object().into_iter().flatten();
    let told = fields.filter(|(name, value)| {
        let known = name.as_str() == "type" || name.as_str() == "verdict";
        let counted = value.as_u64().is_some_and(|count| count > 0);
        !known && (counted || name.as_str() == "complete")
    });
    told.fold(String::new(), |text, (name, value)| format!("{text}, {name} {value}"))
}

/// The rules that the verdict is unknown for.
fn unknown(lines: &[Value]) -> String {
    let rows = lines.iter().filter(|line| line["type"] == "rule" && line["fails"] == true);
    let names: Vec<&str> = rows.filter_map(|line| line["rule"].as_str()).collect();
    format!("unknown: {}", names.join(" "))
}

/// Each violation with all that is told of it, and the rules that it makes fail.
fn violations(lines: &[Value]) -> impl Iterator<Item = String> {
    const SHOWN: usize = 20;
    let told = lines.iter().filter(|line| {
        line["type"] == "violation" || (line["type"] == "rule" && line["fails"] == true)
    });
    told.take(SHOWN).map(Value::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_is_told_in_counts_that_are_not_zero() {
        let summary = json!({
            "type": "summary", "verdict": "holds", "events": 7, "lost": 0, "complete": true,
            "completeness": { "gaps": [] },
        });
        assert_eq!(facts(&summary), ", complete true, events 7");
    }

    #[test]
    fn a_lie_is_caught_by_any_verdict_but_that_all_holds() {
        for (code, holds) in [(Some(3), true), (Some(4), true), (Some(0), false), (None, false)] {
            assert_eq!(matches!(caught("births", code, ""), Outcome::Pass(_)), holds, "{code:?}");
        }
    }

    #[test]
    fn only_what_fails_is_shown() {
        let lines = [
            json!({ "type": "rule", "rule": "a", "fails": false }),
            json!({ "type": "rule", "rule": "b", "fails": true }),
            json!({ "type": "violation", "rule": "b" }),
            json!({ "type": "summary" }),
        ];
        assert_eq!(unknown(&lines), "unknown: b");
        assert_eq!(violations(&lines).count(), 2);
    }
}
