//! Times: RFC 3339, durations, and what users type.

mod civil;
mod spec;

use std::{fmt, fmt::Write as _, str::FromStr};

pub use spec::{TimeSpec, offset_seconds};

use super::digits::fixed;

/// How lines show times (`--time`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// Seconds from the start.
    #[default]
    Relative,
    /// RFC 3339, UTC.
    Wall,
    /// Seconds since boot.
    Boot,
}

impl FromStr for TimeFormat {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        match text {
            "relative" => Ok(Self::Relative),
            "wall" => Ok(Self::Wall),
            "boot" => Ok(Self::Boot),
            _ => Err(BadTime(format!("{text:?} is no time format: use relative, wall or boot"))),
        }
    }
}

/// Text that is no time: what was given, and which forms are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTime(String);

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadTime {}

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// Appends a time (ns since 1970) in RFC 3339 with nanoseconds, UTC.
pub fn rfc3339(wall_ns: u64, out: &mut String) {
    let (seconds, ns) = (wall_ns / SECOND, wall_ns % SECOND);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil::from_days(days as i64);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let fields = [
        (year as u64, 4, '-'),
        (month as u64, 2, '-'),
        (day as u64, 2, 'T'),
        (hour, 2, ':'),
        (minute, 2, ':'),
        (second, 2, '.'),
        (ns, 9, 'Z'),
    ];
    for (value, columns, end) in fields {
        fixed(value, columns, out);
        out.push(end);
    }
}

/// Appends seconds with as many decimals (at most 9), for columns of times.
pub fn seconds(ns: u64, decimals: u32, out: &mut String) {
    let decimals = decimals.min(9);
    let unit = 10_u64.pow(9 - decimals);
    let (whole, part) = (ns / SECOND, ns % SECOND / unit);
    fixed(whole, 1, out);
    out.push('.');
    fixed(part, decimals as usize, out);
}

/// Appends a duration: `850 ns`, `1.2 ms`, `3 s`, `2 m 5 s`, `3 h 12 m`, `2 d 4 h`.
pub fn duration(ns: u64, out: &mut String) {
    let seconds = ns / SECOND;
    let _ = match ns {
        0..1_000 => write!(out, "{ns} ns"),
        1_000..1_000_000 => tenths(ns, 1_000, "us", out),
        1_000_000..SECOND => tenths(ns, 1_000_000, "ms", out),
        _ if seconds < 60 => tenths(ns, SECOND, "s", out),
        _ if seconds < 3600 => write!(out, "{} m {} s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => write!(out, "{} h {} m", seconds / 3600, seconds / 60 % 60),
        _ => write!(out, "{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    };
}

/// A number of units: with a tenth below 100, if there is one.
fn tenths(ns: u64, unit: u64, name: &str, out: &mut String) -> fmt::Result {
    let (whole, tenth) = (ns / unit, ns % unit * 10 / unit);
    if whole >= 100 || tenth == 0 {
        write!(out, "{whole} {name}")
    } else {
        write!(out, "{whole}.{tenth} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn wall_clock_times_are_rfc_3339() {
        assert_eq!(text(|o| rfc3339(0, o)), "1970-01-01T00:00:00.000000000Z");
        let leap = 951_825_600 * SECOND + 1;
        assert_eq!(text(|o| rfc3339(leap, o)), "2000-02-29T12:00:00.000000001Z");
        assert_eq!(text(|o| rfc3339(u64::MAX, o)), "2554-07-21T23:34:33.709551615Z");
    }

    #[test]
    fn durations_are_short() {
        for (ns, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1 us"),
            (1_250_000, "1.2 ms"),
            (123_456_789, "123 ms"),
            (3 * SECOND, "3 s"),
            (125 * SECOND, "2 m 5 s"),
            (3 * 3600 * SECOND + 720 * SECOND, "3 h 12 m"),
            (52 * 3600 * SECOND, "2 d 4 h"),
        ] {
            assert_eq!(text(|o| duration(ns, o)), expected);
        }
    }

    #[test]
    fn columns_of_seconds_have_fixed_decimals() {
        assert_eq!(text(|o| seconds(1_234_567_890, 6, o)), "1.234567");
        assert_eq!(text(|o| seconds(5, 9, o)), "0.000000005");
    }

    #[test]
    fn time_formats_have_names() {
        assert_eq!("wall".parse(), Ok(TimeFormat::Wall));
        assert!("walls".parse::<TimeFormat>().unwrap_err().to_string().contains("relative"));
    }
}
