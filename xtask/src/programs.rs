//! Programs that nobody here wrote, for the machines: from one Debian release, whatever the kernel,
//! with the libraries that they load and nothing else of their packages.

mod elf;
mod gather;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{debian::Apt, place, run, say, vm::Cpio};

const SUITE: &str = "bookworm";

/// What is taken of which package.
const TAKEN: [(&str, &[&str]); 10] = [
    ("bash", &["bash"]),
    ("bsdutils", &["script"]),
    ("bubblewrap", &["bwrap"]),
    (
        "coreutils",
        &[
            "cat", "chroot", "echo", "env", "head", "nohup", "seq", "sleep", "sort", "timeout",
            "true", "wc",
        ],
    ),
    ("crun", &["crun"]),
    ("dash", &["dash"]),
    ("make", &["make"]),
    ("procps", &["pgrep", "pkill", "ps"]),
    ("stress-ng", &["stress-ng"]),
    ("util-linux", &["flock", "nsenter", "prlimit", "setpriv", "setsid", "unshare"]),
];

/// Loaded at run time by name: where a thread ends by `pthread_exit`.
const ALSO: [&str; 1] = ["libgcc_s.so.1"];

/// The part of an initramfs that holds them, fetched where it is not here.
pub(crate) fn ensure() -> Result<PathBuf> {
    let part = place::programs().join("programs.cpio");
    let list = place::programs().join("programs.txt");
    if part.is_file() && fs::read_to_string(&list).is_ok_and(|text| text.starts_with(&wanted())) {
        return Ok(part);
    }
    say::step("programs: fetching what others wrote, for the virtual machines");
    let room = place::programs().join(".apt");
    let mut apt = Apt::new(&room, &[SUITE], "the other scenarios need no packages")?;
    apt.update();
    let packages: Vec<&str> = TAKEN.iter().map(|(package, _)| *package).collect();
    let files = apt.download_all(&packages).with_context(|| {
        format!("cannot fetch {} of {SUITE}{}", packages.join(", "), apt.complaints())
    })?;
    let unpacked = room.join("unpacked");
    for file in &files {
        run::run(Command::new("dpkg-deb").arg("--extract").arg(file).arg(&unpacked))?;
    }
    let bytes = archive(&unpacked)?;
    say::note(&format!("{} packages, of which {}", files.len(), say::size(bytes.len() as u64)));
    fs::write(&part, bytes).with_context(|| format!("cannot write {}", part.display()))?;
    let names = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let names: Vec<&str> = names.collect();
    fs::write(&list, format!("{}{}\n", wanted(), names.join("\n")))
        .with_context(|| format!("cannot write {}", list.display()))?;
    apt.clean()?;
    Ok(part)
}

/// What the part is made of: another list makes another part.
fn wanted() -> String {
    let taken =
        TAKEN.iter().map(|(package, programs)| format!("{package}: {}", programs.join(" ")));
    format!("{SUITE}\n{}\n{}\n\n", taken.collect::<Vec<_>>().join("\n"), ALSO.join(" "))
}

/// Programs under /usr/bin and libraries where the loader looks for them: /bin is the small tools'.
fn archive(unpacked: &Path) -> Result<Vec<u8>> {
    let programs: Vec<&str> =
        TAKEN.iter().flat_map(|(_, programs)| programs.iter().copied()).collect();
    let files = gather::files(unpacked, &programs, &ALSO)?;
    let mut cpio = Cpio::default();
    for folder in ["usr", "usr/bin", "lib", gather::LIBRARIES, "lib64"] {
        cpio.folder(folder);
    }
    for file in files {
        cpio.program(&file.name, &file.content);
    }
    Ok(cpio.finish())
}
