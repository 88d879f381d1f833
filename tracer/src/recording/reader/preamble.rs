//! What stands in front of everything else: the schema and the coverage.

use std::io::Read;

use super::{
    super::{
        Schema,
        frame::{Head, kind},
        frames::{Damage, Flaw, Found},
        read_coverage,
    },
    Reader, Unreadable,
};

/// Frames and damaged parts that are looked at before giving up on what is missing.
const FRONT: usize = 8;

impl<R: Read> Reader<R> {
    /// Takes in the schema and the coverage. What is damaged there is said like any other damage;
    /// the first frame that is neither is kept for later.
    pub(super) fn preamble(&mut self) -> Result<(), Unreadable> {
        let mut missing = vec![kind::SCHEMA, kind::COVERAGE];
        for _ in 0..FRONT {
            self.body = self.frames.offset();
            match self.frames.next()? {
                Found::Frame(offset, head) if missing.contains(&head.kind) => {
                    missing.retain(|&kind| kind != head.kind);
                    if let Err(why) = self.describe(&head)? {
                        self.spoilt(offset, Flaw::Content(why), Some(head));
                    }
                }
                Found::Frame(offset, head) => {
                    self.held = Some((offset, head));
                    break;
                }
                Found::Damage(damage) => {
                    // Of these it is known what they were.
                    missing.retain(|&kind| damage.head.is_none_or(|head| head.kind != kind));
                    let is_body = damage.head.is_some_and(|head| head.kind >= kind::EVENTS);
                    self.note(&damage);
                    self.front.push_back(damage);
                    if is_body {
                        break;
                    }
                }
                Found::Nothing => break,
            }
        }
        if !missing.is_empty() {
            let which = if missing.contains(&kind::SCHEMA) { "schema" } else { "coverage" };
            let why = format!("the {which} should be here and is missing");
            self.spoilt(self.body, Flaw::Content(why), None);
        }
        Ok(())
    }

    fn spoilt(&mut self, offset: u64, flaw: Flaw, head: Option<Head>) {
        let until = self.frames.offset();
        let offset = offset.min(until);
        self.front.push_back(Damage { offset, until, flaw, head });
    }

    /// Takes in the schema or the coverage; or why not. A schema that is whole and means nothing to
    /// this version makes all records unreadable.
    fn describe(&mut self, head: &Head) -> Result<Result<(), String>, Unreadable> {
        if self.unpack(head).is_none() {
            return Ok(Err("it cannot be unpacked".into()));
        }
        if head.kind == kind::SCHEMA {
            self.schema = Schema::read(&self.raw).map_err(Unreadable::Schema)?;
            return Ok(Ok(()));
        }
        Ok(match read_coverage(&self.raw) {
            Some(coverage) => {
                self.coverage = coverage;
                Ok(())
            }
            None => Err("the coverage is cut".into()),
        })
    }
}
