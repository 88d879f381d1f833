//! The smallest history that still shows a violation.
//!
//! First only the records near the violation's subject are kept, then delta debugging leaves out what
//! is not needed (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
//! Each candidate is replayed through new tables and rules. It shows the violation when the same rule
//! finds the same subject to be wrong in the same words: what is left out must not make another.

mod minimize;
mod near;

use tracer_ebpf::wire::Wire;

use super::{Checker, Options, Violation};
use crate::{
    coverage::Coverage,
    event::{Event, Header},
    host::Host,
    model::{Change, Config, World},
    stream,
};

/// Records of a history, as the kernel wrote them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    /// Where each one ends.
    ends: Vec<usize>,
}

impl Records {
    /// Adds one.
    pub fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all of them.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// One of them; empty if there is no such.
    pub fn get(&self, index: usize) -> &[u8] {
        let from = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = from.and_then(|from| Some(from..*self.ends.get(index)?));
        range.and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    /// Forgets those before this one.
    pub fn forget(&mut self, before: usize) {
        let Some(&end) = before.checked_sub(1).and_then(|last| self.ends.get(last)) else { return };
        self.bytes.drain(..end);
        self.ends.drain(..before);
        self.ends.iter_mut().for_each(|later| *later -= end);
    }
}

/// What a history is judged with.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The host.
    pub host: &'a Host,
    /// What could be seen.
    pub coverage: &'a Coverage,
    /// The tables' settings.
    pub config: Config,
}

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Candidates.
    pub tries: u32,
    /// Records of all candidates together.
    pub records: u64,
}

impl Default for Budget {
    /// Some seconds.
    fn default() -> Self {
        Self { tries: 4000, records: 30_000_000 }
    }
}

/// The smallest history that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// Which records are kept, in order.
    pub kept: Vec<usize>,
    /// The records' numbers on their CPUs are given anew, so that those left out are no loss.
    pub renumbered: bool,
    /// No single record can be left out; else the budget was used up.
    pub minimal: bool,
    /// Candidates that were tried.
    pub tries: u32,
}

impl Shrunk {
    /// The records that are kept, as they are to be written.
    pub fn records(&self, all: &Records) -> Records {
        let mut next = Numbers::default();
        let mut out = Records::default();
        for &index in &self.kept {
            let mut bytes = all.get(index).to_vec();
            if let (true, Some(mut header)) = (self.renumbered, Header::read(&bytes)) {
                header.seq = next.take(header.cpu);
                // It cannot fail: the header was read from there.
                let _ = header.write(&mut bytes);
            }
            out.push(&bytes);
        }
        out
    }
}

/// Shrinks a history to what shows a violation; `None` if it does not show it at all. `told` hears of
/// how many records are left, and of how many tries there were.
pub fn shrink(
    records: &Records,
    setting: &Setting<'_>,
    goal: &Violation,
    budget: Budget,
    told: &mut dyn FnMut(usize, u32),
) -> Option<Shrunk> {
    let mut trial = Trial::new(records, setting, goal, budget);
    let all = first(records, &mut trial)?;
    let near = near::near(records, goal, &all, &mut |kept| trial.shows(kept));
    let mut left = near.len();
    let mut shows = |kept: &[usize]| {
        let shown = trial.shows(kept)?;
        if shown {
            left = kept.len();
        }
        told(left, trial.tries);
        Some(shown)
    };
    let (kept, minimal) = minimize::minimize(near, &mut shows);
    Some(Shrunk { kept, renumbered: trial.renumber, minimal, tries: trial.tries })
}

/// What the shrinking begins with: the records up to the violation, or all.
fn first(records: &Records, trial: &mut Trial<'_>) -> Option<Vec<usize>> {
    let all: Vec<usize> = (0..records.len()).collect();
    let upto = near::behind(records, trial.goal).unwrap_or(records.len());
    let until = all.get(..upto).unwrap_or(&all).to_vec();
    for renumber in [true, false] {
        trial.renumber = renumber;
        for candidate in [&until, &all] {
            // What is behind the violation is no matter, but where it was found at the end.
            if trial.shows(candidate) == Some(true) {
                return Some(candidate.clone());
            }
        }
    }
    None
}

/// Numbers for the records of each CPU, without holes.
#[derive(Default)]
struct Numbers(Vec<u32>);

impl Numbers {
    fn take(&mut self, cpu: u16) -> u32 {
        let cpu = usize::from(cpu);
        if self.0.len() <= cpu {
            self.0.resize(cpu + 1, 0);
        }
        let Some(next) = self.0.get_mut(cpu) else { return 0 };
        std::mem::replace(next, next.wrapping_add(1))
    }
}

/// Judges candidates.
struct Trial<'a> {
    records: &'a Records,
    setting: &'a Setting<'a>,
    goal: &'a Violation,
    renumber: bool,
    budget: Budget,
    tries: u32,
    event: Event,
    change: Change,
}

impl<'a> Trial<'a> {
    fn new(
        records: &'a Records,
        setting: &'a Setting<'a>,
        goal: &'a Violation,
        budget: Budget,
    ) -> Self {
        let (event, change) = (Event::default(), Change::default());
        Self { records, setting, goal, renumber: true, budget, tries: 0, event, change }
    }

    /// Whether these records show the violation; `None` if the budget is used up.
    fn shows(&mut self, kept: &[usize]) -> Option<bool> {
        self.budget.tries = self.budget.tries.checked_sub(1)?;
        self.budget.records = self.budget.records.checked_sub(kept.len() as u64)?;
        self.tries += 1;
        let Setting { host, coverage, config } = self.setting;
        let options = Options { only: vec![self.goal.rule.number], skip: Vec::new() };
        let mut checker = Checker::new(host, coverage, &options);
        let mut world = World::with(*config);
        let mut next = Numbers::default();
        for &index in kept {
            stream::event_into(self.records.get(index), &mut self.event);
            if self.renumber {
                self.event.header.seq = next.take(self.event.header.cpu);
            }
            checker.before(&world, &self.event);
            world.apply_to(&self.event, &mut self.change);
            checker.after(&world, &self.event, &self.change);
        }
        let report = checker.finish(&world);
        Some(report.violations.iter().any(|found| is_same(found, self.goal)))
    }
}

/// Whether it is the same violation.
fn is_same(left: &Violation, right: &Violation) -> bool {
    left.rule.number == right.rule.number
        && left.subject == right.subject
        && left.expected == right.expected
        && left.observed == right.observed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_given_as_they_were_added() {
        let mut records = Records::default();
        for record in [&b"one"[..], b"", b"three"] {
            records.push(record);
        }
        assert_eq!(
            (records.get(0), records.get(1), records.get(2)),
            (&b"one"[..], &b""[..], &b"three"[..])
        );
        assert_eq!((records.get(3), records.len(), records.size()), (&b""[..], 3, 8));
        records.forget(1);
        assert_eq!((records.get(0), records.get(1), records.len()), (&b""[..], &b"three"[..], 2));
        records.forget(9);
        records.forget(0);
        assert_eq!((records.get(1), records.is_empty()), (&b"three"[..], false));
    }

    #[test]
    fn what_is_left_has_numbers_without_holes() {
        let mut records = Records::default();
        for (seq, cpu) in [(0, 0), (7, 1), (5, 0), (9, 0), (8, 1)] {
            let mut bytes = vec![0; Header::SIZE + 3];
            Header { seq, cpu, ts: 5, ..Header::default() }.write(&mut bytes).unwrap();
            records.push(&bytes);
        }
        records.push(b"cut");
        let kept = vec![1, 2, 3, 4, 5];
        let mut shrunk = Shrunk { kept, renumbered: true, minimal: true, tries: 1 };
        let seqs = |records: &Records| -> Vec<_> {
            let header = |index| Header::read(records.get(index));
            (0..records.len()).map(|index| header(index).map(|header| header.seq)).collect()
        };
        let made = shrunk.records(&records);
        assert_eq!(seqs(&made), [Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!((made.get(4), made.get(0).len()), (&b"cut"[..], Header::SIZE + 3));
        shrunk.renumbered = false;
        assert_eq!(seqs(&shrunk.records(&records)), [Some(7), Some(5), Some(9), Some(8), None]);
    }
}
