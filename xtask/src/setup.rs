//! `setup`: installs what is missing, saying what and why.

mod apt;
mod linker;
mod need;
mod rust;

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;

use crate::{fail::Unmet, kernels, run, say};
pub(crate) use need::is_static;
use need::{Need, Remedy};

#[derive(Args)]
pub(crate) struct Options {
    /// What building needs: the BPF toolchain and bpf-linker (the default)
    #[arg(long)]
    bpf: bool,
    /// What the tests need: qemu, busybox, kernels, rustfmt and clippy
    #[arg(long)]
    tests: bool,
    /// Both
    #[arg(long)]
    all: bool,
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) bpf: bool,
    pub(crate) tests: bool,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let scope = Scope {
        bpf: options.bpf || options.all || !options.tests,
        tests: options.tests || options.all,
    };
    ensure(scope)?;
    if scope.tests {
        kernels::ensure(&kernels::stock())?;
    }
    say::note("everything needed is here");
    Ok(ExitCode::SUCCESS)
}

/// The LLVM that the BPF programs are linked with, where it is installed.
pub(crate) fn llvm() -> &'static Path {
    Path::new(linker::LLVM)
}

/// Installs programs until nothing of the scope is missing. Silent when nothing is.
pub(crate) fn ensure(scope: Scope) -> Result<()> {
    let missing: Vec<Need> = need::all(scope).into_iter().filter(|need| !(need.met)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say::step("setup: some things are missing");
    for need in &missing {
        say::note(&format!("{}: {}", need.name, need.why));
    }

    let packages: Vec<&str> = missing.iter().flat_map(Need::packages).copied().collect();
    let commands: Vec<String> = missing.iter().filter_map(Need::command).collect();
    if !packages.is_empty() {
        if !apt::here() {
            return Err(Unmet(by_name(&missing)).into());
        }
        if !run::is_root() {
            return Err(Unmet(by_command(&packages, &commands)).into());
        }
        apt::install(&packages)?;
    }
    for need in &missing {
        match need.remedy {
            Remedy::Packages(_) => {}
            Remedy::Linker => linker::install()?,
            Remedy::Components => rust::add_components()?,
        }
        if !(need.met)() {
            bail!("{} is still missing after its installation: {}", need.name, need.check);
        }
    }
    Ok(())
}

/// For a machine without apt: what to look for, in words.
fn by_name(missing: &[Need]) -> String {
    let needs: Vec<String> =
        missing.iter().map(|need| format!("{} ({})", need.name, need.why)).collect();
    format!("this machine has no apt-get, so install by its own means: {}", needs.join("; "))
}

/// For a user who is not root: the commands to type.
fn by_command(packages: &[&str], then: &[String]) -> String {
    let apt = format!("sudo apt-get install -y --no-install-recommends {}", packages.join(" "));
    let commands: Vec<&str> =
        std::iter::once(apt.as_str()).chain(then.iter().map(String::as_str)).collect();
    format!("installing packages needs root, and this is not root; run: {}", commands.join(" && "))
}
