//! Files of one run: each stands alone, and all of them are one history.

use std::process::Stdio;

use tracer::recording::{HEADER, Header};

use super::{
    place::{Dir, Storm, ends, headers, of, said, verb},
    run::{Run, can_trace, wait},
};

/// Records a storm into small files until there have been this many.
fn storm(dir: &Dir, keep: Option<usize>, files: usize) {
    let mut command = verb("record");
    command.args(["--rotate=64K", "--codec=raw", "-o"]).arg(dir.path("x.tracer"));
    command.args(keep.map(|keep| format!("--keep={keep}")));
    let run = Run::start(&mut command);
    let storm = Storm::start();
    let name = format!("x-{:05}.tracer", files - 1);
    wait("there are enough files", || dir.path(&name).exists());
    drop(storm);
    run.signal(libc::SIGINT);
    let (status, told) = run.end();
    assert_eq!(status.code(), Some(0), "{told}");
}

#[test]
fn files_of_a_rotation_stand_alone_and_are_one_history() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("rotate");
    storm(&dir, Some(3), 7);
    let files = dir.recordings();
    assert_eq!(files.len(), 3, "{files:?}");
    let mut alone = 0;
    for file in &files {
        ends(&of(&["verify", "--strict"], [file]), 0);
        ends(&of(&["replay", "--strict"], [file]), 0);
        alone += headers(file).len();
    }
    // In any order: they know theirs.
    let all = of(&["verify", "--strict", "--json"], files.iter().rev());
    ends(&all, 0);
    let told = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(told.contains(&format!("\"events\":{alone},\"lost\":0")), "{told}");
}

#[test]
fn a_file_that_is_missing_in_between_is_a_loss() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("gap");
    storm(&dir, None, 3);
    let files = dir.recordings();
    assert!(files.len() >= 3, "{files:?}");
    ends(&of(&["replay", "--strict"], &files), 0);
    let gone = headers(&files[1]).len();
    let rest: Vec<_> = files.iter().enumerate().filter(|(at, _)| *at != 1).collect();
    let replayed = of(&["replay", "--json"], rest.iter().map(|(_, file)| file));
    ends(&replayed, 4);
    assert!(said(&replayed).contains("missing before this file"), "{}", said(&replayed));
    let told = String::from_utf8_lossy(&replayed.stdout).into_owned();
    assert!(told.contains("\"type\":\"lost\""), "{told}");
    assert!(told.contains(&format!("\"count\":{gone}")), "{gone} records are lost: {told}");
    let verified = of(&["verify"], rest.iter().map(|(_, file)| file));
    ends(&verified, 4);
    ends(&of(&["verify", "--strict"], rest.iter().map(|(_, file)| file)), 1);
}

#[test]
fn a_file_given_twice_and_files_of_two_boots_are_refused() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("twice");
    let file = dir.path("x.tracer");
    let recorded = verb("record").arg("-o").arg(&file).args(["--", "true"]).output().unwrap();
    ends(&recorded, 0);
    let twice = of(&["replay"], [&file, &file]);
    ends(&twice, 2);
    assert!(said(&twice).contains("the same part of the same recording"), "{}", said(&twice));
    // The same, as if it were of another boot: the header alone says so.
    let mut bytes = std::fs::read(&file).unwrap();
    let mut header = Header::read(&bytes).unwrap();
    header.host.boot_id = "another".into();
    bytes[..HEADER].copy_from_slice(&header.write());
    let other = dir.path("other.tracer");
    std::fs::write(&other, bytes).unwrap();
    let both = of(&["replay"], [&file, &other]);
    ends(&both, 2);
    assert!(said(&both).contains("different boots"), "{}", said(&both));
    // Standard input is no file that could be given twice: it is empty then.
    let piped = verb("replay").arg("-").stdin(Stdio::null()).output().unwrap();
    ends(&piped, 2);
}
