//! What a terminal shows while a recording grows, and what is said at its end.
#![expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    time::{Duration, Instant},
};

use tracer::recording;

use super::super::trace::{Keep, Trace};

/// How often it is shown anew.
const EVERY: Duration = Duration::from_millis(500);

/// One line that is written over and over; nothing on a pipe.
pub(super) struct Progress {
    terminal: bool,
    shown: Instant,
    /// Events when it was shown last.
    events: u64,
    visible: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        Self { terminal, shown: Instant::now(), events: 0, visible: false }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, trace: &Trace) {
        let since = self.shown.elapsed();
        if !self.terminal || since < EVERY {
            return;
        }
        let (events, written) = trace.keep().map(Keep::progress).unwrap_or_default();
        let rate = events.saturating_sub(self.events) as f64 / since.as_secs_f64();
        let lost = trace.world().losses();
        let line = format!("{events} events ({rate:.0}/s), {}, {lost} lost", size(written.bytes));
        // A terminal that cannot be written to stops nothing.
        let _unread = write!(io::stderr().lock(), "\r\x1b[K{line}");
        (self.shown, self.events, self.visible) = (Instant::now(), events, true);
    }

    /// Makes room for other lines.
    pub(super) fn clear(&mut self) {
        if self.visible {
            let _unread = write!(io::stderr().lock(), "\r\x1b[K");
            self.visible = false;
        }
    }
}

/// What was recorded.
pub(super) fn summary(
    path: &Path,
    events: u64,
    written: &recording::Progress,
    lost: u64,
) -> String {
    let files = match written.files {
        0 | 1 => path.display().to_string(),
        files => format!("{files} files, the last one like {}", path.display()),
    };
    let each = if events == 0 { 0.0 } else { written.bytes as f64 / events as f64 };
    let lost = if lost == 0 { "nothing lost".into() } else { format!("LOST {lost} records") };
    format!("{events} events in {files}: {}, {each:.1} bytes an event, {lost}", size(written.bytes))
}

/// Bytes in the unit that fits: `1.4 MiB`.
fn size(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0);
    format!("{value:.decimals$} {}", units.get(unit).unwrap_or(&"bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (bytes, text) in
            [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
