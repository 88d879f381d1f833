//! Rules about the form of files and folders.

use std::collections::BTreeSet;

use super::super::file::File;

/// The crates, and the folders of tools that must lie at the top. Nothing else: a new top-level
/// folder is a decision.
const TOP: [&str; 8] =
    [".cargo", ".ci", "docs", "packaging", "tests", "tracer", "tracer-ebpf", "xtask"];
const LONGEST: usize = 400;

pub(super) fn top_level(files: &[File]) -> Vec<String> {
    let folders: BTreeSet<&str> =
        files.iter().filter_map(|file| Some(file.path.split_once('/')?.0)).collect();
    let strange = folders.iter().filter(|folder| !TOP.contains(folder));
    let absent = TOP.iter().filter(|folder| !folders.contains(*folder));
    strange
        .map(|folder| format!("{folder}:1: a top-level folder that the design does not know"))
        .chain(absent.map(|folder| format!("{folder}:1: this top-level folder is missing")))
        .collect()
}

pub(super) fn length(files: &[File]) -> Vec<String> {
    rust(files)
        .filter(|file| file.lines() > LONGEST)
        .map(|file| {
            file.breach(
                LONGEST + 1,
                &format!("{} lines, {LONGEST} at most: split it", file.lines()),
            )
        })
        .collect()
}

pub(super) fn module_doc(files: &[File]) -> Vec<String> {
    rust(files)
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.breach(1, "begins with no module doc (`//! ` and what the file is)"))
        .collect()
}

pub(super) fn trailing_space(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| written_by_hand(&file.path)) {
        for (index, line) in file.text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                breaches.push(file.breach(index + 1, "ends in white space"));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            breaches.push(file.breach(file.lines(), "does not end with a line break"));
        }
    }
    breaches
}

/// Expected outputs are what programs print, blanks included.
fn written_by_hand(path: &str) -> bool {
    [".rs", ".toml", ".md", "/run"].iter().any(|end| path.ends_with(end))
}

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.is_rust())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn form_is_judged_line_by_line() {
        let files = [
            file("tracer/src/a.rs", "//! A.\nfn a() {} \n"),
            file("tracer/src/b.rs", "fn b() {}"),
            file("tracer/src/c.rs", &"//! C.\n".repeat(401)),
            file("tests/out.expect", "blank \n"),
        ];
        assert_eq!(
            trailing_space(&files),
            [
                "tracer/src/a.rs:2: ends in white space",
                "tracer/src/b.rs:1: does not end with a line break"
            ]
        );
        assert_eq!(module_doc(&files).len(), 1);
        assert_eq!(length(&files), ["tracer/src/c.rs:401: 401 lines, 400 at most: split it"]);
    }

    #[test]
    fn the_top_level_is_closed() {
        let mut files: Vec<File> =
            TOP.iter().map(|folder| file(&format!("{folder}/x"), "")).collect();
        files.push(file("README.md", ""));
        assert!(top_level(&files).is_empty());
        files.push(file("vendor/x", ""));
        files.remove(0);
        assert_eq!(top_level(&files).len(), 2);
    }
}
