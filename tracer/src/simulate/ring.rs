//! The ring: what hooks write, in the order in which they write it.

use super::random::Random;
use crate::event::{Body, Event, Header};
use crate::stream::Gaps;

/// Who acts: cookie, level-0 number, the thread group's.
pub(super) type Actor = (u64, i32, i32);

/// A hook that runs on behalf of an arbitrary task.
pub(super) const NOBODY: Actor = (0, 0, 0);

/// The ring and the clock.
#[derive(Debug)]
pub(super) struct Ring {
    /// The next number of each CPU.
    seqs: Vec<u32>,
    gaps: Gaps,
    /// ns since boot.
    pub(super) now: u64,
    /// Records that the next ones share the fate of: the ring is full.
    full: u32,
    /// Records in a million that are lost.
    lose: usize,
    quiet: bool,
    /// CPUs whose last records are lost, and that have not written since.
    silent: Vec<bool>,
    /// Records lost that no sweep has followed yet.
    pub(super) lost: u64,
    /// What was delivered.
    pub(super) out: Vec<Event>,
}

/// Most records that are lost at a time.
const BURST: usize = 24;

impl Ring {
    pub(super) fn new(cpus: u16, lose: f64, now: u64) -> Self {
        Self {
            seqs: vec![0; usize::from(cpus)],
            gaps: Gaps::default(),
            now,
            full: 0,
            lose: (lose * 1_000_000.0) as usize,
            quiet: false,
            silent: vec![false; usize::from(cpus)],
            lost: 0,
            out: Vec::new(),
        }
    }

    /// Takes a number and the time; `None` if there is no room for the record.
    pub(super) fn header(
        &mut self,
        random: &mut Random,
        cpu: u16,
        (actor, actor_tid, actor_tgid): Actor,
        kind: u16,
    ) -> Option<Header> {
        let slot = &mut self.seqs[usize::from(cpu)];
        let seq = *slot;
        *slot = seq.wrapping_add(1);
        self.now += 150 + (random.number() & 1023);
        let lost = self.loses(random);
        self.silent[usize::from(cpu)] = lost;
        if lost {
            self.lost += 1;
            return None;
        }
        Some(Header { ts: self.now, seq, cpu, kind, actor, actor_tid, actor_tgid })
    }

    /// Writes a record.
    pub(super) fn push(&mut self, header: Header, body: Body) {
        let out = &mut self.out;
        self.gaps.note(&header, |lost| out.push(lost));
        self.out.push(Event { header, body });
    }

    fn loses(&mut self, random: &mut Random) -> bool {
        if self.lose == 0 || self.quiet {
            return false;
        }
        if self.full == 0 && random.below(1_000_000) < self.lose / (BURST / 2) {
            self.full = 1 + random.below(BURST) as u32;
        }
        let full = self.full > 0;
        self.full = self.full.saturating_sub(1);
        full
    }

    /// Nothing is lost for a while: who reads the ring has caught up.
    pub(super) fn quiet(&mut self) {
        (self.quiet, self.full) = (true, 0);
    }

    /// The opposite of [`Ring::quiet`].
    pub(super) fn loud(&mut self) {
        self.quiet = false;
    }

    /// Numbers that were taken, of all CPUs.
    #[cfg(test)]
    pub(super) fn taken(&self) -> u64 {
        self.seqs.iter().map(|&seq| u64::from(seq)).sum()
    }

    /// A CPU whose last records are lost, and nothing behind them tells so.
    pub(super) fn silent(&self) -> Option<u16> {
        (0..).zip(&self.silent).find_map(|(cpu, &silent)| silent.then_some(cpu))
    }

    /// All that was written has been read: what is missing is lost. Says whether there was any.
    pub(super) fn settle(&mut self) -> bool {
        let out = &mut self.out;
        let before = out.len();
        self.gaps.settle(|lost| out.push(lost));
        out.len() > before
    }
}
