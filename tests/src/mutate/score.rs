//! How many mutants were killed.

use std::{collections::BTreeMap, fmt};

use tracer::check::Verdict;

use super::{Fault, History, fault::Mutant, field, history::header, judge::Judged, reason::reason};

/// What became of the mutants of one sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Violated.
    pub violated: u64,
    /// Unknown, as the fault shows as a loss.
    pub unknown: u64,
    /// The altered history is legal.
    pub legal: u64,
    /// Not found.
    pub survived: u64,
}

/// What became of all mutants.
#[derive(Clone, Debug, Default)]
pub struct Score {
    faults: BTreeMap<Fault, Tally>,
    /// Survivors by fault, record and field: how many, and an example.
    survivors: BTreeMap<String, (u64, String)>,
    /// Why altered histories are legal, and how many.
    reasons: BTreeMap<&'static str, u64>,
    /// Which rules found faults first.
    rules: BTreeMap<&'static str, u64>,
}

/// Examples of survivors of one sort that are told.
const EXAMPLES: u64 = 3;

impl Score {
    /// Takes a mutant into account.
    pub fn add(&mut self, history: &History, mutant: &Mutant, judged: &Judged) {
        let tally = self.faults.entry(mutant.fault).or_default();
        match judged.verdict {
            Verdict::Violated => {
                tally.violated += 1;
                if let Some(rule) = judged.rule {
                    *self.rules.entry(rule).or_default() += 1;
                }
            }
            Verdict::Unknown => tally.unknown += 1,
            _ => {
                if let Some(reason) = reason(history, mutant) {
                    tally.legal += 1;
                    *self.reasons.entry(reason).or_default() += 1;
                } else {
                    tally.survived += 1;
                    self.survive(history, mutant);
                }
            }
        }
    }

    fn survive(&mut self, history: &History, mutant: &Mutant) {
        let kind = |at: usize| {
            history.records.get(at).map_or_else(String::new, |it| field::name_of(header(it).kind))
        };
        let mut sort = format!("{} {}", mutant.fault, kind(mutant.at));
        let mut example = format!("{} record {}", history.name, mutant.at);
        if let Some((field, old, new)) = &mutant.field {
            sort = format!("{sort} {}", field.name);
            example = format!("{example}: {old} -> {new}");
        } else if mutant.fault == Fault::Swap {
            sort = format!("{sort} with {}", kind(mutant.to));
        }
        let (count, examples) = self.survivors.entry(sort).or_default();
        if *count < EXAMPLES {
            examples.push_str(if examples.is_empty() { "" } else { "; " });
            examples.push_str(&example);
        }
        *count += 1;
    }

    /// Adds another score.
    pub fn merge(&mut self, other: Self) {
        for (fault, tally) in other.faults {
            let sum = self.faults.entry(fault).or_default();
            sum.violated += tally.violated;
            sum.unknown += tally.unknown;
            sum.legal += tally.legal;
            sum.survived += tally.survived;
        }
        for (sort, (count, example)) in other.survivors {
            self.survivors.entry(sort).or_insert((0, example)).0 += count;
        }
        other.reasons.into_iter().for_each(|(why, n)| *self.reasons.entry(why).or_default() += n);
        other.rules.into_iter().for_each(|(rule, n)| *self.rules.entry(rule).or_default() += n);
    }

    /// All faults together.
    pub fn total(&self) -> Tally {
        let mut sum = Tally::default();
        for tally in self.faults.values() {
            sum.violated += tally.violated;
            sum.unknown += tally.unknown;
            sum.legal += tally.legal;
            sum.survived += tally.survived;
        }
        sum
    }
}

impl Tally {
    /// Mutants that are no legal histories.
    pub fn faulty(&self) -> u64 {
        self.violated + self.unknown + self.survived
    }

    /// How many of 100 of those were killed.
    #[expect(clippy::cast_precision_loss, reason = "counts of a run of minutes")]
    pub fn percent(&self) -> f64 {
        let faulty = self.faulty();
        if faulty == 0 { 100.0 } else { 100.0 * (faulty - self.survived) as f64 / faulty as f64 }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<18} {:>9} {:>9} {:>9} {:>9} {:>8}",
            "fault", "violated", "unknown", "survived", "legal", "killed"
        )?;
        let mut line = |name: &str, tally: &Tally| {
            let Tally { violated, unknown, survived, legal } = tally;
            let percent = tally.percent();
            writeln!(
                out,
                "{name:<18} {violated:>9} {unknown:>9} {survived:>9} {legal:>9} {percent:>7.2}%"
            )
        };
        for (fault, tally) in &self.faults {
            line(&fault.to_string(), tally)?;
        }
        line("all", &self.total())?;
        writeln!(out, "\nlegal all the same:")?;
        for (reason, count) in &self.reasons {
            writeln!(out, "{count:>9}  {reason}")?;
        }
        writeln!(out, "\nfound first by:")?;
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|&(_, &count)| std::cmp::Reverse(count));
        for (rule, count) in rules {
            writeln!(out, "{count:>9}  {rule}")?;
        }
        writeln!(out, "\nsurvivors:")?;
        let mut survivors: Vec<_> = self.survivors.iter().collect();
        survivors.sort_by_key(|&(_, (count, _))| std::cmp::Reverse(*count));
        for (sort, (count, example)) in survivors {
            writeln!(out, "{count:>9}  {sort}  ({example})")?;
        }
        Ok(())
    }
}
