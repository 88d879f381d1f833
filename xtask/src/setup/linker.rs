//! bpf-linker: built by cargo against Debian's LLVM.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::rust;
use crate::{place, run, say};

/// Rust 1.96 writes the bitcode of LLVM 22, which an older LLVM cannot read.
pub(super) const LLVM: &str = "/usr/lib/llvm-22";
const INSTALL: [&str; 8] = [
    "install",
    "bpf-linker",
    "--version",
    "^0.13",
    "--locked",
    "--no-default-features",
    "--features",
    "llvm-22",
];

/// Whether a linker that is new enough runs, from PATH or from cargo's folder of programs.
pub(crate) fn works() -> bool {
    let installed = place::cargo_bin().map(|folder| folder.join("bpf-linker"));
    let found = place::on_path("bpf-linker").into_iter().chain(installed);
    found.into_iter().any(|linker| {
        run::output(Command::new(linker).arg("--version"))
            .is_ok_and(|answer| rust::version(&answer) >= Some((0, 13)))
    })
}

/// Whether what its build needs is here.
pub(crate) fn buildable() -> bool {
    Path::new(LLVM).join("bin/llvm-config").exists() && place::on_path("c++").is_some()
}

pub(crate) fn install() -> Result<()> {
    say::note("building bpf-linker, once; this takes a minute or two");
    // The linker is a program for this machine, not part of this workspace: its target folder is
    // cargo's own.
    run::run(
        run::cargo()
            .args(INSTALL)
            .arg("--force")
            .env("LLVM_PREFIX", LLVM)
            .env_remove("CARGO_TARGET_DIR"),
    )
}

pub(crate) fn command_line() -> String {
    format!("LLVM_PREFIX={LLVM} cargo {}", INSTALL.join(" ").replace("^0.13", "'^0.13'"))
}
