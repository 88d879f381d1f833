//! Where things are: the repository, and what is built and fetched under its target folder.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository's top folder. Cargo names this crate's folder at run time; that it moved since
/// the build is fine.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Cargo's target folder for ordinary builds.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The static builds that go into virtual machines, and the machines' consoles.
pub(crate) fn vm() -> PathBuf {
    root().join("target/vm")
}

/// The fetched kernels, one folder each.
pub(crate) fn kernels() -> PathBuf {
    root().join("target/kernels")
}

/// The programs of others that go into virtual machines.
pub(crate) fn programs() -> PathBuf {
    root().join("target/programs")
}

/// What is given to others.
pub(crate) fn dist() -> PathBuf {
    target().join("dist")
}

/// Finds a program as the shell would.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Where `cargo install` puts programs.
pub(crate) fn cargo_bin() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("CARGO_INSTALL_ROOT").or_else(|| env::var_os("CARGO_HOME")) {
        return Some(PathBuf::from(folder).join("bin"));
    }
    env::home_dir().map(|home| home.join(".cargo/bin"))
}
