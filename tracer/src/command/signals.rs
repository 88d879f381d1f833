//! SIGINT and SIGTERM, as something to ask about between two rounds.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::process::Signal;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Signals that come no later than this after a request belong to it: `timeout` sends each one
/// twice, to the process and to its group.
const ONE_REQUEST: Duration = Duration::from_millis(300);

/// What signals have asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The first one.
    signal: Signal,
    /// When the latest request came.
    last: Instant,
    /// How often it was asked.
    times: u32,
}

/// SIGINT and SIGTERM are requests to end, not the end.
#[derive(Debug)]
pub(super) struct Signals {
    caught: [(Signal, Arc<AtomicBool>); 2],
    asked: Cell<Option<Asked>>,
}

impl Signals {
    /// Catches them from now on.
    pub(super) fn catch() -> anyhow::Result<Self> {
        let caught = [(Signal::INT, Arc::default()), (Signal::TERM, Arc::default())];
        for ((_, flag), number) in caught.iter().zip([SIGINT, SIGTERM]) {
            flag::register(number, Arc::clone(flag)).context("cannot catch signals")?;
        }
        Ok(Self { caught, asked: Cell::new(None) })
    }

    /// The signal that asked for an end, if one has come.
    pub(super) fn asked(&self) -> Option<Signal> {
        self.look().map(|asked| asked.signal)
    }

    /// Whether the request was repeated: it has to be over at once.
    pub(super) fn insists(&self) -> bool {
        self.look().is_some_and(|asked| asked.times > 1)
    }

    /// Takes in what has come since the last look.
    fn look(&self) -> Option<Asked> {
        for (signal, flag) in &self.caught {
            if !flag.swap(false, Ordering::Relaxed) {
                continue;
            }
            let now = Instant::now();
            let asked = match self.asked.get() {
                None => Asked { signal: *signal, last: now, times: 1 },
                // Counted from the request, so that a key that is held down gets through.
                Some(before) if now.duration_since(before.last) <= ONE_REQUEST => before,
                Some(before) => Asked { last: now, times: before.times + 1, ..before },
            };
            self.asked.set(Some(asked));
        }
        self.asked.get()
    }
}
