//! A ring that lies: what the checks must catch, on a live kernel that does not.
//!
//! Sequence numbers are made to fit, so that no gap gives a lie away: what remains is that the story
//! cannot be true.

use tracer_ebpf::wire::{Header, TaskRecord, Wire, kind};

/// How the ring lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Births are kept back.
    Births,
    /// Exits are kept back.
    Exits,
    /// Exits are told twice.
    Twins,
    /// Births are told with another number.
    Numbers,
    /// Births are told with another parent.
    Parents,
}

impl Lie {
    /// All lies.
    pub const ALL: [Self; 5] =
        [Self::Births, Self::Exits, Self::Twins, Self::Numbers, Self::Parents];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Births => "births",
            Self::Exits => "exits",
            Self::Twins => "twins",
            Self::Numbers => "numbers",
            Self::Parents => "parents",
        }
    }

    /// The kind of record that it is about.
    fn kind(self) -> u16 {
        match self {
            Self::Exits | Self::Twins => kind::EXIT,
            Self::Births | Self::Numbers | Self::Parents => kind::FORK,
        }
    }
}

/// Lies about every so many records of a kind.
#[derive(Clone, Debug)]
pub struct Liar {
    lie: Lie,
    every: u64,
    seen: u64,
    /// What is added to each CPU's sequence numbers by now.
    shifts: Vec<u32>,
    record: Vec<u8>,
}

impl Liar {
    /// One lie in so many records of its kind.
    pub fn new(lie: Lie, every: u64) -> Self {
        Self { lie, every: every.max(1), seen: 0, shifts: Vec::new(), record: Vec::new() }
    }

    /// Hands on a record as it is, or a lie in its place.
    pub fn take(&mut self, record: &[u8], sink: &mut dyn FnMut(&[u8])) {
        let Some(header) = Header::read(record) else { return sink(record) };
        let cpu = usize::from(header.cpu);
        if cpu >= self.shifts.len() {
            self.shifts.resize(cpu + 1, 0);
        }
        self.record.clear();
        self.record.extend_from_slice(record);
        let lies = header.kind == self.lie.kind() && {
            self.seen += 1;
            self.seen.is_multiple_of(self.every)
        };
        let Some(shift) = self.shifts.get_mut(cpu) else { return };
        let before = *shift;
        if lies {
            match self.lie {
                Lie::Births | Lie::Exits => {
                    *shift = shift.wrapping_sub(1);
                    return;
                }
                Lie::Twins => {
                    let seq = header.seq.wrapping_add(before);
                    let _ = Header { seq, ..header }.write(&mut self.record);
                    sink(&self.record);
                    *shift = shift.wrapping_add(1);
                }
                Lie::Numbers | Lie::Parents => alter(self.lie, &mut self.record),
            }
        }
        let seq = header.seq.wrapping_add(*shift);
        let _ = Header { seq, ..header }.write(&mut self.record);
        sink(&self.record);
    }
}

/// Another number, or another parent.
fn alter(lie: Lie, record: &mut [u8]) {
    let Some(mut birth) = TaskRecord::read(record) else { return };
    if lie == Lie::Numbers {
        birth.task.tid += 1;
    } else {
        birth.task.real_parent = birth.task.task;
    }
    let _ = birth.write(record);
}

#[cfg(test)]
mod tests {
    use tracer_ebpf::wire::Exit;

    use super::*;

    fn told(lie: Lie) -> Vec<Exit> {
        let mut liar = Liar::new(lie, 2);
        let mut told = Vec::new();
        for seq in 0..6 {
            let header = Header { kind: kind::EXIT, seq, ..Header::default() };
            let mut record = vec![0; Exit::SIZE];
            Exit { header, code: seq as i32, ..Exit::default() }.write(&mut record).unwrap();
            liar.take(&record, &mut |record| told.push(Exit::read(record).unwrap()));
        }
        told
    }

    #[test]
    fn what_is_kept_back_or_doubled_leaves_no_gap() {
        for (lie, codes) in
            [(Lie::Exits, vec![0, 2, 4]), (Lie::Twins, vec![0, 1, 1, 2, 3, 3, 4, 5, 5])]
        {
            let told = told(lie);
            assert_eq!(told.iter().map(|exit| exit.code).collect::<Vec<_>>(), codes);
            assert!(told.iter().zip(0..).all(|(exit, seq)| exit.header.seq == seq), "{told:?}");
        }
        assert_eq!(told(Lie::Numbers).len(), 6, "it is not about exits");
    }

    #[test]
    fn a_birth_gets_another_number_or_is_its_own_parent() {
        for lie in [Lie::Numbers, Lie::Parents] {
            let mut record = vec![0; TaskRecord::SIZE];
            let mut birth = TaskRecord::default();
            (birth.header.kind, birth.task.task, birth.task.tid) = (kind::FORK, 9, 7);
            birth.write(&mut record).unwrap();
            let mut told = Vec::new();
            Liar::new(lie, 1).take(&record, &mut |record| told.push(TaskRecord::read(record)));
            let told = told[0].unwrap().task;
            assert_eq!(
                (told.tid == 8, told.real_parent == 9),
                (lie == Lie::Numbers, lie == Lie::Parents)
            );
        }
    }
}
