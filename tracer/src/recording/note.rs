//! What no record tells about a run.

use super::text::{Take, put_bytes};

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
    /// What was done to the recording since it was made, in a sentence.
    Changed(Vec<u8>),
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
                for word in words {
                    put_bytes(&mut out, word);
                }
            }
            Self::Ended { status } => {
                out.extend(2_u32.to_le_bytes());
                out.extend(status.to_le_bytes());
            }
            Self::Changed(how) => {
                out.extend(3_u32.to_le_bytes());
                put_bytes(&mut out, how);
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
            3 => Some(Self::Changed(take.counted()?.to_vec())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written_and_cut_ones_are_none() {
        let words = vec![b"sh".to_vec(), b"-c".to_vec(), Vec::new()];
        let changed = Note::Changed(b"shrunk".to_vec());
        for note in
            [Note::Command { pid: 7, start: 8, words }, Note::Ended { status: 256 }, changed]
        {
            let bytes = note.write();
            for len in 0..bytes.len() {
                assert_eq!(Note::read(&bytes[..len]), None, "{len} bytes");
            }
            assert_eq!(Note::read(&bytes), Some(note));
        }
    }
}
