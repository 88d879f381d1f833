//! `do_exit` (kernel/exit.c): how a task ends, and what becomes of its children.

use super::flight::{Flight, Op};
use super::table::Id;
use super::truth::{EXIT_DEAD, EXIT_ZOMBIE, Ns, ROOT, Task, pf, take_out};
use super::{Callback, Simulator};
use crate::event::{Body, Exit, NsEnd};
use tracer_ebpf::wire::kind;

const SIGCHLD: i32 = 17;
/// `SIGNAL_GROUP_EXIT`.
pub(super) const GROUP_EXIT: u32 = 4;

impl Simulator {
    /// A fatal signal for a whole process.
    pub(super) fn kill_process(&mut self, id: Id<Task>, code: i32) {
        let group = self.truth.tasks[id].group;
        let signal = &mut self.truth.groups[group];
        if signal.flags & GROUP_EXIT != 0 {
            return;
        }
        (signal.flags, signal.code) = (GROUP_EXIT, code);
        for thread in signal.threads.clone() {
            self.kill(thread);
        }
    }

    /// A fatal signal for a task.
    pub(super) fn kill(&mut self, id: Id<Task>) {
        let task = &mut self.truth.tasks[id];
        if task.killed || task.flags & pf::EXITING != 0 {
            return;
        }
        task.killed = true;
        if !task.busy {
            self.launch(id, &[]);
        }
    }

    /// `get_signal` finds the fatal signal.
    pub(super) fn die(&mut self, flight: &mut Flight) {
        let group = self.truth.group(flight.task);
        let code = if group.flags & GROUP_EXIT != 0 { group.code } else { 0 };
        self.truth.tasks[flight.task].flags |= pf::SIGNALED;
        flight.then(&[Op::Exit(code)]);
    }

    /// `do_group_exit`.
    pub(super) fn exit_group(&mut self, id: Id<Task>, code: i32) {
        let group = self.truth.tasks[id].group;
        let old = !self.config.kernel.last_is_group_exit;
        let signal = &mut self.truth.groups[group];
        if signal.flags & GROUP_EXIT == 0 && !(old && signal.threads.len() == 1) {
            (signal.flags, signal.code) = (GROUP_EXIT, code);
            for thread in signal.threads.clone() {
                if thread != id {
                    self.kill(thread);
                }
            }
        }
        self.launch(id, &[Op::Exit(code)]);
    }

    /// Up to the decrement of `signal->live`.
    pub(super) fn exit_begin(&mut self, flight: &mut Flight, code: i32) {
        let group = self.truth.tasks[flight.task].group;
        let task = &mut self.truth.tasks[flight.task];
        task.flags |= pf::EXITING;
        let signal = &mut self.truth.groups[group];
        signal.live -= 1;
        let dead = signal.live == 0;
        if dead && signal.flags & GROUP_EXIT == 0 && self.config.kernel.last_is_group_exit {
            (signal.flags, signal.code) = (GROUP_EXIT, code);
        }
        task.exit_code = code;
        let (tell, mm) = (Op::ExitTell(dead), Op::ExitMm);
        let first = if self.config.kernel.group_dead { [tell, mm] } else { [mm, tell] };
        flight.then(&[first[0], first[1], Op::ExitNamespaces, Op::ExitNotify]);
    }

    /// `sched_process_exit`.
    pub(super) fn exit_tell(&mut self, flight: &mut Flight, dead: bool) {
        let id = flight.task;
        self.tell(flight, kind::EXIT, |it, header| {
            let (task, group) = (&it.truth.tasks[id], it.truth.group(id));
            let parent = &it.truth.tasks[task.real_parent];
            let reaper = if task.children.is_empty() { None } else { it.truth.told_reaper(id) };
            let reaper = reaper.map(|reaper| &it.truth.tasks[reaper]);
            Body::Exit(Exit {
                header,
                task: task.key,
                pid: task.pid.map_or(0, |pid| it.truth.pids[pid].key),
                real_parent: parent.key,
                reaper: reaper.map_or(0, |reaper| reaper.key),
                code: task.exit_code,
                group_code: group.code,
                signal_flags: group.flags,
                group_dead: if it.config.kernel.group_dead { u32::from(dead) } else { 2 },
                live: group.live,
                has_children: u32::from(!task.children.is_empty()),
                ppid: parent.tgid,
                reaper_tgid: reaper.map_or(0, |reaper| reaper.tgid),
            })
        });
        self.truth.tasks[id].exited = true;
    }

    /// `exit_mm`: who waits for the end of a vfork goes on.
    pub(super) fn exit_mm(&mut self, id: Id<Task>) {
        let task = &mut self.truth.tasks[id];
        (task.mm, task.vfork) = (false, false);
    }

    /// `exit_task_namespaces`.
    pub(super) fn exit_namespaces(&mut self, id: Id<Task>) {
        if let Some(proxy) = self.truth.tasks[id].proxy.take() {
            self.put_proxy(proxy);
        }
    }

    /// The first half of `exit_notify`: tracees go, and a namespace's last init thread zaps it.
    pub(super) fn exit_notify(&mut self, flight: &mut Flight) {
        let id = flight.task;
        for tracee in std::mem::take(&mut self.truth.tasks[id].tracees) {
            self.truth.tasks[id].tracees.push(tracee);
            self.ptrace_unlink(flight, tracee);
            if self.detached_dies(id, tracee) {
                self.truth.tasks[tracee].exit_state = EXIT_DEAD;
                flight.dead.push(tracee);
            }
        }
        flight.then(&[Op::Reparent]);
        let ns = self.truth.active(id);
        if self.truth.space(ns).child_reaper != Some(id) {
            return;
        }
        if let Some(thread) = self.truth.alive_thread(id) {
            self.truth.set_reaper(ns, thread);
            return;
        }
        if ns == ROOT {
            return; // the toy never lets pid 1 go: the kernel would panic
        }
        flight.then(&[Op::Zap(ns)]);
        Self::release_dead(flight);
    }

    /// What was put on the dead list is released, the last first.
    fn release_dead(flight: &mut Flight) {
        let dead = std::mem::take(&mut flight.dead);
        for &id in &dead {
            flight.then(&[Op::Release(id)]);
        }
        flight.dead = dead;
        flight.dead.clear();
    }

    /// `zap_pid_ns_processes` is entered.
    pub(super) fn zap(&mut self, flight: &mut Flight, ns: Id<Ns>) {
        self.tell_function(flight, kind::NS_DYING, |it, header| {
            let of = &it.truth.spaces[ns];
            let level = it.truth.space(ns).level;
            Body::NsDying(NsEnd { header, ns: of.key, inum: of.inum, level })
        });
        self.truth.space_mut(ns).dying = true;
        flight.then(&[Op::ZapKill(ns)]);
    }

    pub(super) fn zap_kill(&mut self, flight: &mut Flight, ns: Id<Ns>) {
        self.truth.space_mut(ns).adding = false;
        let group = self.truth.tasks[flight.task].group;
        self.truth.groups[group].ignores = true;
        let members: Vec<_> = self.truth.space(ns).idr.iter().skip(2).copied().collect();
        for entry in members {
            let pid = entry.checked_sub(2).map(Id::new);
            if let Some(task) = pid.and_then(|pid| self.truth.pids[pid].task) {
                self.kill_process(task, 9);
            }
        }
        flight.then(&[Op::ZapWait(ns)]);
    }

    /// Reaps all children, then sleeps until nobody else has a number there.
    pub(super) fn zap_wait(&mut self, flight: &mut Flight, ns: Id<Ns>) -> bool {
        let group = self.truth.group(flight.task);
        let mut children = group.threads.iter().flat_map(|&id| &self.truth.tasks[id].children);
        let mut left = false;
        let found = children.find(|&&child| {
            left = true;
            self.reapable(child, flight.task)
        });
        if let Some(&child) = found {
            flight.then(&[Op::Wait(child), Op::ZapWait(ns)]);
            return true;
        }
        let own = if self.truth.leads(flight.task) { 1 } else { 2 };
        !left && self.truth.space(ns).allocated == own
    }

    /// The second half of `exit_notify`: children get another parent, and it is a zombie or gone.
    pub(super) fn reparent(&mut self, flight: &mut Flight) {
        let id = flight.task;
        self.forget_original_parent(flight);
        let leads = self.truth.leads(id);
        let task = &self.truth.tasks[id];
        let gone = if task.ptrace != 0 {
            let own = leads && self.truth.alone(id) && !self.reparented_by_ptrace(id);
            let signal = if own { task.exit_signal } else { SIGCHLD };
            self.notified_parent_ignores(id, signal)
        } else if leads {
            self.truth.alone(id) && self.notified_parent_ignores(id, task.exit_signal)
        } else {
            true
        };
        self.truth.tasks[id].exit_state = if gone { EXIT_DEAD } else { EXIT_ZOMBIE };
        if gone {
            flight.dead.push(id);
        }
        flight.then(&[Op::Gone]);
        Self::release_dead(flight);
    }

    fn forget_original_parent(&mut self, flight: &mut Flight) {
        let father = flight.task;
        let children = std::mem::take(&mut self.truth.tasks[father].children);
        if children.is_empty() {
            return;
        }
        let reaper = self.find_new_reaper(father);
        let same = self.truth.tasks[reaper].group == self.truth.tasks[father].group;
        for &child in &children {
            let group = self.truth.tasks[child].group;
            for thread in self.truth.groups[group].threads.clone() {
                let task = &mut self.truth.tasks[thread];
                task.real_parent = reaper;
                if task.ptrace == 0 {
                    task.parent = reaper;
                }
            }
            if !same && self.truth.tasks[child].exit_state != EXIT_DEAD {
                self.truth.tasks[child].exit_signal = SIGCHLD;
                let of = &self.truth.tasks[child];
                let zombie = of.ptrace == 0 && of.exit_state == EXIT_ZOMBIE;
                if zombie && self.truth.alone(child) && self.notified_parent_ignores(child, SIGCHLD)
                {
                    self.truth.tasks[child].exit_state = EXIT_DEAD;
                    flight.dead.push(child);
                }
            }
        }
        self.truth.tasks[reaper].children.extend(children);
    }

    /// `find_new_reaper`.
    fn find_new_reaper(&self, father: Id<Task>) -> Id<Task> {
        if let Some(thread) = self.truth.alive_thread(father) {
            return thread;
        }
        let ns = self.truth.active(father);
        let last = self.truth.space(ns).child_reaper.unwrap_or(father);
        if !self.truth.group(father).has_subreaper {
            return last;
        }
        let level = self.truth.space(ns).level;
        let mut up = self.truth.tasks[father].real_parent;
        while up != super::truth::SWAPPER
            && self.truth.space(self.truth.active(up)).level == level
            && self.truth.tasks[up].pid.is_some()
        {
            if up == last {
                break;
            }
            if self.truth.group(up).subreaper
                && let Some(thread) = self.truth.alive_thread(up)
            {
                return thread;
            }
            up = self.truth.tasks[up].real_parent;
        }
        last
    }

    /// `do_notify_parent`: whether nobody will wait for it.
    pub(super) fn notified_parent_ignores(&self, id: Id<Task>, signal: i32) -> bool {
        let task = &self.truth.tasks[id];
        task.ptrace == 0 && signal == SIGCHLD && self.truth.group(task.parent).ignores
    }

    /// It has run for the last time.
    pub(super) fn gone(&mut self, flight: &mut Flight) {
        flight.owns = false;
        self.put_task(flight.task);
    }

    pub(super) fn put_task(&mut self, id: Id<Task>) {
        let task = &mut self.truth.tasks[id];
        task.users -= 1;
        if task.users == 0 {
            self.after_grace(Callback::FreeTask(id));
        }
    }

    /// Takes a task off the list of its tracer.
    pub(super) fn untrack(&mut self, id: Id<Task>) {
        let parent = self.truth.tasks[id].parent;
        take_out(&mut self.truth.tasks[parent].tracees, &id);
        let task = &mut self.truth.tasks[id];
        (task.ptrace, task.untold_tracer) = (0, false);
        task.parent = task.real_parent;
    }
}
