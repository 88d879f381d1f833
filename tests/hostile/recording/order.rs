//! Frames that are whole, but not where they were: repeated, exchanged, left out.

use std::ops::Range;

use tracer::recording::{Codec, HEADER, Head, Header, frame::kind};

use super::look::everything;
use tracer_tests::{
    made::{Made, busy, make},
    random::Random,
};

/// The file with these of its frames.
fn with(made: &Made, frames: &[(Range<usize>, Head)]) -> Vec<u8> {
    let mut bytes = made.bytes[..HEADER].to_vec();
    for (range, _) in frames {
        bytes.extend(&made.bytes[range.clone()]);
    }
    bytes
}

fn small() -> Made {
    make(Codec::Lz4, busy(15, 80), 10)
}

#[test]
fn a_frame_that_is_left_out_is_missing() {
    let made = small();
    for at in 0..made.frames.len() {
        let mut frames = made.frames.clone();
        let (_, gone) = frames.remove(at);
        let seen = everything(&with(&made, &frames)).unwrap();
        assert_eq!(seen.missing, u64::from(gone.events), "{at}");
        assert_eq!(seen.records.len() as u64 + seen.missing, 80, "{at}");
        // An index is for seeking; whatever else is not there is said.
        assert_eq!(
            seen.damages.is_empty(),
            [kind::INDEX, kind::KEYFRAME, kind::NOTE].contains(&gone.kind),
            "{at}"
        );
    }
}

#[test]
fn a_frame_that_comes_twice_is_read_once() {
    let made = small();
    for at in 0..made.frames.len() {
        for to in at + 1..=made.frames.len() {
            let mut frames = made.frames.clone();
            frames.insert(to, made.frames[at].clone());
            let seen = everything(&with(&made, &frames)).unwrap();
            assert_eq!((seen.records.len(), seen.missing), (80, 0), "{at} again at {to}");
            let twice = made.frames[at].1.kind == kind::EVENTS;
            assert!(!twice || seen.damages.len() == 1, "{at} again at {to}: {:?}", seen.damages);
        }
    }
}

#[test]
fn frames_in_another_order_have_an_answer() {
    let made = small();
    let mut random = Random(12);
    for _ in 0..300 {
        let mut frames = made.frames.clone();
        for _ in 0..=random.below(5) {
            let (left, right) = (random.below(frames.len()), random.below(frames.len()));
            frames.swap(left, right);
        }
        let seen = everything(&with(&made, &frames)).unwrap();
        for (seq, record) in &seen.records {
            assert_eq!(*record, made.records[*seq as usize]);
        }
        assert!(seen.records.len() as u64 + seen.missing <= 80);
    }
}

#[test]
fn frames_of_another_run_are_none_of_this_one() {
    let made = small();
    let other = Header { run: [9; 16], ..made.header.clone() }.write();
    let mut bytes = made.bytes.clone();
    bytes[..HEADER].copy_from_slice(&other);
    let seen = everything(&bytes).unwrap();
    assert!(seen.records.is_empty() && !seen.damages.is_empty());
}
