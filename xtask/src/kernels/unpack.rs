//! Takes the kernel's image out of a Debian package, and nothing else.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Writes the `vmlinuz` of a package to a file. It lies in /boot, or since 7.0 beside its modules.
pub(crate) fn vmlinuz(deb: &Path, to: &Path) -> Result<()> {
    let mut package = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb")?;
    let tarfile = package.stdout.take().context("dpkg-deb has no output")?;
    let status = Command::new("tar")
        .args(["--extract", "--to-stdout", "--wildcards", "*/vmlinuz*"])
        .stdin(tarfile)
        .stdout(File::create(to).with_context(|| format!("cannot write {}", to.display()))?)
        .status()
        .context("cannot start tar")?;
    let unpacked = package.wait()?;
    if !status.success() || !unpacked.success() || !is_kernel(to)? {
        bail!("{} contains no kernel image", deb.display());
    }
    Ok(())
}

/// Whether a package's file is what it should be.
fn is_kernel(file: &Path) -> Result<bool> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(super::own::is_bootable(&bytes))
}
