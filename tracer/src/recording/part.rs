//! The payloads that are neither records nor their schema.

use super::text::{Take, put_bytes};
use crate::coverage::{Coverage, Fact, Hook, Plan};

/// What was attached when the recording was made, as a payload.
pub fn write_coverage(coverage: &Coverage) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = [coverage.group_dead, coverage.pid_ino, coverage.ns_id];
    let bits = flags.iter().enumerate().fold(0_u8, |all, (bit, &on)| all | u8::from(on) << bit);
    out.push(bits);
    out.extend(coverage.hidden_tasks.to_le_bytes());
    out.extend((coverage.hooks.len() as u32).to_le_bytes());
    for hook in &coverage.hooks {
        put_bytes(&mut out, hook.fact.name().as_bytes());
        put_bytes(&mut out, hook.place.as_bytes());
        put_bytes(&mut out, hook.plan.name().as_bytes());
        out.push(u8::from(hook.refused.is_some()));
        put_bytes(&mut out, hook.refused.as_deref().unwrap_or_default().as_bytes());
    }
    out
}

/// Reads it; facts and plans that this version does not know are left out. `None` if it is cut.
pub fn read_coverage(bytes: &[u8]) -> Option<Coverage> {
    let mut take = Take(bytes);
    let bits = take.u8()?;
    let flag = |bit: u8| bits >> bit & 1 != 0;
    let mut coverage = Coverage {
        group_dead: flag(0),
        pid_ino: flag(1),
        ns_id: flag(2),
        hidden_tasks: take.u32()?,
        hooks: Vec::new(),
    };
    for _ in 0..take.u32()? {
        let fact = Fact::from_name(&take.text()?);
        let place = take.text()?;
        let plan = Plan::from_name(&take.text()?);
        let refused = take.u8()? != 0;
        let why = take.text()?;
        if let (Some(fact), Some(plan)) = (fact, plan) {
            coverage.hooks.push(Hook { fact, place, plan, refused: refused.then_some(why) });
        }
    }
    Some(coverage)
}

/// Something about the run that no record tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The command that was traced has been started: from here on its subtree is what was asked
    /// for.
    Command {
        /// Its level-0 number.
        pid: i32,
        /// When, ns since boot.
        start: u64,
        /// Its words; none in a redacted recording.
        words: Vec<Vec<u8>>,
    },
    /// It has ended.
    Ended {
        /// How, in wait(2)'s form.
        status: i32,
    },
}

impl Note {
    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Command { pid, start, words } => {
                out.extend(1_u32.to_le_bytes());
                out.extend(pid.to_le_bytes());
                out.extend(start.to_le_bytes());
                out.extend((words.len() as u32).to_le_bytes());
                words.iter().for_each(|word| put_bytes(&mut out, word));
            }
            Self::Ended { status } => {
                out.extend(2_u32.to_le_bytes());
                out.extend(status.to_le_bytes());
            }
        }
        out
    }

    /// Reads it; `None` if it is cut, or not known to this version.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        match take.u32()? {
            1 => {
                let pid = take.u32()? as i32;
                let start = take.u64()?;
                let mut words = Vec::new();
                for _ in 0..take.u32()? {
                    words.push(take.counted()?.to_vec());
                }
                Some(Self::Command { pid, start, words })
            }
            2 => Some(Self::Ended { status: take.u32()? as i32 }),
            _ => None,
        }
    }
}

/// Where a keyframe is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Offset in the file of its first frame.
    pub offset: u64,
    /// Number of the record behind it.
    pub seq: u64,
    /// The latest time before it, ns since boot.
    pub ts: u64,
}

/// Where the keyframes since the previous index are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Offset of the previous index, 0 for the first one.
    pub previous: u64,
    /// The keyframes, in order.
    pub entries: Vec<Entry>,
}

impl Index {
    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.previous.to_le_bytes());
        out.extend((self.entries.len() as u32).to_le_bytes());
        for Entry { offset, seq, ts } in &self.entries {
            [offset, seq, ts].into_iter().for_each(|word| out.extend(word.to_le_bytes()));
        }
        out
    }

    /// Reads it; `None` if it is cut.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let mut index = Self { previous: take.u64()?, entries: Vec::new() };
        for _ in 0..take.u32()? {
            index.entries.push(Entry { offset: take.u64()?, seq: take.u64()?, ts: take.u64()? });
        }
        Some(index)
    }
}

/// Why a file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Recording was ended.
    #[default]
    Ended,
    /// The next file of the run goes on.
    Rotated,
    /// The disk was full, or failed.
    Failed,
}

/// The proper end of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub why: Ending,
    /// Offset of the last index; 0 if there is none.
    pub index: u64,
    /// Records in the file.
    pub events: u64,
    /// Records lost in all of the run.
    pub lost: u64,
    /// Bytes of all records in the file as the kernel wrote them.
    pub raw: u64,
    /// Digest of the tables at the end.
    pub digest: u64,
}

impl End {
    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let why = match self.why {
            Ending::Ended => 0_u64,
            Ending::Rotated => 1,
            Ending::Failed => 2,
        };
        let words = [why, self.index, self.events, self.lost, self.raw, self.digest];
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Reads it; `None` if it is cut.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let why = match take.u64()? {
            1 => Ending::Rotated,
            2 => Ending::Failed,
            _ => Ending::Ended,
        };
        Some(Self {
            why,
            index: take.u64()?,
            events: take.u64()?,
            lost: take.u64()?,
            raw: take.u64()?,
            digest: take.u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A payload, and a way to read it that says whether anything came of it.
    type Sample = (Vec<u8>, fn(&[u8]) -> bool);

    #[test]
    fn parts_are_read_as_they_were_written() {
        let hook = Hook {
            fact: Fact::AllocPid,
            place: "fexit/alloc_pid".into(),
            plan: Plan::Trampoline,
            refused: Some("EPERM".into()),
        };
        let hooks = vec![hook.clone(), Hook { refused: None, ..hook }];
        let coverage =
            Coverage { hooks, group_dead: true, pid_ino: false, ns_id: true, hidden_tasks: 3 };
        assert_eq!(read_coverage(&write_coverage(&coverage)), Some(coverage));

        let words = vec![b"sh".to_vec(), b"-c".to_vec(), Vec::new()];
        for note in [Note::Command { pid: 7, start: 8, words }, Note::Ended { status: 256 }] {
            assert_eq!(Note::read(&note.write()), Some(note));
        }
        let index = Index { previous: 9, entries: vec![Entry { offset: 1, seq: 2, ts: 3 }; 3] };
        assert_eq!(Index::read(&index.write()), Some(index));
        for why in [Ending::Ended, Ending::Rotated, Ending::Failed] {
            let end = End { why, index: 1, events: 2, lost: 3, raw: 4, digest: 5 };
            assert_eq!(End::read(&end.write()), Some(end));
        }
    }

    #[test]
    fn a_cut_part_is_none() {
        let hooks =
            vec![Hook { fact: Fact::Fork, place: "x".into(), plan: Plan::Kprobe, refused: None }];
        let note = Note::Command { pid: 1, start: 2, words: vec![b"a".to_vec()] };
        let index = Index { previous: 0, entries: vec![Entry::default()] };
        let samples: [Sample; 4] = [
            (write_coverage(&Coverage { hooks, ..Coverage::default() }), |b| {
                read_coverage(b).is_some()
            }),
            (note.write(), |b| Note::read(b).is_some()),
            (index.write(), |b| Index::read(b).is_some()),
            (End::default().write(), |b| End::read(b).is_some()),
        ];
        for (bytes, reads) in samples {
            assert!(reads(&bytes));
            for len in 0..bytes.len() {
                assert!(!reads(&bytes[..len]), "{len} of {} bytes", bytes.len());
            }
        }
    }
}
