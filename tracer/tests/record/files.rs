//! The file itself: who may read it, what it never replaces, and files that are none.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use super::{
    place::{Dir, ends, of, said, verb},
    run::can_trace,
};

/// Records a small command.
fn recorded(dir: &Dir, name: &str) -> PathBuf {
    let file = dir.path(name);
    let mut command = verb("record");
    command.arg("-o").arg(&file).args(["--", "sh", "-c", "(true); ls / >/dev/null"]);
    ends(&command.output().unwrap(), 0);
    file
}

#[test]
fn a_recording_is_its_owners_and_replaces_nothing() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("mode");
    let file = recorded(&dir, "x.tracer");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = dir.path("y.tracer");
    ends(&verb("redact").arg(&file).arg("-o").arg(&copy).output().unwrap(), 0);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);

    let before = fs::read(&file).unwrap();
    let ran = dir.path("ran");
    let mut command = verb("record");
    let again = command.arg("-o").arg(&file).args(["--", "touch"]).arg(&ran).output().unwrap();
    ends(&again, 2);
    assert!(said(&again).contains("never overwritten"), "{}", said(&again));
    let again = verb("redact").arg(&copy).arg("-o").arg(&file).output().unwrap();
    ends(&again, 2);
    assert!(said(&again).contains("never overwritten"), "{}", said(&again));
    assert!(!ran.exists() && fs::read(&file).unwrap() == before);
}

#[test]
fn root_records_into_directories_of_others() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("theirs");
    if let Err(error) = std::os::unix::fs::chown(&dir, Some(65_534), None) {
        return eprintln!("skipped: a directory cannot be given away here: {error}");
    }
    // Also the next file, when all that is not needed has been dropped.
    let mut command = verb("record");
    let command = command.args(["--rotate=1s", "-o"]).arg(dir.path("x.tracer"));
    ends(&command.args(["--", "sleep", "2"]).output().unwrap(), 0);
    assert!(dir.recordings().len() >= 2, "{:?}", dir.recordings());
    ends(&of(&["verify", "--strict"], dir.recordings()), 0);
}

#[test]
fn what_live_shows_is_what_replay_shows() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("live");
    let script = ["sh", "-c", "(true); sh -c 'exit 3'; ls / >/dev/null"];
    for (name, words) in
        [("text", &[][..]), ("json", &["--json"]), ("all", &["--json", "--type=all", "--threads"])]
    {
        let file = dir.path(name);
        let mut command = verb("live");
        command.args(words).arg("--record").arg(&file).arg("--").args(script);
        let live = command.output().unwrap();
        ends(&live, 0);
        let replay = verb("replay").args(words).arg(&file).output().unwrap();
        ends(&replay, 0);
        assert!(!live.stdout.is_empty());
        let (live, replay) = (text(&live.stdout), text(&replay.stdout));
        assert_eq!(live, replay, "{name}");
        // A pipe holds what the file does.
        let stdin = fs::File::open(&file).unwrap();
        let piped = verb("replay").args(words).arg("-").stdin(stdin).output().unwrap();
        ends(&piped, 0);
        assert_eq!(text(&piped.stdout), replay, "{name}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("pipe");
    let file = recorded(&dir, "x.tracer");
    for words in [&["replay", "--type=all"][..], &["replay", "--json", "--all"], &["verify"]] {
        let mut command = verb(words[0]);
        let mut child = command.args(&words[1..]).arg(&file).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 1]).unwrap();
        drop(stdout);
        ends(&child.wait_with_output().unwrap(), 0);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = verb(words[0]);
        let closed = command.args(&words[1..]).arg(&file).stdout(Stdio::from(writer));
        ends(&closed.output().unwrap(), 0);
    }
}

/// What is wrong with a file is said in one line, by every verb that reads one.
fn refused(file: &Path, why: &str) {
    for words in [&["replay"][..], &["verify"], &["ps"], &["redact", "-o", "/nowhere/x"]] {
        let output = of(words, [file]);
        ends(&output, 2);
        let told = said(&output);
        assert!(told.contains(why), "{words:?}: {told}");
        assert!(told.starts_with("tracer: cannot read ") && output.stdout.is_empty(), "{told}");
    }
}

#[test]
fn files_that_are_no_recordings_are_refused_with_the_reason() {
    let dir = Dir::new("wrong");
    let none = "it is no recording of tracer";
    for (name, bytes) in
        [("empty", &b""[..]), ("text", b"tracer\nis not here\n"), ("elf", b"\x7fELF")]
    {
        fs::write(dir.path(name), bytes).unwrap();
        refused(&dir.path(name), none);
    }
    refused(dir.as_ref(), "it is a directory");
    refused(&dir.path("nothing"), "there is no such file");
    refused(Path::new("/dev/null"), none);

    let header = tracer::recording::Header::default().write();
    fs::write(dir.path("cut"), &header[..4000]).unwrap();
    refused(&dir.path("cut"), "its header is cut or damaged");
    let mut newer = header;
    newer[8] = 9;
    fs::write(dir.path("damaged"), newer).unwrap();
    refused(&dir.path("damaged"), "its header is cut or damaged");
    let sum = crc32c::crc32c(&newer[..4092]).to_le_bytes();
    newer[4092..].copy_from_slice(&sum);
    fs::write(dir.path("newer"), newer).unwrap();
    refused(&dir.path("newer"), "its format is version 9, this tracer reads up to 1");
    let mut strange = header;
    strange[31] = 0x80;
    let sum = crc32c::crc32c(&strange[..4092]).to_le_bytes();
    strange[4092..].copy_from_slice(&sum);
    fs::write(dir.path("strange"), strange).unwrap();
    refused(&dir.path("strange"), "incompatible bit 63");
}

#[test]
fn a_recording_of_nothing_but_a_header_is_a_cut_one() {
    let dir = Dir::new("bare");
    let file = dir.path("x.tracer");
    fs::write(&file, tracer::recording::Header::default().write()).unwrap();
    for words in [["replay"], ["verify"]] {
        let output = of(&words, [&file]);
        ends(&output, 4);
        assert!(said(&output).contains("without an end frame"), "{}", said(&output));
    }
}
