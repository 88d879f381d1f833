//! `dist`: what is given to others: one static program, and a Debian package, which is tried in a
//! machine of its own.

mod machine;
mod package;
mod root;
mod stage;

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{guided, place, run, say, setup};

/// What the programs run on. glibc, linked in: a static position-independent executable.
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(Args)]
pub(crate) struct Options {
    /// Builds by a profile of its own work: judging takes a quarter less time, building three times
    /// as long, and no two builds are the same byte for byte
    #[arg(long)]
    guided: bool,
    /// Does not try the package in a virtual machine
    #[arg(long)]
    no_vm: bool,
    /// The kernel of that machine
    #[arg(long, value_name = "VERSION", default_value = "6.12")]
    kernel: String,
}

pub(crate) fn verb(options: &Options) -> Result<std::process::ExitCode> {
    setup::ensure(setup::Scope { bpf: true, tests: !options.no_vm })?;
    let program = program(options.guided)?;
    let package = package::build(&program)?;
    if options.no_vm {
        say::note("SKIPPED: the virtual machine: --no-vm was given");
    } else {
        machine::try_out(&package, &options.kernel)?;
    }
    println!("{}", program.display());
    println!("{}", package.display());
    Ok(std::process::ExitCode::SUCCESS)
}

/// Builds the program, and copies it to where it is given away.
fn program(guided: bool) -> Result<PathBuf> {
    const STATIC: &str = "-Ctarget-feature=+crt-static";
    say::step("dist: the static program");
    let built = if guided {
        guided::build(&["tracer"], &[STATIC])?
    } else {
        run::run(
            run::cargo()
                .args(["build", "--release", "--locked", "-p", "tracer", "--bin", "tracer"])
                .args(["--target", TARGET, "--target-dir"])
                .arg(place::target())
                // With a named target the flags reach this program only, not build scripts and
                // macros.
                .env("CARGO_ENCODED_RUSTFLAGS", STATIC),
        )?;
        place::target().join(TARGET).join("release")
    };
    let built = built.join("tracer");
    if !setup::is_static(&built) {
        bail!("{} needs shared libraries", built.display());
    }
    fs::create_dir_all(place::dist()).context("cannot make the folder")?;
    let program = place::dist().join("tracer");
    let strip = ["--strip-debug", "--strip-unneeded", "--remove-section=.comment", "-o"];
    run::run(Command::new("strip").args(strip).arg(&program).arg(&built))?;
    say::note(&format!("{}, {}", program.display(), say::size(fs::metadata(&program)?.len())));
    Ok(program)
}

/// The time that all files bear, so that the same source gives the same package: that of the last
/// commit, unless the caller names one (reproducible-builds.org/specs/source-date-epoch).
fn epoch() -> Result<String> {
    if let Ok(epoch) = env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let mut git = Command::new("git");
    git.arg("-C").arg(place::root()).args(["log", "-1", "--format=%ct"]);
    Ok(run::output(&mut git)?.trim().to_owned())
}
