//! Values of options: sizes, durations, kinds.

use std::time::Duration;

use tracer::{
    check::{self, Rule},
    model::NsKind,
    simulate::{KERNELS, Kernel},
    stream::Lie,
};

use super::{Named, Rotate, Speed};

/// The smallest ring that holds a few records of every kind.
const RING_MIN: u64 = 64 << 10;
/// The largest power of two that the kernel takes for a ring (`u32`).
const RING_MAX: u64 = 2 << 30;

/// A ring's size: bytes, or a number with K, M or G.
pub(super) fn ring(text: &str) -> Result<u32, String> {
    let bytes = size(text)?;
    if !(RING_MIN..=RING_MAX).contains(&bytes) {
        return Err("a ring buffer has 64K to 2G bytes".into());
    }
    // Both bounds are powers of two, so rounding up stays within them.
    u32::try_from(bytes.next_power_of_two()).map_err(|error| error.to_string())
}

/// Bytes: a number, or one with K, M or G (powers of 1024; `MiB` and `MB` are taken for M).
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        number.parse().map_err(|_error| format!("{text} is no size: write 4096, 512K or 16M"))?;
    let shift = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(format!("{unit} is no unit of size: use K, M or G")),
    };
    number.checked_mul(1 << shift).ok_or_else(|| format!("{text} is too large"))
}

/// The largest backlog of events: telling all of it takes a moment in which nothing else is answered.
const BACKLOG_MAX: u64 = 64 << 20;

/// A backlog's size.
pub(super) fn backlog(text: &str) -> Result<u64, String> {
    match size(text)? {
        bytes if bytes <= BACKLOG_MAX => Ok(bytes),
        _ => Err("a backlog has 64M at most".into()),
    }
}

/// A length of time: 500ms, 10s, 2m, 1h, or seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text} is no length of time: write 500ms, 10s, 2m or 1h");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_error| wrong())?;
    let factor = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(number * factor).map_err(|_error| wrong())
}

/// How long a client may be silent: nobody answers in no time.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let (time, range) = (duration(text)?, Duration::from_secs(1)..=Duration::from_hours(1));
    let wrong = || format!("{text} is too short or too long: from 1s to 1h");
    range.contains(&time).then_some(time).ok_or_else(wrong)
}

/// A user's number.
pub(super) fn uid(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_error| format!("{text} is no user's number: write 0 for root"))
}

/// A group's number; the largest means "as it is" to the kernel.
pub(super) fn gid(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|&number| number != u32::MAX);
    number.ok_or_else(|| format!("{text} is no group's number: `getent group NAME` shows it"))
}

/// How often a sweep comes: each takes longer than nothing.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    let wrong = || format!("{text} is too often: 10ms at least");
    (time >= Duration::from_millis(10)).then_some(time).ok_or_else(wrong)
}

/// A limit of memory that leaves room for the program itself; 0 for none.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    let wrong = || format!("{text} is too little to run in: 16M at least, or 0 for no limit");
    (bytes == 0 || bytes >= 16 << 20).then_some(bytes).ok_or_else(wrong)
}

/// A text that says something.
pub(super) fn word(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("nothing is named".into()) } else { Ok(text.to_owned()) }
}

/// The smallest file that is worth a rotation.
const ROTATE_MIN: u64 = 64 << 10;

/// When a new file begins: a size or a time, by its unit.
pub(super) fn rotate(text: &str) -> Result<Rotate, String> {
    let wrong = || format!("{text} is neither a size (100M, 1G) nor a time (30s, 10m, 1h)");
    // A bare number could be either; `m` is minutes, `M` is mebibytes.
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
    if matches!(unit, "ms" | "s" | "m" | "min" | "h" | "d") {
        let time = duration(text)?;
        if time < Duration::from_secs(1) {
            return Err("files of less than a second are not worth a rotation".into());
        }
        return Ok(Rotate::Time(time));
    }
    if unit.is_empty() {
        return Err(wrong());
    }
    let bytes = size(text).map_err(|_error| wrong())?;
    if bytes < ROTATE_MIN {
        return Err("files of less than 64K are not worth a rotation".into());
    }
    Ok(Rotate::Size(bytes))
}

/// How fast a replay goes: a factor, or `max`.
pub(super) fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.trim_end_matches('x').parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Speed::Times(factor)),
        _ => Err(format!("{text} is no speed: write 1, 10, 0.5 or max")),
    }
}

/// An offset from UTC, in seconds.
pub(super) fn utc_offset(text: &str) -> Result<i64, String> {
    tracer::view::time::offset_seconds(text)
        .ok_or_else(|| format!("{text} is no offset from UTC: write +02:00 or -0500"))
}

/// A rule, by its name or number.
pub(super) fn rule(text: &str) -> Result<&'static Rule, String> {
    check::find(text).ok_or_else(|| no_rule(text))
}

/// A rule, all, or completeness.
pub(super) fn named(text: &str) -> Result<Named, String> {
    match text {
        "all" => Ok(Named::All),
        "completeness" => Ok(Named::Completeness),
        _ => rule(text).map(Named::Rule),
    }
}

/// A way to lie.
pub(super) fn lie(text: &str) -> Result<Lie, String> {
    let names = || Lie::ALL.map(Lie::name).join(", ");
    let found = Lie::ALL.into_iter().find(|lie| lie.name() == text);
    found.ok_or_else(|| format!("{text} is no lie: there are {}", names()))
}

/// There is no rule of that name; which are like it.
fn no_rule(text: &str) -> String {
    let near = check::nearest(text).join(", ");
    if near.is_empty() {
        return format!("{text} is no rule: `tracer invariants` lists them");
    }
    format!("{text} is no rule; near it are: {near} (`tracer invariants` lists all)")
}

/// The name of a kernel that can be simulated.
pub(super) fn kernel(text: &str) -> Result<Kernel, String> {
    let names = KERNELS.map(|kernel| kernel.name).join(", ");
    Kernel::named(text).ok_or_else(|| format!("the kernels are {names}"))
}

/// So many in 100, below 90.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(share) if (0.0..=90.0).contains(&share) => Ok(share),
        _ => Err("give a number from 0 to 90, as in 0.1 or 2".into()),
    }
}

/// A kind of namespace, by its name in `/proc/PID/ns`.
pub(super) fn ns_kind(text: &str) -> Result<NsKind, String> {
    NsKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
        format!("{text} is no kind of namespace: user, mnt, uts, ipc, net, pid, cgroup or time")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in [
            ("65536", 65_536),
            ("64K", 65_536),
            ("100k", 131_072),
            ("16M", 16 << 20),
            ("16MiB", 16 << 20),
            ("1G", 1 << 30),
            ("2g", 2 << 30),
        ] {
            assert_eq!(ring(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn sizes_that_no_ring_can_have_are_refused() {
        for text in
            ["", "M", "-1", "1", "4K", "3G", "16Q", "1.5M", "99999999999999999999", "17179869184G"]
        {
            assert!(ring(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        for (text, ms) in
            [("500ms", 500), ("10s", 10_000), ("1.5s", 1500), ("2m", 120_000), ("3", 3000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "-1s", "1y", "ten", "1e99h", "1..2s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_could_not_work_is_refused() {
        assert_eq!((gid("0"), gid("4294967294")), (Ok(0), Ok(u32::MAX - 1)));
        assert!(gid("4294967295").is_err() && gid("root").is_err() && gid("-1").is_err());
        assert_eq!(interval("10ms"), Ok(Duration::from_millis(10)));
        assert!(interval("0").is_err() && interval("9ms").is_err());
        assert_eq!((memory("0"), memory("16M")), (Ok(0), Ok(16 << 20)));
        assert!(memory("1K").is_err());
        assert!(uid("root").is_err() && word("").is_err());
    }

    #[test]
    fn patience_ends_and_begins() {
        assert_eq!(patience("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(patience("1h"), Ok(Duration::from_hours(1)));
        for text in ["0", "999ms", "2h", "1e9s", "x"] {
            assert!(patience(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rotation_is_by_size_or_by_time() {
        assert_eq!(rotate("100M"), Ok(Rotate::Size(100 << 20)));
        assert_eq!(rotate("1GiB"), Ok(Rotate::Size(1 << 30)));
        assert_eq!(rotate("10m"), Ok(Rotate::Time(Duration::from_mins(10))));
        assert_eq!(rotate("1h"), Ok(Rotate::Time(Duration::from_hours(1))));
        for text in ["", "100", "1K", "10ms", "M", "1x", "-1M"] {
            assert!(rotate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn speeds_are_factors_or_max() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("1"), Ok(Speed::Times(1.0)));
        assert_eq!(speed("0.5x"), Ok(Speed::Times(0.5)));
        for text in ["", "0", "-1", "fast", "inf", "NaN"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn kinds_are_those_of_proc() {
        assert_eq!(ns_kind("mnt"), Ok(NsKind::Mnt));
        assert!(ns_kind("mount").is_err());
    }
}
