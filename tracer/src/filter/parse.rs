//! What users type for filters.

use std::{fmt, str::FromStr};

use super::Types;
use crate::model::NsKind;
use crate::view::{Type, escape};

/// Text that is no filter: what was given, and which form is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFilter(String);

impl fmt::Display for BadFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFilter {}

/// Says what was given, harmlessly, and what was expected.
fn bad(given: &str, expected: &str) -> BadFilter {
    let mut shown = String::new();
    escape::shell(given.as_bytes(), &mut shown);
    BadFilter(format!("{shown} {expected}"))
}

/// A PID: `6427` in the initial namespace, or `235@4026532398` in another one, which may also be
/// written as in `/proc/PID/ns`: `235@pid:[4026532398]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PidSpec {
    /// The number.
    pub nr: i32,
    /// Inode number of the PID namespace it counts in; `None` is the initial one.
    pub ns: Option<u32>,
}

impl PidSpec {
    /// A level-0 number.
    pub fn host(nr: i32) -> Self {
        Self { nr, ns: None }
    }
}

impl FromStr for PidSpec {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let (nr, ns) = match text.split_once('@') {
            Some((nr, ns)) => (nr, Some(ns)),
            None => (text, None),
        };
        let nr = number(nr).and_then(|nr| i32::try_from(nr).ok()).filter(|&nr| nr > 0);
        let Some(nr) = nr else {
            return Err(bad(text, "is no PID: use a number such as 6427, or 235@4026532398"));
        };
        let Some(ns) = ns else { return Ok(Self::host(nr)) };
        let ns: NsSpec = ns.parse()?;
        if ns.kind.is_some_and(|kind| kind != NsKind::Pid) {
            return Err(bad(text, "counts in no PID namespace: use NR@pid:[4026532398]"));
        }
        Ok(Self { nr, ns: Some(ns.inum) })
    }
}

/// A namespace: `4026532398`, or `pid:[4026532398]` as in `/proc/PID/ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NsSpec {
    /// The kind, if it was given.
    pub kind: Option<NsKind>,
    /// The inode number.
    pub inum: u32,
}

impl FromStr for NsSpec {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let wrong = || {
            bad(
                text,
                "is no namespace: use its inode number (4026532398), or the form of /proc/PID/ns \
                 (pid:[4026532398])",
            )
        };
        let (kind, inum) = match text.split_once(':') {
            Some((kind, rest)) => {
                let kind = NsKind::ALL.into_iter().find(|known| known.name() == kind);
                let inum = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                (Some(kind.ok_or_else(wrong)?), inum.unwrap_or(rest))
            }
            None => (None, text),
        };
        let inum = number(inum).filter(|&inum| inum != 0).ok_or_else(wrong)?;
        Ok(Self { kind, inum })
    }
}

/// A number without sign or blanks.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A comm, or a pattern: `*` is any text, `?` any byte; a backslash takes the next one literally.
/// The kernel keeps 15 bytes of a name, so a longer one without a pattern matches by these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommSpec(Box<[Piece]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    One,
    Any,
}

/// What the kernel keeps of a name (`TASK_COMM_LEN` less its NUL).
const COMM: usize = 15;

impl FromStr for CommSpec {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        if text.is_empty() {
            return Err(bad(
                text,
                "is no name: use a comm such as bash, or a pattern such as kworker*",
            ));
        }
        let mut pieces = Vec::with_capacity(text.len());
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            pieces.push(match byte {
                b'*' => Piece::Any,
                b'?' => Piece::One,
                b'\\' => Piece::Byte(bytes.next().unwrap_or(b'\\')),
                byte => Piece::Byte(byte),
            });
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Byte(_))) {
            pieces.truncate(COMM);
        }
        Ok(Self(pieces.into()))
    }
}

impl CommSpec {
    /// Whether a name (NUL-padded or not) is meant.
    pub fn matches(&self, comm: &[u8]) -> bool {
        let name = escape::name(comm);
        let (mut at, mut from) = (0, 0);
        // Where to go on if a literal fails: behind the last star, one byte further.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(at), name.get(from)) {
                (Some(Piece::Any), _) => {
                    retry = Some((at + 1, from));
                    at += 1;
                }
                (None, None) => return true,
                (Some(Piece::One), Some(_)) => (at, from) = (at + 1, from + 1),
                (Some(Piece::Byte(byte)), Some(other)) if byte == other => {
                    (at, from) = (at + 1, from + 1);
                }
                _ => match &mut retry {
                    Some((star, next)) if *next < name.len() => {
                        *next += 1;
                        (at, from) = (*star, *next);
                    }
                    _ => return false,
                },
            }
        }
    }
}

impl FromStr for Types {
    type Err = BadFilter;

    /// `all`, `live`, or names separated by commas.
    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let mut types = Self::NONE;
        for name in text.split(',').map(str::trim) {
            match name {
                "all" => types = Self::ALL,
                "live" => types = types.union(Self::LIVE),
                _ => {
                    let ty = Type::from_name(name).ok_or_else(|| {
                        let all: Vec<_> = Type::ALL.into_iter().map(Type::name).collect();
                        bad(name, &format!("is no event type: use all, or {}", all.join(", ")))
                    })?;
                    types = types.with(ty);
                }
            }
        }
        Ok(types)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pids_count_at_level_0_or_in_a_namespace() {
        assert_eq!("6427".parse(), Ok(PidSpec::host(6427)));
        let nested = Ok(PidSpec { nr: 235, ns: Some(4_026_532_398) });
        assert_eq!("235@4026532398".parse(), nested);
        assert_eq!("235@pid:[4026532398]".parse(), nested);
        for text in ["", "0", "-1", "+1", "abc", "1@", "1@net:[4]", "99999999999", "1@0", "@1"] {
            assert!(text.parse::<PidSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_namespace_is_told_the_form() {
        assert_eq!("4026532398".parse(), Ok(NsSpec { kind: None, inum: 4_026_532_398 }));
        assert_eq!("net:[7]".parse(), Ok(NsSpec { kind: Some(NsKind::Net), inum: 7 }));
        assert_eq!("net:7".parse(), Ok(NsSpec { kind: Some(NsKind::Net), inum: 7 }));
        for text in ["", "0", "foo:[7]", "net:[7", "net:[]", "-7", "7 "] {
            let error = text.parse::<NsSpec>().expect_err(text).to_string();
            assert!(error.contains("pid:[4026532398]"), "{error}");
        }
        assert!(
            "\x1b[2J".parse::<NsSpec>().unwrap_err().to_string().starts_with("$'\\x1b[2J' is no")
        );
    }

    #[test]
    fn names_match_exactly_or_by_pattern() {
        let matches =
            |spec: &str, comm: &str| spec.parse::<CommSpec>().unwrap().matches(comm.as_bytes());
        assert!(matches("bash", "bash\0\0"));
        assert!(!matches("bas", "bash"));
        assert!(matches("kworker/*", "kworker/0:1"));
        assert!(matches("*:*", "tmux: server"));
        assert!(matches("?ash", "bash") && !matches("?ash", "ash"));
        assert!(matches("*a*b*c", "xaxbxbc") && !matches("*a*b*c", "xaxcxb"));
        assert!(matches("\\*", "*") && !matches("\\*", "x"));
        assert!(matches("systemd-journald", "systemd-journal"));
        assert!(matches("*", "") && !matches("?", ""));
        assert!("".parse::<CommSpec>().is_err());
    }

    #[test]
    fn types_are_lists_of_names() {
        let types: Types = "fork, exit".parse().unwrap();
        assert_eq!(types, Types::NONE.with(Type::Fork).with(Type::Exit));
        assert_eq!("all".parse(), Ok(Types::ALL));
        assert_eq!("live,rename".parse(), Ok(Types::LIVE.with(Type::Rename)));
        let error = "fork,frok".parse::<Types>().unwrap_err().to_string();
        assert!(error.starts_with("frok is no event type") && error.contains("ns_create"));
    }
}
