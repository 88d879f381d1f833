//! A history: the records of one run, and what was hooked.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::{Context, Result};
use tracer::{
    coverage::Coverage,
    host::Host,
    recording::{Block, Item, Reader},
};
use tracer_ebpf::wire::{Header, Wire, kind};

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

/// Whether a record has a number on its CPU: the kernel wrote it.
pub fn is_numbered(record: &[u8]) -> bool {
    ![kind::LOST, kind::PROC, kind::CENSUS].contains(&header(record).kind)
}
