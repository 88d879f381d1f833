//! `replay`: what user space pays for an event, from records that a storm left in the ring.
//!
//! Says `ready`, waits for a line (the storm is over), copies the records out of the ring, and takes
//! them again and again in this one thread. CPU time, not wall time: the machine may be shared.

use std::io::{self, BufRead};

use anyhow::{Result, ensure};
use tracer::{
    kernel::{Options, Session},
    stream::{Gaps, decode},
};

use crate::{
    cpu, each,
    follow::{self, Follow, Form},
    records::Records,
    ring, sample,
};

/// Large enough for the storm, as nobody reads meanwhile.
const RING: u32 = 128 << 20;

/// Measures.
pub(crate) fn run(rounds: u32) -> Result<()> {
    let mut session = Session::start(&Options { ring: RING, ..Options::default() })?;
    let mut base = Follow::new(session.coverage());
    session.sweep(&mut |_record, event| base.take(event))?;
    println!("ready");
    io::stdin().lock().read_line(&mut String::new())?;
    let records = ring::records(RING as usize)?;
    let counters = session.counters();
    ensure!(counters.ring_full == 0, "the ring was too small for the storm: {counters:?}");
    sample("records", each(records.len() as u64, 1));

    let forms = [
        ("tables", Form::Tables),
        ("text", follow::text(&session)),
        ("json", follow::json(&session)),
    ];
    // Nothing but this thread from here on.
    drop(session);
    for _ in 0..rounds {
        sample("decode", pass(&records, |_| ()));
        for (name, form) in &forms {
            let mut follow = base.with(form.clone());
            let ns = pass(&records, |event| follow.take(event));
            sample(name, ns);
        }
    }
    Ok(())
}

/// Takes every record; CPU time in ns per record.
fn pass(records: &Records, mut take: impl FnMut(&tracer::event::Event)) -> f64 {
    let mut gaps = Gaps::default();
    let mut bad = 0;
    let begun = cpu();
    for record in records.iter() {
        if let Ok(event) = decode(record) {
            gaps.note(&event.header, |_| ());
            take(&event);
            std::hint::black_box(&event);
        } else {
            bad += 1;
        }
    }
    let ns = cpu() - begun;
    assert!(bad == 0, "{bad} records cannot be decoded");
    each(ns, records.len())
}
