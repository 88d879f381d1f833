//! The reader in `reader/`, written from the documents alone, and this one read the same.

use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, from_str};
use tracer::{
    event::Body,
    recording::{Block, Codec, Item, Reader, frame::kind},
};
use tracer_tests::made::{self, Made, busy, make};

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reader/reader.py");

/// Runs it on these bytes; `None`, with the reason, where there is no Python.
fn read(name: &str, bytes: &[u8], words: &[&str]) -> Option<Output> {
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: the independent reader needs Python, and there is none");
        return None;
    }
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.tracer"));
    fs::write(&file, bytes).unwrap();
    let output = Command::new("python3").args(["-B", READER]).args(words).arg(&file).output();
    fs::remove_file(&file).unwrap();
    Some(output.unwrap())
}

/// What it printed: objects, and bytes in hex.
fn lines(output: &Output) -> (Vec<Value>, Vec<String>) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (objects, hex): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('{'));
    let objects = objects.into_iter().map(|line| from_str(line).unwrap()).collect();
    (objects, hex.into_iter().map(str::to_owned).collect())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

fn of<'a>(objects: &'a [Value], what: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["type"] == what).collect()
}

/// Everything that a recording can hold.
fn everything(codec: Codec) -> Made {
    let mut records = made::records::every_kind();
    records.extend(busy(21, 500));
    records.extend(made::odd());
    records.extend(made::records::every_kind());
    make(codec, records, 100)
}

#[test]
fn the_independent_reader_reads_every_record_byte_for_byte() {
    for codec in Codec::ALL {
        let made = everything(codec);
        let Some(output) = read(&format!("all-{codec:?}"), &made.bytes, &["--records"]) else {
            return;
        };
        assert_eq!(output.status.code(), Some(0), "{codec:?}: {}", said(&output));
        let (objects, records) = lines(&output);
        assert_eq!(records.len(), made.records.len(), "{codec:?}");
        for (index, (read, record)) in records.iter().zip(&made.records).enumerate() {
            assert_eq!(*read, hex(record), "{codec:?}: record {index}");
        }
        check_facts(&made, &objects);
        assert_eq!(by_the_library(&made.bytes), made.records, "{codec:?}");
    }
}

fn by_the_library(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::open(bytes).unwrap();
    let mut block = Block::new();
    let mut records = Vec::new();
    while let Some(item) = reader.next(&mut block).unwrap() {
        match item {
            Item::Records(_) => records.extend(block.records().map(<[u8]>::to_vec)),
            Item::Damage(_) | Item::Missing { .. } => panic!("{item:?}"),
            Item::Keyframe(_) | Item::Note(_) | Item::End(_) => {}
        }
    }
    records
}

fn check_facts(made: &Made, objects: &[Value]) {
    let header = &objects[0];
    let host = &made.header.host;
    assert_eq!(header["run"], hex(&made.header.run));
    assert_eq!(header["start"], made.header.start);
    assert_eq!(header["history"], made.header.history);
    assert_eq!(header["wall_ns"], host.wall_ns);
    assert_eq!(header["boot_ns"], host.boot_ns);
    assert_eq!(header["mono_ns"], host.mono_ns);
    assert_eq!((&header["cpus"], &header["pid_max"]), (&host.cpus.into(), &host.pid_max.into()));
    assert_eq!(header["boot_id"], host.boot_id);
    assert_eq!((&header["release"], &header["host"]), (&"6.12.0-test".into(), &"made".into()));

    let coverage = &of(objects, "coverage")[0];
    let wanted = made::coverage();
    assert_eq!(coverage["group_dead"], wanted.group_dead);
    assert_eq!(coverage["hidden_tasks"], wanted.hidden_tasks);
    for (read, hook) in coverage["hooks"].as_array().unwrap().iter().zip(&wanted.hooks) {
        assert_eq!(
            (&read["fact"], &read["place"]),
            (&hook.fact.name().into(), &hook.place.clone().into())
        );
        assert_eq!(read["refused"].as_str(), hook.refused.as_deref());
    }

    let digests: Vec<_> = of(objects, "keyframe").iter().map(|k| k["digest"].clone()).collect();
    let (end, keyframes) = made.digests.split_last().unwrap();
    let wanted: Vec<_> = keyframes.iter().map(|digest| format!("{digest:016x}")).collect();
    assert_eq!(digests, wanted);
    let ends = of(objects, "end");
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0]["digest"], format!("{end:016x}"));
    assert_eq!(ends[0]["events"], made.records.len());
    let raw: usize = made.records.iter().map(Vec::len).sum();
    assert_eq!(ends[0]["raw"], raw);
    assert_eq!(of(objects, "command")[0]["words"][1], "-j4");
    assert_eq!(of(objects, "ended")[0]["status"], 256);
    assert_eq!(of(objects, "totals")[0]["missing"], 0);
}

#[test]
fn the_independent_reader_finds_fields_by_the_files_own_schema() {
    let records = made::records::every_kind();
    let made = make(Codec::default(), records.clone(), 100);
    let Some(output) = read("fields", &made.bytes, &["--json"]) else { return };
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (objects, _) = lines(&output);
    let found = of(&objects, "record");
    assert_eq!(found.len(), records.len());
    for (object, record) in found.iter().zip(&records) {
        let event = tracer::stream::event(record);
        assert_eq!(object["header.ts"], event.header.ts);
        assert_eq!(object["header.seq"], event.header.seq);
        assert_eq!(
            (&object["header.cpu"], &object["header.kind"]),
            (&event.header.cpu.into(), &event.header.kind.into())
        );
        if let Body::Exec(exec) = &event.body {
            let text = object["text"].as_str().unwrap();
            assert_eq!(text.len(), exec.args.len() + exec.filename.len());
        }
        if let Body::AllocPid(pid) = &event.body {
            let items = object["items"].as_array().unwrap();
            assert_eq!(items.len(), pid.vector.iter().count());
            assert_eq!(items[0]["upid.nr"], 100);
        }
    }
}

#[test]
fn the_independent_reader_says_the_same_of_damage() {
    let made = make(Codec::Lz4, busy(21, 200), 50);
    let frames: Vec<_> = made.frames.iter().filter(|(_, head)| head.kind == kind::EVENTS).collect();
    // A head, a payload, and a cut: what is behind the first two is read.
    for (at, lost) in [(frames[1].0.start + 5, 50), (frames[2].0.start + 70, 50)] {
        let mut bytes = made.bytes.clone();
        bytes[at] ^= 0x40;
        let Some(output) = read(&format!("damage-{at}"), &bytes, &["--records"]) else { return };
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        let offset = at / 64 * 64 - if at % 64 == 5 { 0 } else { 64 };
        assert!(said(&output).contains(&format!("damage at byte {offset}:")), "{}", said(&output));
        let (objects, records) = lines(&output);
        assert_eq!(records.len(), 200 - lost);
        assert_eq!(of(&objects, "totals")[0]["missing"], lost);
    }
    let cut = &made.bytes[..frames[3].0.start + 100];
    let Some(output) = read("damage-cut", cut, &["--records"]) else { return };
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert_eq!(lines(&output).1.len(), 150);
    let Some(output) = read("damage-header", &made.bytes[..4000], &[]) else { return };
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
