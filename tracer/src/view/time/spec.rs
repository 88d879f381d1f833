//! Times as users type them.

use std::str::FromStr;

use super::{BadTime, SECOND, civil};
use crate::host::Host;

/// A time as users give it (`--since`, `--until`, `--at`).
///
/// - `2026-03-01`, `2026-03-01T12:30`, `2026-03-01 12:30:15.25`: ISO 8601; **UTC unless** it
///   ends in an offset (`+02:00`, `-0500`).
/// - `3m ago`, `1h30m ago`, `now`: before now; of a recording, before its end.
/// - `+1.5s`, `+300ms`: from the start. Units: ns, us, ms, s, m, h, d; without one: seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSpec {
    /// A wall clock time, ns since 1970 (UTC).
    Wall(u64),
    /// So many ns before now (of a recording: before its end).
    Ago(u64),
    /// So many ns from the start.
    FromStart(u64),
}

impl TimeSpec {
    /// The time, ns since boot. `start` and `now` (of a recording: its end) are ns since boot. What
    /// lies before boot is 0.
    pub fn resolve(self, host: &Host, start: u64, now: u64) -> u64 {
        match self {
            Self::Wall(wall) => wall.saturating_add(host.boot_ns).saturating_sub(host.wall_ns),
            Self::Ago(ns) => now.saturating_sub(ns),
            Self::FromStart(ns) => start.saturating_add(ns),
        }
    }
}

impl FromStr for TimeSpec {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let trimmed = text.trim();
        let parsed = if trimmed == "now" {
            Some(Self::Ago(0))
        } else if let Some(rest) = trimmed.strip_prefix('+') {
            duration(rest).map(Self::FromStart)
        } else if let Some(rest) = trimmed.strip_suffix("ago") {
            duration(rest.trim()).map(Self::Ago)
        } else {
            iso(trimmed).map(Self::Wall)
        };
        parsed.ok_or_else(|| {
            BadTime(format!(
                "{text:?} is no time: use 2026-03-01T12:30:00 (UTC unless it ends in an offset such \
                 as +02:00), 3m ago, or +1.5s (from the start)"
            ))
        })
    }
}

/// One or several numbers with units (`1h30m`, `1.5s`); without a unit, seconds.
fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits)?;
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        total = total.checked_add(decimal(number, unit_ns(unit)?)?)?;
        rest = tail.trim_start();
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// Nanoseconds of a unit.
fn unit_ns(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "" | "s" | "sec" => SECOND,
        "m" | "min" => 60 * SECOND,
        "h" => 3600 * SECOND,
        "d" => 86_400 * SECOND,
        _ => return None,
    })
}

/// A number with up to nine decimals, times a unit.
fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u128 = whole.parse().ok()?;
    if part.is_empty() || part.len() > 9 {
        return None;
    }
    let scale = 10_u128.pow(part.len() as u32);
    let part: u128 = part.parse().ok()?;
    let ns = (whole.checked_mul(scale)?.checked_add(part)?).checked_mul(unit.into())? / scale;
    u64::try_from(ns).ok()
}

/// An ISO 8601 date, perhaps with a time and an offset: ns since 1970.
fn iso(text: &str) -> Option<u64> {
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 {
        return None;
    }
    let days = civil::to_days(digits(year)?, digits(month)?, digits(day)?)?;
    let of_day = match clock {
        Some(clock) => of_day(clock)?,
        None => 0,
    };
    u64::try_from(i128::from(days) * 86_400 * i128::from(SECOND) + of_day).ok()
}

/// `12:30`, `12:30:15.25`, with `Z` or an offset: ns from midnight UTC.
fn of_day(text: &str) -> Option<i128> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (text.get(..at)?.trim_end(), offset_seconds(text.get(at..)?)?),
        None => (text, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = decimal(parts.next().unwrap_or("0"), SECOND)?;
    if hour > 23 || minute > 59 || second >= 61 * SECOND {
        return None;
    }
    let seconds = i128::from(hour * 3600 + minute * 60 - offset);
    Some(seconds * i128::from(SECOND) + i128::from(second))
}

/// Seconds east of UTC of `Z`, `+02:00`, `-0500` or `+02`.
pub fn offset_seconds(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(pair) => pair,
        None => rest.split_at_checked(2)?,
    };
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes)? };
    let hours = digits(hours)?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of one to four digits, without a sign.
fn digits(text: &str) -> Option<i64> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::time::rfc3339;

    fn wall(text: &str) -> Option<String> {
        let TimeSpec::Wall(ns) = text.parse().ok()? else { return None };
        let mut out = String::new();
        rfc3339(ns, &mut out);
        Some(out)
    }

    #[test]
    fn iso_times_are_utc_unless_they_say_otherwise() {
        for (text, expected) in [
            ("2026-03-01", "2026-03-01T00:00:00.000000000Z"),
            ("2026-03-01T12:30", "2026-03-01T12:30:00.000000000Z"),
            ("2026-03-01 12:30:15.25", "2026-03-01T12:30:15.250000000Z"),
            ("2026-03-01T00:30:00+02:00", "2026-02-28T22:30:00.000000000Z"),
            ("2024-02-29T23:00:00-0500", "2024-03-01T04:00:00.000000000Z"),
            ("2024-02-29T23:00:00.000000001Z", "2024-02-29T23:00:00.000000001Z"),
        ] {
            assert_eq!(wall(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms_that_are() {
        for text in [
            "",
            "yesterday",
            "2025-02-29",
            "2026-13-01",
            "2026-03-01T25:00",
            "2026-03-01T",
            "+",
            "+x",
            "ago",
            "3q ago",
            "-3s",
            "+1.5.5s",
            "2026-03-01T12:30+99:00",
            "99999999999999999999d ago",
            "1900-01-01",
            "+1.",
            "2026-+3-01",
            "ü",
            "2026-03-01T12:30+ü",
        ] {
            let error = text.parse::<TimeSpec>().expect_err(text);
            assert!(error.to_string().contains("3m ago"));
        }
    }

    #[test]
    fn relative_times_count_from_the_start_or_back_from_now() {
        assert_eq!("+1.5s".parse(), Ok(TimeSpec::FromStart(1_500_000_000)));
        assert_eq!("+300ms".parse(), Ok(TimeSpec::FromStart(300_000_000)));
        assert_eq!("+2".parse(), Ok(TimeSpec::FromStart(2 * SECOND)));
        assert_eq!("3m ago".parse(), Ok(TimeSpec::Ago(180 * SECOND)));
        assert_eq!("1h30m ago".parse(), Ok(TimeSpec::Ago(5400 * SECOND)));
        assert_eq!("1 h 30 min ago".parse(), Ok(TimeSpec::Ago(5400 * SECOND)));
    }

    #[test]
    fn times_resolve_to_the_boot_clock() {
        let host = Host { wall_ns: 1_000_000, boot_ns: 1_000, ..Host::default() };
        assert_eq!(TimeSpec::Wall(1_000_500).resolve(&host, 0, 0), 1_500);
        assert_eq!(TimeSpec::Wall(5).resolve(&host, 0, 0), 0);
        assert_eq!(TimeSpec::Ago(10).resolve(&host, 0, 100), 90);
        assert_eq!(TimeSpec::FromStart(10).resolve(&host, 7, 100), 17);
        let shown = host.wall(1_234);
        assert_eq!(TimeSpec::Wall(shown).resolve(&host, 0, 0), 1_234);
    }
}
