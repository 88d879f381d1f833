//! The folder that becomes a package: files are put where they will lie.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::run;

/// The folder.
pub(super) struct Stage(pub(super) PathBuf);

impl Stage {
    /// An empty one.
    pub(super) fn new(folder: PathBuf) -> Result<Self> {
        let _absent = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// A file.
    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.put(path, content.as_ref(), 0o644)
    }

    /// A program or a script.
    pub(super) fn program(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.put(path, content.as_ref(), 0o755)
    }

    /// A manual or a changelog: compressed, without a time in it.
    pub(super) fn zipped(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write(path, content)?;
        run::run(Command::new("gzip").arg("-9nf").arg(self.0.join(path)))
    }

    fn put(&self, path: &str, content: &[u8], mode: u32) -> Result<()> {
        let file = self.0.join(path);
        let what = || format!("cannot write {}", file.display());
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(what)?;
        }
        fs::write(&file, content).with_context(what)?;
        fs::set_permissions(&file, Permissions::from_mode(mode)).with_context(what)
    }

    /// All files, by their paths in the package, and bytes.
    pub(super) fn files(&self) -> Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut open = vec![self.0.clone()];
        while let Some(folder) = open.pop() {
            // What anybody's umask made of it does not matter.
            fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let (path, about) = (entry.path(), entry.metadata()?);
                if about.is_dir() {
                    open.push(path);
                } else {
                    files.push((self.inside(&path), about.len()));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    fn inside(&self, path: &Path) -> String {
        path.strip_prefix(&self.0).unwrap_or(path).display().to_string()
    }
}
