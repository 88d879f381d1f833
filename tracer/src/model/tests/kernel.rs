//! A small kernel that only writes records: tests state what happens, the world takes it in.

use super::super::{Change, Config, Effect, PidId, Sees, Task, TaskId, World};
use crate::event::{
    Body, ChangePid, Event, ExchangeTids, Exec, Exit, FreePid, FreeTask, Header, Lost, Mark,
    PidFacts, PidKey, Release, Rename, Syscall, TaskFacts, Upid, Vector,
};

/// Inode number of the initial PID namespace.
pub(super) const ROOT_INUM: u32 = 0xeff_fffc;

/// Key of the task that was born with this number.
pub(super) fn key(tid: i32) -> u64 {
    0x1000 + tid as u64
}

/// Key of the pid with this number.
pub(super) fn pid_key(nr: i32) -> u64 {
    0x2_0000 + nr as u64
}

/// Key of the PID namespace `ns`; 0 is the initial one.
pub(super) fn ns_key(ns: u32) -> u64 {
    0x9_0000 + u64::from(ns)
}

/// One number of a vector.
pub(super) fn upid(ns: u32, nr: i32) -> Upid {
    Upid { ns: ns_key(ns), nr, inum: ROOT_INUM + ns }
}

/// A vector of numbers in these namespaces.
pub(super) fn vector(numbers: &[(u32, i32)]) -> Vector {
    let upids: Vec<_> = numbers.iter().map(|&(ns, nr)| upid(ns, nr)).collect();
    Vector::new(&upids).unwrap()
}

/// A task with this number, of this group, born of this parent; group and session of number 1.
pub(super) fn facts(tid: i32, tgid: i32, ppid: i32) -> TaskFacts {
    TaskFacts {
        task: key(tid),
        pid: pid_key(tid),
        leader: key(tgid),
        real_parent: key(ppid),
        parent: key(ppid),
        pgrp: pid_key(1),
        session: pid_key(1),
        pgid: 1,
        sid: 1,
        for_children: ns_key(0),
        for_children_inum: ROOT_INUM,
        start: tid as u64 * 10,
        tid,
        tgid,
        ppid,
        parent_tgid: ppid,
        exit_signal: if tid == tgid { 17 } else { -1 },
        uid: 7,
        ns: [11, 12, 13, 14, 15, ROOT_INUM, 17, 18],
        comm: *b"task\0\0\0\0\0\0\0\0\0\0\0\0",
        ..TaskFacts::default()
    }
}

/// A world, and the time.
pub(super) struct Kernel {
    pub(super) world: World,
    ts: u64,
}

impl Kernel {
    /// Tables that know pid 1 and, as its child, the shell 10, by a sweep.
    pub(super) fn booted(sees: Sees) -> Self {
        let config = Config { sees, ..Config::default() };
        let mut kernel = Self { world: World::with(config), ts: 0 };
        kernel.sweep(1, &[facts(1, 1, 0), facts(10, 10, 1)]);
        kernel
    }

    pub(super) fn sees_all() -> Self {
        Self::booted(Sees::ALL)
    }

    pub(super) fn tracepoints() -> Self {
        Self::booted(Sees::TRACEPOINTS)
    }

    /// One event by this actor.
    pub(super) fn event(&mut self, actor: (u64, i32, i32), body: Body) -> Change {
        self.ts += 1;
        let (actor, actor_tid, actor_tgid) = actor;
        let header = Header { ts: self.ts, actor, actor_tid, actor_tgid, ..Header::default() };
        let change = self.world.apply(&Event { header, body });
        self.world.check_consistency().unwrap();
        change
    }

    pub(super) fn by(&mut self, tid: i32, body: Body) -> Change {
        let tgid = self.world.find_task(tid).map_or(tid, |id| self.world.task(id).tgid);
        self.event((key(tid), tid, tgid), body)
    }

    pub(super) fn mark(&mut self, begin: bool, generation: u64) -> Change {
        let mark = Mark { generation, ..Mark::default() };
        let body = if begin { Body::SnapshotBegin(mark) } else { Body::SnapshotEnd(mark) };
        self.event((0, 0, 0), body)
    }

    pub(super) fn show(&mut self, task: TaskFacts, generation: u64) -> Change {
        self.show_at(task, &[(0, task.tid)], generation)
    }

    pub(super) fn show_at(
        &mut self,
        task: TaskFacts,
        numbers: &[(u32, i32)],
        generation: u64,
    ) -> Change {
        let vector = vector(numbers);
        self.event((0, 0, 0), Body::Snapshot { task, vector, generation, from_proc: false })
    }

    pub(super) fn sweep(&mut self, generation: u64, tasks: &[TaskFacts]) -> Vec<Effect> {
        self.mark(true, generation);
        for &task in tasks {
            self.show(task, generation);
        }
        self.mark(false, generation).effects
    }

    pub(super) fn alloc(&mut self, by: i32, numbers: &[(u32, i32)]) -> Change {
        let pid = PidKey(pid_key(numbers[0].1));
        self.by(by, Body::AllocPid(PidFacts { pid, ino: 0, vector: vector(numbers) }))
    }

    pub(super) fn newtask(
        &mut self,
        by: i32,
        task: TaskFacts,
        numbers: &[(u32, i32)],
        flags: u64,
    ) -> Change {
        self.by(by, Body::Fork { task, vector: vector(numbers), flags })
    }

    /// A process in the initial namespace: `alloc_pid` where that is seen, and its birth.
    pub(super) fn fork(&mut self, by: i32, tid: i32) -> TaskId {
        self.fork_as(by, facts(tid, tid, by), &[(0, tid)])
    }

    pub(super) fn fork_as(&mut self, by: i32, task: TaskFacts, numbers: &[(u32, i32)]) -> TaskId {
        if self.world.config.sees.free_pid {
            self.alloc(by, numbers);
        }
        self.newtask(by, task, numbers, 0).task.unwrap()
    }

    /// A thread of the process `tgid`, whose parent is `ppid`.
    pub(super) fn thread(&mut self, tgid: i32, tid: i32, ppid: i32) -> TaskId {
        self.fork_as(tgid, facts(tid, tgid, ppid), &[(0, tid)])
    }

    pub(super) fn exit_with(&mut self, tid: i32, group_dead: u32, reaper: i32) -> Change {
        let id = self.task(tid);
        let task = self.world.task(id);
        let (at, tgid, ppid) = (task.key.0, task.tgid, task.ppid);
        let real_parent = task.real_parent.map_or(0, |parent| self.world.task(parent).key.0);
        let exit = Exit {
            task: at,
            real_parent,
            ppid,
            reaper: if reaper == 0 { 0 } else { key(reaper) },
            reaper_tgid: reaper,
            has_children: u32::from(reaper != 0),
            group_dead,
            live: i32::from(group_dead == 0),
            code: 256,
            ..Exit::default()
        };
        self.event((at, tid, tgid), Body::Exit(exit))
    }

    /// A process of one thread exits; orphans go where the tables say.
    pub(super) fn exit(&mut self, tid: i32) -> Change {
        self.exit_with(tid, 1, 0)
    }

    pub(super) fn release(&mut self, by: i32, task: u64, tid: i32, tgid: i32) -> Change {
        let facts = Release { task, tid, tgid, code: 256, ..Release::default() };
        self.by(by, Body::Release(facts))
    }

    pub(super) fn free_pid(&mut self, nr: i32) -> Change {
        let pid = pid_key(nr);
        self.by(1, Body::FreePid(FreePid { pid, nr, ..FreePid::default() }))
    }

    pub(super) fn free_task(&mut self, task: u64, tid: i32, tgid: i32) -> Change {
        let header = Header::default();
        self.event((0, 0, 0), Body::FreeTask(FreeTask { header, task, tid, tgid }))
    }

    pub(super) fn exec(&mut self, task: u64, old_tid: i32, tid: i32) -> Change {
        let facts = tracer_ebpf::wire::Exec {
            task,
            pid: pid_key(tid),
            start: tid as u64 * 10,
            old_tid,
            tid,
            comm: *b"new\0\0\0\0\0\0\0\0\0\0\0\0\0",
            ..Default::default()
        };
        let exec = Exec { facts, filename: Box::default(), args: Box::default() };
        self.event((task, tid, tid), Body::Exec(exec))
    }

    pub(super) fn rename(&mut self, task: u64, tid: i32, tgid: i32) -> Change {
        let comm = *b"other\0\0\0\0\0\0\0\0\0\0\0";
        let rename = Rename { task, pid: pid_key(tid), tid, tgid, comm, ..Rename::default() };
        self.event((task, tid, tgid), Body::Rename(rename))
    }

    pub(super) fn exchange(&mut self, left: i32, right: i32) -> Change {
        let (left, right) = (key(left), key(right));
        self.event(
            (left, 0, 0),
            Body::ExchangeTids(ExchangeTids { left, right, ..ExchangeTids::default() }),
        )
    }

    pub(super) fn change_pid(&mut self, tid: i32, ty: u32, nr: i32) -> Change {
        let facts =
            ChangePid { task: key(tid), pid: pid_key(nr), tid, ty, nr, ..ChangePid::default() };
        self.by(tid, Body::ChangePid(facts))
    }

    pub(super) fn syscall(&mut self, by: i32, nr: u64, args: [u64; 3]) -> Change {
        self.by(by, Body::Syscall(Syscall { nr, args, ..Syscall::default() }))
    }

    pub(super) fn lose(&mut self, count: u64) -> Change {
        self.event((0, 0, 0), Body::Lost(Lost { cpu: 0, count, since: 0 }))
    }

    /// The live task with this number.
    pub(super) fn task(&self, tid: i32) -> TaskId {
        self.world.find_task(tid).unwrap()
    }

    pub(super) fn facts_of(&self, tid: i32) -> Task {
        self.world.task(self.task(tid))
    }

    /// The live pid with this number.
    pub(super) fn pid(&self, nr: i32) -> PidId {
        self.world.find_pid_ns(nr, self.world.root_ns().unwrap()).unwrap()
    }

    pub(super) fn is_used(&self, nr: i32) -> bool {
        self.world.find_pid_ns(nr, self.world.root_ns().unwrap()).is_some()
    }
}
