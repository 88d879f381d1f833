//! The static programs that a virtual machine runs: it has no libraries.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{fail::Unmet, place, run};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The programs, as built. The same ones serve on the host.
pub(crate) struct Programs {
    pub(crate) tracer: PathBuf,
    pub(crate) scenarios: PathBuf,
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
    let programs = Programs { tracer: folder.join("tracer"), scenarios: folder.join("scenarios") };
    for program in [&programs.tracer, &programs.scenarios] {
        if !program.is_file() {
            bail!("cargo built no {}", program.display());
        }
    }
    Ok(programs)
}

impl Programs {
    /// Reads both for the machine's file system.
    pub(crate) fn read(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let read = |file: &PathBuf| {
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
        };
        Ok((read(&self.tracer)?, read(&self.scenarios)?))
    }
}
