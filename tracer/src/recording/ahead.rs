//! Reads ahead: a second thread unpacks what the tables will take in next.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, Sender, channel, sync_channel},
    thread,
};

use super::{Adapter, Block, Header, Item, Reader};
use crate::coverage::Coverage;

/// Blocks that are unpacked ahead: some megabytes.
const DEPTH: usize = 8;

/// Where a replay gets its items from.
pub trait Source {
    /// What the header says.
    fn header(&self) -> &Header;
    /// What was attached when the recording was made.
    fn coverage(&self) -> &Coverage;
    /// From an older layout of the records to the present one.
    fn adapter(&self) -> Option<&Adapter>;
    /// Number in the run of the record behind the items so far.
    fn seq(&self) -> u64;
    /// What comes next; records are put into `block`. `None` at the end.
    fn next(&mut self, block: &mut Block) -> io::Result<Option<Item>>;
}

impl<R: Read> Source for Reader<R> {
    fn header(&self) -> &Header {
        self.header()
    }

    fn coverage(&self) -> &Coverage {
        self.coverage()
    }

    fn adapter(&self) -> Option<&Adapter> {
        self.adapter()
    }

    fn seq(&self) -> u64 {
        self.seq()
    }

    fn next(&mut self, block: &mut Block) -> io::Result<Option<Item>> {
        self.next(block)
    }
}

/// What the second thread hands over; behind it, the number of the next record.
type Handed = (io::Result<Option<Item>>, Block, u64);

/// A file that is read ahead.
pub struct Ahead {
    header: Header,
    coverage: Coverage,
    adapter: Option<Adapter>,
    seq: u64,
    items: Receiver<Handed>,
    spare: Sender<Block>,
    ended: bool,
}

impl Ahead {
    /// Starts reading a file, from where its reader is.
    pub fn start<R: Read + Send + 'static>(mut reader: Reader<R>) -> io::Result<Self> {
        let (out, items) = sync_channel::<Handed>(DEPTH);
        let (spare, blocks) = channel::<Block>();
        let (header, coverage) = (reader.header().clone(), reader.coverage().clone());
        let (adapter, seq) = (reader.adapter().cloned(), reader.seq());
        thread::Builder::new().name("reader".into()).spawn(move || {
            loop {
                let mut block = blocks.try_recv().unwrap_or_default();
                let item = reader.next(&mut block);
                let last = !matches!(item, Ok(Some(_)));
                // Nobody wants more where the other side is gone.
                if out.send((item, block, reader.seq())).is_err() || last {
                    break;
                }
            }
        })?;
        Ok(Self { header, coverage, adapter, seq, items, spare, ended: false })
    }
}

impl Source for Ahead {
    fn header(&self) -> &Header {
        &self.header
    }

    fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_ref()
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn next(&mut self, block: &mut Block) -> io::Result<Option<Item>> {
        if self.ended {
            return Ok(None);
        }
        let Ok((item, filled, seq)) = self.items.recv() else {
            return Err(io::Error::other("the thread that reads the file has ended"));
        };
        let used = std::mem::replace(block, filled);
        // The thread may have read its last item.
        let _ended = self.spare.send(used);
        self.seq = seq;
        self.ended = !matches!(item, Ok(Some(_)));
        item
    }
}
