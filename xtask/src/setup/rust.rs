//! Which Rust can do what: building `core` for BPF, formatting, linting.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{place, run};

/// The oldest Rust that builds the BPF programs.
const OLDEST: (u32, u32) = (1, 95);

/// Whether `tracer/build.rs` will find a cargo that can build `core`: the same places in the same
/// order.
pub(crate) fn builds_core() -> bool {
    let system_core = Path::new("/usr/lib/rustlib/src/rust/library/core").is_dir();
    env::var_os("TRACER_BPF_CARGO").is_some() || if system_core { system() } else { nightly() }
}

/// Whether the distribution's own Rust, whose source is here, is recent enough.
fn system() -> bool {
    Path::new("/usr/bin/cargo").is_file()
        && run::output(Command::new("/usr/bin/rustc").arg("--version"))
            .is_ok_and(|answer| version(&answer) >= Some(OLDEST))
}

/// A rustup nightly with the component rust-src; found by its files, as asking rustup is slow.
fn nightly() -> bool {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".rustup")));
    let Some(toolchains) = home.and_then(|home| fs::read_dir(home.join("toolchains")).ok()) else {
        return false;
    };
    toolchains.flatten().any(|entry| {
        is_nightly(&entry.file_name().to_string_lossy())
            && entry.path().join("lib/rustlib/src/rust/library/core").is_dir()
    })
}

/// The toolchain that rustup means by `nightly`: `nightly-x86_64-…`, and none that names a day.
fn is_nightly(toolchain: &str) -> bool {
    toolchain
        .strip_prefix("nightly-")
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The first two numbers of `rustc 1.96.0 (…)` or `bpf-linker 0.13.0`.
pub(crate) fn version(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether formatting and linting work with the cargo in use.
pub(crate) fn has_components() -> bool {
    ["fmt", "clippy"].iter().all(|tool| run::output(run::cargo().args([tool, "--version"])).is_ok())
}

/// Debian's Rust has them as packages; rustup's brings its own.
pub(crate) fn component_packages() -> &'static [&'static str] {
    if by_rustup() { &[] } else { &["rustfmt-web", "rust-web-clippy"] }
}

/// The command for rustup's Rust.
pub(crate) fn component_command() -> Option<String> {
    by_rustup().then(|| "rustup component add rustfmt clippy".to_owned())
}

/// Runs that command, where it is the remedy.
pub(crate) fn add_components() -> Result<()> {
    if by_rustup() {
        run::run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))?;
    }
    Ok(())
}

/// rustup tells the programs it starts which toolchain it chose.
fn by_rustup() -> bool {
    env::var_os("RUSTUP_TOOLCHAIN").is_some() && place::on_path("rustup").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nightly_of_a_day_is_not_the_nightly() {
        assert!(is_nightly("nightly-x86_64-unknown-linux-gnu"));
        assert!(!is_nightly("nightly-2026-05-19-x86_64-unknown-linux-gnu"));
        assert!(!is_nightly("stable-x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(
            version("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)")
                >= Some(OLDEST)
        );
        assert!(version("rustc 1.63.0") < Some(OLDEST));
        assert!(version("rustc 1.100.0-nightly (x)") > Some(OLDEST));
        assert_eq!(version("bpf-linker 0.13.0"), Some((0, 13)));
        assert!(version("") < Some(OLDEST));
    }
}
