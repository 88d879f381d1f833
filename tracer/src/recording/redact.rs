//! Recordings without what is private: arguments, file names, and the host's name.

use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

use tracer_ebpf::wire::{Exec, Wire, kind};

use super::{Adapter, Block, Codec, Damage, Encoder, Header, Item, Note, Reader, Writer};
use crate::{event, host::Host};

/// A record without its text. How long the arguments were is still told.
pub fn record(record: &[u8]) -> Cow<'_, [u8]> {
    let is_exec = event::Header::read(record).is_some_and(|header| header.kind == kind::EXEC);
    let Some(exec) = Exec::read(record).filter(|_| is_exec) else { return Cow::Borrowed(record) };
    let mut bytes = vec![0; Exec::SIZE];
    // It cannot fail: the length is the type's own.
    let _ = Exec { filename_len: 0, args_len: 0, ..exec }.write(&mut bytes);
    Cow::Owned(bytes)
}

/// The header of the copy.
fn header(header: &Header) -> Header {
    let host = Host { name: String::new(), ..header.host.clone() };
    Header { host, ..header.clone() }
}

/// Copies a recording without what is private. What is damaged is left out, and it and what is
/// missing are handed to `damage`.
pub fn copy<R: Read, W: Write>(
    reader: &mut Reader<R>,
    out: W,
    damage: &mut dyn FnMut(&Damage),
) -> io::Result<()> {
    let mut writer = Writer::create(out, &header(reader.header()), reader.coverage())?;
    let adapter = reader.adapter().cloned();
    let mut records = Encoder::new(Codec::default());
    let mut block = Block::new();
    let mut adapted = Vec::new();
    while let Some(item) = reader.next(&mut block)? {
        match item {
            Item::Records(head) => {
                for bytes in block.records() {
                    let bytes = Adapter::present(adapter.as_ref(), bytes, &mut adapted);
                    if records.push(&record(bytes)).is_err() {
                        writer.block(&mut records, head.lost, head.last_ts)?;
                        let _taken = records.push(&record(bytes));
                    }
                }
                writer.block(&mut records, head.lost, head.first_ts.max(head.last_ts))?;
            }
            Item::Missing { count, offset, .. } => {
                damage(&Damage::missing(count, offset));
                writer.skip(count);
            }
            Item::Keyframe(keyframe) => writer.keyframe(&keyframe.state, keyframe.digest)?,
            Item::Note(Note::Command { pid, start, words: _ }) => {
                writer.note(&Note::Command { pid, start, words: Vec::new() })?;
            }
            Item::Note(note) => writer.note(&note)?,
            Item::Damage(found) => damage(&found),
            Item::End(end) => writer.end(end.why, end.digest)?,
        }
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exec_loses_its_text_and_nothing_else() {
        let exec = Exec {
            header: event::Header { kind: kind::EXEC, ts: 5, ..event::Header::default() },
            task: 1,
            filename_len: 3,
            args_len: 4,
            args_total: 9,
            comm: *b"sh\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            ..Exec::default()
        };
        let mut bytes = vec![0; Exec::SIZE];
        exec.write(&mut bytes).unwrap();
        bytes.extend(b"/shsecr");
        let redacted = record(&bytes).into_owned();
        assert_eq!(Exec::read(&redacted), Some(Exec { filename_len: 0, args_len: 0, ..exec }));
        assert_eq!(redacted.len(), Exec::SIZE);
    }

    #[test]
    fn other_records_stay_as_they_are() {
        for bytes in [&b""[..], &[1; 31], &[0; 200]] {
            assert!(matches!(record(bytes), Cow::Borrowed(same) if same == bytes));
        }
    }
}
