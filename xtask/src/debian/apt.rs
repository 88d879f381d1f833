//! A private apt: the machine's mirror and keys, but suites and state of our own, so that the
//! machine keeps its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use super::sources::{self, Source};
use crate::{fail::Unmet, place, run, say};

pub(crate) struct Apt {
    folder: PathBuf,
    /// What `apt-get update` complained about: the reason when a kernel is not found.
    complaints: Vec<String>,
}

/// What apt knows about a package.
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) size: u64,
}

impl Apt {
    /// Lays out the private folder: configuration, sources for these suites, room for lists and
    /// packages. `otherwise` says what to do on a machine without apt.
    pub(crate) fn new(folder: &Path, suites: &[&str], otherwise: &str) -> Result<Self> {
        for tool in ["apt-get", "dpkg-deb", "tar"] {
            if place::on_path(tool).is_none() {
                return Err(Unmet(format!(
                    "fetching Debian packages needs {tool}, which this machine has not; {otherwise}"
                ))
                .into());
            }
        }
        for room in ["sources", "state/lists/partial", "cache/archives/partial", "download"] {
            fs::create_dir_all(folder.join(room))
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(
            folder.join("sources/debian.sources"),
            private_sources(&machine_sources(), suites)?,
        )?;
        fs::write(folder.join("apt.conf"), configuration(folder))?;
        Ok(Self { folder: folder.to_path_buf(), complaints: Vec::new() })
    }

    /// Fetches the package lists. A suite that the mirror lacks is remembered, not fatal: others
    /// may do.
    pub(crate) fn update(&mut self) {
        say::note("reading the package lists of the mirror");
        let result = self.get().args(["-q", "update"]).stdout(Stdio::null()).output();
        let text = match result {
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => format!("E: cannot start apt-get: {error}"),
        };
        self.complaints = text
            .lines()
            .filter(|line| line.starts_with("E:") || line.starts_with("W:"))
            .map(String::from)
            .collect();
    }

    /// The complaints of `update`, to put behind a message.
    pub(crate) fn complaints(&self) -> String {
        if self.complaints.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.complaints.join("; "))
        }
    }

    /// The names of all packages that might hold a kernel.
    pub(crate) fn package_names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for prefix in ["linux-image-", "linux-binary-"] {
            let text = run::output(self.cache().args(["pkgnames", prefix]))?;
            names.extend(text.lines().map(String::from));
        }
        Ok(names)
    }

    pub(crate) fn facts(&self, package: &str) -> Result<Facts> {
        let text = run::output(self.cache().args(["show", "--no-all-versions", package]))?;
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Ok(Facts {
            version: field("Version:")
                .with_context(|| format!("apt names no version of {package}"))?
                .to_owned(),
            size: field("Size:").and_then(|size| size.parse().ok()).unwrap_or(0),
        })
    }

    /// Downloads a package, checked by apt against the signed lists.
    pub(crate) fn download(&self, package: &str) -> Result<PathBuf> {
        let room = self.folder.join("download");
        for old in fs::read_dir(&room)?.flatten() {
            fs::remove_file(old.path())?;
        }
        let mut get = self.get();
        get.args(["download", package]).current_dir(&room);
        if say::decorated() {
            run::run(&mut get)?;
        } else {
            run::output(get.arg("-q"))?;
        }
        let mut files = fs::read_dir(&room)?.flatten().map(|entry| entry.path());
        files.next().with_context(|| format!("apt-get download left no file of {package}"))
    }

    /// Downloads packages with everything that they depend on, as for a machine that has nothing.
    pub(crate) fn download_all(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let mut get = self.get();
        get.args(["-q", "--yes", "--download-only", "--no-install-recommends", "install"]);
        run::output(get.args(packages))?;
        let room = self.folder.join("cache/archives");
        let files =
            fs::read_dir(&room).with_context(|| format!("cannot read {}", room.display()))?;
        let mut files: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "deb"));
        files.sort();
        Ok(files)
    }

    /// Removes the lists: they are large, and stale by the next time.
    pub(crate) fn clean(&self) -> Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }

    fn get(&self) -> Command {
        self.command("apt-get")
    }

    fn cache(&self) -> Command {
        self.command("apt-cache")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.folder.join("apt.conf")).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }
}

/// Read after the machine's own configuration, whose proxies and credentials thus stay in force.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Dir::State \"{folder}/state\";\n\
         Dir::State::status \"/dev/null\";\n\
         Dir::Cache \"{folder}/cache\";\n\
         Dir::Etc::sourcelist \"/dev/null\";\n\
         Dir::Etc::sourceparts \"{folder}/sources\";\n\
         APT::Default-Release \"\";\n\
         // The folder may lie where the user _apt cannot look.\n\
         APT::Sandbox::User \"root\";\n\
         // Suites at the end of their life are no longer renewed; they are still signed.\n\
         Acquire::Check-Valid-Until \"false\";\n\
         Acquire::Languages \"none\";\n\
         Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n\
         Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled \"false\";\n\
         // The machine's hooks are about the machine's own lists.\n\
         #clear APT::Update::Pre-Invoke;\n\
         #clear APT::Update::Post-Invoke;\n\
         #clear APT::Update::Post-Invoke-Success;\n"
    )
}

/// All sources under /etc/apt.
fn machine_sources() -> Vec<Source> {
    let mut found = sources::list(&fs::read_to_string("/etc/apt/sources.list").unwrap_or_default());
    let mut files: Vec<PathBuf> = fs::read_dir("/etc/apt/sources.list.d")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => found.extend(sources::deb822(&text)),
            Some("list") => found.extend(sources::list(&text)),
            _ => {}
        }
    }
    found
}

/// Debian's main archive, as the machine gets it.
pub(crate) fn mirror() -> Result<Source> {
    main_archive(&machine_sources()).cloned()
}

fn main_archive(machine: &[Source]) -> Result<&Source> {
    machine.iter().find(|source| source.is_debian()).ok_or_else(|| {
        Unmet("no source under /etc/apt is a Debian archive: add one (see sources.list(5)) to fetch from".to_owned()).into()
    })
}

/// The text of our own sources file: these suites, from the archives that the machine uses.
fn private_sources(machine: &[Source], suites: &[&str]) -> Result<String> {
    let (security, main): (Vec<&str>, Vec<&str>) =
        suites.iter().partition(|suite| suite.ends_with("-security"));
    let debian = main_archive(machine)?;
    let beside = debian.security_beside();
    let second = machine.iter().find(|source| source.is_security()).unwrap_or(&beside);
    let paragraphs = [(debian, main), (second, security)];
    let texts = paragraphs.iter().filter(|(_, suites)| !suites.is_empty());
    Ok(texts.map(|(source, suites)| source.paragraph(suites)).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_come_from_the_machines_own_archives() {
        let machine = sources::list(
            "deb http://m.test/debian bookworm main\ndeb http://s.test/sec bookworm-security main\n",
        );
        let text = private_sources(&machine, &["bullseye", "bullseye-security"]).unwrap();
        assert!(text.contains("URIs: http://m.test/debian\nSuites: bullseye\n"));
        assert!(text.contains("URIs: http://s.test/sec\nSuites: bullseye-security\n"));
        let text = private_sources(&machine[..1], &["bullseye-security"]).unwrap();
        assert!(text.contains("URIs: http://m.test/debian-security\n"));
        assert!(private_sources(&[], &["sid"]).is_err());
    }
}
