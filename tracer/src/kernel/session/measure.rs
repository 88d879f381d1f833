//! What tracing costs: how often and how long the programs run, and how full the ring gets.

use std::time::Duration;

use anyhow::Context as _;
use aya::sys::{Stats, enable_stats};

use super::Session;
use crate::kernel::Refused;

/// What one program has done since it was loaded, as far as it was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its name in the object.
    pub program: String,
    /// How often it ran.
    pub runs: u64,
    /// How long in all.
    pub time: Duration,
}

impl Session {
    /// Has the kernel measure every program's runs from now on, until the session ends: those of
    /// others on the host too. Asks for CAP_SYS_ADMIN.
    pub fn measure(&mut self) -> Result<(), Refused> {
        let stats = enable_stats(Stats::RunTime).context("measuring the programs' runs")?;
        self.stats = Some(stats);
        Ok(())
    }

    /// What each program that is loaded has done; nothing where that is not measured.
    pub fn runs(&self) -> Vec<Run> {
        if self.stats.is_none() {
            return Vec::new();
        }
        let of = |(name, program): (&str, &aya::programs::Program)| {
            let info = program.info().ok()?;
            Some(Run { program: name.to_owned(), runs: info.run_count(), time: info.run_time() })
        };
        self.loaded.ebpf.programs().filter_map(of).collect()
    }

    /// Bytes of the ring, and the most that were read of it at once since this was asked last.
    pub fn ring(&mut self) -> (u64, u64) {
        (self.options.ring.into(), self.ring.peak())
    }
}
