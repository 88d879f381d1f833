//! The mutation score: `mutate [--mutants N] [--histories N] [--seed S] [--fault WORD] [--kind WORD]
//! [FILE…]` takes legal histories, simulated and from recordings, and first asks whether the checks
//! leave them alone, with and without losses; then it makes one fault each, and counts which ones the
//! checks find. `mutate --show NUMBER EVENTS LOSE` prints the records of a simulated history, named
//! as the report names it, and what the checks say of it, for a look at a survivor; with a fault behind
//! (`drop AT`, `swap AT TO`, `FIELD AT OLD NEW`) those that it makes of them. `mutate --show FILE` does
//! so with a recording.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use tracer_tests::mutate::{History, Options, Outcome, judge, named::named, run};

/// The score that a change must not fall below, %.
const LEAST: f64 = 98.2;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [show, rest @ ..] = words.as_slice()
        && show == "--show"
    {
        return show_history(rest);
    }
    let (options, files) = parse(words)?;
    let recorded = files.iter().map(|file| History::read(Path::new(file)));
    let recorded = recorded.collect::<Result<Vec<_>>>()?;
    let Outcome { violated, warned, score } = run(&options, &recorded);
    for how in &violated {
        println!("false violation: {how}");
    }
    for how in &warned {
        println!("false warning: {how}");
    }
    println!(
        "{} simulated and {} recorded legal histories: {} violated and {} warned of as they \
         are, some of them beside those that mutants are made of\n\n{score}",
        options.histories,
        recorded.len(),
        violated.len(),
        warned.len()
    );
    let (total, percent) = (score.total(), score.total().percent());
    println!("mutation score: {percent:.2} % of {} faulty mutants killed", total.faulty());
    Ok(ExitCode::from(u8::from(!violated.is_empty() || percent < LEAST)))
}

/// Prints a history, with a fault if one is named, and what the checks say of it.
fn show_history(words: &[String]) -> Result<ExitCode> {
    let (mut history, fault) = match words {
        [file, fault @ ..] if file.parse::<u64>().is_err() => {
            (History::read(Path::new(file))?, fault)
        }
        [number, events, lose, fault @ ..] => {
            (History::simulated(number.parse()?, events.parse()?, lose.parse()?), fault)
        }
        _ => bail!("which history?"),
    };
    if !fault.is_empty() {
        history.records = named(&history, fault).context("no such fault can be made")?;
    }
    println!("{}", history.name);
    for (at, record) in history.records.iter().enumerate() {
        println!("{at} {:?}", tracer::stream::event(record));
    }
    for found in judge(&history, &history.records).report.violations {
        let places: Vec<u64> = found.events.iter().map(|sighting| sighting.index).collect();
        let (rule, expected, observed) = (found.rule.id, found.expected, found.observed);
        println!("{rule}: expected {expected}, observed {observed}, records {places:?}");
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(words: Vec<String>) -> Result<(Options, Vec<String>)> {
    let mut options = Options { mutants: 1000, histories: 1000, seed: 1, ..Options::default() };
    let mut files = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number is missing")?.parse().context("that is no number")
        };
        match word.as_str() {
            "--mutants" => options.mutants = number()?,
            "--histories" => options.histories = number()?,
            "--seed" => options.seed = number()?,
            "--fault" => options.fault = words.next().context("a fault is missing")?,
            "--kind" => options.kind = words.next().context("a kind is missing")?,
            _ if word.starts_with('-') => bail!("{word}: no such option"),
            _ => files.push(word),
        }
    }
    Ok((options, files))
}
