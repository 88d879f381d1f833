//! Fuzzes by hand: writes what a guided fuzzer begins with, runs the one without a guide, and runs
//! an input again.

use std::{fs, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use tracer_tests::fuzz::{self, TARGETS, Target};

const USAGE: &str = "usage: fuzz list                       the targets
       fuzz seeds TARGET FOLDER        writes its seeds there
       fuzz run TARGET SECONDS SEED FOLDER   fuzzes it; what it fails on is written there
       fuzz again TARGET FILE          runs it on a file";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["list"] => {
            for target in TARGETS {
                println!("{}", target.name);
            }
            Ok(())
        }
        ["seeds", name, folder] => target(name).and_then(|target| seeds(&target, folder.as_ref())),
        ["run", name, seconds, seed, folder] => {
            target(name).and_then(|target| run(&target, seconds, seed, folder.as_ref()))
        }
        ["again", name, file] => target(name).and_then(|target| {
            (target.run)(&fs::read(file).with_context(|| format!("cannot read {file}"))?);
            Ok(())
        }),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn target(name: &str) -> Result<Target> {
    fuzz::target(name).with_context(|| format!("no target {name}\n{USAGE}"))
}

fn seeds(target: &Target, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (index, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(format!("seed-{index:02}")), seed)?;
    }
    Ok(())
}

fn run(target: &Target, seconds: &str, seed: &str, folder: &Path) -> Result<()> {
    let time = Duration::from_secs(seconds.parse().context("SECONDS is no number")?);
    let seed = seed.parse().context("SEED is no number")?;
    match fuzz::run(target, seed, time) {
        Ok(rounds) => {
            println!("{}: {rounds} inputs", target.name);
            Ok(())
        }
        Err(crash) => {
            fs::create_dir_all(folder)?;
            let file = folder.join(format!("{}-{seed}-{}", target.name, crash.round));
            fs::write(&file, &crash.input)?;
            let file = file.display();
            bail!(
                "{} fails; its input is in {file}: fuzz again {} {file}",
                target.name,
                target.name
            )
        }
    }
}
