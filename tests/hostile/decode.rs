//! The decoder.

use tracer::{
    event::{Body, Event},
    stream::{Malformed, decode},
};
use tracer_ebpf::wire::{Cgroup, Exec, Header, MAX_LEVEL, SCHEMA, Wire};

use super::memory::most;
use tracer_tests::{
    made::records::{every_kind as valid, leveled, offset, plain, put},
    random::Random,
};

/// Decodes; more memory than the record has bytes, and the largest event, is too much.
fn bounded(bytes: &[u8]) -> Result<Event, Malformed> {
    let (event, held) = most(|| decode(bytes));
    assert!(held <= 2 * bytes.len() + 4096, "{held} bytes for {}", bytes.len());
    event
}

#[test]
fn every_kind_of_record_has_an_event() {
    for bytes in valid() {
        let event = bounded(&bytes).unwrap();
        assert_eq!(event.header, Header::read(&bytes).unwrap());
        match event.body {
            Body::Fork { vector, task, .. } | Body::Snapshot { vector, task, .. } => {
                assert_eq!(vector.iter().count(), task.level as usize + 1);
            }
            Body::AllocPid(pid) => assert_eq!(pid.vector.iter().next().unwrap().nr, 100),
            Body::CgroupMake(cgroup) => assert!(cgroup.path.iter().all(|&byte| byte == b'x')),
            Body::Exec(exec) => assert!(exec.args.iter().all(|&byte| byte == b'x')),
            _ => {}
        }
    }
}

#[test]
fn a_record_that_is_cut_anywhere_is_malformed() {
    for bytes in valid() {
        for len in 0..bytes.len() {
            let cut = bounded(&bytes[..len]);
            assert!(
                matches!(cut, Err(Malformed::Short { .. })),
                "{len} of {}: {cut:?}",
                bytes.len()
            );
        }
    }
}

#[test]
fn bytes_behind_a_record_are_ignored() {
    for mut bytes in valid() {
        let whole = format!("{:?}", bounded(&bytes).unwrap());
        bytes.extend([0xff; 9]);
        assert_eq!(format!("{:?}", bounded(&bytes).unwrap()), whole);
    }
}

#[test]
fn levels_and_lengths_beyond_the_kernels_are_malformed() {
    let of = |name: &str| SCHEMA.iter().find(|record| record.name == name).unwrap();
    for name in ["TaskRecord", "PidRecord"] {
        for level in [MAX_LEVEL + 1, u32::MAX - 1, u32::MAX] {
            let bytes = leveled(of(name), of(name).kinds[0], level);
            assert_eq!(bounded(&bytes).map(drop), Err(Malformed::Level(level)), "{name}");
        }
    }
    for (field, len) in [("filename_len", u32::MAX), ("args_len", u32::MAX), ("args_len", 1)] {
        let mut bytes = plain(of("Exec"), of("Exec").kinds[0]);
        for name in ["filename_len", "args_len"] {
            put(&mut bytes, offset(Exec::FIELDS, name), if name == field { len } else { 0 });
        }
        assert!(matches!(bounded(&bytes), Err(Malformed::Short { .. })), "{field} {len}");
    }
    let mut bytes = plain(of("Cgroup"), of("Cgroup").kinds[0]);
    put(&mut bytes, offset(Cgroup::FIELDS, "path_len"), u32::MAX);
    assert!(matches!(bounded(&bytes), Err(Malformed::Short { .. })));
    let unknown = plain(of("Mark"), u16::MAX);
    assert_eq!(bounded(&unknown).map(drop), Err(Malformed::Kind(u16::MAX)));
}

#[test]
fn damaged_records_have_an_answer() {
    let valid = valid();
    let mut random = Random(1);
    let mut events = 0;
    for round in 0..200_000 {
        let mut bytes = valid[round % valid.len()].clone();
        random.damage(&mut bytes);
        events += usize::from(bounded(&bytes).is_ok());
    }
    // Most bytes are values, so most damaged records are still records.
    assert!(events > 100_000, "{events}");
}

#[test]
fn noise_has_an_answer() {
    let mut random = Random(2);
    for _ in 0..20_000 {
        let len = random.below(900);
        let mut bytes: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        if let Some(kind) = bytes.get_mut(offset(Header::FIELDS, "kind")..).filter(|b| b.len() > 1)
        {
            kind[..2].copy_from_slice(&(random.below(30) as u16).to_le_bytes());
        }
        let _either = bounded(&bytes);
    }
}
