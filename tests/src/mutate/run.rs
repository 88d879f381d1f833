//! A whole run: legal histories, which must be left alone, and mutants of them.

use std::thread;

use tracer::check::{Severity, Violation};

use super::{Fault, History, Judged, Score, fault::mutate, judge};
use crate::random::Random;

/// Events of a simulated history that mutants are made of, at least.
const EVENTS: usize = 600;

/// Mutants that are made of one history.
const EACH: u64 = 20;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Mutants to judge.
    pub mutants: u64,
    /// Simulated legal histories to judge, half of them with losses.
    pub histories: u64,
    /// Where the numbers begin.
    pub seed: u64,
    /// Only faults with this in their name; all where empty.
    pub fault: String,
    /// Only records whose kind has this in its name; all where empty.
    pub kind: String,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Legal histories that the checks found wrong, and how.
    pub violated: Vec<String>,
    /// Legal histories that a soft rule warns of, and how.
    pub warned: Vec<String>,
    /// What became of the mutants.
    pub score: Score,
}

/// Judges simulated histories, these recorded ones, and mutants of both, on all CPUs.
pub fn run(options: &Options, recorded: &[History]) -> Outcome {
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    let parts: Vec<Outcome> = thread::scope(|scope| {
        let part = |worker| scope.spawn(move || part(options, recorded, worker, workers));
        let running: Vec<_> = (0..workers).map(part).collect();
        running.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let mut all = Outcome::default();
    for part in parts {
        all.violated.extend(part.violated);
        all.warned.extend(part.warned);
        all.score.merge(part.score);
    }
    all
}

fn part(options: &Options, recorded: &[History], worker: u64, workers: u64) -> Outcome {
    let &Options { mutants, histories, seed, .. } = options;
    let mut random = Random(seed.wrapping_mul(1000).wrapping_add(worker));
    let mut outcome = Outcome::default();
    let mut own: Vec<&History> = Vec::new();
    for history in recorded.iter().skip(worker as usize).step_by(workers as usize) {
        if outcome.is_clean(history) {
            own.push(history);
        }
    }
    for number in (worker..histories).step_by(workers as usize) {
        let number = seed.wrapping_mul(1_000_003).wrapping_add(number);
        let lose = [0.0, 0.0, 0.002, 0.02][Random(number).below(4)];
        outcome.is_clean(&History::simulated(number, EVENTS / 2, lose));
    }
    let faults: Vec<Fault> =
        Fault::all().into_iter().filter(|it| it.to_string().contains(&options.fault)).collect();
    let (mut made, mut made_before) = (0, 0);
    for number in 0..u64::MAX {
        let simulated;
        let history = if number % 4 == 0 && !own.is_empty() {
            own[random.below(own.len())]
        } else {
            simulated = History::simulated(random.next(), EVENTS, 0.0);
            // A fault is found only where there was nothing to find before.
            if !outcome.is_clean(&simulated) {
                continue;
            }
            &simulated
        };
        for _ in 0..EACH {
            if made >= mutants / workers || faults.is_empty() {
                return outcome;
            }
            let fault = faults[random.below(faults.len())];
            let Some(mutant) = mutate(history, fault, &options.kind, &mut random) else { continue };
            outcome.score.add(history, &mutant, &judge(history, &mutant.records));
            made += 1;
        }
        if number % 1000 == 999 && std::mem::replace(&mut made_before, made) == made {
            break; // no record of that kind can have that fault
        }
    }
    outcome
}

impl Outcome {
    /// Whether the checks leave a legal history alone; takes note if they do not.
    fn is_clean(&mut self, history: &History) -> bool {
        let judged = judge(history, &history.records);
        let Some(found) = judged.report.violations.first() else { return true };
        // A soft rule warns; it makes nobody's build fail.
        let strict = |found: &&Violation| found.rule.severity == Severity::Strict;
        match judged.report.violations.iter().find(strict) {
            Some(strict) => self.violated.push(told(history, &judged, strict)),
            None => self.warned.push(told(history, &judged, found)),
        }
        false
    }
}

/// How the checks find a history wrong, in a line.
fn told(history: &History, judged: &Judged, found: &Violation) -> String {
    let Violation { rule, subject, expected, observed, events, .. } = found;
    let subject = format!("{} {:?} {:#x}", subject.what.name(), subject.vector, subject.key);
    let places: Vec<u64> = events.iter().map(|sighting| sighting.index).collect();
    let (name, lost) = (&history.name, judged.report.lost);
    format!(
        "{}: {name}, lost {lost}: {subject}: expected {expected}, observed {observed}, records \
         {places:?}",
        rule.id
    )
}
