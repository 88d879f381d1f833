//! Rules about what code may use, and where. They read words, not syntax: comments and strings are
//! left out.

use super::super::file::File;

/// Modules that must give the same answer everywhere, from the same input.
const PURE: [&str; 7] = ["model", "check", "view", "event", "past", "filter", "simulate"];
/// What they must not know of. `std::fmt` and the collections are fine.
const IMPURE_STD: [&str; 6] = ["fs", "io", "net", "time", "thread", "process"];
const IMPURE_CRATES: [&str; 4] = ["aya", "libc", "rustix", "tokio"];

/// Where unsafe code may be: in the BPF programs (but not in the wire contract), and where the
/// tracer touches the kernel; and in an allocator that counts for the tests.
const UNSAFE: [&str; 5] = [
    "tracer-ebpf/src/",
    "tracer/src/kernel/",
    "tracer/src/kernel.rs",
    "tracer/tests/lifecycle/counting.rs",
    "tests/",
];
const SAFE_AFTER_ALL: [&str; 3] =
    ["tracer-ebpf/src/wire/", "tracer-ebpf/src/wire.rs", "tracer-ebpf/src/lib.rs"];

pub(super) fn pure(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| is_pure(&file.path)) {
        for (number, line) in code(&file.text) {
            for what in impurities(&line) {
                breaches.push(file.breach(number, &format!("uses {what}; this module is pure")));
            }
        }
    }
    breaches
}

pub(super) fn unsafe_places(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !may_be_unsafe(&file.path)) {
        for (number, line) in code(&file.text) {
            if words(&line).any(|word| word == "unsafe") {
                breaches.push(file.breach(number, "unsafe code outside the places for it"));
            }
        }
    }
    breaches
}

/// `tracer/src/model.rs`, `tracer/src/model/…`, and nothing that merely begins alike.
fn is_pure(path: &str) -> bool {
    let Some(inside) = path.strip_prefix("tracer/src/") else { return false };
    let module = inside.split('/').next().unwrap_or_default();
    PURE.contains(&module.strip_suffix(".rs").unwrap_or(module))
}

fn may_be_unsafe(path: &str) -> bool {
    let within = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    within(&UNSAFE) && !within(&SAFE_AFTER_ALL)
}

/// The impure things that a line names, alone or in a group such as `use std::{fmt, fs}`.
fn impurities(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let crates = IMPURE_CRATES.iter().filter(|name| {
        line.match_indices(**name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = &line[at + name.len()..];
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                && after.starts_with("::")
        })
    });
    found.extend(crates.map(|name| (*name).to_owned()));
    if let Some((_, path)) = line.split_once("std::") {
        let named = words(path).collect::<Vec<_>>();
        // Without a group only the first word is a module of std; in a group any may be.
        let named = if path.starts_with('{') { &named[..] } else { &named[..named.len().min(1)] };
        let modules = IMPURE_STD.iter().filter(|module| named.contains(module));
        found.extend(modules.map(|module| format!("std::{module}")));
    }
    found
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The lines with their numbers, without comments and string literals. A `use` in a group over
/// several lines is joined, so that `use std::{` and `fs,` are read together.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open_use = false;
    for (index, line) in text.lines().enumerate() {
        let line = without_strings(line);
        let line = line.split("//").next().unwrap_or_default();
        match lines.last_mut() {
            Some((_, previous)) if open_use => previous.push_str(line),
            _ => lines.push((index + 1, line.to_owned())),
        }
        let last = lines.last().map_or("", |(_, line)| line.trim_start());
        open_use =
            (last.starts_with("use ") || last.starts_with("pub use ")) && !last.contains(';');
    }
    lines
}

/// Literals within one line; one that runs over lines is rare, and read as code at worst.
fn without_strings(line: &str) -> String {
    let mut clean = String::new();
    let mut inside = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => {
                chars.next();
            }
            '"' => inside = !inside,
            c if !inside => clean.push(c),
            _ => {}
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(rule: fn(&[File]) -> Vec<String>, path: &str, text: &str) -> usize {
        rule(&[File { path: path.into(), text: text.into() }]).len()
    }

    #[test]
    fn pure_modules_import_no_world() {
        let model = "tracer/src/model/pid.rs";
        assert_eq!(breaches(pure, model, "use std::{fmt, collections::BTreeMap};\n"), 0);
        assert_eq!(breaches(pure, model, "use std::{\n    fmt,\n    fs::File,\n};\n"), 1);
        assert_eq!(breaches(pure, model, "fn f() -> std::time::Duration {}\n"), 1);
        assert_eq!(breaches(pure, model, "use aya::Ebpf; use libc::pid_t;\n"), 2);
        assert_eq!(breaches(pure, model, "// std::fs is not for us\nlet s = \"std::fs\";\n"), 0);
        assert_eq!(
            breaches(pure, model, "use std::fmt; use crate::event::time;\nlet process = 1;\n"),
            0
        );
        assert_eq!(breaches(pure, "tracer/src/event.rs", "use std::io;\n"), 1);
        assert_eq!(breaches(pure, "tracer/src/viewport.rs", "use std::io;\n"), 0);
    }

    #[test]
    fn unsafe_is_a_matter_of_place() {
        let text = "#![deny(unsafe_code)]\nlet x = unsafe { read() };\n";
        assert_eq!(breaches(unsafe_places, "tracer/src/model.rs", text), 1);
        assert_eq!(breaches(unsafe_places, "tracer/src/kernel/sys.rs", text), 0);
        assert_eq!(breaches(unsafe_places, "tracer-ebpf/src/walk.rs", text), 0);
        assert_eq!(breaches(unsafe_places, "tracer-ebpf/src/wire/fork.rs", text), 1);
        assert_eq!(
            breaches(unsafe_places, "xtask/src/a.rs", "// unsafe\nlet s = \"unsafe\";\n"),
            0
        );
    }
}
