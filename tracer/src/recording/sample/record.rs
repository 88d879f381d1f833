//! The bytes of the records of a sample.

use tracer_ebpf::wire::{MAX_UPIDS, SHORT_UPIDS, kind, ns_reason};

use super::Random;

/// A task and what its records say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) task: u64,
    pub(super) pid: u64,
    leader: u64,
    parent: u64,
    pgrp: u64,
    session: u64,
    pub(super) ino: u64,
    pub(super) start: u64,
    cgroup: u64,
    tgid: i32,
    ppid: i32,
    pgid: i32,
    sid: i32,
    uid: u32,
    pub(super) code: i32,
    /// Cookie, number and inode number at each level.
    upids: Vec<(u64, i32, u32)>,
    ns: [u32; 8],
    pub(super) comm: [u8; 16],
    /// Whether its children are threads.
    pub(super) threads: bool,
    pub(super) is_thread: bool,
}

/// A comm of a name.
pub(super) fn comm(name: &str) -> [u8; 16] {
    let mut comm = [0; 16];
    comm.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    comm
}

impl Person {
    pub(super) fn host(random: &mut Random) -> Self {
        let inum = 4_026_531_836;
        Self {
            session: random.number(),
            upids: vec![(random.number(), 1, inum)],
            ns: [
                4_026_531_837,
                4_026_531_841,
                4_026_531_838,
                4_026_531_839,
                4_026_531_840,
                inum,
                4_026_531_835,
                4_026_531_834,
            ],
            sid: 900,
            cgroup: 1,
            ..Self::default()
        }
    }

    pub(super) fn make_worker(
        &mut self,
        index: usize,
        nested: Option<u64>,
        name: &str,
        random: &mut Random,
    ) {
        self.task = random.number();
        self.pid = random.number();
        self.leader = self.task;
        self.parent = random.number();
        self.pgrp = self.pid;
        self.ino = 1000 + index as u64;
        self.cgroup = 4000 + (index as u64 / 4) * 37;
        self.uid = if index.is_multiple_of(3) { 0 } else { 1000 };
        self.comm = comm(name);
        self.ppid = 1;
        let inner = nested.map(|cookie| {
            let inum = 4_026_532_500 + index as u32 * 7;
            self.ns[5] = inum;
            self.ns[1] = inum - 1;
            (cookie, 1, inum)
        });
        self.upids.extend(inner);
        self.number(1200 + index as i32 * 3, 1);
        self.tgid = self.tid();
        self.pgid = self.tid();
    }

    pub(super) fn tid(&self) -> i32 {
        self.upids.first().map_or(0, |upid| upid.1)
    }

    /// Sets the numbers, and what follows from them.
    pub(super) fn number(&mut self, nr: i32, inner: i32) {
        for (level, upid) in self.upids.iter_mut().enumerate() {
            upid.1 = if level == 0 { nr } else { inner };
        }
        if self.is_thread {
            return;
        }
        self.tgid = nr;
        self.leader = self.task;
    }

    pub(super) fn child(&self) -> Self {
        let mut child = self.clone();
        child.is_thread = self.threads;
        if !child.is_thread {
            child.parent = self.task;
            child.ppid = self.tgid;
        }
        child
    }
}

/// The bytes of one record.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    out: Vec<u8>,
    moment: (u64, u32, u16),
}

macro_rules! write {
    ($bytes:expr, $($value:expr),* $(,)?) => {
        $($bytes.out.extend_from_slice(&$value.to_le_bytes());)*
    };
}

impl Bytes {
    pub(super) fn clear(&mut self) {
        self.out.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.out
    }

    pub(super) fn moment(&mut self, time: u64, seq: u32, cpu: u16) {
        self.moment = (time, seq, cpu);
    }

    fn header(&mut self, kind: u16, actor: &Person) {
        let (ts, seq, cpu) = self.moment;
        write!(self, ts, seq, cpu, kind, actor.task, actor.tid(), actor.tgid);
    }

    fn upids(&mut self, upids: &[(u64, i32, u32)]) {
        let room = if upids.len() <= SHORT_UPIDS { SHORT_UPIDS } else { MAX_UPIDS };
        for index in 0..room {
            let (ns, nr, inum) = upids.get(index).copied().unwrap_or_default();
            write!(self, ns, nr, inum);
        }
    }

    pub(super) fn alloc_pid(&mut self, child: &Person, actor: &Person) {
        self.header(kind::ALLOC_PID, actor);
        write!(self, child.pid, child.ino, child.upids.len() as u32 - 1, 0_u32);
        self.upids(&child.upids);
    }

    pub(super) fn fork(&mut self, child: &Person, actor: &Person) {
        self.header(kind::FORK, actor);
        let for_children = child.upids.last().copied().unwrap_or_default();
        let host = child.ns;
        write!(self, child.task, child.pid, child.leader, child.parent, child.parent, child.pgrp);
        write!(self, child.session, for_children.0, child.ino, child.start, child.cgroup);
        let signal = if child.is_thread { -1 } else { 17_i32 };
        write!(self, child.tid(), child.tgid, child.ppid, child.ppid, child.pgid, child.sid);
        write!(self, signal, 0_i32, child.uid, child.uid, 0x40_0040_u32, 0_u32, 0x800_u32, 0_u32);
        write!(self, child.upids.len() as u32 - 1, 14_u32);
        for inum in host {
            write!(self, inum);
        }
        write!(self, for_children.2, host[7]);
        self.out.extend(child.comm);
        let flags = if child.is_thread { 0x3d_0f00_u64 } else { 0x120_0011 };
        write!(self, flags);
        self.upids(&child.upids);
    }

    pub(super) fn rename(&mut self, task: &Person) {
        self.header(kind::RENAME, task);
        write!(self, task.task, task.pid, task.tid(), task.tgid);
        self.out.extend(task.comm);
    }

    pub(super) fn exec(&mut self, task: &Person, salt: u64) {
        let end = task.comm.iter().position(|&byte| byte == 0).unwrap_or(16);
        let name = String::from_utf8_lossy(&task.comm[..end]).into_owned();
        let filename = format!("/usr/bin/{name}");
        let args = format!("{name}\0-o\0/tmp/build/{:x}.o\0src/file{}.c\0", salt, salt % 97);
        self.header(kind::EXEC, task);
        write!(self, task.task, task.pid, task.start, task.tid(), task.tid(), task.uid, task.uid);
        write!(self, filename.len() as u32, args.len() as u32, args.len() as u32, 0_u32);
        self.out.extend(task.comm);
        self.out.extend(filename.bytes());
        self.out.extend(args.bytes());
    }

    pub(super) fn exit(&mut self, task: &Person) {
        self.header(kind::EXIT, task);
        write!(self, task.task, task.pid, task.parent, 0_u64, task.code, 0_i32);
        let alone = !task.is_thread;
        write!(self, 0_u32, u32::from(alone), i32::from(!alone), 0_u32, task.ppid, 0_i32);
    }

    pub(super) fn release(&mut self, task: &Person, actor: &Person) {
        self.header(kind::RELEASE, actor);
        write!(self, task.task, task.pid, task.parent, task.tid(), task.tgid, task.ppid, task.code);
    }

    pub(super) fn free_pid(&mut self, task: &Person, actor: &Person) {
        self.header(kind::FREE_PID, actor);
        write!(self, task.pid, task.ino, task.tid(), task.upids.len() as u32 - 1);
    }

    pub(super) fn free_task(&mut self, task: &Person) {
        self.header(kind::FREE_TASK, &Person::default());
        write!(self, task.task, task.tid(), task.tgid);
    }

    pub(super) fn cred(&mut self, task: &Person) {
        self.header(kind::CRED, task);
        write!(self, task.task, 0_u64, task.uid, task.uid, task.ns[0], 0_u32);
    }

    pub(super) fn change_pid(&mut self, task: &Person) {
        self.header(kind::CHANGE_PID, task);
        write!(self, task.task, task.pid, task.tid(), 3_u32, task.tid(), 0_u32);
    }

    pub(super) fn syscall(&mut self, task: &Person) {
        self.header(kind::SYSCALL, task);
        write!(self, 109_u64, 0_u64, 0_u64, 0_u64, 0_i64);
    }

    pub(super) fn ns_set(&mut self, task: &Person) {
        self.header(kind::NS_SET, task);
        let for_children = task.upids.last().copied().unwrap_or_default();
        write!(self, task.task, 0_u64, for_children.0);
        for id in 0..8_u64 {
            write!(self, id + 5);
        }
        for inum in task.ns {
            write!(self, inum);
        }
        write!(self, task.ns[7], ns_reason::ENTER);
    }
}
