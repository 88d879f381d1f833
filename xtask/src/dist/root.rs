//! A minimal Debian as the whole file system of a machine: made by debootstrap, kept as an archive
//! that the kernel unpacks into memory. Stock kernels have no file systems for disks built in.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{debian, fail::Unmet, place, run, say, vm::Cpio};

const SUITE: &str = "bookworm";

/// Beside what every Debian has: an init, manuals, and a client for the daemon's socket.
const INCLUDED: &str = "curl,man-db,systemd,systemd-sysv";

/// What a machine does not need, and what would have to be copied into its memory each time.
const LEFT_OUT: [&str; 6] = [
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/zoneinfo",
    "var/cache/apt",
    "var/lib/apt/lists",
    "proc",
];

/// The archive, made where it is not here.
pub(super) fn ensure() -> Result<PathBuf> {
    let archive = place::dist().join(format!("{SUITE}.cpio"));
    let list = place::dist().join(format!("{SUITE}.txt"));
    if archive.is_file() && fs::read_to_string(&list).is_ok_and(|text| text == INCLUDED) {
        return Ok(archive);
    }
    if place::on_path("debootstrap").is_none() {
        return Err(Unmet("debootstrap is missing: apt-get install debootstrap".into()).into());
    }
    if !run::is_root() {
        return Err(Unmet("debootstrap needs root: run as root, or with --no-vm".into()).into());
    }
    say::step(&format!("dist: a minimal Debian {SUITE}"));
    let folder = place::dist().join(SUITE);
    let _absent = fs::remove_dir_all(&folder);
    let source = debian::mirror()?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &format!("--include={INCLUDED}")]);
    if let Some(keyring) = source.signed_by.as_ref().filter(|path| path.starts_with('/')) {
        debootstrap.arg(format!("--keyring={keyring}"));
    }
    let uri = source.uris.first().context("a source without an address")?;
    debootstrap.arg(SUITE).arg(&folder).arg(uri).stdin(Stdio::null());
    run::output(&mut debootstrap)?;
    let mut cpio = Cpio::default();
    pack(&folder, "", &mut cpio)?;
    let bytes = cpio.finish();
    say::note(&format!("{}, {}", archive.display(), say::size(bytes.len() as u64)));
    fs::write(&archive, bytes).with_context(|| format!("cannot write {}", archive.display()))?;
    fs::write(&list, INCLUDED).with_context(|| format!("cannot write {}", list.display()))?;
    fs::remove_dir_all(&folder).context("cannot remove what was packed")?;
    Ok(archive)
}

/// Packs a folder with everything in it, parents first.
fn pack(root: &Path, inside: &str, cpio: &mut Cpio) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(root.join(inside))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().context("a name that is no text")?;
        let path = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
        let about = fs::symlink_metadata(root.join(&path))?;
        cpio.like(&path, &about, &content(&root.join(&path), &about)?);
        if about.is_dir() && !LEFT_OUT.contains(&path.as_str()) {
            pack(root, &path, cpio)?;
        }
    }
    Ok(())
}

/// What an archive holds of a file.
fn content(path: &Path, about: &Metadata) -> Result<Vec<u8>> {
    if about.is_symlink() {
        return Ok(fs::read_link(path)?.to_string_lossy().into_owned().into_bytes());
    }
    if about.is_file() {
        return fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    }
    Ok(Vec::new())
}
