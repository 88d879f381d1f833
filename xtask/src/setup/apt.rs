//! Installing Debian packages.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{place, run, say};

pub(crate) fn here() -> bool {
    place::on_path("apt-get").is_some()
}

/// Installs packages as root. The package lists are fetched only when they are too old to serve.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    say::note(&format!("apt-get install {}", packages.join(" ")));
    let mut fresh = false;
    if !unknown(packages)?.is_empty() {
        update()?;
        fresh = true;
        let unknown = unknown(packages)?;
        if !unknown.is_empty() {
            bail!(
                "this machine's apt sources carry no {}: Debian 12 or newer has it, in the release itself or in its \
                 security suite, so check that both are among the sources (/etc/apt)",
                unknown.join(", ")
            );
        }
    }
    let install =
        || run::run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(packages));
    match install() {
        // The lists may name files that the mirror has replaced since.
        Err(_) if !fresh => {
            update()?;
            install()
        }
        outcome => outcome,
    }
}

fn update() -> Result<()> {
    say::note("apt-get update");
    run::run(apt_get().arg("update"))
}

fn apt_get() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    apt.args(["-o", "DPkg::Lock::Timeout=300"]);
    if !say::decorated() {
        apt.args(["-qq", "-o", "Dpkg::Use-Pty=0"]);
    }
    apt
}

/// The packages that apt could not install by what it knows now.
fn unknown<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>> {
    let policy =
        run::output(Command::new("apt-cache").arg("policy").args(packages).env("LC_ALL", "C"))?;
    Ok(packages.iter().copied().filter(|package| !has_candidate(&policy, package)).collect())
}

/// Reads `apt-cache policy`: a package's paragraph names its candidate, or `(none)`; an unknown one
/// has no paragraph.
fn has_candidate(policy: &str, package: &str) -> bool {
    policy
        .lines()
        .skip_while(|line| line.strip_suffix(':') != Some(package))
        .find_map(|line| line.trim().strip_prefix("Candidate: "))
        .is_some_and(|candidate| candidate != "(none)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_known_by_its_candidate() {
        let policy = "gcc:\n  Installed: (none)\n  Candidate: 4:12.2.0-3\n  Version table:\nghost:\n  Installed: (none)\n  Candidate: (none)\n";
        assert!(has_candidate(policy, "gcc"));
        assert!(!has_candidate(policy, "ghost"));
        assert!(!has_candidate(policy, "absent"));
    }
}
