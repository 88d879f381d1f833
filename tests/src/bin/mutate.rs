//! The mutation score: `mutate [--mutants N] [--histories N] [--seed S] [FILE…]` takes legal
//! histories, simulated and from recordings, and first asks whether the checks leave them alone, with
//! and without losses; then it makes one fault each, and counts which ones the checks find.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use tracer_tests::mutate::{History, Options, Outcome, run};

/// The score that a change must not fall below, %.
const LEAST: f64 = 88.0;

fn main() -> Result<ExitCode> {
    let (options, files) = parse()?;
    let recorded = files.iter().map(|file| History::read(Path::new(file)));
    let recorded = recorded.collect::<Result<Vec<_>>>()?;
    let Outcome { violated, score } = run(options, &recorded);
    for how in &violated {
        println!("{how}");
    }
    println!(
        "{} simulated and {} recorded legal histories: {} violated as they are\n\n{score}",
        options.histories,
        recorded.len(),
        violated.len()
    );
    let (total, percent) = (score.total(), score.total().percent());
    println!("mutation score: {percent:.2} % of {} faulty mutants killed", total.faulty());
    Ok(ExitCode::from(u8::from(!violated.is_empty() || percent < LEAST)))
}

fn parse() -> Result<(Options, Vec<String>)> {
    let mut options = Options { mutants: 1000, histories: 1000, seed: 1 };
    let mut files = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number is missing")?.parse().context("that is no number")
        };
        match word.as_str() {
            "--mutants" => options.mutants = number()?,
            "--histories" => options.histories = number()?,
            "--seed" => options.seed = number()?,
            _ if word.starts_with('-') => bail!("{word}: no such option"),
            _ => files.push(word),
        }
    }
    Ok((options, files))
}
