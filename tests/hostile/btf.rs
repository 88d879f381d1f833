//! The reader of BTF.

use tracer::btf::{Btf, layout};
use tracer_ebpf::target::{FUNCTIONS, TRACEPOINTS};

use tracer_tests::random::Random;

use super::memory::most;

const FIXTURE: &[u8] = include_bytes!("../btf/7.x.btf");
const HEADER: usize = 24;

/// Reads it and asks everything that loading asks; whether it could be read. What is held is
/// bounded by the bytes that are there, whatever they say of themselves.
fn ask(bytes: &[u8]) -> bool {
    let (btf, held) = most(|| Btf::parse(bytes));
    assert!(held <= 16 * bytes.len() + 4096, "{held} bytes for {}", bytes.len());
    let Ok(btf) = btf else { return false };
    let ((), held) = most(|| {
        let _either = layout::constants(&btf).map_err(|unfit| unfit.to_string());
        for name in FUNCTIONS.iter().flat_map(|function| function.names) {
            let _either = btf.arity(name);
        }
        for tracepoint in TRACEPOINTS {
            let _either = btf.tracepoint_arity(tracepoint.name);
        }
    });
    assert!(held <= 1 << 20, "{held} bytes for the answers");
    true
}

#[test]
fn btf_that_is_cut_anywhere_is_refused() {
    assert!(ask(FIXTURE));
    for len in (0..HEADER + 64).chain((HEADER..FIXTURE.len()).step_by(5)) {
        assert!(!ask(&FIXTURE[..len]), "{len}");
    }
}

#[test]
fn a_type_section_that_is_cut_anywhere_has_an_answer() {
    let len = u32::from_le_bytes(*FIXTURE[12..].first_chunk().unwrap());
    let mut bytes = FIXTURE.to_vec();
    for len in (0..len).step_by(12) {
        bytes[12..16].copy_from_slice(&len.to_le_bytes());
        ask(&bytes);
    }
}

#[test]
fn damaged_btf_has_an_answer() {
    let mut random = Random(3);
    let mut read = 0;
    for _ in 0..3_000 {
        let mut bytes = FIXTURE.to_vec();
        random.damage(&mut bytes);
        read += usize::from(ask(&bytes));
    }
    assert!(read > 500, "{read}");
}

#[test]
fn damaged_headers_have_an_answer() {
    let mut random = Random(4);
    for _ in 0..2_000 {
        let mut bytes = FIXTURE.to_vec();
        random.damage(&mut bytes[..HEADER]);
        ask(&bytes);
    }
    for field in (4..HEADER).step_by(4) {
        for value in [0, 1, u32::MAX / 2, u32::MAX - 3, u32::MAX] {
            let mut bytes = FIXTURE.to_vec();
            bytes[field..field + 4].copy_from_slice(&value.to_le_bytes());
            ask(&bytes);
        }
    }
}

/// BTF of these words of types and these names.
fn made(words: &[u32], names: &[u8]) -> Vec<u8> {
    let len = 4 * words.len() as u32;
    let header = [0x0001_eb9f, HEADER as u32, 0, len, len, names.len() as u32];
    let words = header.iter().chain(words).flat_map(|word| word.to_le_bytes());
    words.chain(names.iter().copied()).collect()
}

const STRUCT: u32 = 4 << 24;
const PTR: u32 = 2 << 24;
const TYPEDEF: u32 = 8 << 24;

#[test]
fn structs_that_contain_themselves_have_an_end() {
    const MEMBERS: u32 = 200;
    // `task_struct` has 200 anonymous members of an anonymous struct that has 200 of itself: 200
    // to the power of the depth are too many to look at.
    let mut words = Vec::new();
    for name in [1, 0] {
        words.extend([name, STRUCT | MEMBERS, 8]);
        words.extend((0..MEMBERS).flat_map(|_| [0, 2, 0]));
    }
    assert!(ask(&made(&words, b"\0task_struct\0")));
}

#[test]
fn types_that_refer_to_themselves_have_an_end() {
    let names = b"\0btf_trace_task_newtask\0alloc_pid\0task_struct\0pid\0";
    let words = [
        [1, TYPEDEF, 2],
        [0, PTR, 1],
        // A function that is its own prototype, and a struct that is its member's type.
        [24, 12 << 24, 3],
    ];
    let mut words = words.concat();
    words.extend([34, STRUCT | 1, 8, 46, 4, u32::MAX]);
    assert!(ask(&made(&words, names)));
    let looped = [[1, TYPEDEF, 1], [0, PTR, 9], [0, PTR, u32::MAX]].concat();
    assert!(ask(&made(&looped, names)));
}

#[test]
fn names_without_an_end_are_not_read_again_and_again() {
    // 100,000 types whose names are all the rest of 4 MB would be 400 GB to read.
    let words: Vec<u32> = (0..100_000).flat_map(|name| [name, TYPEDEF, 0]).collect();
    assert!(!ask(&made(&words, &vec![b'x'; 4 << 20])));
}
