//! Text from traced processes is hostile: a comm, a path or an argument may hold control sequences,
//! bytes that are no text, or characters that reorder the line. Nothing of that leaves here.
//!
//! For people, a byte that is no text becomes `\x9b`, a character that could do harm `\u202e`, and a
//! backslash `\\`; these are also bash's own forms inside `$'…'`. In JSON such characters become
//! `\u202e`, and bytes that are no text U+FFFD; the writer then adds the bytes in hex beside them.

use std::fmt::Write as _;

/// Whether a character could change how its surroundings are shown: controls (C0, DEL, C1), line and
/// paragraph separators, bidirectional and invisible formatting, tags.
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A NUL-padded name without its padding.
pub fn name(padded: &[u8]) -> &[u8] {
    padded.split(|&b| b == 0).next().unwrap_or(padded)
}

/// Appends text for a terminal.
pub fn terminal(text: &[u8], out: &mut String) {
    escape(text, b"", out);
}

/// Appends a comm for a terminal; in single quotes if it could be taken for something else.
pub fn comm(padded: &[u8], out: &mut String) {
    let text = name(padded);
    let plain = !text.is_empty()
        && text.iter().all(|&b| b.is_ascii_graphic() && !b"()'\\".contains(&b) || b >= 0x80);
    if plain {
        escape(text, b"", out);
    } else {
        out.push('\'');
        escape(text, b"'", out);
        out.push('\'');
    }
}

/// Appends one argument, quoted as bash reads it.
pub fn shell(text: &[u8], out: &mut String) {
    let bare = |b: &u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_^".contains(b);
    if !text.is_empty() && text.iter().all(bare) {
        out.extend(text.iter().map(|&b| char::from(b)));
        return;
    }
    let printable = std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(harmful));
    if printable && !text.contains(&b'\'') {
        out.push('\'');
        out.push_str(std::str::from_utf8(text).unwrap_or_default());
        out.push('\'');
    } else {
        out.push_str("$'");
        escape(text, b"'", out);
        out.push('\'');
    }
}

/// Escapes for people; `also` are ASCII characters that get a backslash.
fn escape(text: &[u8], also: &[u8], out: &mut String) {
    if text.iter().all(|&b| (b' '..=b'~').contains(&b) && b != b'\\' && !also.contains(&b)) {
        out.push_str(std::str::from_utf8(text).unwrap_or_default());
        return;
    }
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape_char(c, also, out);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// One character for people.
fn escape_char(c: char, also: &[u8], out: &mut String) {
    let code = u32::from(c);
    let _ = match c {
        '\\' => out.write_str("\\\\"),
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        c if also.iter().any(|&b| char::from(b) == c) => write!(out, "\\{c}"),
        c if !harmful(c) => out.write_char(c),
        _ if code < 0x80 => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Appends the inside of a JSON string; `false` if bytes that are no text were replaced by U+FFFD.
pub fn json(text: &[u8], out: &mut String) -> bool {
    if text.iter().all(|&b| (b' '..=b'~').contains(&b) && b != b'\\' && b != b'"') {
        out.push_str(std::str::from_utf8(text).unwrap_or_default());
        return true;
    }
    let mut whole = true;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            json_char(c, out);
        }
        if !chunk.invalid().is_empty() {
            whole = false;
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
    whole
}

/// One character of a JSON string.
fn json_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if harmful(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        c => out.push(c),
    }
}

/// Appends bytes in hex.
pub fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(write: impl Fn(&[u8], &mut String), text: &[u8]) -> String {
        let mut out = String::new();
        write(text, &mut out);
        out
    }

    fn in_json(text: &[u8], out: &mut String) {
        json(text, out);
    }

    #[test]
    fn harmless_text_stays() {
        for text in ["/bin/ls", "a b", "größe", "日本"] {
            assert_eq!(with(terminal, text.as_bytes()), text);
        }
    }

    #[test]
    fn controls_become_visible() {
        assert_eq!(with(terminal, b"\x1b[31m\x07\n\t\x7f\\"), "\\x1b[31m\\x07\\n\\t\\x7f\\\\");
        assert_eq!(
            with(terminal, "\u{9b}A\u{202e}B\u{2066}".as_bytes()),
            "\\u009bA\\u202eB\\u2066"
        );
        assert_eq!(with(terminal, b"\xff\x9b"), "\\xff\\x9b");
        assert_eq!(with(terminal, "\u{e0041}".as_bytes()), "\\U000e0041");
    }

    #[test]
    fn a_comm_that_could_be_taken_for_more_is_quoted() {
        assert_eq!(with(comm, b"bash\0\0\0\0"), "bash");
        assert_eq!(with(comm, b"kworker/0:1-ev\0x"), "kworker/0:1-ev");
        assert_eq!(with(comm, b"tmux: server\0"), "'tmux: server'");
        assert_eq!(with(comm, b"(sd-pam)\0"), "'(sd-pam)'");
        assert_eq!(with(comm, b"it's"), "'it\\'s'");
        assert_eq!(with(comm, b"\0"), "''");
    }

    #[test]
    fn arguments_are_quoted_as_bash_reads_them() {
        assert_eq!(with(shell, b"--color=auto"), "--color=auto");
        assert_eq!(with(shell, b""), "''");
        assert_eq!(with(shell, b"a b; rm"), "'a b; rm'");
        assert_eq!(with(shell, b"it's"), "$'it\\'s'");
        assert_eq!(with(shell, b"\x1b"), "$'\\x1b'");
        assert_eq!(with(shell, b"~"), "'~'");
    }

    #[test]
    fn json_keeps_text_and_marks_what_is_none() {
        let mut out = String::new();
        assert!(json("ä\"\\\n\u{1}\u{85}".as_bytes(), &mut out));
        assert_eq!(out, "ä\\\"\\\\\\n\\u0001\\u0085");
        out.clear();
        assert!(!json(b"a\xff\xfeb", &mut out));
        assert_eq!(out, "a\u{fffd}\u{fffd}b");
        out.clear();
        assert!(json("\u{e0041}".as_bytes(), &mut out));
        assert_eq!(out, "\\udb40\\udc41");
    }

    #[test]
    fn nothing_harmful_is_ever_written() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..20_000 {
            let mut text: Vec<u8> = (0..random() % 24).map(|_| random() as u8).collect();
            if round % 2 == 0 {
                let chars = (0..6).filter_map(|_| char::from_u32((random() % 0x2_0000) as u32));
                text.extend(chars.collect::<String>().bytes());
            }
            for write in [terminal, comm, shell, in_json] {
                let out = with(write, &text);
                assert!(!out.chars().any(harmful), "{text:x?} became {out:?}");
            }
            let quoted = format!("\"{}\"", with(in_json, &text));
            let back: String = serde_json::from_str(&quoted).unwrap();
            assert_eq!(back, String::from_utf8_lossy(&text), "{text:x?}");
        }
    }
}
