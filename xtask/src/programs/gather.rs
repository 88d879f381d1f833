//! Out of unpacked packages: programs, and every library that one of them needs to start.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::elf;

/// Where Debian's loader looks, in a machine without a cache of libraries.
pub(super) const LIBRARIES: &str = "lib/x86_64-linux-gnu";

/// A file of a machine.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// The programs, the libraries `also`, and what they need, each once.
pub(super) fn files(unpacked: &Path, programs: &[&str], also: &[&str]) -> Result<Vec<Taken>> {
    let mut taken = Vec::new();
    let mut open: Vec<String> = also.iter().map(|name| (*name).to_owned()).collect();
    for program in programs {
        let file = find(unpacked, &["usr/bin", "bin", "usr/sbin", "sbin"], program)?;
        open.extend(file.needed);
        taken.push(Taken { name: format!("usr/bin/{program}"), content: file.content });
    }
    let mut known = BTreeSet::new();
    while let Some(library) = open.pop() {
        if !known.insert(library.clone()) {
            continue;
        }
        let file = find(unpacked, &[LIBRARIES, &format!("usr/{LIBRARIES}")], &library)?;
        open.extend(file.needed);
        // The loader itself is asked for by its path.
        let folder = if library.starts_with("ld-linux") { "lib64" } else { LIBRARIES };
        taken.push(Taken { name: format!("{folder}/{library}"), content: file.content });
    }
    Ok(taken)
}

/// A file as it was found.
struct Found {
    content: Vec<u8>,
    needed: Vec<String>,
}

fn find(unpacked: &Path, folders: &[&str], name: &str) -> Result<Found> {
    let paths = folders.iter().map(|folder| unpacked.join(folder).join(name));
    let path: PathBuf = paths
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| format!("no package brought {name}"))?;
    let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let needed = elf::needed(&content)
        .with_context(|| format!("{} is no 64-bit ELF file", path.display()))?;
    Ok(Found { content, needed })
}
