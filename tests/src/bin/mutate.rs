//! The mutation score: `mutate [--mutants N] [--seed S] FILE…` takes legal histories from
//! recordings, makes one fault each, and counts which ones the checks find.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use tracer::check::Verdict;
use tracer_tests::{
    mutate::{Fault, History, Score, fault::mutate, judge},
    random::Random,
};

fn main() -> Result<ExitCode> {
    let mut mutants = 1000;
    let mut seed = 1;
    let mut files = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number is missing")?.parse().context("that is no number")
        };
        match word.as_str() {
            "--mutants" => mutants = number()?,
            "--seed" => seed = number()?,
            _ if word.starts_with('-') => bail!("{word}: no such option"),
            _ => files.push(word),
        }
    }
    let mut histories = Vec::new();
    let mut bad = 0;
    for file in &files {
        let history = History::read(Path::new(file))?;
        let judged = judge(&history, history.records.iter().map(Vec::as_slice));
        if judged.verdict == Verdict::Violated {
            bad += 1;
            println!("false violation: {file}: {:#?}", judged.report.violations.first());
            continue;
        }
        if judged.verdict == Verdict::Holds && history.records.len() > 10 {
            histories.push(history);
        }
    }
    println!("{} histories, {bad} of them violated as they are", files.len());
    if histories.is_empty() {
        bail!("no history to mutate");
    }
    let faults = Fault::all();
    let mut random = Random(seed);
    let mut score = Score::default();
    for _ in 0..mutants {
        let history = &histories[random.below(histories.len())];
        let fault = faults[random.below(faults.len())];
        let Some(mutant) = mutate(history, fault, &mut random) else { continue };
        let judged = judge(history, mutant.records.iter().map(Vec::as_slice));
        score.add(history, &mutant, &judged);
    }
    println!("{score}");
    Ok(ExitCode::from(u8::from(bad > 0)))
}
