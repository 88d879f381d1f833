//! What the programs find in their folder: a makefile, and bundles for a container runtime.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Fills an empty folder.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("Makefile"), makefile()).context("cannot write a makefile")?;
    let root = folder.join("root");
    container_root(&root).context("cannot make a container's root")?;
    let work = "echo in | cat; true & (true &) ; wait";
    for (name, args) in [("short", ["/bin/sh", "-c", work]), ("long", ["/bin/sleep", "60", ""])] {
        let bundle = folder.join(name);
        fs::create_dir_all(&bundle)?;
        let args: Vec<&str> = args.into_iter().filter(|word| !word.is_empty()).collect();
        let config = configuration(&root, &args).to_string();
        fs::write(bundle.join("config.json"), config)?;
    }
    Ok(())
}

/// Many small targets in two layers; each recipe is a pipe.
fn makefile() -> String {
    let names: Vec<String> = (0..24).map(|number| format!("t{number}")).collect();
    let mut text = format!("all: {}\n", names.join(" "));
    for (number, name) in names.iter().enumerate() {
        let before = if number < 12 { String::new() } else { format!("t{}", number - 12) };
        let _ = writeln!(text, "{name}: {before}\n\t@echo $@ | cat > $@.made");
    }
    text
}

/// Busybox and the folders that a runtime mounts on.
fn container_root(root: &Path) -> Result<()> {
    for name in ["bin", "dev", "proc", "sys", "tmp"] {
        fs::create_dir_all(root.join(name))?;
    }
    if fs::copy("/bin/busybox", root.join("bin/busybox")).is_ok() {
        for name in ["cat", "echo", "sh", "sleep", "true"] {
            symlink("busybox", root.join("bin").join(name))?;
        }
    }
    Ok(())
}

/// As small as the runtime specification allows.
fn configuration(root: &Path, args: &[&str]) -> Value {
    let namespaces = ["pid", "mount", "ipc", "uts", "network", "cgroup"];
    let namespaces: Vec<Value> = namespaces.iter().map(|kind| json!({ "type": kind })).collect();
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false, "user": { "uid": 0, "gid": 0 }, "args": args, "cwd": "/",
            "env": ["PATH=/bin"], "noNewPrivileges": true,
        },
        "root": { "path": root, "readonly": false },
        "hostname": "inside",
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
              "options": ["nosuid", "mode=755"] },
        ],
        "linux": { "namespaces": namespaces },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_makefile_has_a_rule_for_each_target() {
        let text = makefile();
        assert!(text.starts_with("all: t0 t1 "));
        assert!(text.contains("\nt23: t11\n\t@echo $@ | cat > $@.made\n"), "{text}");
    }
}
