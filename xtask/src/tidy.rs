//! `tidy`: the rules of the architecture that no compiler checks, each a test over all source
//! files.

mod file;
mod rule;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{matrix::Tally, place, say};

pub(crate) fn verb() -> Result<ExitCode> {
    let mut tally = Tally::default();
    let verdict = run(&mut tally);
    println!("{tally}");
    verdict?;
    Ok(ExitCode::SUCCESS)
}

/// Checks every rule; each breach is a line `file:line: what`.
pub(crate) fn run(tally: &mut Tally) -> Result<()> {
    let root = place::root();
    let files = file::all(&root)?;
    let mut breaches = 0;
    for rule in rule::ALL {
        let found = (rule.breaches)(&files);
        for breach in &found {
            println!("{breach}");
        }
        if found.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            say::note(&format!("{}: {} breaches", rule.statement, found.len()));
        }
        breaches += found.len();
    }
    let mut lengths: Vec<usize> =
        files.iter().filter(|file| file.is_rust()).map(file::File::lines).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    say::note(&format!(
        "{} Rust files, {} lines, median {median}",
        lengths.len(),
        lengths.iter().sum::<usize>()
    ));
    if breaches > 0 {
        bail!("{breaches} breaches of the rules above");
    }
    Ok(())
}
