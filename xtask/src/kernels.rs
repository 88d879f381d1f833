//! `kernels`: stock Debian cloud kernels, fetched by apt, unpacked, never installed.

mod cache;
mod choice;
mod own;
mod unpack;

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{debian::Apt, place, say};
pub(crate) use cache::{Kernel, find};
use choice::Wanted;

#[derive(Args)]
pub(crate) struct Options {
    /// Versions such as 6.12 or 7.x; default: the kernels of the matrix
    versions: Vec<String>,
    /// Fetch again what is there, in its newest build
    #[arg(long)]
    refresh: bool,
}

/// The kernels of the matrix: each Debian release's own, and the newest that Debian builds.
const STOCK: [&str; 4] = ["5.10", "6.1", "6.12", "7.x"];

pub(crate) fn stock() -> Vec<String> {
    STOCK.map(String::from).to_vec()
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let names = if options.versions.is_empty() { stock() } else { options.versions.clone() };
    if options.refresh {
        for name in &names {
            cache::forget(&cache::folder_name(name))?;
        }
    }
    for kernel in ensure(&names)? {
        println!("{:<6} {:<30} {} {}", kernel.name, kernel.release, kernel.package, kernel.version);
    }
    Ok(ExitCode::SUCCESS)
}

/// The kernels by these names, fetched where they are not cached. One that cannot be had does not
/// stop the others.
pub(crate) fn ensure(names: &[String]) -> Result<Vec<Kernel>> {
    let missing: Vec<&String> = names.iter().filter(|name| find(name).is_none()).collect();
    let mut trouble = Vec::new();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| cache::folder_name(name)).collect();
        say::step(&format!("kernels: fetching {}", names.join(", ")));
        let wanted: Vec<Wanted> = names.iter().map(|name| Wanted::new(name)).collect();
        let otherwise = format!(
            "on another distribution, put a kernel's vmlinuz and a package.txt (lines release:, \
             package:, version:) into a folder of its name under {}",
            place::kernels().display()
        );
        let suites = suites(&wanted);
        let mut apt = Apt::new(&place::kernels().join(".apt"), &suites, &otherwise)?;
        apt.update();
        for wanted in &wanted {
            if let Err(error) = fetch(&apt, wanted) {
                say::note(&format!("{}: {error:#}", wanted.name));
                trouble.push(format!("{}: {error:#}", wanted.name));
            }
        }
        apt.clean()?;
    }
    if !trouble.is_empty() {
        bail!("no kernel for {}", trouble.join("; "));
    }
    names.iter().map(|name| find(name).with_context(|| format!("kernel {name} vanished"))).collect()
}

/// A kernel by its version, or the file of one that somebody built.
pub(crate) fn named(name: &str) -> Result<Kernel> {
    if own::is_path(name) {
        return own::read(Path::new(name));
    }
    ensure(&[name.to_owned()])?.pop().context("no kernel was named")
}

/// The suites that may carry any of the wanted kernels.
fn suites(wanted: &[Wanted]) -> Vec<&'static str> {
    let mut suites: Vec<&str> = wanted.iter().flat_map(Wanted::suites).copied().collect();
    suites.sort_unstable();
    suites.dedup();
    suites
}

/// Downloads and unpacks the newest package of a version. The lists may name builds whose files are
/// gone: then the next.
fn fetch(apt: &Apt, wanted: &Wanted) -> Result<()> {
    const TRIES: usize = 3;
    let packages = choice::newest_first(&apt.package_names()?, wanted);
    if packages.is_empty() {
        bail!("no such package in {}{}", wanted.suites().join(", "), apt.complaints());
    }
    let mut failure = None;
    for package in packages.iter().take(TRIES) {
        match fetch_package(apt, wanted, package) {
            Ok(()) => return Ok(()),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err)
}

fn fetch_package(apt: &Apt, wanted: &Wanted, package: &choice::Package) -> Result<()> {
    let facts = apt.facts(&package.name)?;
    say::note(&format!(
        "{}: {} {}, {}",
        wanted.name,
        package.name,
        facts.version,
        say::size(facts.size)
    ));
    let deb = apt.download(&package.name)?;
    let part = place::kernels().join(format!("{}.part", wanted.name));
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
    unpack::vmlinuz(&deb, &part.join("vmlinuz"))?;
    cache::keep(&part, &wanted.name, package, &facts.version)?;
    fs::remove_file(&deb).with_context(|| format!("cannot remove {}", deb.display()))
}
