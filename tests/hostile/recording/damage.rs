//! Damage of every byte: what is undamaged before it and behind it is read, and what is missing is
//! counted.

use std::ops::Range;

use tracer::recording::{Codec, Flaw, HEADER, Head, frame::kind};

use super::look::{Seen, everything, read};
use tracer_tests::{
    made::{Made, busy, make},
    random::Random,
};

fn small() -> Made {
    make(Codec::default(), busy(5, 80), 10)
}

/// One to be damaged at every byte.
fn tiny() -> Made {
    make(Codec::default(), busy(5, 20), 5)
}

/// Every frame that lies outside of `damaged` was read, and nothing that was not recorded; of the
/// rest it is known how much is missing.
fn check(made: &Made, seen: &Seen, is_whole: impl Fn(&Range<usize>, &Head) -> bool, what: &str) {
    let mut lost = 0;
    for (range, head) in made.frames.iter().filter(|(_, head)| head.kind == kind::EVENTS) {
        let seqs = head.first_seq..head.first_seq + u64::from(head.events);
        if is_whole(range, head) {
            assert!(seqs.clone().all(|seq| seen.records.contains_key(&seq)), "{what}: {range:?}");
        } else {
            lost += seqs.filter(|seq| !seen.records.contains_key(seq)).count() as u64;
        }
    }
    for (&seq, record) in &seen.records {
        assert_eq!(*record, made.records[seq as usize], "{what}: record {seq}");
    }
    assert_eq!(seen.missing, lost, "{what}: {:?}", seen.damages);
}

#[test]
fn an_undamaged_recording_is_read_whole() {
    for codec in Codec::ALL {
        let made = make(codec, busy(5, 80), 10);
        let seen = everything(&made.bytes).unwrap();
        check(&made, &seen, |_, _| true, "undamaged");
        assert_eq!((seen.damages.len(), seen.keyframes, seen.ends.len()), (0, 2, 1));
        assert_eq!((seen.ends[0].events, seen.ends[0].digest), (80, made.digests[2]));
        let raw: usize = made.records.iter().map(Vec::len).sum();
        assert_eq!(seen.ends[0].raw, raw as u64);
    }
}

#[test]
fn a_recording_that_is_cut_anywhere_is_read_up_to_the_cut() {
    let made = tiny();
    for len in 0..made.bytes.len() {
        let bytes = &made.bytes[..len];
        // Everything else only now and then: it takes long.
        let seen = if len % 61 == 0 { everything(bytes) } else { read(bytes) };
        let Some(seen) = seen else {
            assert!(len < HEADER, "{len}");
            continue;
        };
        let last = made.frames.last().unwrap();
        let payload_end =
            |range: &Range<usize>, head: &Head| range.start + 64 + head.payload as usize;
        // The end is only read if it is there; its padding says nothing.
        assert_eq!(seen.is_cut(), len < payload_end(&last.0, &last.1), "{len}");
        let told: u64 = (made.frames.iter())
            .filter(|(range, head)| head.kind == kind::EVENTS && range.start + 64 <= len)
            .map(|(_, head)| u64::from(head.events))
            .sum();
        let got = seen.records.len() as u64;
        assert_eq!(got + seen.missing, told, "{len}: of a frame whose head is there it is known");
        let whole = |range: &Range<usize>, head: &Head| payload_end(range, head) <= len;
        for (range, head) in made.frames.iter().filter(|(_, head)| head.kind == kind::EVENTS) {
            let read = seen.records.contains_key(&head.first_seq);
            assert_eq!(read, whole(range, head), "{len}: {range:?}");
        }
    }
}

#[test]
fn any_damaged_byte_costs_its_frame_only() {
    let made = tiny();
    let mut random = Random(6);
    for at in HEADER..made.bytes.len() {
        let mut bytes = made.bytes.clone();
        bytes[at] ^= (random.below(255) + 1) as u8;
        let seen = if at % 61 == 0 { everything(&bytes) } else { read(&bytes) }.unwrap();
        let is_padding = |range: &Range<usize>, head: &Head| {
            range.contains(&at) && at >= range.start + 64 + head.payload as usize
        };
        let hit = made.frames.iter().find(|(range, _)| range.contains(&at)).unwrap();
        assert_eq!(seen.damages.is_empty(), is_padding(&hit.0, &hit.1), "{at}");
        check(
            &made,
            &seen,
            |range, head| !range.contains(&at) || is_padding(range, head),
            &format!("byte {at}"),
        );
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let made = small();
    let mut random = Random(7);
    for at in 0..HEADER {
        let mut bytes = made.bytes.clone();
        bytes[at] ^= (random.below(255) + 1) as u8;
        assert!(read(&bytes).is_none(), "{at}");
    }
}

#[test]
fn bytes_that_came_in_between_cost_the_frame_that_they_hit() {
    let made = small();
    let mut random = Random(8);
    for round in 0..300 {
        let at = HEADER + random.below(made.bytes.len() - HEADER);
        let len = (1 + random.below(40)) * 64;
        let mut bytes = made.bytes.clone();
        let noise = (0..len).map(|_| random.next() as u8);
        bytes.splice(at..at, noise);
        let seen = if round % 20 == 0 { everything(&bytes) } else { read(&bytes) }.unwrap();
        let hit = |range: &Range<usize>, head: &Head| {
            range.start < at && at < range.start + 64 + head.payload as usize
        };
        check(&made, &seen, |range, head| !hit(range, head), &format!("{len} bytes at {at}"));
    }
}

#[test]
fn bytes_that_are_gone_cost_the_frames_that_they_hit() {
    let made = small();
    let mut random = Random(9);
    for round in 0..300 {
        let at = HEADER + random.below(made.bytes.len() - HEADER - 64);
        let len = ((1 + random.below(20)) * 64).min((made.bytes.len() - at) / 64 * 64);
        let mut bytes = made.bytes.clone();
        bytes.drain(at..at + len);
        let seen = if round % 20 == 0 { everything(&bytes) } else { read(&bytes) }.unwrap();
        let hit = |range: &Range<usize>| range.start < at + len && at < range.end;
        let what = format!("{len} bytes at {at}");
        for (range, head) in made.frames.iter().filter(|(_, head)| head.kind == kind::EVENTS) {
            let read = seen.records.contains_key(&head.first_seq);
            assert!(read || hit(range), "{what}: {range:?}");
        }
        if made.frames.last().is_some_and(|(range, _)| !hit(range)) {
            assert_eq!(seen.missing + seen.records.len() as u64, 80, "{what}");
        }
    }
}

#[test]
fn bytes_that_shift_all_others_cost_what_is_behind_them() {
    let made = small();
    let mut random = Random(10);
    for _ in 0..300 {
        let at = HEADER + random.below(made.bytes.len() - HEADER);
        let mut bytes = made.bytes.clone();
        bytes.splice(at..at, (0..=random.below(62)).map(|_| random.next() as u8));
        let seen = read(&bytes).unwrap();
        for (range, head) in made.frames.iter().filter(|(_, head)| head.kind == kind::EVENTS) {
            let read = seen.records.contains_key(&head.first_seq);
            // What came in may be what stood there.
            let frame = range.start..range.start + 64 + head.payload as usize;
            let same = bytes[frame.clone()] == made.bytes[frame];
            assert_eq!(read, same, "{at}: {range:?}");
        }
        assert!(seen.damages.iter().any(|damage| damage.flaw != Flaw::NoEnd), "{at}");
    }
}

#[test]
fn many_damages_have_an_answer() {
    let made = small();
    let mut random = Random(11);
    for _ in 0..100 {
        let mut bytes = made.bytes.clone();
        for _ in 0..=random.below(6) {
            random.damage(&mut bytes[HEADER..]);
        }
        everything(&bytes);
    }
}
