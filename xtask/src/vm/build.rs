//! The static programs that a virtual machine runs: it has no libraries.

use std::{env, path::PathBuf};

use anyhow::{Result, bail};

use crate::{fail::Unmet, place, programs, run};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The programs, as built. The same ones serve on the host.
pub(crate) struct Programs {
    pub(crate) tracer: PathBuf,
    pub(crate) scenarios: PathBuf,
    /// A part of the image with programs of others, where they are wanted.
    pub(crate) others: Option<PathBuf>,
}

/// Builds what is out of date.
pub(crate) fn programs() -> Result<Programs> {
    if env::consts::ARCH != "x86_64" {
        return Err(Unmet(format!(
            "the virtual machines are x86_64, and this machine is {}",
            env::consts::ARCH
        ))
        .into());
    }
    run::run(
        run::cargo()
            .args([
                "build",
                "--profile",
                "vm",
                "--locked",
                "--bins",
                "-p",
                "tracer",
                "-p",
                "tracer-tests",
            ])
            .args(["--target", TARGET, "--target-dir"])
            .arg(place::vm())
            // With a named target the flags reach these programs only, not build scripts and
            // macros.
            .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static"),
    )?;
    let folder = place::vm().join(TARGET).join("vm");
    let (tracer, scenarios) = (folder.join("tracer"), folder.join("scenarios"));
    let programs = Programs { tracer, scenarios, others: None };
    for program in [&programs.tracer, &programs.scenarios] {
        if !program.is_file() {
            bail!("cargo built no {}", program.display());
        }
    }
    Ok(programs)
}

impl Programs {
    /// Adds the programs of others.
    pub(crate) fn with_others(self) -> Result<Self> {
        Ok(Self { others: Some(programs::ensure()?), ..self })
    }
}
