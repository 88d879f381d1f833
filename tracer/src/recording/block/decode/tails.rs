//! What stands behind the fixed parts: lengths, texts, and opaque records.

use super::super::BadBlock;
use super::Work;
use crate::recording::schema::{ProgramTail, Schema};

impl Work {
    /// Sets the lengths of records that have a tail, and copies the texts.
    pub(super) fn finish(
        &mut self,
        schema: &Schema,
        mut text: &[u8],
        rows: &mut [u8],
        spans: &mut [(u32, u32)],
    ) -> Result<(), BadBlock> {
        for part in &self.parts {
            let Some(program) = part.program.and_then(|at| schema.programs().get(at)) else {
                continue;
            };
            let end = part.start + part.rows * part.stride;
            let rows = rows.get_mut(part.start..end).ok_or(BadBlock("a row has no place"))?;
            let computed = self.rows.get(part.first..).unwrap_or(&[]);
            let rows = rows.chunks_exact_mut(part.stride.max(1)).zip(computed);
            match &program.tail {
                ProgramTail::None => {}
                ProgramTail::Items { at, .. } => {
                    for (row, computed) in rows {
                        let len = program.row_len(number(row, *at) as usize + 1);
                        set(spans, computed.record, len);
                    }
                }
                ProgramTail::Text { lens, .. } => {
                    for (row, computed) in rows {
                        let len = lens.iter().map(|&at| number(row, at) as usize).sum();
                        let (own, rest) =
                            text.split_at_checked(len).ok_or(BadBlock("a text is cut"))?;
                        text = rest;
                        let place = row.get_mut(program.size..program.size + len);
                        place.ok_or(BadBlock("a text is longer than said"))?.copy_from_slice(own);
                        set(spans, computed.record, program.size + len);
                    }
                }
            }
        }
        let opaque = self.parts.first().filter(|part| part.program.is_none());
        let mut at = opaque.map_or(0, |part| part.start);
        for &len in &self.opaque {
            let len = len as usize;
            let (own, rest) = text.split_at_checked(len).ok_or(BadBlock("a record is cut"))?;
            text = rest;
            let place = rows.get_mut(at..at + len).ok_or(BadBlock("a record has no place"))?;
            place.copy_from_slice(own);
            at = (at + len).next_multiple_of(8);
        }
        if text.is_empty() { Ok(()) } else { Err(BadBlock("bytes follow its texts")) }
    }
}

fn set(spans: &mut [(u32, u32)], index: u32, len: usize) {
    if let Some(span) = spans.get_mut(index as usize) {
        span.1 = len as u32;
    }
}

/// A 32-bit field.
fn number(row: &[u8], at: usize) -> u32 {
    let cell = row.get(at..).and_then(|cell| cell.first_chunk());
    cell.map_or(0, |cell| u32::from_le_bytes(*cell))
}
