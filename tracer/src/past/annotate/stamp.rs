//! The times of log lines.

use crate::host::Host;
use crate::view::TimeSpec;

/// When a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The time, ns since boot.
    pub(super) ts: u64,
    /// For how long the same would have been written, ns; 1 at the least.
    pub(super) precision: u64,
}

const SECOND: u64 = 1_000_000_000;

/// How far into a line a date is looked for.
const REACH: usize = 80;

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The time in a line, if it has one: ISO 8601 (RFC 3339) near its beginning; at its beginning
/// `Nov 22 08:15:00` (the year that lies nearest to the end of the events), seconds since boot in
/// brackets (dmesg), seconds since 1970 (also `audit(…)`). `offset` (seconds east of UTC) is for
/// times that name none.
pub(super) fn find(line: &[u8], host: &Host, end: u64, offset: i64) -> Option<Stamp> {
    let line = line.get(..line.len().min(REACH)).unwrap_or_default();
    let start = without_priority(line);
    since_boot(start).or_else(|| {
        let (wall, precision) = iso(line, offset)
            .or_else(|| syslog(start, host.wall(end), offset))
            .or_else(|| epoch(start))?;
        // a time before boot is 0: nothing is known of it
        let ts = wall.saturating_add(host.boot_ns).saturating_sub(host.wall_ns);
        Some(Stamp { ts, precision })
    })
}

/// A line without syslog's `<34>` and RFC 5424's version.
fn without_priority(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let inside = rest.get(digits..).and_then(|rest| rest.strip_prefix(b">"));
    inside.filter(|_| (1..=3).contains(&digits)).unwrap_or(line)
}

/// Digits with a fraction behind `.` or `,`: ns, the precision, and how many bytes they are.
fn seconds(text: &[u8]) -> Option<(u64, u64, usize)> {
    let whole = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number: u64 = std::str::from_utf8(text.get(..whole)?).ok()?.parse().ok()?;
    let mut ns = number.checked_mul(SECOND)?;
    let mut precision = SECOND;
    let mut used = whole;
    if let Some((b'.' | b',', rest)) = text.get(whole..)?.split_first() {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        for digit in rest.iter().take(digits.min(9)) {
            precision /= 10;
            ns = ns.checked_add(u64::from(digit - b'0') * precision)?;
        }
        used += if digits > 0 { 1 + digits } else { 0 };
    }
    Some((ns, precision.max(1), used))
}

/// `[12345.678901]`, perhaps with blanks inside.
fn since_boot(line: &[u8]) -> Option<Stamp> {
    let inside = line.strip_prefix(b"[")?.trim_ascii_start();
    let (ts, precision, used) = seconds(inside)?;
    // without a fraction it is a PID, not a time
    (precision < SECOND && inside.get(used) == Some(&b']')).then_some(Stamp { ts, precision })
}

/// `1700000000.123` at the beginning, or in `audit(1700000000.123:45)`.
fn epoch(line: &[u8]) -> Option<(u64, u64)> {
    let audit = b"audit(";
    let at = line.windows(audit.len()).position(|it| it == audit);
    let text = match at {
        Some(at) => line.get(at + audit.len()..)?,
        None => line.strip_prefix(b"[").unwrap_or(line),
    };
    let whole = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (ns, precision, used) = seconds(text)?;
    let ends = text.get(used).is_none_or(|b| b.is_ascii_whitespace() || b"]:),;".contains(b));
    ((9..=10).contains(&whole) && ends).then_some((ns, precision))
}

/// `2026-03-01T12:30:15.25+02:00`, also with a blank instead of the T, and a comma.
fn iso(line: &[u8], offset: i64) -> Option<(u64, u64)> {
    let shape = b"0000-00-00T00:00:00";
    let fits = |text: &[u8]| {
        text.iter().zip(shape).all(|(b, form)| match form {
            b'0' => b.is_ascii_digit(),
            b'T' => b"Tt ".contains(b),
            form => b == form,
        })
    };
    let at = line.windows(shape.len()).position(fits)?;
    if at.checked_sub(1).and_then(|at| line.get(at)).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let rest = line.get(at + shape.len()..)?;
    // the fraction alone, behind a 0 that stands for the seconds
    let fraction = rest.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    let fraction = if matches!(rest.first(), Some(b'.' | b',')) { fraction } else { 0 };
    let zone = rest.get(if fraction > 0 { fraction + 1 } else { 0 }..)?;
    let mut number = vec![b'0'];
    number.extend_from_slice(rest.get(..if fraction > 0 { fraction + 1 } else { 0 })?);
    let (part, precision, _) = seconds(&number)?;
    let date = std::str::from_utf8(line.get(at..at + shape.len())?).ok()?;
    Some((wall(date, &zoned(zone, offset))?.checked_add(part)?, precision))
}

/// The offset that a time ends in, or the one to be used.
fn zoned(zone: &[u8], offset: i64) -> String {
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let zone = match zone {
        [b' ', rest @ ..] => rest,
        zone => zone,
    };
    match zone {
        [b'Z' | b'z', ..] => "Z".to_owned(),
        [sign @ (b'+' | b'-'), a, b, b':', c, d, ..] | [sign @ (b'+' | b'-'), a, b, c, d, ..]
            if digits(&[*a, *b, *c, *d]) =>
        {
            [sign, a, b, c, d].map(|&b| char::from(b)).iter().collect()
        }
        _ => {
            let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
            format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
    }
}

/// ns since 1970 of a date and a time with an offset.
fn wall(date: &str, zone: &str) -> Option<u64> {
    match format!("{date}{zone}").parse() {
        Ok(TimeSpec::Wall(ns)) => Some(ns),
        _ => None,
    }
}

/// `Nov 22 08:15:00`, of the year that brings it nearest to `near` (ns since 1970).
fn syslog(line: &[u8], near: u64, offset: i64) -> Option<(u64, u64)> {
    let month = MONTHS.iter().position(|name| line.starts_with(name))? + 1;
    let rest = line.get(3..)?.strip_prefix(b" ")?.trim_ascii_start();
    let day = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, clock) = rest.split_at_checked(day)?;
    let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
    let clock = clock.strip_prefix(b" ")?;
    let year = clock.split(|&b| b == b' ').nth(1).filter(|it| it.len() == 4);
    let year = year.and_then(|it| std::str::from_utf8(it).ok()?.parse::<i64>().ok());
    let text = std::str::from_utf8(clock.get(..8)?).ok()?;
    let ends = clock.get(8).is_none_or(|b| !b.is_ascii_digit());
    let zone = zoned(b"", offset);
    let of_year = |year: i64| {
        let date = format!("{year:04}-{month:02}-{number:02}T{text}");
        wall(&date, &zone).map(|ns| (ns.abs_diff(near), ns))
    };
    let middle = 1970 + (near / (SECOND * 31_556_952)) as i64;
    let year_given = year.and_then(of_year);
    let nearest = || (middle - 1..=middle + 1).filter_map(of_year).min();
    let (_, ns) = year_given.or_else(nearest).filter(|_| ends)?;
    Some((ns, SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::time::rfc3339;

    /// A host that booted on 2026-11-22 at 08:00 UTC, and when its recording ended.
    fn host() -> (Host, u64) {
        let Ok(TimeSpec::Wall(wall_ns)) = "2026-11-22T08:00:00Z".parse() else { panic!() };
        (Host { wall_ns, boot_ns: 0, ..Host::default() }, 3600 * SECOND)
    }

    fn at(line: &str, offset: i64) -> Option<(String, u64)> {
        let (host, end) = host();
        let stamp = find(line.as_bytes(), &host, end, offset)?;
        let mut out = String::new();
        rfc3339(host.wall(stamp.ts), &mut out);
        Some((out, stamp.precision))
    }

    #[test]
    fn times_of_many_logs_are_understood() {
        let quarter = "2026-11-22T08:15:00.000000000Z";
        for (line, precision) in [
            ("2026-11-22T08:15:00Z x", SECOND),
            ("2026-11-22T10:15:00+02:00 x", SECOND),
            ("2026-11-22T03:15:00.000-0500 x", 1_000_000),
            ("2026-11-22 08:15:00,000 [main] x", 1_000_000),
            ("2026-11-22 10:15:00 +0200 x", SECOND),
            ("time=\"2026-11-22T08:15:00Z\" level=info", SECOND),
            ("<34>1 2026-11-22T08:15:00.000000Z host", 1_000),
            ("Nov 22 08:15:00 host sshd[235]: x", SECOND),
            ("<13>Nov 22 08:15:00 host x", SECOND),
            ("[  900.000000] x", 1_000),
            ("<6>[900.000000] x", 1_000),
            ("1795335300.000 x", 1_000_000),
            ("1795335300 x", SECOND),
            ("type=SYSCALL msg=audit(1795335300.000:45): pid=3", 1_000_000),
        ] {
            assert_eq!(at(line, 0), Some((quarter.into(), precision)), "{line}");
        }
        let east = Some((quarter.into(), SECOND));
        assert_eq!(at("Nov 22 10:15:00 host x", 7200), east);
        assert_eq!(at("2026-11-22 10:15:00 x", 7200), east);
        assert_eq!(at("2026-11-22T08:15:00Z x", 7200), east);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for line in [
            "",
            "[235] x",
            "235 x",
            "Nov",
            "Nov 22",
            "Nov 99 08:15:00 x",
            "Foo 22 08:15:00 x",
            "2026-13-22T08:15:00Z",
            "12026-11-22T08:15:00Z",
            "123456789012345678901234567890.5 x",
            "[99999999999999999999.5] x",
            "\u{fc}\u{fc}Nov 22 08:15:00",
        ] {
            assert_eq!(at(line, 0), None, "{line}");
        }
    }

    #[test]
    fn the_year_is_the_nearest_one() {
        let (mut host, end) = host();
        let Ok(TimeSpec::Wall(wall_ns)) = "2026-12-31T23:30:00Z".parse() else { panic!() };
        host.wall_ns = wall_ns;
        let stamp = find(b"Jan  1 00:10:00 x", &host, end, 0).unwrap();
        assert_eq!(stamp.ts, 2400 * SECOND);
        let stamp = find(b"Dec 31 23:40:00 x", &host, end, 0).unwrap();
        assert_eq!(stamp.ts, 600 * SECOND);
    }
}
