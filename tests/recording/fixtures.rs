//! Recordings of every version of the format, kept under `recording/v1/`: they are replayed as they
//! were. `BLESS=1` writes what is expected anew; a change of it is a change for users.
//! `BLESS=recordings` makes those of the generator too, once for each version.

use std::{
    env, fs,
    fs::File,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use tracer::{
    event::Event,
    model::{Change, World},
    recording::{self, Codec, Damage, End, Keyframe, Reader, Replay, Visitor},
    view::{Json, reports},
};
use tracer_tests::made::{busy, make, records};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recording/v1")
}

/// The recordings that are kept, by name.
fn kept() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|ext| ext == "tracer")).collect();
    kept.sort();
    kept
}

/// What is told of a recording.
struct Told {
    json: Json,
    events: u64,
    lines: u64,
    first: String,
    last: String,
    keyframes: Vec<String>,
    end: Option<End>,
    damages: Vec<Damage>,
}

impl Visitor for Told {
    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        self.events += 1;
        let mut found = Vec::new();
        reports(world, event, change, &mut found);
        for report in &found {
            self.last.clear();
            self.json.event(world, report, &mut self.last);
            if self.lines == 0 {
                self.first.clone_from(&self.last);
            }
            self.lines += 1;
        }
        ControlFlow::Continue(())
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.damages.push(damage.clone());
        ControlFlow::Continue(())
    }

    fn keyframe(&mut self, world: &World, keyframe: &Keyframe) {
        assert_eq!(world.digest(), keyframe.digest, "the tables are those of the recorder");
        let restored = World::restore(&keyframe.state).expect("its state is still known");
        assert_eq!(restored.digest(), keyframe.digest);
        self.keyframes.push(format!("{:016x}", keyframe.digest));
    }

    fn end(&mut self, world: &World, end: &End) {
        assert_eq!(world.digest(), end.digest, "the tables are those of the recorder");
        self.end = Some(*end);
    }
}

/// What is expected of a recording, as text.
fn told(path: &Path) -> String {
    let mut reader = Reader::open(File::open(path).unwrap()).unwrap();
    let mut told = Told {
        json: Json::new(&reader.header().host),
        events: 0,
        lines: 0,
        first: String::new(),
        last: String::new(),
        keyframes: Vec::new(),
        end: None,
        damages: Vec::new(),
    };
    let mut replay = Replay::new();
    let _ = replay.run(&mut reader, &mut told).unwrap();
    assert!(told.damages.is_empty(), "{}: {:?}", path.display(), told.damages);
    let end = told.end.expect("it has an end");
    assert_eq!(end.events, told.events);

    // The same by a look back from its last keyframe.
    let mut reader = Reader::open(File::open(path).unwrap()).unwrap();
    let then = recording::at(&mut reader, u64::MAX, &mut Vec::new()).unwrap();
    assert_eq!(then.world().digest(), end.digest, "{}", path.display());

    let Told { events, lines, first, last, keyframes, .. } = told;
    let (release, lost) = (&reader.header().host.release, end.lost);
    let (keyframes, digest) = (keyframes.join(" "), end.digest);
    format!(
        "release {release}\nevents {events}\nlost {lost}\nkeyframes {keyframes}\n\
         digest {digest:016x}\nlines {lines}\n{first}{last}"
    )
}

#[test]
fn recordings_of_every_version_replay_as_they_did() {
    let bless = env::var("BLESS").unwrap_or_default();
    if bless == "recordings" {
        remake();
    }
    let kept = kept();
    if kept.is_empty() {
        return eprintln!("skipped: no recording is kept yet in {}", folder().display());
    }
    for path in kept {
        let size = fs::metadata(&path).unwrap().len();
        assert!(size <= 64 << 10, "{}: {size} bytes are too many to keep", path.display());
        let told = told(&path);
        let expect = path.with_extension("expect");
        if !bless.is_empty() {
            fs::write(&expect, told).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&expect).unwrap_or_default();
        assert_eq!(told, expected, "{}: BLESS=1 if that is wanted", path.display());
    }
}

/// The kept ones of the generator, by codec; what they are made of never changes.
fn sample(codec: Codec) -> Vec<u8> {
    let mut records = records::every_kind();
    records.extend(busy(1, 220));
    make(codec, records, 100).bytes
}

/// Makes the recordings of the generator: once for each version of the format, by hand.
fn remake() {
    fs::create_dir_all(folder()).unwrap();
    for codec in Codec::ALL {
        let name = format!("sample-{}.tracer", format!("{codec:?}").to_lowercase());
        fs::write(folder().join(name), sample(codec)).unwrap();
    }
}
