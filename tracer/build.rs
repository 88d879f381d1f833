//! Builds the BPF object from `../tracer-ebpf`, or takes the one that `TRACER_BPF_OBJECT` names.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const EBPF: &str = "../tracer-ebpf";
/// Where Debian's `rust-web-src` puts the sources of `core`, which no other stable toolchain has.
const DEBIAN_CORE: &str = "/usr/lib/rustlib/src/rust/library/core";
/// Variables of this build that must not reach the other one.
const FOREIGN: &[&str] = &[
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
];

fn main() {
    println!("cargo::rerun-if-env-changed=TRACER_BPF_OBJECT");
    println!("cargo::rerun-if-env-changed=TRACER_BPF_CARGO");
    println!("cargo::rerun-if-changed={EBPF}");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_KERNEL").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let object = match env::var_os("TRACER_BPF_OBJECT") {
        Some(object) => PathBuf::from(object),
        None => build(),
    };
    println!("cargo::rerun-if-changed={}", object.display());
    if let Err(error) = fs::copy(&object, out.join("hooks.o")) {
        panic!("cannot take the BPF object {}: {error}", object.display());
    }
}

/// A toolchain that can build `core` for BPF: cargo, and rustc where cargo would find another.
fn toolchain() -> (Command, Option<&'static str>) {
    if let Some(cargo) = env::var_os("TRACER_BPF_CARGO") {
        return (Command::new(cargo), None);
    }
    if Path::new(DEBIAN_CORE).exists() && Path::new("/usr/bin/cargo").exists() {
        return (Command::new("/usr/bin/cargo"), Some("/usr/bin/rustc"));
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["run", "nightly", "cargo"]);
    (rustup, None)
}

fn build() -> PathBuf {
    // Its own folder, as cargo would wait for itself in this build's; one for all profiles and
    // targets of user space, as the object is the same for all.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets the manifest's folder");
    let target = Path::new(&manifest).join("../target/bpf");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets the target");
    let (mut cargo, rustc) = toolchain();
    for name in FOREIGN {
        cargo.env_remove(name);
    }
    if let Some(rustc) = rustc {
        cargo.env("RUSTC", rustc);
    }
    // Debug information must reach core too, or old kernels refuse the object's BTF.
    let flags =
        format!("--cfg=bpf_target_arch=\"{arch}\"\u{1f}-Cdebuginfo=2\u{1f}-Clink-arg=--btf");
    cargo
        .current_dir(EBPF)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .args(["build", "--locked", "--release", "--bin", "hooks"])
        .args(["--target", "bpfel-unknown-none", "-Zbuild-std=core", "--target-dir"])
        .arg(&target);
    let help = "it needs bpf-linker on PATH and a toolchain with the sources of core \
                (Debian: rustc-web, cargo-web, rust-web-src; elsewhere a rustup nightly with \
                rust-src): `cargo xtask setup` installs them";
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("the BPF programs did not build ({status}): {help}"),
        Err(error) => panic!("the BPF programs' cargo cannot be run ({error}): {help}"),
    }
    target.join("bpfel-unknown-none/release/hooks")
}
