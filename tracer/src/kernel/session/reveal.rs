//! Losses are made visible at once.
//!
//! A loss shows as a hole in its CPU's numbers, when that CPU writes again; and a hole may be a record
//! that an interrupt holds back, so it is waited for. Where the kernel itself has counted that the
//! ring was full, there is nothing to wait for; and a CPU that has fallen silent is made to write.

use std::time::{Duration, Instant};

use aya::maps::PerCpuValues;
use rustix::thread::{CpuSet, name, sched_getaffinity, sched_setaffinity, set_name};

use super::{PerCpu, Session};
use crate::stream::Sink;

/// How long a record is waited for that is being written.
const HOLD: Duration = Duration::from_millis(20);

impl Session {
    /// Hands on whatever has been written until now, and as losses what the kernel has counted as lost
    /// since the last time.
    pub fn reveal(&mut self, sink: &mut Sink<'_>) {
        let Ok(cpus) = self.counters.get(&0, 0) else { return };
        self.await_written(&cpus, sink);
        let full: Vec<u64> = cpus.iter().map(|&PerCpu { full, .. }| full).collect();
        if full == self.revealed {
            return;
        }
        // Before anything is written: there has to be room for it.
        self.ring.drain(sink);
        let before = sched_getaffinity(None);
        for (cpu, count) in full.iter().enumerate() {
            if self.revealed.get(cpu).unwrap_or(&0) != count {
                write_on(cpu);
            }
        }
        if let Ok(before) = before {
            let _as_well_as_we_can = sched_setaffinity(None, &before);
        }
        self.revealed = full;
        self.ring.drain(sink);
        self.ring.settle(sink);
    }

    /// A record that is being written holds up all behind it. Where its CPU was taken away meanwhile,
    /// by an interrupt or a hypervisor, that may be milliseconds.
    fn await_written(&mut self, cpus: &PerCpuValues<PerCpu>, sink: &mut Sink<'_>) {
        let begun = Instant::now();
        let late = |session: &Self| {
            cpus.iter().enumerate().any(|(cpu, counts)| {
                // what found the ring full never comes
                let whole = session.revealed.get(cpu).unwrap_or(&0) == &counts.full;
                whole && !session.ring.has_read(cpu, counts.taken as u32)
            })
        };
        while late(self) && begun.elapsed() < HOLD {
            std::thread::yield_now();
            self.ring.drain(sink);
        }
    }
}

/// Has a hook write a record on a CPU: we take our own name again. Where we may not run there, its
/// loss is told when it writes by itself.
fn write_on(cpu: usize) {
    let mut only = CpuSet::new();
    if cpu >= CpuSet::MAX_CPU {
        return;
    }
    only.set(cpu);
    if sched_setaffinity(None, &only).is_ok()
        && let Ok(name) = name()
    {
        let _the_name_it_has = set_name(&name);
    }
}
