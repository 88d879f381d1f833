//! The initramfs: the whole file system of a virtual machine.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use super::{Programs, cpio::Cpio};
use crate::run;

/// Makes the image for one run of one command.
///
/// Not compressed: unpacking would cost an emulated processor more than qemu saves by copying less.
pub(crate) fn write(to: &Path, programs: &Programs, command: &[String]) -> Result<()> {
    if let Some(word) = command.iter().find(|word| word.contains('\n')) {
        bail!("an argument cannot contain a line break on its way into the machine: {word:?}");
    }
    let mut cpio = Cpio::default();
    for folder in ["bin", "dev", "out", "proc", "run", "sys", "tmp"] {
        cpio.folder(folder);
    }
    cpio.character_device("dev/console", 5, 1);
    cpio.character_device("dev/null", 1, 3);

    // One program, two roles: as PID 1 it prepares the machine, runs what /args says, and powers
    // off.
    cpio.program("bin/scenarios", &read(&programs.scenarios)?);
    cpio.link("init", "/bin/scenarios");
    cpio.program("bin/tracer", &read(&programs.tracer)?);
    cpio.file("args", (command.join("\n") + "\n").as_bytes());
    busybox(&mut cpio)?;
    let mut image = cpio.finish();
    // The kernel unpacks archives one after the other.
    if let Some(others) = &programs.others {
        image.extend(read(others)?);
    }
    fs::write(to, image).with_context(|| format!("cannot write {}", to.display()))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The shell and small tools, for commands of any kind.
fn busybox(cpio: &mut Cpio) -> Result<()> {
    const BUSYBOX: &str = "/bin/busybox";
    let program = fs::read(BUSYBOX).with_context(|| format!("cannot read {BUSYBOX}"))?;
    cpio.program("bin/busybox", &program);
    for applet in run::output(Command::new(BUSYBOX).arg("--list"))?.lines() {
        if !["busybox", "init", "tracer", "scenarios"].contains(&applet) {
            cpio.link(&format!("bin/{applet}"), "busybox");
        }
    }
    Ok(())
}
