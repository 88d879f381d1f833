//! `fuzz`: everything that reads bytes of others, with bytes that nobody wrote.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{place, run, say};

/// What makes a build tell the fuzzer which branches an input takes; arithmetic is checked as in a
/// debug build.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

#[derive(Args)]
pub(crate) struct Options {
    /// How long each target is fuzzed
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Two seconds each, without a guide: what the tests do too
    #[arg(long, conflicts_with = "seconds")]
    short: bool,
    /// Where the numbers of a run without a guide begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Do not let coverage guide it
    #[arg(long)]
    blind: bool,
    /// Only these targets: record, recording, block, round, schema, state, btf
    targets: Vec<String>,
}

/// Programs and folders of a run.
struct Fuzz<'a> {
    options: &'a Options,
    /// The one without a guide, which also writes seeds.
    plain: PathBuf,
    guided: Option<PathBuf>,
    failures: PathBuf,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let blind = options.short || options.blind;
    let fuzz = Fuzz {
        options,
        plain: build("release", &["--bin", "fuzz"], None)?,
        guided: if blind { None } else { guided() },
        failures: folder().join("failures"),
    };
    fs::create_dir_all(&fuzz.failures)?;
    let mut targets = options.targets.clone();
    if targets.is_empty() {
        let list = run::output(Command::new(&fuzz.plain).arg("list"))?;
        targets = list.lines().map(str::to_owned).collect();
    }
    let mut failed = Vec::new();
    for target in &targets {
        say::step(&format!("fuzzing {target}"));
        if let Err(error) = fuzz.target(target) {
            say::note(&format!("{error:#}"));
            failed.push(target.as_str());
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "{} failed; run an input again with `{} again TARGET FILE`; files: {}",
        failed.join(", "),
        fuzz.plain.display(),
        fuzz.failures.display()
    )
}

impl Fuzz<'_> {
    fn target(&self, target: &str) -> Result<()> {
        let seconds = if self.options.short { 2 } else { self.options.seconds };
        let mut command = match &self.guided {
            None => {
                let mut command = Command::new(&self.plain);
                let numbers = [seconds.to_string(), self.options.seed.to_string()];
                command.args(["run", target]).args(numbers).arg(&self.failures);
                command
            }
            Some(guided) => {
                let corpus = folder().join("corpus").join(target);
                run::run(Command::new(&self.plain).args(["seeds", target]).arg(&corpus))?;
                let mut prefix = self.failures.join(target).into_os_string();
                prefix.push("-");
                let mut command = Command::new(guided);
                command.env("FUZZ", target).arg(&corpus);
                command.arg(format!("-artifact_prefix={}", prefix.display()));
                command.arg(format!("-max_total_time={seconds}"));
                command.args(["-max_len=65536", "-timeout=20", "-rss_limit_mb=2048"]);
                command.args(["-print_final_stats=1", "-verbosity=0"]);
                command
            }
        };
        run::run(&mut command)
    }
}

/// The fuzzer that coverage guides; it needs a C++ compiler.
fn guided() -> Option<PathBuf> {
    let words = ["--bin", "guided", "--features", "guided"];
    match build("guided", &words, Some(FLAGS)) {
        Ok(program) => Some(program),
        Err(error) => {
            say::note(&format!("SKIPPED: the guide: {error:#}; going on without it"));
            None
        }
    }
}

/// Builds a program of the tests, in a folder of its own where the flags are others.
fn build(name: &str, words: &[&str], flags: Option<&str>) -> Result<PathBuf> {
    let mut cargo = run::cargo();
    cargo.args(["build", "--release", "--locked", "-p", "tracer-tests"]).args(words);
    let mut built = place::target();
    if let Some(flags) = flags {
        // Named, so that build scripts and macros are built without the flags.
        let host = host()?;
        built = folder().join(name);
        cargo.arg("--target-dir").arg(&built).args(["--target", &host]).env("RUSTFLAGS", flags);
        built.push(host);
    }
    run::run(&mut cargo)?;
    Ok(built.join("release").join(words[1]))
}

/// The host's target triple.
fn host() -> Result<String> {
    let version = run::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

/// What a run keeps: corpus, failures, the guided build.
fn folder() -> PathBuf {
    let target = place::target();
    Path::new(&target).join("fuzz")
}
