//! The directory of recordings: full, or gone.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    house::House,
    run::{TRACER, can_trace, complaint, wait},
};

#[test]
fn a_full_disk_stops_the_recording_alone_until_there_is_space() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("full");
    let dir = house.path("kept");
    fs::create_dir(&dir).unwrap();
    // A small disk, which only this daemon has.
    let mount = "mount -t tmpfs -o size=1M none \"$0\" && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", mount]).arg(&dir).arg(TRACER).arg("daemon");
    command.arg("--socket").arg(house.path("socket")).arg("--dir").arg(&dir);
    house.start_as(command);
    let disk = PathBuf::from(format!("/proc/{}/root{}", house.pid(), dir.display()));
    let first = recordings(&disk);
    assert_eq!(first.len(), 1, "{first:?}");

    fill(&disk.join("other"));
    wait("it fails", || {
        // Something to be written.
        Command::new("true").status().unwrap();
        house.ask("/healthz").is_some_and(|it| it.status == 503 && it.body.contains("disk is full"))
    });
    let answer = house.ask("/v1/pid/1").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("tracer-certain: yes"), "{}", answer.head);
    assert_eq!(house.log().matches("everything else goes on").count(), 1, "{}", house.log());
    let kept = fs::read(&first[0]).unwrap();

    fs::remove_file(disk.join("other")).unwrap();
    wait("it records again", || house.ask("/healthz").is_some_and(|it| it.status == 200));
    assert_eq!(house.log().matches("everything else goes on").count(), 1, "{}", house.log());
    let all = recordings(&disk);
    assert_eq!(all.len(), 2, "tries leave nothing behind: {all:?}");
    assert_eq!(fs::read(&first[0]).unwrap(), kept, "what was recorded is kept");
    verify(&first[0]);
    // The new one shows who lived before it: it begins with a sweep.
    let again = all.iter().find(|path| **path != first[0]).unwrap();
    let pid = std::process::id().to_string();
    wait("the sweep is written", || {
        let mut ps = Command::new(TRACER);
        let shown = ps.arg("ps").arg(again).args(["--pid", &pid]).output().unwrap();
        String::from_utf8_lossy(&shown.stdout).contains(&pid)
    });
}

/// Takes all the space of a disk.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [64 << 10, 1] {
        let full = loop {
            if let Err(error) = file.write_all(&vec![7; size]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }
}

#[test]
fn recordings_that_were_removed_are_told_of_and_made_again() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("gone");
    let dir = house.path("kept");
    house.start(&["--dir", &dir.display().to_string()]);
    // The file alone.
    for path in recordings(&dir) {
        fs::remove_file(path).unwrap();
    }
    wait("another file is there", || !recordings(&dir).is_empty());
    wait("all is well", || house.ask("/healthz").is_some_and(|it| it.status == 200));
    assert_eq!(house.log().matches("has been removed").count(), 1, "{}", house.log());

    fs::remove_dir_all(&dir).unwrap();
    wait("it is told", || house.log().matches("has been removed").count() == 2);
    // One that may write nowhere else cannot make it again, and says that nothing is recorded.
    wait("it is there again, or missed", || {
        let status = if recordings(&dir).is_empty() { 503 } else { 200 };
        house.ask("/healthz").is_some_and(|it| it.status == status)
    });
    assert_eq!(house.ask("/v1/pid/1").unwrap().status, 200);
    assert_eq!(house.end(rustix::process::Signal::TERM).code(), Some(0), "{}", house.log());
    for path in recordings(&dir) {
        verify(&path);
    }
}

fn recordings(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.retain(|path| path.extension().is_some_and(|it| it == "tracer"));
    all.sort();
    all
}

fn verify(path: &Path) {
    let verified = Command::new(TRACER).arg("verify").arg(path).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}: {}", path.display(), complaint(&verified));
}
