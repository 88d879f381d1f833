//! The toy's own tables: what is true.

use super::table::{Id, Table};
use crate::event::{Upid, Vector};
use crate::model::NsKind;

/// `PF_*` (include/linux/sched.h).
pub(super) mod pf {
    pub(in super::super) const EXITING: u32 = 0x4;
    pub(in super::super) const IO_WORKER: u32 = 0x10;
    pub(in super::super) const FORKNOEXEC: u32 = 0x40;
    pub(in super::super) const SIGNALED: u32 = 0x400;
    pub(in super::super) const USER_WORKER: u32 = 0x4000;
    pub(in super::super) const KTHREAD: u32 = 0x20_0000;
    pub(in super::super) const RANDOMIZE: u32 = 0x40_0000;
}

/// `EXIT_DEAD` and `EXIT_ZOMBIE`.
pub(super) const EXIT_DEAD: u32 = 0x10;
/// See [`EXIT_DEAD`].
pub(super) const EXIT_ZOMBIE: u32 = 0x20;

/// `task_struct`.
#[derive(Clone, Debug)]
pub struct Task {
    /// Cookie of its address.
    pub key: u64,
    /// `thread_pid`; none once released.
    pub pid: Option<Id<Pid>>,
    /// `pid`.
    pub tid: i32,
    /// `tgid`.
    pub tgid: i32,
    /// `signal`.
    pub group: Id<Group>,
    /// `group_leader`.
    pub leader: Id<Task>,
    /// `real_parent`.
    pub real_parent: Id<Task>,
    /// `parent`: the tracer while it is traced.
    pub parent: Id<Task>,
    /// `children`, oldest first.
    pub children: Vec<Id<Task>>,
    /// `ptraced`.
    pub tracees: Vec<Id<Task>>,
    /// `exit_signal`.
    pub exit_signal: i32,
    /// `exit_code`.
    pub exit_code: i32,
    /// `flags`.
    pub flags: u32,
    /// `exit_state`.
    pub exit_state: u32,
    /// `ptrace`.
    pub ptrace: u32,
    /// `comm`.
    pub comm: [u8; 16],
    /// `cred->uid`.
    pub uid: u32,
    /// `cred->gid`.
    pub gid: u32,
    /// `cred->user_ns`.
    pub user: Id<Ns>,
    /// Id of its cgroup.
    pub cgroup: u64,
    /// `start_boottime`.
    pub start: u64,
    /// `nsproxy`.
    pub proxy: Option<Id<Proxy>>,
    /// `mm` is set.
    pub mm: bool,
    /// It has exited: `sched_process_exit` told so.
    pub exited: bool,
    /// A fatal signal is pending.
    pub(super) killed: bool,
    /// It is in the midst of something.
    pub(super) busy: bool,
    /// Its parent waits for its exec or its end.
    pub(super) vfork: bool,
    /// Its tracer is not what any hook has told.
    pub(super) untold_tracer: bool,
    /// Its time namespace is not what any hook has told.
    pub(super) untold_time: bool,
    /// `rcu_users`.
    pub(super) users: u8,
    /// Where it stands among those in the tables.
    pub(super) at: u32,
}

/// `signal_struct`.
#[derive(Clone, Debug)]
pub struct Group {
    /// The unreleased threads, in the order of their birth.
    pub threads: Vec<Id<Task>>,
    /// `live`.
    pub live: i32,
    /// `pids[PIDTYPE_PGID]`.
    pub pgrp: Option<Id<Pid>>,
    /// `pids[PIDTYPE_SID]`.
    pub session: Option<Id<Pid>>,
    /// `leader`: leads a session.
    pub leads_session: bool,
    /// `is_child_subreaper`.
    pub subreaper: bool,
    /// `has_child_subreaper`.
    pub has_subreaper: bool,
    /// `flags`.
    pub flags: u32,
    /// `group_exit_code`.
    pub code: i32,
    /// It ignores `SIGCHLD`.
    pub ignores: bool,
    /// Tasks, freed ones not counted.
    pub(super) tasks: u32,
    /// `group_exec_task`.
    pub(super) exec: Option<Id<Task>>,
}

/// `struct pid`.
#[derive(Clone, Debug)]
pub struct Pid {
    /// Cookie of its address.
    pub key: u64,
    /// `ino`.
    pub ino: u64,
    /// `numbers`.
    pub vector: Vector,
    /// The namespace of its deepest number.
    pub ns: Id<Ns>,
    /// `tasks[PIDTYPE_PID]`.
    pub task: Option<Id<Task>>,
    /// `tasks[PIDTYPE_TGID]` is not empty.
    pub(super) leads: bool,
    /// `tasks[PIDTYPE_PGID]`: group leaders.
    pub pgrp: Vec<Id<Task>>,
    /// `tasks[PIDTYPE_SID]`.
    pub session: Vec<Id<Task>>,
    /// Published and not freed.
    pub live: bool,
}

/// A namespace of any kind.
#[derive(Clone, Debug)]
pub struct Ns {
    /// Its kind.
    pub kind: NsKind,
    /// Cookie of its address, of PID namespaces.
    pub key: u64,
    /// Inode number.
    pub inum: u32,
    /// `ns_id`, or 0.
    pub id: u64,
    /// The owning user namespace; of a user namespace, its parent.
    pub owner: Option<Id<Ns>>,
    /// What holds it.
    pub(super) refs: u32,
    /// What only PID namespaces have.
    pub space: Option<Box<Space>>,
}

/// `struct pid_namespace`.
#[derive(Clone, Debug)]
pub struct Space {
    /// `level`.
    pub level: u32,
    /// `parent`.
    pub parent: Option<Id<Ns>>,
    /// `pid_allocated` without `PIDNS_ADDING`.
    pub allocated: u32,
    /// `PIDNS_ADDING`.
    pub adding: bool,
    /// Its init dies, as `zap_pid_ns_processes` told.
    pub dying: bool,
    /// `idr.idr_next`.
    pub cursor: i32,
    /// `pid_max`, where it has its own.
    pub pid_max: i32,
    /// `child_reaper`.
    pub child_reaper: Option<Id<Task>>,
    /// Cookie of its address, which stays when it is freed.
    pub(super) reaper_key: u64,
    /// By number: 0 is free, 1 is reserved, else two more than the pid's place.
    pub(super) idr: Vec<u32>,
}

/// `struct nsproxy`.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// By kind; the user namespace's place is of no use, `Pid` is the one for children.
    pub ns: [Id<Ns>; 8],
    /// `time_ns_for_children`.
    pub time_for_children: Id<Ns>,
    pub(super) refs: u32,
}

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub(super) tasks: Table<Task>,
    pub(super) groups: Table<Group>,
    pub(super) pids: Table<Pid>,
    pub(super) spaces: Table<Ns>,
    pub(super) proxies: Table<Proxy>,
    /// Tasks that `alloc_pid`'s tables lead to, in no order.
    pub(super) live: Vec<Id<Task>>,
}

/// `init_task`, the parent of pid 1 and of kthreadd.
pub(super) const SWAPPER: Id<Task> = Id::new(0);
/// `init_struct_pid`.
pub(super) const IDLE: Id<Pid> = Id::new(0);
/// `init_pid_ns`.
pub(super) const ROOT: Id<Ns> = Id::new(0);

impl Truth {
    /// A task.
    pub fn task(&self, id: Id<Task>) -> &Task {
        &self.tasks[id]
    }

    /// The thread group of a task.
    pub fn group(&self, id: Id<Task>) -> &Group {
        &self.groups[self.tasks[id].group]
    }

    /// A pid.
    pub fn pid(&self, id: Id<Pid>) -> &Pid {
        &self.pids[id]
    }

    /// A namespace.
    pub fn ns(&self, id: Id<Ns>) -> &Ns {
        &self.spaces[id]
    }

    /// The namespaces of an nsproxy.
    pub fn proxy(&self, id: Id<Proxy>) -> &Proxy {
        &self.proxies[id]
    }

    /// The unreleased tasks, in no order.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.live.iter().map(|&id| &self.tasks[id])
    }

    /// The pids whose numbers are in use.
    pub fn pids(&self) -> impl Iterator<Item = &Pid> {
        self.pids.iter().filter(|&(id, pid)| pid.live && id != IDLE).map(|(_, pid)| pid)
    }

    /// The PID namespaces that are not freed.
    pub fn pid_namespaces(&self) -> impl Iterator<Item = &Ns> {
        self.spaces.iter().filter(|(_, ns)| ns.space.is_some()).map(|(_, ns)| ns)
    }

    /// The namespace that a task is in, or was in before its exit.
    pub fn active(&self, id: Id<Task>) -> Id<Ns> {
        self.tasks[id].pid.map_or(ROOT, |pid| self.pids[pid].ns)
    }

    pub(super) fn space(&self, ns: Id<Ns>) -> &Space {
        match &self.spaces[ns].space {
            Some(space) => space,
            None => unreachable!("only PID namespaces are asked for numbers"),
        }
    }

    pub(super) fn space_mut(&mut self, ns: Id<Ns>) -> &mut Space {
        match &mut self.spaces[ns].space {
            Some(space) => space,
            None => unreachable!("only PID namespaces are asked for numbers"),
        }
    }

    pub(super) fn parent_ns(&self, ns: Id<Ns>) -> Option<Id<Ns>> {
        self.spaces[ns].space.as_ref().and_then(|space| space.parent)
    }

    pub(super) fn set_reaper(&mut self, ns: Id<Ns>, id: Id<Task>) {
        let key = self.tasks[id].key;
        let space = self.space_mut(ns);
        (space.child_reaper, space.reaper_key) = (Some(id), key);
    }

    /// Whether `above` is `ns` or one of its ancestors.
    pub(super) fn contains(&self, above: Id<Ns>, ns: Id<Ns>) -> bool {
        std::iter::successors(Some(ns), |&ns| self.parent_ns(ns)).any(|ns| ns == above)
    }

    /// The pid with this number in a namespace.
    pub fn find(&self, ns: Id<Ns>, nr: i32) -> Option<Id<Pid>> {
        let entry = *self.space(ns).idr.get(usize::try_from(nr).ok()?)?;
        entry.checked_sub(2).map(Id::new)
    }

    /// `pid_nr_ns`.
    pub fn nr_in(&self, pid: Id<Pid>, ns: Id<Ns>) -> i32 {
        let level = self.space(ns).level as usize;
        let upid = self.pids[pid].vector.get(level);
        upid.filter(|upid| upid.ns == self.spaces[ns].key).map_or(0, |upid| upid.nr)
    }

    /// The number of a task in a namespace.
    pub fn pids_number(&self, id: Id<Task>, ns: Id<Ns>) -> i32 {
        self.tasks[id].pid.map_or(0, |pid| self.nr_in(pid, ns))
    }

    /// `thread_group_leader`.
    pub(super) fn leads(&self, id: Id<Task>) -> bool {
        self.tasks[id].exit_signal >= 0
    }

    /// `thread_group_empty` of a task's group.
    pub(super) fn alone(&self, id: Id<Task>) -> bool {
        self.group(id).threads.len() <= 1
    }

    /// A thread of the same process that is not exiting (`find_alive_thread`).
    pub(super) fn alive_thread(&self, id: Id<Task>) -> Option<Id<Task>> {
        let exiting = |id: &Id<Task>| self.tasks[*id].flags & pf::EXITING != 0;
        self.group(id).threads.iter().copied().find(|id| !exiting(id))
    }

    pub(super) fn kthread(&self, id: Id<Task>) -> bool {
        self.tasks[id].flags & pf::KTHREAD != 0
    }

    /// The upid of a number at a namespace.
    pub(super) fn upid(&self, ns: Id<Ns>, nr: i32) -> Upid {
        Upid { ns: self.spaces[ns].key, nr, inum: self.spaces[ns].inum }
    }

    /// Puts a task among those in the tables.
    pub(super) fn list(&mut self, id: Id<Task>) {
        self.tasks[id].at = self.live.len() as u32;
        self.live.push(id);
    }

    pub(super) fn unlist(&mut self, id: Id<Task>) {
        let at = self.tasks[id].at as usize;
        self.live.swap_remove(at);
        if let Some(&moved) = self.live.get(at) {
            self.tasks[moved].at = at as u32;
        }
    }
}

/// Takes one out of a list, keeping its order.
pub(super) fn take_out<T: PartialEq>(list: &mut Vec<T>, one: &T) {
    if let Some(at) = list.iter().position(|other| other == one) {
        list.remove(at);
    }
}
