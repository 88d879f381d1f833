//! The toy as it is when the trace begins: its init, kernel threads, daemons, a shell, and the
//! tracer itself.

use super::table::Id;
use super::truth::{Group, IDLE, Ns, Pid, Proxy, ROOT, SWAPPER, Space, Task, pf};
use super::{Config, Simulator, comm};
use crate::event::{Upid, Vector};
use crate::model::NsKind;

/// Inode numbers of the initial namespaces, in the order of the kinds.
const INITIAL: [u32; 8] = [
    0xefff_fffd,
    0xf000_0000,
    0xefff_fffe,
    0xefff_ffff,
    0xf000_0001,
    0xefff_fffc,
    0xefff_fffb,
    0xefff_fffa,
];

/// The first number of a namespace that is not initial, but for those above.
const DYNAMIC: u32 = 0xf000_0000;

impl Simulator {
    /// Fills the tables.
    pub(super) fn boot(&mut self, config: &Config) {
        self.first_objects(config);
        let (systemd, kthreadd) = (self.settle_task(1, SWAPPER), self.settle_task(2, SWAPPER));
        for id in [systemd, kthreadd] {
            self.rename_quietly(id, if id == systemd { "systemd" } else { "kthreadd" });
        }
        let group = self.truth.tasks[kthreadd].group;
        self.truth.groups[group].ignores = true;
        self.truth.tasks[kthreadd].flags |= pf::KTHREAD;
        self.truth.tasks[kthreadd].mm = false;
        self.kthreadd = kthreadd;
        self.truth.set_reaper(ROOT, systemd);
        let group = self.truth.tasks[systemd].group;
        self.truth.groups[group].flags = 0x40;
        self.lead_session(systemd);
        for (nr, name) in (3..).zip(["kworker/0:1", "rcu_sched", "ksoftirqd/0"]) {
            let id = self.settle_task(nr, kthreadd);
            self.rename_quietly(id, name);
        }
        let first = 200 + self.random.below(60) as i32;
        for (at, name) in ["sshd", "cron", "sh", "make", "tracer"].into_iter().enumerate() {
            let parent = if at < 3 { systemd } else { self.shell };
            let id = self.settle_task(first + 3 * at as i32, parent);
            self.rename_quietly(id, name);
            if at < 3 {
                self.lead_session(id);
                self.shell = id;
            }
            self.tracer = id;
        }
        self.truth.tasks[self.tracer].busy = true;
        let far = first + 20 + self.random.below(20) as i32;
        let near_end = config.pid_max - 1 - self.random.below(120) as i32;
        let wraps = self.random.percent(30);
        self.truth.space_mut(ROOT).cursor = if wraps { near_end.max(far) } else { far };
    }

    fn first_objects(&mut self, config: &Config) {
        let root = self.truth.spaces.insert(Ns {
            kind: NsKind::Pid,
            key: self.random.number() | 1,
            inum: INITIAL[NsKind::Pid.index()],
            id: 0,
            owner: None,
            refs: 1 << 20,
            space: Some(Box::new(Space {
                level: 0,
                parent: None,
                allocated: 0,
                adding: true,
                dying: false,
                cursor: 0,
                pid_max: config.pid_max,
                child_reaper: None,
                reaper_key: 0,
                idr: Vec::new(),
            })),
        });
        let mut ns = [root; 8];
        for kind in NsKind::ALL.into_iter().filter(|&kind| kind != NsKind::Pid) {
            let inum = INITIAL[kind.index()];
            let (key, refs) = (0, 1 << 20);
            let space = Ns { kind, key, inum, id: 0, owner: None, refs, space: None };
            ns[kind.index()] = self.truth.spaces.insert(space);
        }
        let user = ns[NsKind::User.index()];
        for kind in NsKind::ALL {
            self.truth.spaces[ns[kind.index()]].id = self.next_ns_id(0);
            if kind != NsKind::User {
                self.truth.spaces[ns[kind.index()]].owner = Some(user);
            }
        }
        self.user = user;
        self.inums = vec![DYNAMIC, DYNAMIC + 1];
        let time_for_children = ns[NsKind::Time.index()];
        self.proxy = self.truth.proxies.insert(Proxy { ns, time_for_children, refs: 1 << 20 });
        let upid = Upid { ns: self.truth.spaces[root].key, nr: 0, inum: INITIAL[5] };
        self.truth.pids.insert(Pid {
            key: self.random.number() | 1,
            ino: 0,
            vector: Vector::new(&[upid]).unwrap_or(Vector::EMPTY),
            ns: root,
            task: None,
            leads: true,
            pgrp: Vec::new(),
            session: Vec::new(),
            live: true,
        });
        let group = self.truth.groups.insert(Group {
            threads: vec![SWAPPER],
            live: 1,
            pgrp: Some(IDLE),
            session: Some(IDLE),
            leads_session: false,
            subreaper: false,
            has_subreaper: false,
            flags: 0,
            code: 0,
            ignores: false,
            tasks: 1,
            exec: None,
        });
        let swapper = self.idle_task(group);
        self.truth.tasks.insert(swapper);
    }

    fn idle_task(&mut self, group: Id<Group>) -> Task {
        Task {
            key: self.random.number() | 1,
            pid: Some(IDLE),
            tid: 0,
            tgid: 0,
            group,
            leader: SWAPPER,
            real_parent: SWAPPER,
            parent: SWAPPER,
            children: Vec::new(),
            tracees: Vec::new(),
            exit_signal: 17,
            exit_code: 0,
            flags: pf::KTHREAD,
            exit_state: 0,
            ptrace: 0,
            comm: comm("swapper/0"),
            uid: 0,
            gid: 0,
            user: self.user,
            cgroup: 1,
            start: 0,
            proxy: Some(self.proxy),
            mm: false,
            exited: false,
            killed: false,
            busy: true,
            vfork: false,
            untold_tracer: false,
            untold_time: false,
            users: 2,
            at: 0,
        }
    }

    /// A task that lives when the trace begins.
    fn settle_task(&mut self, nr: i32, parent: Id<Task>) -> Id<Task> {
        let upid = self.truth.upid(ROOT, nr);
        let ino = self.next_ino();
        let key = self.pid_slab.get(&mut self.random);
        let pid = self.truth.pids.insert(Pid {
            key,
            ino,
            vector: Vector::new(&[upid]).unwrap_or(Vector::EMPTY),
            ns: ROOT,
            task: None,
            leads: false,
            pgrp: Vec::new(),
            session: Vec::new(),
            live: true,
        });
        self.truth.reserve(ROOT, nr, pid.slot() + 2);
        self.truth.space_mut(ROOT).allocated += 1;
        let of = &self.truth.tasks[parent];
        let mut task = Task { exit_signal: 17, flags: of.flags, ..of.clone() };
        task.key = self.task_slab.get(&mut self.random);
        (task.tid, task.tgid, task.real_parent, task.parent) = (nr, nr, parent, parent);
        (task.children, task.tracees, task.busy) = (Vec::new(), Vec::new(), false);
        if parent == SWAPPER || !self.truth.kthread(parent) {
            task.flags = pf::RANDOMIZE;
            task.mm = true;
        }
        task.start = 1_000_000 + nr as u64 * 7_777_777;
        task.pid = None;
        let groups = self.truth.group(parent).clone();
        let group =
            Group { threads: Vec::new(), live: 1, ignores: false, tasks: 1, flags: 0, ..groups };
        task.group = self.truth.groups.insert(Group { leads_session: false, ..group });
        let id = self.truth.tasks.insert(task);
        self.truth.tasks[id].leader = id;
        self.truth.attach_leader(id, pid);
        id
    }

    fn lead_session(&mut self, id: Id<Task>) {
        let Some(own) = self.truth.tasks[id].pid else { return };
        self.truth.move_group(id, own);
        self.truth.move_session(id, own);
        let group = self.truth.tasks[id].group;
        self.truth.groups[group].leads_session = true;
    }

    fn rename_quietly(&mut self, id: Id<Task>, name: &str) {
        self.truth.tasks[id].comm = comm(name);
    }
}
