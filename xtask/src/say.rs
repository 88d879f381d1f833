//! What the user is told while a verb runs: on standard error, so that standard output carries
//! results only.

use std::{
    env,
    io::{IsTerminal, stderr},
    time::Duration,
};

/// Announces a step.
pub(crate) fn step(what: &str) {
    wipe();
    if decorated() && env::var_os("NO_COLOR").is_none() {
        eprintln!("\x1b[1;32m==>\x1b[0m \x1b[1m{what}\x1b[0m");
    } else {
        eprintln!("==> {what}");
    }
}

/// A detail of the current step.
pub(crate) fn note(what: &str) {
    wipe();
    eprintln!("    {what}");
}

/// What is going on just now, for a person who watches; the next message takes its place.
pub(crate) fn status(what: &str) {
    if decorated() {
        wipe();
        eprint!("    {what}");
    }
}

/// Clears a status line.
fn wipe() {
    if decorated() {
        eprint!("\r\x1b[K");
    }
}

/// Whether animation and colour are welcome: a person is watching, and it is no CI machine.
pub(crate) fn decorated() -> bool {
    stderr().is_terminal() && env::var_os("CI").is_none()
}

/// `3.2 s`, `48 s` or `2 min 05 s`.
pub(crate) fn time(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..100 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// `21.5 MB`.
pub(crate) fn size(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        assert_eq!(time(Duration::from_millis(3_210)), "3.2 s");
        assert_eq!(time(Duration::from_secs(48)), "48 s");
        assert_eq!(time(Duration::from_secs(125)), "2 min 05 s");
        assert_eq!(size(21_521_796), "21.5 MB");
    }
}
