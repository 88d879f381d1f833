//! A whole run: legal histories, which must be left alone, and mutants of them.

use std::thread;

use tracer::check::{Severity, Verdict, Violation};

use super::{Fault, History, Score, fault::mutate, judge};
use crate::random::Random;

/// Events of a simulated history that mutants are made of, at least.
const EVENTS: usize = 600;

/// Mutants that are made of one history.
const EACH: u64 = 20;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Mutants to judge.
    pub mutants: u64,
    /// Simulated legal histories to judge, half of them with losses.
    pub histories: u64,
    /// Where the numbers begin.
    pub seed: u64,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Legal histories that the checks found wrong, and how.
    pub violated: Vec<String>,
    /// What became of the mutants.
    pub score: Score,
}

/// Judges simulated histories, these recorded ones, and mutants of both, on all CPUs.
pub fn run(options: Options, recorded: &[History]) -> Outcome {
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    let parts: Vec<Outcome> = thread::scope(|scope| {
        let part = |worker| scope.spawn(move || part(options, recorded, worker, workers));
        let running: Vec<_> = (0..workers).map(part).collect();
        running.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let mut all = Outcome::default();
    for part in parts {
        all.violated.extend(part.violated);
        all.score.merge(part.score);
    }
    all
}

fn part(options: Options, recorded: &[History], worker: u64, workers: u64) -> Outcome {
    let Options { mutants, histories, seed } = options;
    let mut random = Random(seed.wrapping_mul(1000).wrapping_add(worker));
    let mut outcome = Outcome::default();
    let mut own: Vec<&History> = Vec::new();
    for history in recorded.iter().skip(worker as usize).step_by(workers as usize) {
        match violation(history) {
            Some(how) => outcome.violated.push(how),
            None => own.push(history),
        }
    }
    for number in (worker..histories).step_by(workers as usize) {
        let lose = [0.0, 0.0, 0.002, 0.02][random.below(4)];
        let number = seed.wrapping_mul(1_000_003).wrapping_add(number);
        outcome.violated.extend(violation(&History::simulated(number, EVENTS / 2, lose)));
    }
    let (faults, mut made) = (Fault::all(), 0);
    for number in 0.. {
        let simulated;
        let history = if number % 4 == 0 && !own.is_empty() {
            own[random.below(own.len())]
        } else {
            simulated = History::simulated(random.next(), EVENTS, 0.0);
            &simulated
        };
        for _ in 0..EACH {
            if made >= mutants / workers {
                return outcome;
            }
            let fault = faults[random.below(faults.len())];
            let Some(mutant) = mutate(history, fault, &mut random) else { continue };
            outcome.score.add(history, &mutant, &judge(history, &mutant.records));
            made += 1;
        }
    }
    outcome
}

/// How the checks find a legal history wrong; `None` if they leave it alone.
pub fn violation(history: &History) -> Option<String> {
    let judged = judge(history, &history.records);
    // A soft rule warns; it makes nobody's build fail.
    if judged.report.verdict(false) != Verdict::Violated {
        return None;
    }
    let strict = |found: &&Violation| found.rule.severity == Severity::Strict;
    let found = judged.report.violations.iter().find(strict)?;
    Some(format!(
        "false violation: {}: {} (lost {}): {:?}: expected {}, observed {}, {:?}",
        history.name,
        found.rule.id,
        judged.report.lost,
        found.subject,
        found.expected,
        found.observed,
        found.events
    ))
}
