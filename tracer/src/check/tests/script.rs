//! A small kernel that writes legal records of the trampoline plan, to be made illegal one by one.
//!
//! Everything a record says twice is right: what is changed by hand afterwards is the only fault.

mod inums;
mod judge;
mod life;
mod numbers;
mod space;

use std::collections::BTreeMap;

pub(in crate::check) use self::inums::{INITIAL, MADE, ROOT_INUM};
use crate::{
    coverage::{Coverage, Fact, Hook, Plan},
    event::{
        Body, ChangePid, Event, Header, Mark, PidFacts, PidKey, TaskFacts, Upid, Vector, bits,
    },
};

/// The key of the idle task.
const IDLE: u64 = 0x10;
/// `CLONE_*` of include/uapi/linux/sched.h.
pub(in crate::check) const CLONE_PARENT: u64 = 0x8000;
pub(in crate::check) const CLONE_THREAD: u64 = 0x1_0000;
pub(in crate::check) const CLONE_NEWPID: u64 = 0x2000_0000;

/// A task of the script.
#[derive(Clone, Debug)]
pub(in crate::check) struct Person {
    pub(in crate::check) facts: TaskFacts,
    pub(in crate::check) vector: Vec<Upid>,
    pub(in crate::check) exited: bool,
}

/// A history, written step by step.
#[derive(Clone, Debug)]
pub(in crate::check) struct Script {
    /// What was written.
    pub(in crate::check) events: Vec<Event>,
    /// The tasks that are not released, by level-0 number.
    pub(in crate::check) tasks: BTreeMap<i32, Person>,
    /// Those that are, by their last number: they may still act.
    gone: BTreeMap<i32, TaskFacts>,
    coverage: Coverage,
    pid_max: u32,
    /// Released tasks whose pid may live on as a group's or a session's.
    held: Vec<Person>,
    /// Time that has passed without a record, ns.
    passed: u64,
    /// The next number of each namespace, by its inode number.
    next: BTreeMap<u32, i32>,
    keys: u64,
    ino: u64,
    generation: u64,
    /// Sweeps show the pids that no task has.
    pub(in crate::check) shows_held: bool,
}

/// The state of a task that has not run yet.
const TASK_NEW: u32 = 0x800;

/// Coverage with these facts only.
pub(in crate::check) fn coverage(facts: &[Fact], plan: Plan) -> Coverage {
    let hook = |&fact: &Fact| Hook { fact, place: fact.name().to_owned(), plan, refused: None };
    let hooks = facts.iter().map(hook).collect();
    Coverage { hooks, group_dead: true, pid_ino: true, ns_id: true, hidden_tasks: 0 }
}

fn ns_key(inum: u32) -> u64 {
    0x9_0000_0000 + u64::from(inum)
}

impl Script {
    /// Every hook; a sweep has shown pid 1, kthreadd, and the shell 10.
    pub(in crate::check) fn new() -> Self {
        let facts: Vec<_> = Fact::ALL.into_iter().filter(|&fact| fact != Fact::Syscalls).collect();
        Self::seen_by(coverage(&facts, Plan::Trampoline))
    }

    /// Tracepoints only.
    pub(in crate::check) fn tracepoints() -> Self {
        let facts = [
            Fact::Fork,
            Fact::Exec,
            Fact::Rename,
            Fact::Exit,
            Fact::FreeTask,
            Fact::Snapshot,
            Fact::Syscalls,
        ];
        Self::seen_by(coverage(&facts, Plan::Tracepoint))
    }

    /// With this coverage.
    pub(in crate::check) fn seen_by(coverage: Coverage) -> Self {
        let mut script = Self {
            events: Vec::new(),
            tasks: BTreeMap::new(),
            gone: BTreeMap::new(),
            coverage,
            pid_max: 0,
            held: Vec::new(),
            passed: 0,
            next: BTreeMap::from([(ROOT_INUM, 100)]),
            keys: 0x1000,
            ino: 500,
            generation: 0,
            shows_held: false,
        };
        for (tid, ppid, flags) in [(1, 0, 0x40_0100), (2, 0, 0x20_8040), (10, 1, 0x40_0000)] {
            let root = Upid { ns: ns_key(ROOT_INUM), nr: tid, inum: ROOT_INUM };
            let mut facts = script.blank(tid);
            (facts.ppid, facts.parent_tgid, facts.flags) = (ppid, ppid, flags);
            (facts.real_parent, facts.parent) = (IDLE, IDLE);
            if let Some(parent) = script.tasks.get(&ppid) {
                facts.real_parent = parent.facts.task;
                facts.parent = parent.facts.task;
            }
            if tid == 2 {
                facts.bits &= !bits::HAS_MM;
                (facts.pgrp, facts.pgid, facts.session, facts.sid) = (7, 0, 7, 0);
            } else {
                let own = if tid == 1 { &facts } else { &script.tasks[&1].facts };
                let (pgrp, pgid) = (own.pid, own.tid);
                (facts.pgrp, facts.pgid, facts.session, facts.sid) = (pgrp, pgid, pgrp, pgid);
                facts.bits |= if tid == 1 { bits::SESSION_LEADER } else { 0 };
            }
            let person = Person { facts, vector: vec![root], exited: false };
            script.tasks.insert(tid, person);
        }
        script.sweep();
        script
    }

    /// What is hooked.
    pub(in crate::check) fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    fn key(&mut self) -> u64 {
        self.keys += 0x10;
        self.keys
    }

    fn blank(&mut self, tid: i32) -> TaskFacts {
        self.ino += 1;
        let (task, pid) = (self.key(), self.key());
        TaskFacts {
            task,
            pid,
            leader: task,
            for_children: ns_key(ROOT_INUM),
            for_children_inum: ROOT_INUM,
            ino: self.ino,
            start: self.now(),
            cgroup: 1,
            tid,
            tgid: tid,
            exit_signal: 17,
            ns: INITIAL,
            time_for_children_inum: INITIAL[7],
            bits: bits::HAS_MM | bits::HAS_NSPROXY,
            comm: *b"task\0\0\0\0\0\0\0\0\0\0\0\0",
            ..TaskFacts::default()
        }
    }

    /// The time of the next record.
    pub(in crate::check) fn now(&self) -> u64 {
        1_000_000 + self.passed + 1000 * self.events.len() as u64
    }

    /// Writes a record of a task; 0 is nobody.
    pub(in crate::check) fn write(&mut self, actor: i32, kind: u16, body: Body) {
        let facts = self.tasks.get(&actor).map(|person| person.facts);
        let facts = facts.or_else(|| self.gone.get(&actor).copied());
        self.write_as(facts, kind, body);
    }

    fn write_as(&mut self, actor: Option<TaskFacts>, kind: u16, body: Body) {
        // a loss has the number of what comes behind it
        let told = |event: &&Event| !matches!(event.body, Body::Lost(_));
        let (seq, ts) = (self.events.iter().filter(told).count() as u32, self.now());
        let header = Header {
            ts,
            seq,
            cpu: 0,
            kind,
            actor: actor.map_or(0, |facts| facts.task),
            actor_tid: actor.map_or(0, |facts| facts.tid),
            actor_tgid: actor.map_or(0, |facts| facts.tgid),
        };
        self.events.push(Event { header, body });
    }

    /// The latest record.
    pub(in crate::check) fn last(&mut self) -> &mut Event {
        self.events.last_mut().unwrap()
    }

    /// The facts of a task, to be changed before the next record about it.
    pub(in crate::check) fn facts(&mut self, tid: i32) -> &mut TaskFacts {
        &mut self.tasks.get_mut(&tid).unwrap().facts
    }

    /// Takes the record `back` places before the end out, and renumbers what follows: a loss that
    /// nobody tells.
    pub(in crate::check) fn hide(&mut self, back: usize) {
        let at = self.events.len() - 1 - back;
        self.events.remove(at);
        for event in &mut self.events[at..] {
            event.header.seq -= 1;
        }
    }

    /// Allocations are seen.
    pub(in crate::check) fn is_full(&self) -> bool {
        self.coverage.sees(Fact::AllocPid)
    }

    /// The next number of the initial namespace is the first one that is free.
    pub(in crate::check) fn rewind(&mut self) {
        let free = (100..1000).find(|nr| !self.tasks.contains_key(nr));
        self.next.insert(ROOT_INUM, free.unwrap_or(100));
    }

    /// A whole sweep.
    pub(in crate::check) fn sweep(&mut self) {
        self.generation += 1;
        let generation = self.generation;
        let tasks = self.tasks.len() as u64;
        let mark = Mark { generation, ..Mark::default() };
        self.write(0, 4, Body::SnapshotBegin(mark));
        for person in self.tasks.clone().into_values() {
            let (task, vector) = (person.facts, Vector::new(&person.vector).unwrap());
            self.write(0, 2, Body::Snapshot { task, vector, generation, from_proc: false });
        }
        let held = if self.shows_held { self.held_pids() } else { Vec::new() };
        for held in held {
            self.write(0, 7, Body::HeldPid(held));
        }
        self.write(0, 5, Body::SnapshotEnd(Mark { tasks, ..mark }));
    }

    /// The groups' and sessions' pids that no task has, as the iterator comes by them.
    fn held_pids(&self) -> Vec<PidFacts> {
        let leaders = self.tasks.values().filter(|it| it.facts.tid == it.facts.tgid);
        let pids = leaders
            .flat_map(|it| [(it.facts.pgrp, it.facts.pgid), (it.facts.session, it.facts.sid)]);
        let held = pids.filter(|(pid, _)| self.tasks.values().all(|it| it.facts.pid != *pid));
        let vector_of = |pid: u64, nr: i32| {
            let of = |event: &Event| match &event.body {
                Body::Fork { task, vector, .. } | Body::Snapshot { task, vector, .. } => {
                    (task.pid == pid).then(|| vector.clone())
                }
                _ => None,
            };
            let root = Upid { ns: ns_key(ROOT_INUM), nr, inum: ROOT_INUM };
            self.events.iter().rev().find_map(of).or_else(|| Vector::new(&[root]))
        };
        let ino_of = |pid: u64| {
            let gone = self.gone.values().find(|facts| facts.pid == pid);
            gone.map_or(0, |facts| facts.ino)
        };
        let facts = |(pid, nr): (u64, i32)| PidFacts {
            pid: PidKey(pid),
            ino: ino_of(pid),
            vector: vector_of(pid, nr).unwrap(),
        };
        held.map(facts).collect()
    }

    /// A process; its number.
    pub(in crate::check) fn fork(&mut self, by: i32) -> i32 {
        self.clone_by(by, 0)
    }

    /// A thread of the process; its number.
    pub(in crate::check) fn thread(&mut self, by: i32) -> i32 {
        const SIGHAND_AND_VM: u64 = 0x900;
        self.clone_by(by, CLONE_THREAD | SIGHAND_AND_VM)
    }

    /// `copy_process` with these flags (`CLONE_THREAD`, `CLONE_PARENT`, `CLONE_NEWPID`).
    pub(in crate::check) fn clone_by(&mut self, by: i32, flags: u64) -> i32 {
        let caller = self.tasks[&by].clone();
        let mut spaces: Vec<(u64, u32)> =
            caller.vector.iter().map(|upid| (upid.ns, upid.inum)).collect();
        let child_inum = caller.facts.for_children_inum;
        if spaces.last().is_some_and(|&(_, inum)| inum != child_inum) {
            spaces.push((caller.facts.for_children, child_inum));
        }
        if flags & CLONE_NEWPID != 0 {
            let inum = MADE + self.next.len() as u32;
            spaces.push((ns_key(inum), inum));
        }
        let mut vector = Vec::new();
        for (ns, inum) in spaces {
            let next = self.next.entry(inum).or_insert(1);
            vector.push(Upid { ns, nr: *next, inum });
            *next += 1;
        }
        let (tid, own) = (vector[0].nr, *vector.last().unwrap());
        let mut facts = self.blank(tid);
        facts.level = vector.len() as u32 - 1;
        facts.comm = caller.facts.comm;
        facts.level = vector.len() as u32 - 1;
        (facts.uid, facts.gid) = (caller.facts.uid, caller.facts.gid);
        (facts.pgrp, facts.pgid) = (caller.facts.pgrp, caller.facts.pgid);
        (facts.session, facts.sid) = (caller.facts.session, caller.facts.sid);
        facts.flags = 0x40_0040;
        facts.ns = caller.facts.ns;
        facts.ns[5] = own.inum;
        facts.level = vector.len() as u32 - 1;
        (facts.for_children, facts.for_children_inum) = (own.ns, own.inum);
        let parent = if flags & (CLONE_THREAD | CLONE_PARENT) != 0 {
            (caller.facts.real_parent, caller.facts.ppid)
        } else {
            (caller.facts.task, caller.facts.tgid)
        };
        (facts.real_parent, facts.ppid) = parent;
        (facts.parent, facts.parent_tgid) = parent;
        if flags & CLONE_THREAD != 0 {
            (facts.leader, facts.tgid) = (caller.facts.leader, caller.facts.tgid);
            facts.exit_signal = -1;
        }
        let all = Vector::new(&vector).unwrap();
        if flags & CLONE_NEWPID != 0 {
            self.nsproxy(by, flags, own);
        }
        if self.coverage.sees(Fact::AllocPid) {
            let (pid, ino) = (PidKey(facts.pid), facts.ino);
            self.write(by, 6, Body::AllocPid(PidFacts { pid, ino, vector: all.clone() }));
        }
        facts.start = self.now();
        let task = TaskFacts { state: TASK_NEW, ..facts };
        self.write(by, 1, Body::Fork { task, vector: all, flags });
        self.tasks.insert(tid, Person { facts, vector, exited: false });
        tid
    }

    /// The next number of the initial namespace.
    pub(in crate::check) fn again(&mut self, nr: i32) {
        self.next.insert(ROOT_INUM, nr);
    }

    /// `change_pid`: the process `tid` gets the process group (2) or session (3) of a number.
    pub(in crate::check) fn change_pid(&mut self, by: i32, tid: i32, ty: u32, nr: i32) {
        let pid = self.tasks[&nr].facts.pid;
        let (task, header) = (self.tasks[&tid].facts.task, Header::default());
        for person in self.tasks.values_mut().filter(|person| person.facts.tgid == tid) {
            let facts = &mut person.facts;
            if ty == 2 {
                (facts.pgrp, facts.pgid) = (pid, nr);
            } else {
                (facts.session, facts.sid) = (pid, nr);
                facts.bits |= bits::SESSION_LEADER;
            }
        }
        self.write(by, 11, Body::ChangePid(ChangePid { header, task, pid, tid, ty, nr, pad: 0 }));
    }

    /// `setsid`.
    pub(in crate::check) fn setsid(&mut self, tid: i32) {
        self.change_pid(tid, tid, 3, tid);
        self.change_pid(tid, tid, 2, tid);
    }

    /// Time passes.
    pub(in crate::check) fn pass(&mut self, ns: u64) {
        self.passed += ns;
    }
}
