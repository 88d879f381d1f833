//! Totality: no input fails, and the tables stay consistent with each other whatever comes.

use super::super::{Config, Sees, World};
use crate::event::{
    Body, CgroupFacts, CgroupMove, ChangePid, Cred, Event, ExchangeTids, Exec, Exit, FreePid,
    FreeTask, Header, Lost, Mark, NsEnd, NsSet, PidFacts, PidKey, PidNs, Ptrace, Release, Rename,
    Syscall, TaskFacts, Upid, Vector,
};

/// A seeded generator (xorshift64*).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn nr(&mut self) -> i32 {
        match self.below(40) {
            0 => i32::MIN,
            1 => i32::MAX,
            2 => -1,
            _ => self.below(14) as i32,
        }
    }

    /// Keys of tasks: few, so that they meet.
    fn task(&mut self) -> u64 {
        self.below(16)
    }

    fn pid(&mut self) -> u64 {
        self.below(16)
    }

    fn inum(&mut self) -> u32 {
        self.below(5) as u32
    }

    fn vector(&mut self) -> Vector {
        let len = if self.below(50) == 0 { self.below(34) } else { self.below(4) };
        let upid = |random: &mut Self| Upid {
            ns: if random.below(2) == 0 { 1 } else { random.below(5) },
            nr: random.nr(),
            inum: random.inum(),
        };
        let upids: Vec<_> = (0..len).map(|_| upid(self)).collect();
        Vector::new(&upids).unwrap()
    }

    fn facts(&mut self) -> TaskFacts {
        TaskFacts {
            task: self.task(),
            pid: self.pid(),
            leader: self.task(),
            real_parent: self.task(),
            parent: self.task(),
            pgrp: self.pid(),
            session: self.pid(),
            for_children: self.below(5),
            ino: self.below(3),
            start: self.below(4),
            tid: self.nr(),
            tgid: self.nr(),
            ppid: self.nr(),
            pgid: self.nr(),
            sid: self.nr(),
            exit_signal: 17,
            exit_state: if self.below(6) == 0 { 0x20 } else { 0 },
            ptrace: self.below(4) as u32 / 3,
            bits: self.below(32) as u32,
            ns: std::array::from_fn(|_| self.inum()),
            for_children_inum: self.inum(),
            ..TaskFacts::default()
        }
    }

    fn header(&mut self, ts: u64) -> Header {
        let (actor_tid, actor_tgid) = (self.nr(), self.nr());
        Header { ts, actor: self.task(), actor_tid, actor_tgid, ..Header::default() }
    }

    pub(super) fn event(&mut self, ts: u64) -> Event {
        let body = match self.below(4) {
            0 => self.birth(),
            1 => self.life(),
            2 => self.end(),
            _ => self.other(),
        };
        Event { header: self.header(ts), body }
    }

    fn birth(&mut self) -> Body {
        let (task, vector) = (self.facts(), self.vector());
        let pid = PidFacts { pid: PidKey(self.pid()), ino: self.below(3), vector: vector.clone() };
        match self.below(6) {
            0 | 1 => Body::Fork { task, vector, flags: self.next() },
            2 => Body::Update { task, vector },
            3 => Body::AllocPid(pid),
            4 if self.below(4) == 0 => Body::HeldPid(pid),
            _ => Body::Snapshot {
                task,
                vector,
                generation: self.below(3),
                from_proc: self.below(4) == 0,
            },
        }
    }

    fn life(&mut self) -> Body {
        let (task, pid, tid, tgid) = (self.task(), self.pid(), self.nr(), self.nr());
        let header = Header::default();
        match self.below(6) {
            0 => {
                let start = self.below(4);
                let facts = tracer_ebpf::wire::Exec { task, pid, tid, start, ..Default::default() };
                Body::Exec(Exec { facts, filename: Box::default(), args: Box::default() })
            }
            1 => Body::Rename(Rename { header, task, pid, tid, tgid, comm: [1; 16] }),
            2 => Body::ExchangeTids(ExchangeTids { header, left: task, right: self.task() }),
            3 => {
                let (ty, nr) = (self.below(5) as u32, self.nr());
                Body::ChangePid(ChangePid { header, task, pid, tid, ty, nr, pad: 0 })
            }
            4 => {
                let nr = [101, 109, 112, 272][self.below(4) as usize];
                let args = [self.below(20), self.below(20), 0];
                Body::Syscall(Syscall { header, nr, args, ret: 0 })
            }
            _ => {
                let (tracer, tracer_tgid) = (self.task(), self.nr());
                Body::Ptrace(Ptrace { header, task, tracer, tid, tgid, tracer_tgid, pad: 0 })
            }
        }
    }

    fn end(&mut self) -> Body {
        let (task, pid, tid, tgid) = (self.task(), self.pid(), self.nr(), self.nr());
        let (real_parent, ppid) = (self.task(), self.nr());
        let header = Header::default();
        match self.below(5) {
            0 | 1 => Body::Exit(Exit {
                task,
                pid,
                real_parent,
                ppid,
                reaper: self.task(),
                reaper_tgid: self.nr(),
                group_dead: self.below(3) as u32,
                ..Exit::default()
            }),
            2 => Body::Release(Release {
                task,
                pid,
                real_parent,
                tid,
                tgid,
                ppid,
                ..Release::default()
            }),
            3 => Body::FreeTask(FreeTask { header, task, tid, tgid }),
            _ => Body::FreePid(FreePid { header, pid, ino: self.below(3), nr: tid, level: 0 }),
        }
    }

    fn cgroup(&mut self) -> CgroupFacts {
        let facts = tracer_ebpf::wire::Cgroup { cgroup: self.below(4), ..Default::default() };
        let path = [b'/', b'a' + self.below(2) as u8, b'/', 200, 7, 8, 9, b'z', b'.'];
        let len = self.below(10) as usize;
        CgroupFacts { facts, path: path[..len].into() }
    }

    fn other(&mut self) -> Body {
        let header = Header::default();
        let end = NsEnd { header, ns: self.below(5), inum: self.inum(), level: 0 };
        let mark = Mark { header, generation: self.below(3), tasks: 0 };
        match self.below(28) {
            24 => Body::CgroupMake(self.cgroup()),
            25 => Body::CgroupFound(self.cgroup()),
            26 => Body::CgroupEnd(self.cgroup()),
            27 => Body::CgroupMove(CgroupMove {
                task: self.task(),
                cgroup: self.below(4),
                group: self.below(2) as u32,
                ..CgroupMove::default()
            }),
            0..6 => Body::Cred(Cred {
                task: self.task(),
                user_ns: self.inum(),
                user_ns_parent: self.inum(),
                user_ns_id: self.below(3),
                ..Cred::default()
            }),
            6..10 => Body::PidNs(PidNs {
                ns: self.below(5),
                parent: self.below(5),
                child_reaper: self.task(),
                inum: self.inum(),
                parent_inum: self.inum(),
                user_inum: self.inum(),
                level: if self.below(9) == 0 { u32::MAX } else { self.below(3) as u32 },
                cursor: u32::MAX,
                reason: self.below(4) as u32,
                ..PidNs::default()
            }),
            10..16 => Body::NsSet(NsSet {
                task: self.task(),
                flags: self.next() << 3,
                for_children: self.below(5),
                ids: std::array::from_fn(|_| self.below(3)),
                inums: std::array::from_fn(|_| self.inum()),
                time_for_children: self.inum(),
                reason: self.below(4) as u32,
                ..NsSet::default()
            }),
            16 | 17 => Body::NsDying(end),
            18 => Body::NsDestroy(end),
            19 => Body::Lost(Lost { cpu: 0, count: self.next() << 20, since: 0 }),
            20 | 21 => Body::SnapshotBegin(mark),
            _ => Body::SnapshotEnd(mark),
        }
    }
}

fn storm(seed: u64, events: u64, every: u64, config: Config) -> World {
    let mut world = World::with(config);
    let mut random = Random(seed);
    for ts in 0..events {
        let event = random.event(ts);
        let change = world.apply(&event);
        if ts % every == 0
            && let Err(wrong) = world.check_consistency()
        {
            panic!("seed {seed}, event {ts}: {wrong}, after {event:?}: {change:?}");
        }
    }
    world
}

#[test]
fn no_stream_of_events_breaks_the_tables() {
    for seed in 1..60 {
        for sees in [Sees::ALL, Sees::TRACEPOINTS] {
            storm(seed, 250, 1, Config { history: 50, sees });
        }
    }
}

#[test]
fn a_million_arbitrary_events_never_panic() {
    for (seed, sees) in [(0xfeed, Sees::ALL), (0xbeef, Sees::TRACEPOINTS)] {
        let world = storm(seed, 500_000, 997, Config { history: 100, sees });
        let counts = world.counts();
        assert!(counts.past_tasks <= 101 && counts.past_pids <= 140, "{counts:?}");
    }
}

#[test]
fn the_same_events_give_the_same_tables() {
    let once = storm(77, 20_000, 1000, Config { history: 10, sees: Sees::ALL });
    let again = storm(77, 20_000, 1000, Config { history: 10, sees: Sees::ALL });
    assert_eq!(once.digest(), again.digest());
    assert_eq!(format!("{once:?}").len(), format!("{again:?}").len());
}
