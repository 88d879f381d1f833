//! Whatever a payload's bytes are, there is an answer.

use super::*;

/// Some records of every sort: of a busy host, of all kinds, and of none.
fn records() -> Vec<Vec<u8>> {
    let mut random = Random(23);
    let mut records = sample(9, 60);
    records.extend(noise(&mut random, 20));
    records.push(vec![]);
    records.push(vec![1; 40]);
    records
}

/// Decodes what may be damaged; what comes out keeps to the bounds.
fn attempt(
    block: &mut Block,
    schema: &Schema,
    codec: Codec,
    packed: Packed,
    payload: &[u8],
) -> bool {
    let decoded = block.decode(schema, codec, payload, packed.raw_len, packed.events);
    let bytes: usize = block.records().map(<[u8]>::len).sum();
    assert!(bytes <= MAX_ROWS);
    match decoded {
        Ok(()) => assert_eq!(block.len(), packed.events as usize),
        Err(why) => {
            assert!(block.is_empty());
            assert!(why.to_string().starts_with("the block cannot be decoded: "));
        }
    }
    decoded.is_ok()
}

#[test]
fn a_cut_payload_is_refused() {
    let (schema, mut block) = (Schema::current(), Block::new());
    let mut records = sample(9, 24);
    records.push(vec![1; 40]);
    for codec in Codec::ALL {
        let (packed, payload) = pack(&mut Encoder::new(codec), &records);
        for len in 0..payload.len() {
            let cut = &payload[..len];
            assert!(!attempt(&mut block, &schema, codec, packed, cut), "{codec:?} {len}");
            let claims = Packed { raw_len: len as u64, ..packed };
            assert!(!attempt(&mut block, &schema, codec, claims, cut), "{codec:?} {len}");
        }
        assert!(attempt(&mut block, &schema, codec, packed, &payload));
        assert!(block.records().eq(records.iter().map(Vec::as_slice)));
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let (schema, mut block, mut random) = (Schema::current(), Block::new(), Random(77));
    for codec in Codec::ALL {
        let (packed, payload) = pack(&mut Encoder::new(codec), &records());
        let mut fine = 0;
        for _ in 0..800 {
            let mut damaged = payload.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(damaged.len() as u64) as usize;
                damaged[at] ^= 1 << random.below(8);
            }
            fine += usize::from(attempt(&mut block, &schema, codec, packed, &damaged));
        }
        // Most flips of a column's byte give another number, and flips of lengths do not.
        assert!(fine < 800, "{codec:?}");
    }
}

#[test]
fn bytes_in_front_that_count_something_may_be_anything() {
    let (schema, mut block, mut random) = (Schema::current(), Block::new(), Random(78));
    let (packed, payload) = pack(&mut Encoder::new(Codec::Columns), &records());
    for _ in 0..2000 {
        let mut damaged = payload.clone();
        let at = random.below(400) as usize;
        damaged[at] = random.number() as u8;
        attempt(&mut block, &schema, Codec::Columns, packed, &damaged);
    }
}

#[test]
fn a_block_read_with_a_damaged_schema_gives_an_answer() {
    let (mut block, mut random) = (Block::new(), Random(79));
    let mut bytes = vec![];
    Schema::current().write(&mut bytes);
    let (packed, payload) = pack(&mut Encoder::new(Codec::Columns), &records());
    let mut read = 0;
    for _ in 0..1000 {
        let mut damaged = bytes.clone();
        let at = random.below(damaged.len() as u64) as usize;
        damaged[at] = if random.percent(50) { damaged[at] ^ 1 } else { random.number() as u8 };
        if let Ok(schema) = Schema::read(&damaged) {
            read += 1;
            attempt(&mut block, &schema, Codec::Columns, packed, &payload);
            if let Some(adapter) = schema.adapter() {
                let mut out = vec![];
                for record in &records() {
                    adapter.adapt(record, &mut out);
                }
            }
        }
    }
    assert!((50..1000).contains(&read), "{read} were read");
}
