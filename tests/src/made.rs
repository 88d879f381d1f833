//! Recordings that are made by the library, and what is known of them.

pub mod records;

use std::ops::Range;

use tracer::{
    coverage::{Coverage, Fact, Hook, Plan},
    host::Host,
    model::{Config, World},
    recording::{Codec, Encoder, Ending, HEADER, Head, Header, Note, Packed, Writer, sees},
    stream,
};

use crate::random::Random;

/// A recording.
#[derive(Clone, Debug)]
pub struct Made {
    pub header: Header,
    pub bytes: Vec<u8>,
    /// Where each frame is, and its head.
    pub frames: Vec<(Range<usize>, Head)>,
    pub records: Vec<Vec<u8>>,
    /// Digests of the tables at each keyframe, and at the end.
    pub digests: Vec<u64>,
}

/// A host.
pub fn header() -> Header {
    let host = Host {
        release: "6.12.0-test".into(),
        name: "made".into(),
        boot_id: "0b5cf9f1-5ac0-4b1c-8b8e-2d1dbbd4f3a2".into(),
        wall_ns: 1_700_000_000_000_000_000,
        boot_ns: 1_000_000_000_000,
        mono_ns: 900_000_000_000,
        cpus: 4,
        pid_max: 4_194_304,
    };
    let run = *b"\x01made for a test";
    Header { host, start: 999_000_000_000, run, history: 64, ..Header::default() }
}

/// Hooks, one of them refused.
pub fn coverage() -> Coverage {
    let hook = |fact, place: &str, refused: Option<&str>| Hook {
        fact,
        place: place.into(),
        plan: Plan::Trampoline,
        refused: refused.map(Into::into),
    };
    let hooks = vec![
        hook(Fact::AllocPid, "fexit/alloc_pid", None),
        hook(Fact::Release, "tp_btf/cgroup_release", None),
        hook(Fact::FreePid, "fentry/free_pid", Some("Operation not permitted")),
    ];
    Coverage { group_dead: true, hidden_tasks: 2, hooks, ..Coverage::default() }
}

/// A recording of these records: a block of each `per_block`, a keyframe behind every third block,
/// a note, indexes, an end.
pub fn make(codec: Codec, records: Vec<Vec<u8>>, per_block: usize) -> Made {
    let (header, coverage) = (header(), coverage());
    let mut writer = Writer::create(Vec::new(), &header, &coverage).unwrap();
    let mut world = World::with(Config { history: 64, sees: sees(&coverage) });
    let mut encoder = Encoder::new(codec);
    let mut digests = Vec::new();
    let words = vec![b"make".to_vec(), b"-j4".to_vec(), b"\xff\x1b[2J".to_vec()];
    writer.note(&Note::Command { pid: 3001, start: 1_000_000_000_500, words }).unwrap();
    for (index, block) in records.chunks(per_block).enumerate() {
        for record in block {
            world.apply(&stream::event(record));
            encoder.push(record).unwrap();
        }
        let ts = 1_000_000_000_000 + index as u64 * 1_000_000;
        writer.block(&mut encoder, world.losses(), ts).unwrap();
        if index % 3 == 2 {
            let mut state = Vec::new();
            world.save(&mut state);
            digests.push(world.digest());
            writer.keyframe(&state, world.digest()).unwrap();
        }
    }
    writer.note(&Note::Ended { status: 256 }).unwrap();
    digests.push(world.digest());
    writer.end(Ending::Ended, world.digest()).unwrap();
    let bytes = std::mem::take(writer.get_mut());
    Made { frames: frames(&bytes, &header), header, bytes, records, digests }
}

/// The frames of an undamaged file.
pub fn frames(bytes: &[u8], header: &Header) -> Vec<(Range<usize>, Head)> {
    let mut found = Vec::new();
    let mut at = HEADER;
    while at < bytes.len() {
        let head = Head::read(&bytes[at..], header.key()).unwrap();
        found.push((at..at + head.span() as usize, head));
        at += head.span() as usize;
    }
    found
}

/// Packs records into a block.
pub fn pack(codec: Codec, records: &[Vec<u8>]) -> (Packed, Vec<u8>) {
    let mut encoder = Encoder::new(codec);
    let mut payload = Vec::new();
    for record in records {
        encoder.push(record).unwrap();
    }
    (encoder.finish(&mut payload), payload)
}

/// Records that no kernel writes: empty, cut, of unknown kinds, noise.
pub fn odd() -> Vec<Vec<u8>> {
    let mut random = Random(77);
    let mut records = vec![Vec::new(), vec![1], vec![0xff; 15], vec![0; 16], vec![0; 31]];
    for len in [17, 32, 100, 641] {
        records.push((0..len).map(|_| random.next() as u8).collect());
    }
    // Every kind, cut, and with more than it should have.
    for record in records::every_kind() {
        records.push(record[..record.len() - 1].to_vec());
        records.push([&record[..], &[7; 3]].concat());
    }
    records
}

/// Records as a busy host has them.
pub fn busy(seed: u64, count: usize) -> Vec<Vec<u8>> {
    use tracer::recording::sample::{Mix, Sample};
    let mut sample = Sample::new(seed, Mix { workers: 6, ..Mix::default() });
    (0..count).map(|_| sample.record().to_vec()).collect()
}
