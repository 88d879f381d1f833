//! The whole state of a [`World`] as bytes, and back: what a recording's keyframes contain.
//!
//! A restored world cannot be told from the saved one by anything that follows: the handles of
//! later events, their changes, the digest and the eviction from the history are the same. What
//! follows from the tables themselves (indexes, counters, back links) is not stored but derived.
//!
//! The bytes are columns, one for each field of a table, and each table is described once for both
//! directions ([`rows`]). They are for a compressor to follow; they have no checksum of their own.

mod cgroups;
mod columns;
mod derive;
mod pack;
mod read;
mod rest;
mod rows;
mod shape;
mod write;

use std::fmt;

use super::World;
use read::Reader;
use shape::Shapes;
use write::Writer;

/// Version of the bytes. Whoever changes a row or a transform raises it.
const VERSION: u8 = 2;

/// The version before, without cgroups.
const WITHOUT_CGROUPS: u8 = 1;

/// Most history that a state may ask for: forged bytes set no bound of their own.
const MOST_HISTORY: u64 = 1 << 20;

/// Why bytes are no state of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadState {
    /// They are of another version.
    Version(u8),
    /// They end too early.
    Cut,
    /// They go on behind their end.
    Long,
    /// They do not say what they must.
    Value(&'static str),
    /// Their tables contradict each other.
    Inconsistent(String),
}

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "the state is of version {version}, this program reads {VERSION}")
            }
            Self::Cut => f.write_str("the state ends too early"),
            Self::Long => f.write_str("the state goes on behind its end"),
            Self::Value(what) => write!(f, "the state has a wrong {what}"),
            Self::Inconsistent(what) => write!(f, "the state contradicts itself: {what}"),
        }
    }
}

impl std::error::Error for BadState {}

impl World {
    /// Appends the whole state. The same state gives the same bytes on every machine.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        let mut to = Writer::new(out);
        let shapes = Shapes::of(self);
        shapes.save(&mut to);
        self.save_singles(&mut to, &shapes);
        self.save_rows(&mut to, &shapes);
        self.save_rest(&mut to, &shapes);
        self.save_cgroups(&mut to);
    }

    /// The world whose state these bytes are. Any bytes give a valid world or an error.
    pub fn restore(bytes: &[u8]) -> Result<Self, BadState> {
        let (&version, bytes) = bytes.split_first().ok_or(BadState::Cut)?;
        if version != VERSION && version != WITHOUT_CGROUPS {
            return Err(BadState::Version(version));
        }
        let mut from = Reader::new(bytes);
        let mut world = Self::new();
        let shapes = Shapes::restore(&mut from, &mut world)?;
        world.restore_singles(&mut from, &shapes)?;
        let marks = world.restore_rows(&mut from, &shapes)?;
        world.restore_rest(&mut from, &shapes)?;
        if version != WITHOUT_CGROUPS {
            world.restore_cgroups(&mut from)?;
        }
        from.end()?;
        world.derive(&marks)?;
        world.check_links().map_err(BadState::Inconsistent)?;
        Ok(world)
    }
}
