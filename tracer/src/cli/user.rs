//! A user, by name or number.

use std::fs;

/// A user, with the group that it runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// Its number.
    pub(crate) uid: u32,
    /// Its group's.
    pub(crate) gid: u32,
}

/// `NAME`, `UID` or `UID:GID`. A name is looked up in `/etc/passwd`; so is the group of a number.
pub(super) fn user(text: &str) -> Result<User, String> {
    find(text, &fs::read_to_string("/etc/passwd").unwrap_or_default())
}

fn find(text: &str, known: &str) -> Result<User, String> {
    if let Some((uid, gid)) = text.split_once(':') {
        let number = |word: &str| word.parse().map_err(|_error| format!("{word} is no number"));
        return Ok(User { uid: number(uid)?, gid: number(gid)? });
    }
    let entry = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (name == text || text.parse() == Ok(uid)).then_some(User { uid, gid })
    };
    known.lines().find_map(entry).ok_or_else(|| {
        format!("{text}: /etc/passwd knows no such user; numbers may be given as UID:GID")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_name_or_a_number() {
        let known = "root:x:0:0:root:/root:/bin/sh\ntracer:x:990:991::/:/sbin/nologin\n";
        let tracer = User { uid: 990, gid: 991 };
        for text in ["tracer", "990", "990:991"] {
            assert_eq!(find(text, known), Ok(tracer), "{text}");
        }
        assert_eq!(find("7:8", ""), Ok(User { uid: 7, gid: 8 }));
        for text in ["nobody", "7", "a:b", "7:", ""] {
            assert!(find(text, known).is_err(), "{text}");
        }
    }
}
