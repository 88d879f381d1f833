//! What an event is called, so that a client can go on behind it.
//!
//! An id is `RUN-SEQ`: the run of the daemon, and the event's number in it, which is also what the
//! header `tracer-event` counts. One event of the kernel may be told in several; all but the last of
//! these are `RUN-SEQ.PART`.

use std::{fmt, str::FromStr};

/// A run of a daemon: the boot, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run(u64);

/// A place in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: u64,
    /// Which of those that tell of it, from 1 on; 0 is the last.
    part: usize,
}

/// The name of what is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    run: Run,
    place: Place,
}

/// Behind which event a client wants to go on; without a run, it means this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command::daemon) struct Since {
    run: Option<Run>,
    place: Place,
}

impl Run {
    /// Two runs differ in their beginning, or were on different boots.
    pub(super) fn new(boot_id: &str, begun: u64) -> Self {
        // FNV-1a: no secret, and the same on every machine.
        let bytes = boot_id.bytes().chain(begun.to_le_bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// The name of the one at `index` of `many` that tell of an event.
    pub(super) fn id(self, seq: u64, index: usize, many: usize) -> Id {
        let part = if index + 1 == many { 0 } else { index + 1 };
        Id { run: self, place: Place { seq, part } }
    }

    /// The name of the last one that tells of an event.
    pub(super) fn whole(self, seq: u64) -> Id {
        self.id(seq, 0, 1)
    }
}

impl Place {
    /// Whether something comes behind this place.
    pub(super) fn is_before(self, id: Id) -> bool {
        let key = |place: Self| (place.seq, place.part.wrapping_sub(1));
        key(self) < key(id.place)
    }
}

impl Since {
    /// The place in a run; an error where it is one of another.
    pub(super) fn of(self, run: Run) -> Result<Place, ()> {
        if self.run.is_none_or(|mine| mine == run) { Ok(self.place) } else { Err(()) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.run.0, self.place.seq)?;
        if self.place.part > 0 { write!(f, ".{}", self.place.part) } else { Ok(()) }
    }
}

impl FromStr for Since {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run, place) = match text.split_once('-') {
            Some((run, place)) if run.len() == 16 => {
                (Some(Run(u64::from_str_radix(run, 16).map_err(drop)?)), place)
            }
            Some(_) => return Err(()),
            None => (None, text),
        };
        let (seq, part) = place.split_once('.').unwrap_or((place, "0"));
        let place = Place { seq: seq.parse().map_err(drop)?, part: part.parse().map_err(drop)? };
        Ok(Self { run, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_where_to_go_on() {
        let run = Run::new("b00t", 7);
        let ids: Vec<Id> = [(1, 0, 1), (2, 0, 3), (2, 1, 3), (2, 2, 3), (3, 0, 1)]
            .map(|it| run.id(it.0, it.1, it.2))
            .into();
        for (at, id) in ids.iter().enumerate() {
            let since: Since = id.to_string().parse().unwrap();
            let place = since.of(run).unwrap();
            let behind: Vec<Id> = ids.iter().copied().filter(|&it| place.is_before(it)).collect();
            assert_eq!(behind, ids[at + 1..], "{id}");
            assert!(since.of(Run::new("b00t", 8)).is_err(), "it is of another run");
        }
        let bare: Since = "2".parse().unwrap();
        assert!(
            bare.of(run).unwrap().is_before(ids[4]) && !bare.of(run).unwrap().is_before(ids[3])
        );
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "x", "-1", "1-2", "1.2.3", "0123456789abcdeg-1", "0123456789abcdef-", "3m ago"]
        {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
