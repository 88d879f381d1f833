//! Real parents: as read, and as `find_new_reaper` (kernel/exit.c) chooses them for orphans.

use super::super::row::Flag;
use super::super::{Effect, NsKind, PidId, Reparent, ReparentReason, TaskId, World};
use crate::event::{Exit, bits};
use tracer_ebpf::wire::MAX_LEVEL;

/// Steps up a family that the search for a subreaper takes at most; wrong input may have cycles.
const ANCESTORS: usize = 4096;

/// Inits of namespaces that can be each other's children; wrong input may have more, and cycles.
const DEEPEST: u32 = MAX_LEVEL + 1;

impl World {
    /// The real parent of a task that enters the tables. Threads share their leader's.
    pub(super) fn enter_parent(&mut self, id: TaskId, (key, ppid): (u64, i32), by: Option<TaskId>) {
        let leader = self.leader(id);
        if leader != id && self.lives(id) {
            let (parent, number) = (self.parent(leader), self.ppid(leader));
            if parent.is_some() || number != 0 {
                self.set_family(id, parent, number);
                if self.row(leader).is(Flag::ParentInferred) {
                    self.set_parent(id, key, ppid);
                }
                return;
            }
        }
        let by = by.filter(|&by| key != 0 && self.row(by).key.get() == key && self.lives(by));
        let parent = match by {
            Some(by) if !self.same_process(by, id) => Some(by),
            _ => self.parent_named(id, key, ppid),
        };
        self.place(id, parent, ppid);
        match parent {
            None => self.await_shown(leader, key, false),
            Some(parent) if self.hands_on(parent) => {
                let (to, ppid) = self.heir(parent);
                self.place(id, to.filter(|&to| !self.same_process(to, id)), ppid);
                if let Some(row) = self.tasks.get_mut(leader) {
                    row.set(Flag::ParentInferred, true);
                }
            }
            Some(parent) => self.await_thread(leader, parent, key),
        }
    }

    /// A process stands for one of its threads, which a sweep has yet to show.
    fn await_thread(&mut self, child: TaskId, parent: TaskId, key: u64) {
        if self.row(parent).key.get() != key {
            self.await_shown(child, key, false);
        }
    }

    /// Whether an exited task's children get another parent at once: a record that still names it
    /// was read between `sched_process_exit` and `exit_notify`.
    fn hands_on(&self, father: TaskId) -> bool {
        let exited = self.lives(father) && !self.runs(father);
        exited && (self.running_thread(father).is_some() || !self.leads_namespace(father))
    }

    /// Who gets the children of an exited task, and its process' number.
    fn heir(&self, father: TaskId) -> (Option<TaskId>, i32) {
        let heir = self.running_thread(father).or_else(|| self.find_reaper(father));
        (heir, heir.map_or(0, |heir| self.tgid(heir)))
    }

    /// The task that a record names as a real parent. A thread that nobody has seen stands for its
    /// process.
    fn parent_named(&self, id: TaskId, key: u64, ppid: i32) -> Option<TaskId> {
        let leader = || if ppid > 0 { self.find_task(ppid) } else { None };
        let parent = self.live_task(key).or_else(leader)?;
        (!self.same_process(parent, id)).then_some(parent)
    }

    /// An event says who the real parent of a task is now.
    pub(super) fn set_parent(&mut self, id: TaskId, key: u64, ppid: i32) {
        if key == 0 && ppid == 0 {
            return;
        }
        let row = self.row(id);
        let calm = !row.is(Flag::ParentInferred) && !row.is(Flag::Grouped);
        if calm && let Some(parent) = self.parent(id) {
            let same = self.row(parent).key.get() == key && self.ppid(id) == ppid;
            if same && row.is_live() {
                return;
            }
        }
        let child = self.leader(id);
        let (from, before) = (self.parent(id), self.ppid(id));
        let named = key != 0 && from.is_some_and(|from| self.row(from).key.get() == key);
        let inferred = [child, id].iter().any(|&id| self.row(id).is(Flag::ParentInferred));
        let to = if named { from } else { self.parent_named(id, key, ppid) };
        let to = to.or(from.filter(|_| before == ppid));
        if let Some(father) = to.filter(|&to| self.hands_on(to)) {
            if !inferred || from.is_none_or(|from| !self.runs(from)) {
                let (heir, ppid) = self.heir(father);
                self.orphan(child, father, heir, ppid);
            }
            return;
        }
        for id in [child, id] {
            if let Some(row) = self.tasks.get_mut(id) {
                row.set(Flag::ParentInferred, false);
            }
        }
        if let Some(to) = to {
            self.await_thread(child, to, key);
        }
        if to == from && before == ppid {
            return;
        }
        self.place(id, to, ppid);
        if to.is_none() {
            self.await_shown(child, key, false);
        }
        if before == ppid || before == 0 && from.is_none() {
            return; // another thread of the same process, or only now known
        }
        let why = match to {
            Some(reaper) if inferred => self.reason(from.unwrap_or(child), reaper),
            _ => ReparentReason::Unseen,
        };
        self.emit(Effect::Reparented(Reparent { child, from, to, why, inferred: false }));
    }

    /// The children of an exited thread get another parent: a thread of the same process while one
    /// runs, else the nearest subreaper, else the init of the father's namespace.
    pub(super) fn forget_parent(&mut self, father: TaskId, exit: Option<&Exit>, gone: bool) {
        if self.row(father).first_child.is_none() {
            return;
        }
        let mut children: Vec<TaskId> = self.children_of_thread(father).collect();
        children.reverse();
        if exit.is_some_and(|exit| exit.has_children == 0) && !self.config.sees.release {
            // The kernel's list is empty: what is still in ours was reaped before, unless it has
            // another parent than was inferred. A leader stays as long as its threads.
            for child in children {
                let sure = !self.row(child).is(Flag::ParentInferred);
                if sure && self.lives(child) && self.running(child) == 0 {
                    self.release(child, None, true);
                }
            }
            if self.row(father).first_child.is_none() {
                return;
            }
            children = self.children_of_thread(father).collect();
            children.reverse();
        }
        let dead = exit.is_some_and(|exit| exit.group_dead == 1 || exit.live <= 0);
        if !dead && let Some(sibling) = self.running_thread(father) {
            let ppid = self.tgid(father);
            for child in children {
                self.place(child, Some(sibling), ppid);
                if let Some(row) = self.tasks.get_mut(child) {
                    row.set(Flag::ParentInferred, true); // it may be about to exit as well
                }
            }
            return;
        }
        if self.leads_namespace(father) {
            if gone && self.leaving > DEEPEST {
                return;
            }
            let other = |&thread: &TaskId| thread != father && self.lives(thread);
            let waiting = self.threads(father).iter().copied().find(other);
            if gone && let Some(thread) = waiting {
                // It was another thread that is in zap_pid_ns_processes.
                let ppid = self.tgid(father);
                for child in children {
                    self.place(child, Some(thread), ppid);
                }
                return;
            }
            if gone && !self.config.sees.release {
                // zap_pid_ns_processes has killed and reaped them before it let its caller go.
                for child in children {
                    self.release(child, None, true);
                }
                return;
            }
            if !gone {
                return;
            }
        }
        let told = exit.and_then(|exit| {
            let leader = || self.find_task(exit.reaper_tgid);
            self.live_task(exit.reaper).or_else(leader)
        });
        let same = |reaper: &TaskId| !self.same_process(*reaper, father);
        let reaper = told.filter(same).or_else(|| self.find_reaper(father));
        let number = exit.map_or(0, |exit| exit.reaper_tgid);
        let ppid = reaper.map_or(number, |reaper| self.tgid(reaper));
        for child in children {
            self.orphan(child, father, reaper, ppid);
        }
    }

    fn orphan(&mut self, child: TaskId, father: TaskId, reaper: Option<TaskId>, ppid: i32) {
        let to = reaper.filter(|&to| !self.same_process(to, child));
        self.place(child, to, ppid);
        if let Some(row) = self.tasks.get_mut(child) {
            row.set(Flag::ParentInferred, true);
        }
        let why = to.map_or(ReparentReason::Unseen, |to| self.reason(father, to));
        let from = Some(father);
        self.emit(Effect::Reparented(Reparent { child, from, to, why, inferred: true }));
    }

    /// Another thread of the process that has not exited (`find_alive_thread`).
    pub(super) fn running_thread(&self, father: TaskId) -> Option<TaskId> {
        let group = self.group(father).filter(|group| group.running > 0)?;
        let running = |&thread: &TaskId| thread != father && self.runs(thread);
        group.threads.iter().copied().find(running)
    }

    fn init_pid(&self, task: TaskId) -> Option<PidId> {
        self.ns(self.task_active_pid_ns(task)?).pid.as_ref()?.init
    }

    /// Whether the task belongs to the init of its own PID namespace.
    pub(super) fn leads_namespace(&self, task: TaskId) -> bool {
        let own = self.pid_of(self.leader(task));
        own.is_some() && own == self.init_pid(task)
    }

    /// `find_new_reaper` past the father's own threads.
    fn find_reaper(&self, father: TaskId) -> Option<TaskId> {
        let usable = |&task: &TaskId| self.lives(task) && !self.same_process(task, father);
        let alive = |task: TaskId| {
            if self.runs(task) { Some(task) } else { self.running_thread(task) }
        };
        let bits = |task: TaskId| self.look_of(task).bits;
        if bits(father) & bits::HAS_SUBREAPER != 0 {
            let ns = self.task_active_pid_ns(father);
            let up = |&task: &TaskId| self.parent(task);
            let family = std::iter::successors(self.parent(father), up);
            let near = family.take(ANCESTORS).take_while(|&it| self.task_active_pid_ns(it) == ns);
            let mut reapers = near.filter(|&it| bits(it) & bits::SUBREAPER != 0);
            if let Some(found) = reapers.find_map(alive).filter(usable) {
                return Some(found);
            }
        }
        let ns = self.ns(self.task_active_pid_ns(father)?).pid.as_ref()?;
        let init = ns.init.and_then(|pid| self.holder(pid)).filter(usable).and_then(alive);
        init.or_else(|| ns.child_reaper.filter(usable).and_then(alive))
    }

    fn reason(&self, father: TaskId, reaper: TaskId) -> ReparentReason {
        let father_ns = self.task_active_pid_ns(father);
        let init = father_ns.and_then(|ns| self.ns(ns).pid.as_ref()?.init);
        let own = self.pid_of(self.leader(reaper));
        let child_reaper = father_ns.and_then(|ns| self.ns(ns).pid.as_ref()?.child_reaper);
        if own.is_some() && own == init || child_reaper == Some(reaper) {
            ReparentReason::NamespaceInit
        } else {
            ReparentReason::Subreaper
        }
    }

    /// The namespace that dies with this group, if it is a namespace's init.
    pub(super) fn led_namespace(&self, task: TaskId) -> Option<super::super::NsId> {
        let ns = if self.leads_namespace(task) { self.task_active_pid_ns(task) } else { None };
        ns.filter(|&ns| self.ns(ns).kind == NsKind::Pid)
    }
}
