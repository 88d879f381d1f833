//! What a process does with SIGCHLD, as `/proc/PID/status` says.

use crate::view::names::SIGCHLD;

/// What a process does with SIGCHLD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigChld {
    /// It ignores it: children that die from then on are reaped by themselves, those that had died
    /// before are not.
    pub ignored: bool,
    /// Its leader blocks it.
    pub blocked: bool,
    /// It has a handler.
    pub caught: bool,
}

impl SigChld {
    /// Reads the text of `/proc/PID/status`; `None` if it is none.
    pub fn of_status(text: &[u8]) -> Option<Self> {
        let has = |name: &[u8]| {
            let mut lines = text.split(|&byte| byte == b'\n');
            let mask = lines.find_map(|line| line.strip_prefix(name))?;
            let mask = std::str::from_utf8(mask).ok()?.trim();
            let mask = u64::from_str_radix(mask, 16).ok()?;
            Some(mask >> (SIGCHLD - 1) & 1 != 0)
        };
        Some(Self {
            ignored: has(b"SigIgn:")?,
            blocked: has(b"SigBlk:")?,
            caught: has(b"SigCgt:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masks_of_a_status_tell() {
        let text = b"Name:\tsh\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000000004\n\
            SigCgt:\t0000000000010002\nCapInh:\t0\n";
        let told = SigChld { ignored: false, blocked: true, caught: true };
        assert_eq!(SigChld::of_status(text), Some(told));
        for bad in [&b""[..], b"SigBlk:\t1\nSigIgn:\t", b"SigBlk:\nSigIgn:\nSigCgt:\xff\n"] {
            assert_eq!(SigChld::of_status(bad), None);
        }
    }
}
