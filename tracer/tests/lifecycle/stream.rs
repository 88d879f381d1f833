//! A host whose processes come and go: records of whole lives, with a steady number of live tasks.

use tracer_ebpf::wire::kind;

use super::records::Record;

const ROOT: (u64, u32) = (0x9000, 0xeff_fffc);

/// A seeded generator (xorshift64*).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 20) % end
    }
}

/// A process of one thread.
#[derive(Clone, Copy)]
struct Process {
    /// Which addresses it has: they are used again.
    place: u32,
    tid: u32,
    ino: u64,
    start: u64,
    ppid: u32,
    parent: u64,
    /// The number of its group's and session's leader.
    lead: u32,
    /// Its namespace below the initial one, and its number in it; 0 for none.
    nested: (u32, u32),
    look: u32,
    /// Its user and cgroup.
    home: u32,
}

/// The writer of records.
pub(crate) struct Host {
    random: Random,
    now: u64,
    ino: u64,
    tid: u32,
    live: Vec<Process>,
    places: Vec<u32>,
    /// Processes that have ended, whose memory is freed a little later.
    freed: std::collections::VecDeque<Process>,
    used: std::collections::HashSet<u32>,
    inner: u32,
    /// Pids in each namespace below the initial one.
    members: std::collections::HashMap<u32, u32>,
    /// The init of the youngest namespace, and how many more children it makes.
    container: Option<(Process, u32)>,
    /// Leaders of groups, by number: who they are, their processes, and whether they have ended.
    leads: std::collections::HashMap<u32, (Process, u32, bool)>,
    /// The records; each is preceded by its length.
    pub(crate) records: Vec<Vec<u8>>,
}

fn key(place: u32, of: u64) -> u64 {
    (0xffff_8880_0000_0000 + (u64::from(place) * 2 + of) * 0x1240)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Process {
    fn task(&self) -> u64 {
        key(self.place, 0)
    }

    fn pid(&self) -> u64 {
        key(self.place, 1)
    }

    fn actor(&self) -> (u64, u32) {
        (self.task(), self.tid)
    }
}

impl Host {
    /// A host with pid 1 only, as a sweep shows it.
    pub(crate) fn new() -> Self {
        let init = Process {
            place: 1,
            tid: 1,
            ino: 1,
            start: 10_000_000,
            ppid: 0,
            parent: 0,
            lead: 1,
            nested: (0, 0),
            look: 0,
            home: 0,
        };
        let mut host = Self {
            random: Random(77),
            now: 5_000_000_000,
            ino: 1,
            tid: 1,
            live: vec![init],
            places: (2..4_000_000).rev().collect(),
            freed: std::collections::VecDeque::new(),
            used: [1].into(),
            inner: 0,
            members: std::collections::HashMap::new(),
            container: None,
            leads: [(1, (init, 1, false))].into(),
            records: Vec::new(),
        };
        host.mark(kind::SNAPSHOT_BEGIN);
        host.task(kind::SNAPSHOT, &init, 1, (0, 0));
        host.mark(kind::SNAPSHOT_END);
        host
    }

    pub(crate) fn live(&self) -> usize {
        self.live.len()
    }

    fn push(&mut self, record: &mut Record) {
        self.records.push(std::mem::take(&mut record.0));
        self.now += 300 + self.random.below(3000);
    }

    fn mark(&mut self, kind: u16) {
        let mut record = Record::header(self.now, kind, (0, 0));
        self.push(record.u64s(&[1, 1]));
    }

    fn upids(record: &mut Record, process: &Process) {
        let deep = process.nested.0 != 0;
        record.u64s(&[ROOT.0]).u32s(&[process.tid, ROOT.1]);
        let inner = u64::from(process.nested.0);
        let (ns, inum) = if deep { (0xa000 + inner, 0xf000_0000 + inner as u32) } else { (0, 0) };
        record.u64s(&[ns]).u32s(&[process.nested.1, inum]).u64s(&[0; 4]);
    }

    fn task(&mut self, kind: u16, process: &Process, arg: u64, actor: (u64, u32)) {
        let (deep, look) = (process.nested.0 != 0, process.look);
        let lead = (self.leads[&process.lead].0.pid(), process.lead);
        let inner = u64::from(process.nested.0);
        let children = if deep { 0xa000 + inner } else { ROOT.0 };
        let inum = if deep { 0xf000_0000 + inner as u32 } else { ROOT.1 };
        let mut record = Record::header(self.now, kind, actor);
        record.u64s(&[process.task(), process.pid(), process.task(), process.parent]);
        record.u64s(&[process.parent, lead.0, lead.0, children, process.ino, process.start]);
        record.u64s(&[u64::from(4000 + process.home)]);
        record.u32s(&[process.tid, process.tid, process.ppid, process.ppid, lead.1, lead.1]);
        record.u32s(&[
            17,
            0,
            1000 * (process.home % 3),
            1000 * (process.home % 3),
            0x40_0040,
            0,
            1,
            0,
        ]);
        record.u32s(&[u32::from(deep), 0xc]);
        let mut ns = [
            0xeff_fffd,
            0xf000_0000,
            0xeff_fffe,
            0xeff_ffff,
            0xf000_0008,
            inum,
            0xeff_fffb,
            0xeff_fffa,
        ];
        if deep {
            ns[1] = 0xe000_0000 + inner as u32;
            ns[4] = 0xd000_0000 + inner as u32;
        }
        record.u32s(&ns).u32s(&[inum, 0xeff_fffa]).bytes(&comm(look % 200)).u64s(&[arg]);
        Self::upids(&mut record, process);
        self.push(&mut record);
    }

    /// A process is born.
    pub(crate) fn fork(&mut self) {
        let by = self.creator();
        while !self.used.insert(self.tid) {
            self.tid = if self.tid >= 4_000_000 { 300 } else { self.tid + 1 };
        }
        self.ino += 1;
        let nested = match self.random.below(160) {
            _ if by.nested.0 != 0 => (by.nested.0, self.tid),
            0 if self.live.len() > 64 => {
                self.inner += 1;
                (self.inner, 1)
            }
            _ => (0, 0),
        };
        let process = Process {
            place: self.places.pop().unwrap(),
            tid: self.tid,
            ino: self.ino,
            start: self.now + 200,
            ppid: by.tid,
            parent: by.task(),
            lead: by.lead,
            nested,
            look: by.look,
            home: if nested.1 == 1 { self.inner + 50 } else { by.home },
        };
        let mut record = Record::header(self.now, kind::ALLOC_PID, by.actor());
        record.u64s(&[process.pid(), process.ino]).u32s(&[u32::from(nested.0 != 0), 0]);
        Self::upids(&mut record, &process);
        self.push(&mut record);
        let flags = if nested.1 == 1 { 0x2002_0011 } else { 0x0120_0011 };
        self.task(kind::FORK, &process, flags, by.actor());
        self.live.push(process);
        *self.members.entry(nested.0).or_default() += 1;
        self.leads.entry(by.lead).and_modify(|(_, members, _)| *members += 1);
        if nested.1 == 1 {
            self.container = Some((process, 6));
        }
        if self.random.below(2) == 0 {
            self.exec();
        }
        if self.random.below(20) == 0 {
            self.lead();
        }
    }

    /// Who calls clone: mostly one of the elder processes.
    fn creator(&mut self) -> Process {
        if let Some((init, more)) = self.container.take()
            && self.live.iter().rev().take(200).any(|process| process.tid == init.tid)
        {
            self.container = (more > 1).then_some((init, more - 1));
            return init;
        }
        let near = self.random.below(5) > 0;
        let among = if near { self.live.len().min(64) } else { self.live.len() };
        self.live[self.random.below(among as u64) as usize]
    }

    /// The youngest process starts a session.
    fn lead(&mut self) {
        let Some(process) = self.live.last_mut() else { return };
        let before = std::mem::replace(&mut process.lead, process.tid);
        process.home = process.tid % 50;
        let process = *process;
        self.leads.insert(process.tid, (process, 1, false));
        for ty in [3, 2] {
            let mut record = Record::header(self.now, kind::CHANGE_PID, process.actor());
            record.u64s(&[process.task(), process.pid()]);
            self.push(record.u32s(&[process.tid, ty, process.tid, 0]));
        }
        self.quit(before, process.actor());
    }

    /// A process is in a group no more; the leader's pid goes when nobody uses it.
    fn quit(&mut self, lead: u32, by: (u64, u32)) {
        let Some((leader, members, ended)) = self.leads.get_mut(&lead) else { return };
        *members -= 1;
        if *members == 0 && *ended {
            let leader = *leader;
            self.leads.remove(&lead);
            self.free_pid(&leader, by);
        }
    }

    fn free_pid(&mut self, process: &Process, by: (u64, u32)) {
        let mut record = Record::header(self.now, kind::FREE_PID, by);
        record.u64s(&[process.pid(), process.ino]);
        self.push(record.u32s(&[process.tid, u32::from(process.nested.0 != 0)]));
        self.used.remove(&process.tid);
        let inner = process.nested.0;
        let left = self.members.entry(inner).or_default();
        *left = left.saturating_sub(1);
        if inner != 0 && *left == 0 {
            self.members.remove(&inner);
            let mut record = Record::header(self.now, kind::NS_DESTROY, (0, 0));
            record.u64s(&[0xa000 + u64::from(inner)]).u32s(&[0xf000_0000 + inner, 1]);
            self.push(&mut record);
        }
    }

    /// The youngest process runs another program.
    fn exec(&mut self) {
        let look = self.random.below(10_000) as u32;
        let Some(process) = self.live.last_mut() else { return };
        process.look = look;
        let process = *process;
        let mut record = Record::header(self.now, kind::RENAME, process.actor());
        record.u64s(&[process.task(), process.pid()]).u32s(&[process.tid, process.tid]);
        self.push(record.bytes(&comm(look % 200)));
        let mut record = Record::header(self.now, kind::EXEC, process.actor());
        record.u64s(&[process.task(), process.pid(), process.start]);
        record.u32s(&[process.tid, process.tid, 0, 0, 11, 8, 8, 0]).bytes(&comm(look % 200));
        self.push(record.bytes(b"/bin/prog-1prog-1\0a"));
    }

    /// A process ends, and is reaped at once.
    pub(crate) fn end(&mut self) {
        if self.live.len() <= 65 {
            return;
        }
        let at = 64 + self.random.below(self.live.len() as u64 - 64) as usize;
        let process = self.live.swap_remove(at);
        let parent = self.live.iter().take(64).find(|by| by.task() == process.parent);
        let by = *parent.unwrap_or(&self.live[0]);
        let mut record = Record::header(self.now, kind::EXIT, process.actor());
        record.u64s(&[process.task(), process.pid(), by.task(), self.live[0].task()]);
        self.push(record.u32s(&[256, 256, 4, 1, 0, 1, by.tid, 1]));
        let mut record = Record::header(self.now, kind::RELEASE, by.actor());
        record.u64s(&[process.task(), process.pid(), by.task()]);
        self.push(record.u32s(&[process.tid, process.tid, by.tid, 256]));
        if let Some((_, _, ended)) = self.leads.get_mut(&process.tid) {
            *ended = true;
        } else {
            self.free_pid(&process, by.actor());
        }
        self.quit(process.lead, by.actor());
        self.freed.push_back(process);
        if self.freed.len() > 20 {
            self.free();
        }
    }

    fn free(&mut self) {
        let Some(process) = self.freed.pop_front() else { return };
        let mut record = Record::header(self.now, kind::FREE_TASK, (0, 0));
        self.push(record.u64s(&[process.task()]).u32s(&[process.tid, process.tid]));
        // the address of a pid that outlives its task is not used again
        if self.leads.get(&process.tid).is_none_or(|(lead, ..)| lead.place != process.place) {
            self.places.push(process.place);
        }
    }
}

fn comm(look: u32) -> [u8; 16] {
    let mut comm = [0; 16];
    let name = format!("prog-{look}");
    comm[..name.len()].copy_from_slice(name.as_bytes());
    comm
}
