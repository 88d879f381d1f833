//! Builds that are guided by a profile of their own work.
//!
//! The rules are more code than a CPU's instruction cache holds. A profile tells the compiler which
//! branches are taken, and so what belongs together: judging an event then takes a quarter less time.

mod train;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{fail::Unmet, place, run, say, setup};

/// Named, so that the flags reach these programs alone, not build scripts and macros.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the programs of these packages three times: to gather a profile, with it, and between the
/// two they work. The folder of the programs.
pub(crate) fn build(packages: &[&str], flags: &[&str]) -> Result<PathBuf> {
    let profdata = profdata()?;
    let folder = place::target().join("guided");
    let (raw, profile) = (folder.join("raw"), folder.join("profile"));
    match fs::remove_dir_all(&raw) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| raw.display().to_string());
        }
        _ => fs::create_dir_all(&raw)?,
    }

    say::step("building programs that watch themselves");
    let gather = format!("-Cprofile-generate={}", raw.display());
    let programs = cargo(&folder.join("gather"), packages, &[flags, &[&gather]].concat())?;
    say::step("letting them work");
    train::work(&programs.join("tracer"), &folder.join("work"))?;
    run::output(Command::new(profdata).arg("merge").arg("-o").arg(&profile).arg(&raw))
        .context("the profile cannot be read: its LLVM must not be older than that of rustc")?;

    say::step("building with what they did in mind");
    let with = format!("-Cprofile-use={}", profile.display());
    cargo(&folder.join("use"), packages, &[flags, &[&with]].concat())
}

fn cargo(target: &Path, packages: &[&str], flags: &[&str]) -> Result<PathBuf> {
    let mut cargo = run::cargo();
    cargo.args(["build", "--release", "--locked", "--bins", "--target", TARGET, "--target-dir"]);
    cargo.arg(target);
    for package in packages {
        cargo.args(["-p", package]);
    }
    run::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")))?;
    Ok(target.join(TARGET).join("release"))
}

/// The program that merges profiles: rustup's, else that of the LLVM that the BPF programs need.
fn profdata() -> Result<PathBuf> {
    const NAME: &str = "llvm-profdata";
    let sysroot = run::output(
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--print", "sysroot"])
            .current_dir(place::root()),
    )?;
    let rustup = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("bin").join(NAME);
    let places = [Some(rustup), Some(setup::llvm().join("bin").join(NAME)), place::on_path(NAME)];
    places.into_iter().flatten().find(|file| file.is_file()).ok_or_else(|| {
        Unmet(format!(
            "a guided build needs {NAME}: `rustup component add llvm-tools`, or `cargo xtask setup \
             --bpf` on Debian"
        ))
        .into()
    })
}
