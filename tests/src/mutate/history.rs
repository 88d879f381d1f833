//! A history: the records of one run, and what was hooked.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::{Context, Result};
use tracer::{
    coverage::{Coverage, Plan},
    event::Event,
    host::Host,
    recording::{Block, Item, Reader},
    simulate::{Config, KERNELS, Simulator},
    stream,
};
use tracer_ebpf::wire::{Census, Header, Wire, kind};

use crate::random::Random;

/// The records of one run.
#[derive(Clone, Debug)]
pub struct History {
    /// What it is called in the report.
    pub name: String,
    /// The host.
    pub host: Host,
    /// What was hooked.
    pub coverage: Coverage,
    /// The records, in ring order.
    pub records: Vec<Vec<u8>>,
}

impl History {
    /// A history of a kernel that does not exist, with losses where `lose` says how many.
    pub fn simulated(seed: u64, events: usize, lose: f64) -> Self {
        let plans = [Plan::Trampoline, Plan::Kprobe, Plan::Tracepoint];
        let mut random = Random(seed);
        let kernel = KERNELS[random.below(KERNELS.len())];
        let plan = plans[random.below(plans.len())];
        let config = Config {
            seed: random.next(),
            plan,
            kernel,
            cpus: 1 + random.below(4) as u16,
            pid_max: if random.below(3) == 0 { 400 } else { 32_768 },
            lose,
            sweep_every: events as u64 / 4,
            tasks: 14 + random.below(30),
            faults: random.below(4) == 0,
        };
        let mut simulator = Simulator::new(config);
        let (host, coverage) = (simulator.host(), simulator.coverage());
        let mut told = Vec::new();
        while told.len() < events {
            simulator.step(&mut told);
        }
        simulator.settle(&mut told);
        simulator.settle(&mut told);
        let name = format!("simulated {seed} {events} {lose} ({} {plan})", kernel.name);
        let bytes = |event: &Event| {
            let mut record = Vec::new();
            stream::record(event, &mut record);
            record
        };
        Self { name, host, coverage, records: told.iter().map(bytes).collect() }
    }

    /// Reads a recording.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = BufReader::new(File::open(path).with_context(|| name.clone())?);
        let mut reader = Reader::open(file).with_context(|| name.clone())?;
        let (host, coverage) = (reader.header().host.clone(), reader.coverage().clone());
        let mut records = Vec::new();
        let mut block = Block::default();
        while let Some(item) = reader.next(&mut block)? {
            if matches!(item, Item::Records(_)) {
                records.extend(block.records().map(<[u8]>::to_vec));
            }
        }
        // behind the last census hooks are being detached, and nothing is judged
        let over = records.iter().position(|record| is_last_census(record));
        records.truncate(over.map_or(records.len(), |at| at + 1));
        Ok(Self { name, host, coverage, records })
    }
}

/// The header of a record.
pub fn header(record: &[u8]) -> Header {
    Header::read(record).unwrap_or_default()
}

/// Puts another header in.
pub fn set_header(record: &mut [u8], header: Header) {
    header.write(record).unwrap();
}

fn is_last_census(record: &[u8]) -> bool {
    header(record).kind == kind::CENSUS
        && Census::read(record).is_some_and(|census| census.last != 0)
}

/// Whether a record has a number on its CPU: the kernel wrote it.
pub fn is_numbered(record: &[u8]) -> bool {
    ![kind::LOST, kind::PROC, kind::CENSUS, kind::CGROUP_FOUND].contains(&header(record).kind)
}
