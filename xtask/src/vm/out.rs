//! What comes back from a machine: its folder /out, as a tar archive on a raw disk.
//!
//! The stock kernels drive NVMe without modules, which is all that a machine has.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{place, run};

/// As much as can come back; the file has holes, and takes what is written.
const SIZE: u64 = 1 << 30;

/// A disk for one run. It goes when the run is over.
pub(super) struct Disk {
    file: PathBuf,
}

impl Disk {
    pub(super) fn new(name: &str) -> Result<Self> {
        let file = place::vm().join(format!("{name}-{}.disk", std::process::id()));
        let made = File::create(&file).and_then(|disk| disk.set_len(SIZE));
        made.with_context(|| format!("cannot make {}", file.display()))?;
        Ok(Self { file })
    }

    /// What qemu is told of it.
    pub(super) fn arguments(&self) -> [OsString; 4] {
        // In an option's value a comma is written twice.
        let file = self.file.display().to_string().replace(',', ",,");
        [
            "-drive".into(),
            format!("file={file},if=none,id=out,format=raw,cache=unsafe").into(),
            "-device".into(),
            "nvme,drive=out,serial=out".into(),
        ]
    }

    /// Unpacks what the machine left into a folder, and counts it.
    pub(super) fn unpack(&self, to: &Path) -> Result<usize> {
        fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
        let mut tar = Command::new("tar");
        tar.args(["--extract", "--verbose", "--no-same-owner", "--file"]).arg(&self.file);
        let names = run::output(tar.arg("--directory").arg(to))?;
        Ok(names.lines().filter(|name| !name.ends_with('/')).count())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
