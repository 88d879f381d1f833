//! Keyframes come often enough to look back quickly, and rarely enough to cost little.

use std::{env, fs, fs::File, process};

use tracer::{
    model::World,
    recording::{
        Codec, Files, Header, Reader, Recorder, Settings, Sync, at,
        sample::{Mix, Sample},
    },
    stream,
};
use tracer_tests::made::{coverage, header};

/// Records in the recording.
const RECORDS: u64 = 400_000;

#[test]
fn a_look_back_has_little_to_replay_and_gives_what_was_recorded() {
    let path = env::temp_dir().join(format!("tracer-keyframes-{}.tracer", process::id()));
    let _left = fs::remove_file(&path);
    let header = Header { history: 1024, ..header() };
    let files = Files::new(path.clone(), false, None, Sync::None);
    let settings = Settings { header, coverage: coverage(), codec: Codec::Zstd };
    let mut recorder = Recorder::start(settings, files).unwrap();
    let mut sample = Sample::new(5, Mix::default());
    let mut world = World::with(tracer::model::Config {
        sees: tracer::recording::sees(&coverage()),
        ..tracer::model::Config::default()
    });
    let mut digests = Vec::new();
    for number in 1..=RECORDS {
        let record = sample.record();
        let event = stream::event(record);
        world.apply(&event);
        recorder.push(record, &world);
        recorder.settle(&world);
        if number % 100_000 == 0 {
            digests.push((event.header.ts, world.digest()));
        }
    }
    let (written, failure) = recorder.end(&world);
    assert!(failure.is_none(), "{failure:?}");

    let mut reader = Reader::open(File::open(&path).unwrap()).unwrap();
    let keyframes = reader.keyframes().unwrap();
    let gaps = keyframes.windows(2).map(|pair| pair[1].seq - pair[0].seq);
    assert!(keyframes.len() >= 3, "{keyframes:?}");
    assert!(gaps.clone().all(|gap| (60_000..150_000).contains(&gap)), "{keyframes:?}");
    assert_eq!(written.file, fs::metadata(&path).unwrap().len());
    // Times of the sample rise, so each names one place.
    for (ts, digest) in digests {
        let mut damage = Vec::new();
        let found = at(&mut reader, ts, &mut damage).unwrap();
        assert!(damage.is_empty(), "{damage:?}");
        assert_eq!(found.world().digest(), digest, "at {ts}");
    }
    fs::remove_file(&path).unwrap();
}
