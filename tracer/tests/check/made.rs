//! Recordings made by hand: a shell that forks, in the records of the tracepoint plan.

use tracer::{
    coverage::{Coverage, Fact, Hook, Plan},
    host::Host,
    model::World,
    recording::{Codec, Encoder, Ending, Header, Writer, config_of},
    stream,
};
use tracer_ebpf::wire::{self, Exit, FreeTask, Mark, Task, TaskRecord, Upid, Wire, bits, kind};

/// The initial PID namespace: its key and its inode number.
const ROOT: (u64, u32) = (0x900, 0xefff_fffc);

/// Records that a recording is made of.
#[derive(Clone)]
pub(crate) struct Made {
    records: Vec<Vec<u8>>,
    run: u8,
}

impl Made {
    /// A sweep, and so many lives.
    pub(crate) fn legal(lives: i32) -> Self {
        let mut made = Self { records: Vec::new(), run: 1 };
        made.mark(kind::SNAPSHOT_BEGIN, 0);
        for (tid, ppid) in [(1, 0), (10, 1)] {
            made.task(kind::SNAPSHOT, tid, tid, ppid, 1);
        }
        made.mark(kind::SNAPSHOT_END, 2);
        (100..100 + lives).for_each(|tid| made.life(tid, tid));
        made
    }

    /// The same, and one among them whose number no kernel gives out.
    pub(crate) fn violated(lives: i32) -> Self {
        let mut made = Self::legal(lives);
        made.life(100 + lives, 5_000_000);
        (101 + lives..101 + 2 * lives).for_each(|tid| made.life(tid, tid));
        made
    }

    /// The same, with a loss in the midst.
    pub(crate) fn lossy(mut self) -> Self {
        let header = self.header(kind::LOST, 0);
        let lost = tracer::event::Lost { cpu: 0, count: 2, since: 0 };
        let event = tracer::event::Event { header, body: tracer::event::Body::Lost(lost) };
        let at = self.records.len() / 2;
        self.records.insert(at, stream::encode(&event).unwrap());
        self
    }

    /// The same, of another run.
    pub(crate) fn run(mut self, run: u8) -> Self {
        self.run = run;
        self
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The recording.
    pub(crate) fn recording(&self) -> Vec<u8> {
        let hook = |fact: Fact| Hook {
            fact,
            place: format!("tp_btf/{}", fact.name()),
            plan: Plan::Tracepoint,
            refused: None,
        };
        let facts = [Fact::Fork, Fact::Exit, Fact::FreeTask, Fact::Snapshot];
        let hooks = facts.into_iter().map(hook).collect();
        let coverage = Coverage { hooks, group_dead: true, ..Coverage::default() };
        let host = Host {
            release: "6.12.0-test".into(),
            boot_id: "0b5cf9f1-5ac0-4b1c-8b8e-2d1dbbd4f3a2".into(),
            cpus: 1,
            pid_max: 4_194_304,
            ..Host::default()
        };
        let header =
            Header { host, start: 1000, run: [self.run; 16], history: 64, ..Header::default() };
        let mut world = World::with(config_of(&header, &coverage));
        let mut writer = Writer::create(Vec::new(), &header, &coverage).unwrap();
        for block in self.records.chunks(500) {
            let mut encoder = Encoder::new(Codec::Zstd);
            for record in block {
                encoder.push(record).unwrap();
                world.apply(&stream::event(record));
            }
            writer.block(&mut encoder, world.losses(), 1000).unwrap();
        }
        writer.end(Ending::Ended, world.digest()).unwrap();
        std::mem::take(writer.get_mut())
    }

    /// A child of the shell, from its birth to its end.
    fn life(&mut self, tid: i32, nr: i32) {
        self.task(kind::FORK, tid, nr, 10, 0);
        let header = self.header(kind::EXIT, tid);
        let (task, pid) = keys(tid);
        let (real_parent, _) = keys(10);
        let exit = Exit {
            header,
            task,
            pid,
            real_parent,
            group_dead: 1,
            signal_flags: 4,
            ppid: 10,
            ..Exit::default()
        };
        self.put(&exit, &[]);
        let header = self.header(kind::FREE_TASK, 0);
        self.put(&FreeTask { header, task, tid: nr, tgid: nr }, &[]);
    }

    fn task(&mut self, kind: u16, tid: i32, nr: i32, ppid: i32, arg: u64) {
        let (task, pid) = keys(tid);
        // The idle task is nobody who acts, but pid 1's parent.
        let parent = if ppid == 0 { 0xd1e << 16 } else { keys(ppid).0 };
        let (_, group) = keys(1);
        let task = Task {
            task,
            pid,
            leader: task,
            real_parent: parent,
            parent,
            pgrp: group,
            session: group,
            for_children: ROOT.0,
            start: self.now(),
            tid: nr,
            tgid: nr,
            ppid,
            parent_tgid: ppid,
            pgid: 1,
            sid: 1,
            exit_signal: 17,
            bits: bits::HAS_MM | bits::HAS_NSPROXY,
            ns: SPACES,
            for_children_inum: ROOT.1,
            time_for_children_inum: SPACES[7],
            comm: *b"sh\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            ..Task::default()
        };
        let header = self.header(kind, if kind == kind::FORK { ppid } else { 0 });
        let mut upids = [Upid::default(); wire::SHORT_UPIDS];
        upids[0] = Upid { ns: ROOT.0, nr, inum: ROOT.1 };
        self.put(&TaskRecord { header, task, arg }, &upids);
    }

    fn mark(&mut self, kind: u16, tasks: u64) {
        let header = self.header(kind, 0);
        self.put(&Mark { header, generation: 1, tasks }, &[]);
    }

    fn now(&self) -> u64 {
        1_000_000 + 1000 * self.records.len() as u64
    }

    fn header(&self, kind: u16, actor: i32) -> wire::Header {
        let seq = self.records.len() as u32;
        let (task, _) = if actor == 0 { (0, 0) } else { keys(actor) };
        wire::Header {
            ts: self.now(),
            seq,
            kind,
            actor: task,
            actor_tid: actor,
            actor_tgid: actor,
            ..wire::Header::default()
        }
    }

    fn put<R: Wire>(&mut self, record: &R, upids: &[Upid]) {
        let mut bytes = vec![0; R::SIZE + upids.len() * Upid::SIZE];
        record.write(&mut bytes).unwrap();
        for (at, upid) in upids.iter().enumerate() {
            upid.write(&mut bytes[R::SIZE + at * Upid::SIZE..]).unwrap();
        }
        self.records.push(bytes);
    }
}

/// The inode numbers of the initial namespaces, as kernels have them.
const SPACES: [u32; 8] = [
    4_026_531_837,
    4_026_531_841,
    4_026_531_838,
    4_026_531_839,
    4_026_531_840,
    ROOT.1,
    4_026_531_835,
    4_026_531_834,
];

/// The keys of a task and its pid; 0 is nobody.
fn keys(tid: i32) -> (u64, u64) {
    let key = tid as u64;
    if tid == 0 { (0, 0) } else { (key << 8 | 1, key << 8 | 2) }
}
