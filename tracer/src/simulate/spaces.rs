//! Namespaces of all kinds: made, entered, held and given up (kernel/nsproxy.c).

use super::flight::{Call, Flight, Op};
use super::fork::clone;
use super::kernel::NsIds;
use super::read::NsSetOf;
use super::table::Id;
use super::truth::{Ns, Proxy, Space, Task, Truth};
use super::{Callback, Simulator};
use crate::event::{Body, Cred, ns_reason};
use crate::model::NsKind;
use tracer_ebpf::wire::kind;

/// `PID_MAX_LIMIT`.
const PID_MAX_LIMIT: i32 = 1 << 22;
/// Ids that a CPU takes at a time (6.18).
const BATCH: u64 = 4096;

impl Truth {
    /// `timens_on_fork`.
    pub(super) fn enter_time(&mut self, id: Id<Proxy>) {
        let time = NsKind::Time.index();
        let proxy = &mut self.proxies[id];
        let (old, new) = (proxy.ns[time], proxy.time_for_children);
        proxy.ns[time] = new;
        self.spaces[new].refs += 1;
        self.spaces[old].refs -= 1; // whoever it was taken from still holds it
    }
}

impl Simulator {
    fn next_inum(&mut self) -> u32 {
        if let Some(std::cmp::Reverse(inum)) = self.free_inums.pop() {
            return inum;
        }
        let last = self.inums.last().copied().unwrap_or(0);
        self.inums.clear();
        self.inums.push(last + 1);
        last + 1
    }

    /// The next `ns_id`.
    pub(super) fn next_ns_id(&mut self, cpu: usize) -> u64 {
        match self.config.kernel.ns_ids {
            NsIds::None => 0,
            NsIds::Monotone => {
                self.ns_id += 1;
                self.ns_id
            }
            NsIds::Batches => {
                let cpus = usize::from(self.config.cpus);
                self.batches.resize(cpus, 0);
                let at = cpu % cpus;
                if self.batches[at].is_multiple_of(BATCH) {
                    self.batches[at] = self.ns_id * BATCH;
                    self.ns_id += 1;
                }
                self.batches[at] += 1;
                self.batches[at]
            }
        }
    }

    pub(super) fn make_ns(&mut self, flight: &Flight, kind: NsKind, owner: Id<Ns>) -> Id<Ns> {
        self.truth.spaces[owner].refs += 1;
        let (inum, id) = (self.next_inum(), self.next_ns_id(usize::from(flight.cpu.unwrap_or(0))));
        let ns = Ns { kind, key: 0, inum, id, owner: Some(owner), refs: 1, space: None };
        self.truth.spaces.insert(ns)
    }

    pub(super) fn make_pid_ns(&mut self, flight: &Flight, parent: Id<Ns>, user: Id<Ns>) -> Id<Ns> {
        let ns = self.make_ns(flight, NsKind::Pid, user);
        self.truth.spaces[parent].refs += 1;
        self.truth.spaces[ns].key = self.ns_slab.get(&mut self.random);
        self.truth.spaces[ns].space = Some(Box::new(Space {
            level: self.truth.space(parent).level + 1,
            parent: Some(parent),
            allocated: 0,
            adding: true,
            dying: false,
            cursor: 0,
            pid_max: PID_MAX_LIMIT,
            child_reaper: None,
            reaper_key: 0,
            idr: Vec::new(),
        }));
        ns
    }

    /// Another nsproxy with the same namespaces.
    pub(super) fn copy_proxy(&mut self, old: Id<Proxy>) -> Id<Proxy> {
        let proxy = Proxy { refs: 1, ..self.truth.proxies[old].clone() };
        for ns in proxy.ns {
            self.truth.spaces[ns].refs += 1;
        }
        self.truth.spaces[proxy.time_for_children].refs += 1;
        self.truth.proxies.insert(proxy)
    }

    /// Puts a namespace into an nsproxy, which takes over the caller's reference.
    fn place(&mut self, proxy: Id<Proxy>, ns: Id<Ns>) {
        let kind = self.truth.spaces[ns].kind.index();
        let old = std::mem::replace(&mut self.truth.proxies[proxy].ns[kind], ns);
        self.put_ns(old);
    }

    /// `create_new_namespaces`; a new PID namespace is made already.
    pub(super) fn new_proxy(
        &mut self,
        flight: &mut Flight,
        old: Id<Proxy>,
        flags: u64,
    ) -> Id<Proxy> {
        let proxy = self.copy_proxy(old);
        let user = self.new_user(flight);
        if let Some(made) = flight.fork.made.take() {
            self.place(proxy, made);
        }
        for kind in NsKind::ALL {
            if flags & kind.clone_flag() == 0 || matches!(kind, NsKind::User | NsKind::Pid) {
                continue;
            }
            let ns = self.make_ns(flight, kind, user);
            if kind == NsKind::Time {
                let old = std::mem::replace(&mut self.truth.proxies[proxy].time_for_children, ns);
                self.put_ns(old);
            } else {
                self.place(proxy, ns);
            }
        }
        proxy
    }

    pub(super) fn put_proxy(&mut self, id: Id<Proxy>) {
        let proxy = &mut self.truth.proxies[id];
        proxy.refs -= 1;
        if proxy.refs > 0 {
            return;
        }
        let (all, time) = (proxy.ns, proxy.time_for_children);
        self.truth.proxies.remove(id);
        for ns in all.into_iter().chain([time]) {
            self.put_ns(ns);
        }
    }

    pub(super) fn put_ns(&mut self, id: Id<Ns>) {
        let ns = &mut self.truth.spaces[id];
        ns.refs -= 1;
        if ns.refs > 0 {
            return;
        }
        if ns.space.is_some() {
            self.after_grace(Callback::DestroyNs(id));
            return;
        }
        let (inum, owner) = (ns.inum, ns.owner);
        self.free_inums.push(std::cmp::Reverse(inum));
        self.truth.spaces.remove(id);
        if let Some(owner) = owner {
            self.put_ns(owner);
        }
    }

    /// `create_pid_namespace`: whether a task's user namespace is that of its PID namespace, or
    /// below (`in_userns`).
    pub(super) fn may_own_pid_ns(&self, id: Id<Task>) -> bool {
        let above = self.truth.spaces[self.truth.active(id)].owner;
        let mut at = Some(self.truth.tasks[id].user);
        while at.is_some() && at != above {
            at = at.and_then(|ns| self.truth.spaces[ns].owner);
        }
        at == above
    }

    /// unshare: the namespaces are made.
    pub(super) fn unshare(&mut self, flight: &mut Flight, mut flags: u64) {
        let Some(old) = self.truth.tasks[flight.task].proxy else { return };
        if !self.may_own_pid_ns(flight.task) {
            flags &= !clone::NEWPID;
        }
        self.tell_syscall(flight, Call { nr: 272, args: [flags, 0, 0], ret: 0 });
        if flags & clone::NEWUSER != 0 {
            let owner = self.truth.tasks[flight.task].user;
            flight.fork.user = Some(self.make_ns(flight, NsKind::User, owner));
            flight.then(&[Op::UnshareCred]);
        }
        if flags & clone::NEW != 0 {
            self.copy_pid_ns(flight, flags);
            let proxy = self.new_proxy(flight, old, flags);
            self.tell_created(flight, proxy, flags);
            flight.fork.proxy = Some(proxy);
            flight.then(&[Op::SwitchNamespaces]);
        }
    }

    /// `switch_task_namespaces`.
    pub(super) fn switch_namespaces(&mut self, flight: &mut Flight) {
        let Some(proxy) = flight.fork.proxy.take() else { return };
        let (task, user) = (flight.task, self.truth.tasks[flight.task].user);
        let of = NsSetOf { task, proxy, user, flags: 0, reason: ns_reason::ENTER };
        self.tell_function(flight, kind::NS_SET, |it, header| {
            Body::NsSet(it.truth.ns_set(header, &of))
        });
        self.truth.tasks[task].untold_time = false;
        if let Some(old) = self.truth.tasks[task].proxy.replace(proxy) {
            self.put_proxy(old);
        }
    }

    /// The new user namespace comes with new credentials.
    pub(super) fn enter_user(&mut self, flight: &mut Flight) {
        let Some(user) = flight.fork.user.take() else { return };
        let (uid, gid) = (self.truth.tasks[flight.task].uid, self.truth.tasks[flight.task].gid);
        self.commit(flight, uid, gid, user);
        let old = std::mem::replace(&mut self.truth.tasks[flight.task].user, user);
        self.put_ns(old);
    }

    /// setns, by a file descriptor that goes then.
    pub(super) fn setns(&mut self, flight: &mut Flight, ns: Id<Ns>) {
        if self.may_setns(flight.task, ns) {
            self.enter(flight, ns);
        }
        self.put_ns(ns);
    }

    fn enter(&mut self, flight: &mut Flight, ns: Id<Ns>) {
        let id = flight.task;
        // it may be gone by now, or another one may be at its place
        if self.truth.spaces[ns].refs == 0 || !self.may_setns(id, ns) {
            return;
        }
        let of = self.truth.spaces[ns].kind;
        let Some(old) = self.truth.tasks[id].proxy else { return };
        self.tell_syscall(flight, Call { nr: 308, args: [9, of.clone_flag(), 0], ret: 0 });
        let proxy = self.copy_proxy(old);
        self.truth.spaces[ns].refs += 1;
        flight.fork.proxy = Some(proxy);
        flight.then(&[Op::SwitchNamespaces]);
        match of {
            NsKind::User => {
                flight.fork.user = Some(ns);
                flight.then(&[Op::UnshareCred]);
            }
            NsKind::Time => {
                self.truth.spaces[ns].refs += 1;
                self.place(proxy, ns);
                let before =
                    std::mem::replace(&mut self.truth.proxies[proxy].time_for_children, ns);
                self.put_ns(before);
            }
            _ => self.place(proxy, ns),
        }
    }

    /// setuid, or a setuid file.
    pub(super) fn set_uid(&mut self, flight: &mut Flight, uid: u32) {
        let task = &self.truth.tasks[flight.task];
        let (gid, user) = (if uid == 0 { 0 } else { task.gid }, task.user);
        self.commit(flight, uid, gid, user);
        let task = &mut self.truth.tasks[flight.task];
        (task.uid, task.gid) = (uid, gid);
    }

    /// `commit_creds` is entered; told where something changes.
    fn commit(&mut self, flight: &mut Flight, uid: u32, gid: u32, user: Id<Ns>) {
        let task = &self.truth.tasks[flight.task];
        if (task.uid, task.gid, task.user) == (uid, gid, user) {
            return;
        }
        let task = flight.task;
        self.tell_function(flight, kind::CRED, |it, header| {
            let ns = &it.truth.spaces[user];
            let parent = ns.owner.map_or(0, |owner| it.truth.spaces[owner].inum);
            Body::Cred(Cred {
                header,
                task: it.truth.tasks[task].key,
                user_ns_id: ns.id,
                uid,
                gid,
                user_ns: ns.inum,
                user_ns_parent: parent,
            })
        });
    }

    /// Whether a task may enter a namespace.
    pub(super) fn may_setns(&self, id: Id<Task>, ns: Id<Ns>) -> bool {
        let of = &self.truth.spaces[ns];
        match of.kind {
            NsKind::Pid => {
                let reaper = self.truth.space(ns).child_reaper.is_some();
                reaper && self.truth.contains(self.truth.active(id), ns)
            }
            NsKind::User => self.truth.alone(id) && self.truth.tasks[id].user != ns,
            NsKind::Time => self.truth.alone(id),
            _ => true,
        }
    }
}
