//! The Debian package: the program with everything that belongs to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{epoch, stage::Stage};
use crate::{place, run, say};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where each shell looks for completions.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/tracer"),
    ("zsh", "usr/share/zsh/vendor-completions/_tracer"),
    ("fish", "usr/share/fish/vendor_completions.d/tracer.fish"),
];

const SETTINGS: &str = "etc/tracer/tracer.toml";

/// Makes `tracer_VERSION_amd64.deb`.
pub(super) fn build(program: &Path) -> Result<PathBuf> {
    say::step("dist: the Debian package");
    let epoch = epoch()?;
    let stage = Stage::new(place::dist().join("stage"))?;
    contents(&stage, program, &epoch)?;
    control(&stage)?;
    let package = place::dist().join(format!("tracer_{VERSION}_amd64.deb"));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.env("SOURCE_DATE_EPOCH", &epoch);
    dpkg.args(["--root-owner-group", "-Zxz", "--build"]).arg(&stage.0).arg(&package);
    run::output(&mut dpkg)?;
    say::note(&format!("{}, {}", package.display(), say::size(fs::metadata(&package)?.len())));
    lint(&package)?;
    Ok(package)
}

/// What is installed.
fn contents(stage: &Stage, program: &Path, epoch: &str) -> Result<()> {
    let ours = |path: &str| {
        let file = place::root().join(path);
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let says = |words: &[&str]| run::output(Command::new(program).args(words));
    stage.program("usr/bin/tracer", fs::read(program)?)?;
    stage.write("lib/systemd/system/tracer.service", ours("packaging/tracer.service")?)?;
    // Made by the program itself, the settings cannot be those of another version.
    let printed = says(&["daemon", "--dir", "/var/lib/tracer", "--print-config"])?;
    stage.write(SETTINGS, printed)?;
    let pages = place::dist().join("man");
    let _absent = fs::remove_dir_all(&pages);
    says(&["man", "--dir", &pages.display().to_string()])?;
    for page in fs::read_dir(&pages)? {
        let page = page?;
        let name = page.file_name().display().to_string();
        stage.zipped(&format!("usr/share/man/man1/{name}"), fs::read(page.path())?)?;
    }
    for (shell, path) in COMPLETIONS {
        stage.write(path, says(&["completions", shell])?)?;
    }
    for name in ["grafana-dashboard.json", "alerts.yml"] {
        stage.write(&format!("usr/share/tracer/{name}"), ours(&format!("packaging/{name}"))?)?;
    }
    let docs = "usr/share/doc/tracer";
    stage.write(&format!("{docs}/copyright"), ours("packaging/debian/copyright")?)?;
    stage.zipped(&format!("{docs}/README.md"), ours("README.md")?)?;
    stage.zipped(&format!("{docs}/NEWS.md"), ours("CHANGELOG.md")?)?;
    stage.zipped(&format!("{docs}/changelog"), changes(epoch)?)
}

/// What Debian's tools read of the package.
fn control(stage: &Stage) -> Result<()> {
    let files = stage.files()?;
    let kib: u64 = files.iter().map(|(_, bytes)| bytes.div_ceil(1024)).sum();
    stage.write("DEBIAN/control", paragraph(kib))?;
    stage.write("DEBIAN/conffiles", format!("/{SETTINGS}\n"))?;
    let mut md5sum = Command::new("md5sum");
    md5sum.current_dir(&stage.0);
    // Settings may be changed: their sum is dpkg's own matter.
    md5sum.args(files.iter().map(|(path, _)| path).filter(|path| *path != SETTINGS));
    stage.write("DEBIAN/md5sums", run::output(&mut md5sum)?)?;
    for script in ["postinst", "prerm", "postrm"] {
        let file = place::root().join("packaging/debian").join(script);
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        stage.program(&format!("DEBIAN/{script}"), text)?;
    }
    stage.files().map(drop)
}

fn paragraph(kib: u64) -> String {
    format!(
        "Package: tracer\n\
         Version: {VERSION}\n\
         Architecture: amd64\n\
         Maintainer: The tracer developers <tracer@localhost.localdomain>\n\
         Installed-Size: {kib}\n\
         Depends: init-system-helpers (>= 1.54~), passwd\n\
         Section: admin\n\
         Priority: optional\n\
         Description: processes and PID namespaces as the kernel knows them\n \
         Follows every task's PID at every level of the PID-namespace tree, by eBPF:\n \
         live, recorded, and as tables that a daemon keeps. Checks what it sees\n \
         against what the kernel promises.\n"
    )
}

/// The package's own changelog.
fn changes(epoch: &str) -> Result<String> {
    let mut date = Command::new("date");
    date.env("LC_ALL", "C").args(["--utc", "--rfc-email", "--date", &format!("@{epoch}")]);
    Ok(format!(
        "tracer ({VERSION}) unstable; urgency=medium\n\n  * See NEWS.md.gz.\n\n \
         -- The tracer developers <tracer@localhost.localdomain>  {}",
        run::output(&mut date)?
    ))
}

/// Debian's own opinion of it, where its program is here.
fn lint(package: &Path) -> Result<()> {
    if place::on_path("lintian").is_none() {
        say::note("SKIPPED: lintian: it is not installed");
        return Ok(());
    }
    // Linked in is the point of it; nobody has asked Debian to take it up, and nobody has an address.
    let accepted = [
        "statically-linked-binary",
        "shared-library-lacks-prerequisites",
        "embedded-library",
        "initial-upload-closes-no-bugs",
        "bogus-mail-host",
        "bogus-mail-host-in-debian-changelog",
    ];
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--fail-on=error,warning", "--suppress-tags"]);
    lintian.arg(accepted.join(","));
    run::run(lintian.arg(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_paragraph_is_one() {
        let text = paragraph(7);
        assert!(text.contains("\nInstalled-Size: 7\n") && text.ends_with(".\n"), "{text}");
        let mut lines = text.lines();
        assert!(lines.all(|line| line.starts_with(' ') || line.contains(": ")), "{text}");
    }
}
