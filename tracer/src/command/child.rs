//! The command while it runs.

mod program;

use std::{io, os::unix::process::ExitStatusExt, thread, time::Duration};

use anyhow::Context;
use rustix::{
    process::{Pid, Signal, getpgrp, kill_process},
    termios::tcgetpgrp,
};

pub(super) use program::Program;

use super::signals::Signals;

/// How often an untraced command is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The command while it runs.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    /// How it ended, in wait(2)'s form.
    status: Option<i32>,
    /// A request to end was passed on.
    told: bool,
    /// And then it was killed.
    killed: bool,
}

impl Child {
    /// A command that was just started.
    pub(super) fn new(process: std::process::Child) -> Self {
        Self { process, status: None, told: false, killed: false }
    }

    /// Its PID as this process sees it: at level 0, as tracing needs the initial namespace.
    pub(super) fn pid(&self) -> i32 {
        self.process.id() as i32
    }

    /// Whether it has not been seen to end.
    pub(super) fn is_running(&self) -> bool {
        self.status.is_none()
    }

    /// How it ended, in wait(2)'s form, if it has; it is reaped by that.
    pub(super) fn status(&mut self) -> anyhow::Result<Option<i32>> {
        if self.status.is_none() {
            let ended = self.process.try_wait().context("cannot wait for the command")?;
            self.status = ended.map(ExitStatusExt::into_raw);
        }
        Ok(self.status)
    }

    /// Asks it to end.
    pub(super) fn end(&self) {
        self.send(Signal::TERM);
    }

    /// Passes on what signals ask for; `false` if it cannot be made to end.
    pub(super) fn obey(&mut self, signals: &Signals) -> bool {
        let Some(signal) = signals.asked() else { return true };
        if !self.told {
            self.told = true;
            if !(signal == Signal::INT && in_foreground()) {
                return self.send(signal);
            }
        }
        if signals.insists() && !self.killed {
            self.killed = true;
            return self.send(Signal::KILL);
        }
        true
    }

    /// Waits until it ends, passing signals on.
    pub(super) fn wait(&mut self, signals: &Signals) -> anyhow::Result<()> {
        while self.status()?.is_none() && self.obey(signals) {
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Sends a signal; `false` if that is not permitted.
    fn send(&self, signal: Signal) -> bool {
        // Not yet reaped, so the number is still its own.
        self.status.is_some()
            || Pid::from_raw(self.pid()).is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
}

/// Whether this process is in its terminal's foreground group: then the command is too, and a
/// Ctrl-C has reached it already.
fn in_foreground() -> bool {
    let group = getpgrp();
    tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground == group)
        || tcgetpgrp(io::stderr()).is_ok_and(|foreground| foreground == group)
}
