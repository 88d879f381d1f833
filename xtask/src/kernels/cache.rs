//! The kernels that are here: a folder each, with `vmlinuz` and `package.txt`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::choice::Package;
use crate::place;

/// A kernel that can be booted.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// The short name: `6.12`, `7.x`.
    pub(crate) name: String,
    /// What `uname -r` will say.
    pub(crate) release: String,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) image: PathBuf,
}

/// `7` is `7.x`: a folder is named by a series, never by a bare number.
pub(crate) fn folder_name(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.x") }
}

/// A cached kernel by its name, or by the beginning of its release (`7.3` finds `7.x` when that is
/// a 7.3).
pub(crate) fn find(name: &str) -> Option<Kernel> {
    let name = folder_name(name);
    if let Some(kernel) = read(&place::kernels().join(&name)) {
        return Some(kernel);
    }
    let folders = fs::read_dir(place::kernels()).ok()?;
    let mut kernels: Vec<Kernel> =
        folders.flatten().filter_map(|entry| read(&entry.path())).collect();
    kernels.sort_by(|a, b| a.name.cmp(&b.name));
    kernels.into_iter().find(|kernel| {
        kernel
            .release
            .strip_prefix(&name)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn read(folder: &Path) -> Option<Kernel> {
    let name = folder.file_name()?.to_str()?.to_owned();
    // A fetch that was interrupted.
    if name.split('.').next_back() == Some("part") {
        return None;
    }
    let text = fs::read_to_string(folder.join("package.txt")).ok()?;
    let fact = |key: &str| {
        let (_, value) =
            text.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == key)?;
        Some(value.to_owned())
    };
    let image = folder.join("vmlinuz");
    image.is_file().then_some(())?;
    Some(Kernel {
        name,
        release: fact("release")?,
        package: fact("package")?,
        version: fact("version")?,
        image,
    })
}

/// Completes a fetched folder and gives it its name.
pub(crate) fn keep(part: &Path, name: &str, package: &Package, version: &str) -> Result<()> {
    let text =
        format!("release: {}\npackage: {}\nversion: {version}\n", package.release, package.name);
    fs::write(part.join("package.txt"), text)
        .with_context(|| format!("cannot write in {}", part.display()))?;
    forget(name)?;
    let folder = place::kernels().join(name);
    fs::rename(part, &folder)
        .with_context(|| format!("cannot rename {} to {}", part.display(), folder.display()))
}

/// Removes a cached kernel.
pub(crate) fn forget(name: &str) -> Result<()> {
    let folder = place::kernels().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
