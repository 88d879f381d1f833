//! The table of what is needed: how to see it, why it is wanted, what brings it.

use std::{env, fs, path::Path, process::Command};

use super::{Scope, linker, rust};
use crate::{place, run};

/// One thing that must be on the machine.
pub(crate) struct Need {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    /// What `met` looks at, in words, for the message when an installation did not help.
    pub(crate) check: &'static str,
    pub(crate) met: fn() -> bool,
    pub(crate) remedy: Remedy,
}

/// What brings a need.
pub(crate) enum Remedy {
    /// Debian packages.
    Packages(&'static [&'static str]),
    /// `cargo install bpf-linker`.
    Linker,
    /// rustfmt and clippy, from where the Rust in use came.
    Components,
}

impl Need {
    /// The Debian packages to install for it.
    pub(crate) fn packages(&self) -> &'static [&'static str] {
        match self.remedy {
            Remedy::Packages(packages) => packages,
            Remedy::Linker => &[],
            Remedy::Components => rust::component_packages(),
        }
    }

    /// The command, beside packages, that brings it.
    pub(crate) fn command(&self) -> Option<String> {
        match self.remedy {
            Remedy::Packages(_) => None,
            Remedy::Linker => Some(linker::command_line()),
            Remedy::Components => rust::component_command(),
        }
    }
}

/// Everything of a scope, in the order of installation.
pub(crate) fn all(scope: Scope) -> Vec<Need> {
    let mut needs = Vec::new();
    if scope.bpf {
        needs.push(c_toolchain_need());
        // A prebuilt object needs no BPF toolchain.
        if env::var_os("TRACER_BPF_OBJECT").is_none() {
            needs.extend(bpf());
        }
    }
    if scope.tests {
        needs.extend(tests());
    }
    needs
}

fn c_toolchain_need() -> Need {
    Need {
        name: "a C toolchain (gcc, libc6-dev)",
        why: "links every Rust program",
        check: "`cc -print-file-name=crt1.o` finds no file",
        met: c_toolchain,
        remedy: Remedy::Packages(&["gcc", "libc6-dev"]),
    }
}

fn bpf() -> [Need; 3] {
    [
        Need {
            name: "a Rust with the source of core (rustc-web, cargo-web, rust-web-src; or a rustup nightly with rust-src)",
            why: "the BPF programs are built with their own core, which a stable rustup toolchain cannot do",
            check: "no rustc 1.95 or newer in /usr/bin with /usr/lib/rustlib/src, and no rustup nightly with rust-src",
            met: rust::builds_core,
            remedy: Remedy::Packages(&["rustc-web", "cargo-web", "rust-web-src"]),
        },
        Need {
            name: "LLVM 22 with headers (llvm-22-dev, g++)",
            why: "bpf-linker is built against it once",
            check: "no /usr/lib/llvm-22/bin/llvm-config, or no c++ on PATH",
            // Only the linker's build wants it; a linker that runs has what it needs.
            met: || linker::works() || linker::buildable(),
            remedy: Remedy::Packages(&["llvm-22-dev", "g++"]),
        },
        Need {
            name: "bpf-linker 0.13",
            why: "links the BPF programs into the object that the kernel loads",
            check: "`bpf-linker --version` does not answer 0.13 or newer",
            met: linker::works,
            remedy: Remedy::Linker,
        },
    ]
}

fn tests() -> [Need; 3] {
    [
        Need {
            name: "qemu (qemu-system-x86)",
            why: "boots the kernels of the matrix",
            check: "no qemu-system-x86_64 on PATH",
            met: || place::on_path("qemu-system-x86_64").is_some(),
            remedy: Remedy::Packages(&["qemu-system-x86"]),
        },
        Need {
            name: "a static busybox (busybox-static)",
            why: "the shell and small tools inside the virtual machines",
            check: "/bin/busybox is absent or needs shared libraries",
            met: || is_static(Path::new("/bin/busybox")),
            remedy: Remedy::Packages(&["busybox-static"]),
        },
        Need {
            name: "rustfmt and clippy",
            why: "formatting and lints are tests",
            check: "`cargo fmt --version` or `cargo clippy --version` fails",
            met: rust::has_components,
            remedy: Remedy::Components,
        },
    ]
}

/// A compiler alone is not enough: the start files come with the C library's package.
fn c_toolchain() -> bool {
    run::output(Command::new("cc").arg("-print-file-name=crt1.o"))
        .is_ok_and(|file| Path::new(file.trim()).is_file())
}

/// Whether a program runs without a loader, as in a virtual machine that has no libraries.
pub(crate) fn is_static(file: &Path) -> bool {
    fs::read(file).is_ok_and(|bytes| elf_without_interpreter(&bytes) == Some(true))
}

/// Looks for the program header `PT_INTERP` in a 64-bit ELF file.
fn elf_without_interpreter(elf: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    let short =
        |at: usize| Some(usize::from(u16::from_le_bytes(elf.get(at..at + 2)?.try_into().ok()?)));
    if !elf.starts_with(b"\x7fELF\x02") {
        return None;
    }
    let table = usize::try_from(u64::from_le_bytes(elf.get(32..40)?.try_into().ok()?)).ok()?;
    let (size, count) = (short(54)?, short(56)?);
    for index in 0..count {
        let at = table.checked_add(index * size)?;
        if u32::from_le_bytes(elf.get(at..at.checked_add(4)?)?.try_into().ok()?) == PT_INTERP {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_makes_a_program_dynamic() {
        let mut elf = vec![0; 64 + 2 * 56];
        elf[..5].copy_from_slice(b"\x7fELF\x02");
        elf[32] = 64;
        elf[54] = 56;
        elf[56] = 2;
        assert_eq!(elf_without_interpreter(&elf), Some(true));
        elf[64 + 56] = 3;
        assert_eq!(elf_without_interpreter(&elf), Some(false));
        assert_eq!(elf_without_interpreter(&elf[..70]), None);
        assert_eq!(elf_without_interpreter(b"#!/bin/sh"), None);
    }
}
