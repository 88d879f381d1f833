//! The package, installed and used in a machine with systemd; what must be so is said by the script
//! that runs there.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail};

use super::root;
use crate::{
    kernels, place, say,
    vm::{Cpio, Ending, Machine},
};

/// What runs in the machine once it is up.
const CHECK: &str = include_str!("check.sh");

/// Ends the machine, whatever became of it.
const TRY: &str = "\
#!/bin/sh
/root/check.sh
echo \"exit-status: $?\"
systemctl poweroff --force --force
";

const UNIT: &str = "\
[Unit]
Description=Tries the package
After=multi-user.target

[Service]
ExecStart=/root/try.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
";

/// The first process: covers the kernel's first file system with a mount of itself, as a sandbox
/// cannot leave that one, and becomes systemd.
const INIT: &str = "\
#!/bin/sh
mount --bind / /mnt && cd /mnt && mount --move . / && exec chroot . /lib/systemd/systemd
echo 'exit-status: 126'
";

/// How long all of it may take: processors are emulated where there is no other way.
const PATIENCE: Duration = Duration::from_mins(20);

/// Installs the package in a machine, uses it, removes it.
pub(super) fn try_out(package: &Path, kernel: &str) -> Result<()> {
    let kernel = kernels::named(kernel)?;
    let base = root::ensure()?;
    say::step(&format!("dist: the package on Debian with Linux {}", kernel.release));
    let image = place::dist().join(format!("machine-{}.cpio", std::process::id()));
    let mut bytes = fs::read(&base).with_context(|| format!("cannot read {}", base.display()))?;
    // The kernel unpacks archives one after the other.
    bytes.extend(added(package)?);
    fs::write(&image, bytes).with_context(|| format!("cannot write {}", image.display()))?;
    let machine = Machine {
        image: &kernel.image,
        initrd: &image,
        memory: 2048,
        cpus: 2,
        timeout: PATIENCE,
        append: "systemd.show_status=0 systemd.unit=multi-user.target",
        devices: None,
    };
    let outcome = machine.boot(&mut |line| println!("{line}"));
    let _gone = fs::remove_file(&image);
    match outcome? {
        (Ending::Exit(0), _) => Ok(()),
        (ending, _) => bail!("the package does not work on {}: {ending}", kernel.release),
    }
}

/// What the machine has beside Debian.
fn added(package: &Path) -> Result<Vec<u8>> {
    let mut cpio = Cpio::default();
    cpio.program("init", INIT.as_bytes());
    cpio.program("root/check.sh", CHECK.as_bytes());
    cpio.program("root/try.sh", TRY.as_bytes());
    cpio.file("root/tracer.deb", &fs::read(package)?);
    cpio.file("etc/hostname", b"try\n");
    cpio.file("etc/systemd/system/try.service", UNIT.as_bytes());
    cpio.folder("etc/systemd/system/multi-user.target.wants");
    cpio.link("etc/systemd/system/multi-user.target.wants/try.service", "../try.service");
    // Nobody logs in.
    for unit in ["serial-getty@ttyS0", "getty@tty1"] {
        cpio.link(&format!("etc/systemd/system/{unit}.service"), "/dev/null");
    }
    Ok(cpio.finish())
}
