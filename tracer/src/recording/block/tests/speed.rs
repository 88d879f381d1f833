//! What a block costs: a measurement, run by hand in a release build.

use std::time::Instant;

use super::*;

const BLOCK: usize = 4096;

#[test]
#[ignore = "a measurement"]
fn measure() {
    for (name, mix) in [
        ("without strings", Mix { exec: 0, ..Mix::default() }),
        ("with strings", Mix { exec: 100, ..Mix::default() }),
        ("mixed", Mix::default()),
        ("host only", Mix { nested: 0, threads: 0, ..Mix::default() }),
        ("8 CPUs, 300 workers", Mix { cpus: 8, workers: 300, ..Mix::default() }),
    ] {
        let mut sample = Sample::new(11, mix);
        (0..20_000).for_each(|_| _ = sample.record());
        let records: Vec<Vec<u8>> = (0..BLOCK * 40).map(|_| sample.record().to_vec()).collect();
        let bytes: usize = records.iter().map(Vec::len).sum();
        println!("{name}: {:.1} B/record", float(bytes) / float(records.len()));
        for codec in Codec::ALL {
            time(codec, &records);
        }
    }
}

fn float(number: usize) -> f64 {
    f64::from(number as u32)
}

fn time(codec: Codec, records: &[Vec<u8>]) {
    let schema = Schema::current();
    let mut encoder = Encoder::new(codec);
    let mut block = Block::new();
    let (mut encode, mut decode, mut bytes, mut plain) = (f64::MAX, f64::MAX, 0, 0);
    for _ in 0..5 {
        let mut payloads = vec![];
        let start = Instant::now();
        for records in records.chunks(BLOCK) {
            let mut payload = vec![];
            for record in records {
                encoder.push(record).unwrap();
            }
            let packed = encoder.finish(&mut payload);
            payloads.push((packed, payload));
        }
        encode = encode.min(start.elapsed().as_secs_f64());
        bytes = payloads.iter().map(|(_, payload)| payload.len()).sum();
        plain = payloads.iter().map(|(packed, _)| packed.raw_len as usize).sum();
        let start = Instant::now();
        for (packed, payload) in &payloads {
            block.decode(&schema, codec, payload, packed.raw_len, packed.events).unwrap();
        }
        decode = decode.min(start.elapsed().as_secs_f64());
    }
    let count = float(records.len());
    println!(
        "  {codec:?}: {:.2} B/event ({:.2} plain), encode {:.1} M/s, decode {:.1} M/s",
        float(bytes) / count,
        float(plain) / count,
        count / encode / 1e6,
        count / decode / 1e6,
    );
}
