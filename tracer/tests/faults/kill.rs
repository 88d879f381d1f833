//! Killed at any moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use aya::{
    maps::loaded_maps,
    programs::{loaded_links, loaded_programs},
};
use rustix::process::Signal;

use super::{
    house::House,
    run::{TRACER, can_trace, complaint, wait},
    storm::Storm,
};

/// When it is killed: with so many objects loaded, answering or not, and with so many recordings of
/// its own.
const MOMENTS: [(usize, bool, usize); 7] = [
    (0, false, 0),
    (1, false, 0),
    (8, false, 0),
    (12, false, 0),
    (12, true, 1),
    (12, true, 3),
    (12, true, 5),
];

#[test]
fn whenever_it_is_killed_nothing_stays_loaded_and_what_was_rotated_is_whole() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("killed");
    let dir = house.path("kept");
    let options = ["--dir", &dir.display().to_string(), "--rotate", "64K"];
    let _storm = Storm::start(1);
    for (objects, answers, files) in MOMENTS {
        let before = recordings(&dir).len();
        let mut command = house.command();
        let log = File::create(house.path("killed.log")).unwrap();
        command.args(options).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut daemon = Victim(command.spawn().unwrap());
        let mut seen = BTreeSet::new();
        wait("its moment comes", || {
            assert_eq!(daemon.0.try_wait().unwrap(), None, "it ends by itself: {}", house.log());
            seen.extend(held(&daemon.0));
            seen.len() >= objects
                && (!answers || house.ask("/v1/pid/1").is_some_and(|it| it.status == 200))
                && recordings(&dir).len() >= before + files
        });
        seen.extend(held(&daemon.0));
        if answers {
            for kind in ["prog_id", "map_id", "link_id"] {
                assert!(seen.iter().any(|object| object.0 == kind), "{kind}: {seen:?}");
            }
        }
        drop(daemon);
        wait("the kernel has let go of everything", || loaded().is_disjoint(&seen));
    }
    house.start(&options);
    assert_eq!(house.end(Signal::TERM).code(), Some(0), "{}", house.log());
    check(&dir);
}

/// One that is killed, also when the test has failed.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A program, a map or a link that is loaded.
type Object = (&'static str, u32);

/// What a process holds.
fn held(process: &Child) -> BTreeSet<Object> {
    let entries = fs::read_dir(format!("/proc/{}/fdinfo", process.id())).into_iter().flatten();
    let texts = entries.flatten().filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let mut held = BTreeSet::new();
    for text in texts {
        for kind in ["prog_id", "map_id", "link_id"] {
            let id = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'));
            held.extend(id.map(|id| (kind, id.trim().parse().unwrap())));
        }
    }
    held
}

/// What the kernel has loaded, of anybody.
fn loaded() -> BTreeSet<Object> {
    let programs = loaded_programs().filter_map(Result::ok).map(|it| ("prog_id", it.id()));
    let maps = loaded_maps().filter_map(Result::ok).map(|it| ("map_id", it.id()));
    let links = loaded_links().filter_map(Result::ok).map(|it| ("link_id", it.id()));
    programs.chain(maps).chain(links).collect()
}

/// Every file that another one follows is whole; the last of a run may be cut, and is good up to
/// there.
fn check(dir: &Path) {
    let mut runs: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in recordings(dir) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (run, _number) = stem.rsplit_once('-').unwrap();
        runs.entry(run.to_owned()).or_default().push(path);
    }
    let (mut rotated, last) = (0, runs.len());
    assert!(last >= 3, "{runs:?}");
    for files in runs.values_mut() {
        files.sort();
        let cut = files.pop().unwrap();
        for path in files {
            let verified = verify(path, true);
            let code = verified.status.code();
            assert_eq!(code, Some(0), "{}: {}", path.display(), complaint(&verified));
            rotated += 1;
        }
        // Killed before the first byte.
        if fs::metadata(&cut).unwrap().len() == 0 {
            continue;
        }
        let verified = verify(&cut, false);
        assert!(
            matches!(verified.status.code(), Some(0 | 4)),
            "{}: {}",
            cut.display(),
            complaint(&verified)
        );
    }
    assert!(rotated >= 4, "{rotated}");
}

fn verify(path: &Path, strict: bool) -> std::process::Output {
    let mut verify = Command::new(TRACER);
    verify.arg("verify").args(strict.then_some("--strict")).arg(path).output().unwrap()
}

fn recordings(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some()).collect()
}
