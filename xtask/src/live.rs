//! `live`: from a clean checkout to events on the screen.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{fail::Unmet, place, run, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// Arguments of `tracer live`, among them `-- COMMAND…`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Becomes the tool: Ctrl-C, the terminal and the exit code are its own.
pub(crate) fn verb() -> Result<ExitCode> {
    setup::ensure(setup::Scope { bpf: true, tests: false })?;

    let target = place::target();
    run::run(
        run::cargo()
            .args(["build", "--release", "--locked", "-p", "tracer", "--target-dir"])
            .arg(&target),
    )?;

    let tracer = target.join("release/tracer");
    let mut live = Command::new(&tracer);
    live.arg("live").args(arguments());
    if !run::is_root() {
        let words: Vec<_> =
            live.get_args().map(|word| run::quoted(&word.to_string_lossy())).collect();
        return Err(Unmet(format!(
            "tracing the kernel needs root, and this is not root; tracer is built, so run: sudo {} {}",
            tracer.display(),
            words.join(" ")
        ))
        .into());
    }
    Err(live.exec()).with_context(|| format!("cannot run {}", tracer.display()))
}

/// Everything after the verb as it was typed: clap would swallow the `--` before the command.
fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip_while(|word| word != "live").skip(1)
}
