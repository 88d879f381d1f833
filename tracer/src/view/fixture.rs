//! A small host for tests, told in events: systemd, a shell, a thread, a nested PID namespace.

use super::{Report, reports};
use crate::event::{
    Body, Event, Exec, Exit, FreePid, Header, Mark, PidFacts, PidKey, PidNs, Release, TaskFacts,
    Upid, Vector, bits, ns_reason,
};
use crate::host::Host;
use crate::model::{TaskId, World};

/// Inode number of the nested PID namespace.
pub(crate) const NESTED: u32 = 4_026_532_398;

/// Inode number of the initial PID namespace.
pub(crate) const ROOT: u32 = 4_026_531_836;

/// The time of everything, ns since boot, unless a test says otherwise.
pub(crate) const NOW: u64 = 10_000_000_000;

/// The tables, and the reports of the last event.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) now: u64,
    /// Everything so far, to be told again to something else.
    pub(crate) events: Vec<Event>,
    seq: u32,
}

/// A task, by its numbers: level 0, thread group, real parent, inner number (0: not nested).
#[derive(Clone, Copy)]
pub(crate) struct Who(pub(crate) i32, pub(crate) i32, pub(crate) i32, pub(crate) i32);

/// The shell that does most things here.
pub(crate) const BASH: Who = Who(6401, 6401, 1, 0);

/// A process in the nested namespace.
pub(crate) const INIT: Who = Who(6427, 6427, 6401, 1);

/// Its child.
pub(crate) const CHILD: Who = Who(6430, 6430, 6427, 2);

pub(crate) fn host() -> Host {
    Host {
        release: "6.12.0".into(),
        name: "box".into(),
        boot_id: "0a1b2c3d-0000-4000-8000-000000000001".into(),
        wall_ns: 1_772_366_400_000_000_000,
        boot_ns: 0,
        mono_ns: 0,
        cpus: 2,
        pid_max: 32768,
    }
}

/// The key of a task, made of its number.
pub(crate) fn key(tid: i32) -> u64 {
    0x1000 + tid as u64
}

fn pid_key(tid: i32) -> u64 {
    0x10_0000 + tid as u64
}

pub(crate) fn comm(name: &[u8]) -> [u8; 16] {
    let mut comm = [0; 16];
    comm[..name.len()].copy_from_slice(name);
    comm
}

pub(crate) fn vector(who: Who) -> Vector {
    let outer = Upid { ns: 1, nr: who.0, inum: ROOT };
    let inner = Upid { ns: 2, nr: who.3, inum: NESTED };
    let all = [outer, inner];
    Vector::new(if who.3 == 0 { &all[..1] } else { &all }).unwrap()
}

pub(crate) fn facts(who: Who, name: &[u8]) -> TaskFacts {
    let Who(tid, tgid, ppid, inner) = who;
    let nested = inner != 0;
    let pid_ns = if nested { NESTED } else { ROOT };
    TaskFacts {
        task: key(tid),
        pid: pid_key(tid),
        leader: key(tgid),
        real_parent: if ppid == 0 { 0 } else { key(ppid) },
        parent: if ppid == 0 { 0 } else { key(ppid) },
        pgrp: pid_key(tgid),
        session: pid_key(if tid == 1 { 1 } else { 6401 }),
        for_children: if nested { 2 } else { 1 },
        ino: 500 + tid as u64,
        start: NOW - 1_000_000,
        cgroup: 77,
        tid,
        tgid,
        ppid,
        parent_tgid: ppid,
        pgid: tgid,
        sid: if tid == 1 { 1 } else { 6401 },
        exit_signal: if tid == tgid { 17 } else { -1 },
        uid: 1000,
        gid: 100,
        state: 1,
        level: u32::from(nested),
        bits: bits::HAS_MM | bits::HAS_NSPROXY,
        ns: [
            4_026_531_837,
            4_026_531_841,
            4_026_531_838,
            4_026_531_839,
            4_026_531_840,
            pid_ns,
            4_026_531_835,
            4_026_531_834,
        ],
        for_children_inum: pid_ns,
        time_for_children_inum: 4_026_531_834,
        comm: comm(name),
        ..TaskFacts::default()
    }
}

impl Stage {
    /// Only systemd and the shell, found by a sweep.
    pub(crate) fn bare() -> Self {
        let mut stage = Self { world: World::new(), now: NOW, events: Vec::new(), seq: 0 };
        let mark = Mark { generation: 1, ..Mark::default() };
        stage.by(BASH, Body::SnapshotBegin(mark));
        for (who, name) in [(Who(1, 1, 0, 0), &b"systemd"[..]), (BASH, b"bash")] {
            let (task, vector) = (facts(who, name), vector(who));
            stage.by(BASH, Body::Snapshot { task, vector, generation: 1, from_proc: false });
        }
        stage.by(BASH, Body::SnapshotEnd(Mark { tasks: 2, ..mark }));
        stage
    }

    /// With a nested namespace: its init, and a child of it.
    pub(crate) fn nested() -> Self {
        let mut stage = Self::bare();
        stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
        stage.fork(BASH, INIT, b"sh", 0x2000_0000);
        stage.fork(INIT, CHILD, b"sleep", 0);
        stage
    }

    /// Applies what a task does.
    pub(crate) fn by(&mut self, actor: Who, body: Body) -> Vec<Report> {
        self.seq += 1;
        let header = Header {
            ts: self.now,
            seq: self.seq,
            cpu: 1,
            actor: key(actor.0),
            actor_tid: actor.0,
            actor_tgid: actor.1,
            ..Header::default()
        };
        let event = Event { header, body };
        let change = self.world.apply(&event);
        let mut out = Vec::new();
        reports(&self.world, &event, &change, &mut out);
        self.events.push(event);
        out
    }

    pub(crate) fn alloc(&mut self, by: Who, child: Who) -> Vec<Report> {
        let ino = 500 + child.0 as u64;
        let pid = PidKey(pid_key(child.0));
        self.by(by, Body::AllocPid(PidFacts { pid, ino, vector: vector(child) }))
    }

    pub(crate) fn fork(&mut self, by: Who, child: Who, name: &[u8], flags: u64) -> Vec<Report> {
        self.alloc(by, child);
        let (task, vector) = (facts(child, name), vector(child));
        self.by(by, Body::Fork { task, vector, flags })
    }

    pub(crate) fn exec(&mut self, who: Who, path: &[u8], args: &[u8], cut: u32) -> Vec<Report> {
        let facts = tracer_ebpf::wire::Exec {
            task: key(who.0),
            pid: pid_key(who.0),
            old_tid: who.0,
            tid: who.0,
            uid: 1000,
            gid: 100,
            filename_len: path.len() as u32,
            args_len: args.len() as u32,
            args_total: args.len() as u32 + cut,
            comm: comm(b"ls"),
            start: NOW - 1_000_000,
            ..tracer_ebpf::wire::Exec::default()
        };
        self.by(who, Body::Exec(Exec { facts, filename: path.into(), args: args.into() }))
    }

    pub(crate) fn exit(&mut self, who: Who, code: i32, group_dead: u32) -> Vec<Report> {
        let exit = Exit {
            task: key(who.0),
            pid: pid_key(who.0),
            real_parent: key(who.2),
            ppid: who.2,
            code,
            group_dead,
            ..Exit::default()
        };
        self.by(who, Body::Exit(exit))
    }

    pub(crate) fn release(&mut self, by: Who, who: Who) -> Vec<Report> {
        let release = Release {
            task: key(who.0),
            pid: pid_key(who.0),
            real_parent: key(who.2),
            tid: who.0,
            tgid: who.1,
            ppid: who.2,
            ..Release::default()
        };
        self.by(by, Body::Release(release))
    }

    pub(crate) fn free_pid(&mut self, by: Who, who: Who) -> Vec<Report> {
        let level = u32::from(who.3 != 0);
        let pid = pid_key(who.0);
        self.by(by, Body::FreePid(FreePid { pid, nr: who.0, level, ..FreePid::default() }))
    }

    pub(crate) fn task(&self, who: Who) -> TaskId {
        self.world.find_task(who.0).unwrap()
    }
}

/// The nested namespace as the kernel tells it.
pub(crate) fn nested_ns(reason: u32) -> PidNs {
    PidNs {
        ns: 2,
        parent: 1,
        ns_id: 4711,
        inum: NESTED,
        parent_inum: ROOT,
        user_inum: 4_026_531_837,
        level: 1,
        reason,
        ..PidNs::default()
    }
}
