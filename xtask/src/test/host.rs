//! The scenarios on the machine itself, which may have what no stock kernel has, or lack it.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{
    matrix::Tally,
    run, say,
    vm::{
        Programs,
        console::{Line, Outcome},
    },
};

/// Runs them where they can run; elsewhere says loudly that nothing was tested, and why.
pub(crate) fn run(programs: &Programs, tally: &mut Tally) -> Result<()> {
    if let Some(why) = obstacle() {
        tally.skipped += 1;
        say::note(&format!("SKIPPED: the scenarios do not run on this host: {why}"));
        return Ok(());
    }
    let mut command = Command::new(&programs.scenarios);
    command.arg("verify").arg("--tracer").arg(&programs.tracer);
    let mut here = Tally::default();
    let result = run::watch(&mut command, |line| {
        if let Line::Verdict(verdict) = Line::parse(line) {
            match verdict.outcome {
                Outcome::Pass => here.passed += 1,
                Outcome::Fail => here.failed += 1,
                Outcome::Skip => here.skipped += 1,
            }
        }
    });
    *tally += here;
    result?;
    if here == Tally::default() {
        bail!("the scenarios reported nothing on this host");
    }
    Ok(())
}

/// What keeps the scenarios from running here.
fn obstacle() -> Option<&'static str> {
    if !run::is_root() {
        return Some("attaching BPF programs needs root (sudo cargo xtask test)");
    }
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Some("this kernel has no BTF (/sys/kernel/btf/vmlinux)");
    }
    None
}
