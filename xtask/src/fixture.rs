//! `fixture`: cuts the kernels' BTF down to what tracer reads of it, for tests without a kernel.

mod cut;
mod image;
mod types;

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use tracer_ebpf::{
    layout::MEMBERS,
    target::{FUNCTIONS, TRACEPOINTS},
};

use crate::{kernels, place, say};
use cut::Wanted;
use types::Types;

/// The running kernel's BTF.
const RUNNING: &str = "/sys/kernel/btf/vmlinux";

#[derive(Args)]
pub(crate) struct Options {
    /// Kernels such as 6.12 or 7.x; default: those of the matrix
    versions: Vec<String>,
    /// The running kernel too, named after its version
    #[arg(long)]
    running: bool,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let names =
        if options.versions.is_empty() { kernels::stock() } else { options.versions.clone() };
    for kernel in kernels::ensure(&names)? {
        let image = fs::read(&kernel.image)
            .with_context(|| format!("cannot read {}", kernel.image.display()))?;
        let btf = image::btf(&image).with_context(|| format!("the image of {}", kernel.release))?;
        make(&kernel.name, &kernel.release, &btf)?;
    }
    if options.running {
        let btf = fs::read(RUNNING).with_context(|| format!("cannot read {RUNNING}"))?;
        let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        // What a builder has added to the version says nothing to others.
        let release = release.trim().split('-').next().unwrap_or_default();
        make(version(release), release, &btf)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `6.18` of `6.18.44-1-amd64`.
fn version(release: &str) -> &str {
    let end = release.match_indices(['.', '-']).nth(1).map_or(release.len(), |(at, _)| at);
    &release[..end]
}

fn make(name: &str, release: &str, btf: &[u8]) -> Result<()> {
    let types = Types::read(btf).with_context(|| format!("the BTF of {release}"))?;
    let small = cut::cut(&types, &wanted())?.write();
    let folder = place::root().join("tests/btf");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{name}.btf")), &small)?;
    note(&folder.join("kernels.txt"), name, release)?;
    say::note(&format!("{name}: {release}, {} bytes of {}", small.len(), btf.len()));
    Ok(())
}

/// What tracer looks up in BTF.
fn wanted() -> Wanted<'static> {
    let paths = MEMBERS.iter().flat_map(|member| member.path.split('|'));
    Wanted {
        paths: paths.chain(["upid.nr", "upid.ns"]).collect(),
        functions: FUNCTIONS.iter().flat_map(|function| function.names).copied().collect(),
        tracepoints: TRACEPOINTS.iter().map(|tracepoint| tracepoint.name).collect(),
    }
}

/// Keeps the list of which kernel each fixture was cut from.
fn note(list: &Path, name: &str, release: &str) -> Result<()> {
    let old = fs::read_to_string(list).unwrap_or_default();
    let mut lines: Vec<String> = old
        .lines()
        .filter(|line| line.split(' ').next() != Some(name))
        .map(String::from)
        .chain([format!("{name} {release}")])
        .collect();
    lines.sort();
    fs::write(list, lines.join("\n") + "\n").context("cannot write the list of fixtures")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_is_named_after_the_kernels_version() {
        assert_eq!(version("6.18.44-1-amd64"), "6.18");
        assert_eq!(version("7.0-rc1"), "7.0");
        assert_eq!(version("7"), "7");
    }
}
