//! The shapes in which logs write PIDs.

/// The kernel's greatest PID and one (`PID_MAX_LIMIT`).
const PID_MAX_LIMIT: i32 = 4 * 1024 * 1024;

/// Words that come before a PID.
const WORDS: [&[u8]; 4] = [b"ppid", b"tgid", b"pid", b"tid"];

/// Bytes between such a word and its number, at most.
const BETWEEN: usize = 4;

/// The PIDs in a line: where each ends, and what it is.
///
/// Shapes: `pid=235`, `pid 235`, `PID: 235`, `(pid 235)`, `"pid":235`, `pid="235"`, `MainPID=235`,
/// the same with `ppid`, `tid` and `tgid`; `name[235]:` and `[235]`.
pub(super) fn numbers(line: &[u8]) -> impl Iterator<Item = (usize, i32)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = line.get(at..)?;
            let start = at + rest.iter().position(u8::is_ascii_digit)?;
            let digits = line.get(start..)?.iter().take_while(|b| b.is_ascii_digit()).count();
            let end = start + digits;
            at = end;
            let (before, after) = (line.get(..start)?, line.get(end..)?);
            if let Some(nr) = number(line.get(start..end)?)
                && is_pid(before, after)
            {
                return Some((end, nr));
            }
        }
    })
}

/// A number that can be a PID, written as one.
fn number(digits: &[u8]) -> Option<i32> {
    if digits.first() == Some(&b'0') || digits.len() > 7 {
        return None;
    }
    let nr = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (1..PID_MAX_LIMIT).contains(&nr).then_some(nr)
}

fn is_pid(before: &[u8], after: &[u8]) -> bool {
    let (next, second) = (after.first().copied(), after.get(1).copied());
    if let (Some((b'[', ahead)), Some(b']')) = (before.split_last(), next) {
        let name = ahead.last().copied();
        let name = name.is_none_or(|b| {
            b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"_-./)@(:,>".contains(&b)
        });
        let ends = second.is_none_or(|b| b.is_ascii_whitespace() || b":,);]".contains(&b));
        return name && ends;
    }
    // part of a word, of a decimal, or annotated already
    let whole = next.is_none_or(|b| !b.is_ascii_alphanumeric() && !b"_{".contains(&b));
    let decimal = next == Some(b'.') && second.is_some_and(|b| b.is_ascii_digit());
    whole && !decimal && behind_word(before)
}

/// Whether text ends in such a word and what may be between it and its number.
fn behind_word(before: &[u8]) -> bool {
    let between =
        before.iter().rev().take(BETWEEN).take_while(|b| b" \t\"'=:#(".contains(b)).count();
    if between == 0 {
        return false;
    }
    let Some(text) = before.get(..before.len() - between) else { return false };
    WORDS.iter().any(|word| {
        let Some(start) = text.len().checked_sub(word.len()) else { return false };
        let Some((ahead, found)) = text.split_at_checked(start) else { return false };
        let camel = found.first().is_some_and(u8::is_ascii_uppercase);
        let apart = ahead.last().is_none_or(|b| {
            !b.is_ascii_alphanumeric() && *b < 0x80 || camel && b.is_ascii_lowercase()
        });
        found.eq_ignore_ascii_case(word) && apart
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str) -> Vec<i32> {
        numbers(line.as_bytes()).map(|(_, nr)| nr).collect()
    }

    #[test]
    fn the_usual_shapes_are_found() {
        for line in [
            "pid=235",
            "pid 235 exited",
            "PID: 235",
            "(pid 235)",
            "ppid=235,",
            "tid=235;",
            "tgid: 235",
            "sshd[235]: hello",
            "[235] hello",
            "x (sshd[235])",
            "cron[235]",
            "{\"pid\":235}",
            "{\"pid\": \"235\"}",
            "pid='235'",
            "MainPID=235",
            "child_pid=235",
            "Nov 22 08:15:00 host my.app-x[235]: go",
        ] {
            assert_eq!(all(line), [235], "{line}");
        }
        assert_eq!(all("sshd[235]: pid 236 (ppid 1), tid=237"), [235, 236, 1, 237]);
    }

    #[test]
    fn other_numbers_are_not() {
        for line in [
            "235",
            "stupid 235",
            "rapid=235",
            "pid235",
            "pid 235x",
            "pid 2.5",
            "pid 0",
            "pid 0235",
            "pid 99999999",
            "pid 4194304",
            "[12345.678901] x",
            "pid:[4026532398]",
            "pid=235{6427/235 sshd}",
            "pid - 235",
            "pid=-1",
            "a[3]b",
            "a[235]=1",
            "[235",
            "",
            "pid",
            "pid =  :  235",
        ] {
            assert!(all(line).is_empty(), "{line}");
        }
    }
}
