//! An exec that fails after the point of no return: a signal ends the process, and no exec is
//! seen.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Result, anyhow, ensure};
use serde_json::json;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::{task, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "exec_failed",
    about: "An exec that fails after the point of no return: a signal ends the process, and no \
            exec is seen.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let path = std::env::temp_dir().join(format!("tracer-tests-bad-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path)?;
    file.write_all(&unmappable())?;
    drop(file);
    let name = path.to_string_lossy().into_owned();
    let result = task::fork(|| {
        let error = sys::exec(&name, &[&name]);
        Err(anyhow!("the exec failed too early: {error}"))
    });
    let how = result.and_then(|child| Ok((child.pid, child.wait()?)));
    fs::remove_file(&path)?;
    let (pid, how) = how?;
    truth::tell(&json!({ "never": { "type": "exec", "tid": pid } }))?;
    ensure!(matches!(how, Ended::Signal { .. }), "it should have died of a signal: {how:?}");
    Ok(())
}

/// An ELF program whose only segment lies outside every address space: the old memory is gone
/// before the kernel finds out.
fn unmappable() -> Vec<u8> {
    let mut elf = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for half in [libc::ET_EXEC, libc::EM_X86_64] {
        elf.extend(half.to_le_bytes());
    }
    let address = 0xffff_ffff_8000_0000_u64;
    elf.extend(1_u32.to_le_bytes());
    for word in [address, 64, 0] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    // PT_LOAD, read and execute.
    for half in [1_u32, 5] {
        elf.extend(half.to_le_bytes());
    }
    for word in [0, address, address, 120, 120, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf
}
