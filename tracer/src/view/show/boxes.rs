//! What stands in each box, in the kernel's words.

use std::fmt::Write as _;

use super::super::style::width;
use super::super::{Style, escape, names, pid, text, time};
use super::canvas::{Canvas, INSIDE};
use crate::event::{Detail, bits};
use crate::model::{NsId, NsKind, Task, TaskId, TaskState, World};

/// The lanes, from the innermost: pointers leave in the opposite order.
const PID: usize = 0;
const SIGNAL: usize = 1;
const CRED: usize = 2;
const NSPROXY: usize = 3;

/// Where the second member of a line begins.
const SECOND: usize = 44;

/// The boxes of one task.
pub(super) struct Boxes<'a> {
    world: &'a World,
    id: TaskId,
    task: Task,
    detail: Option<&'a Detail>,
    style: Style,
    pub(super) canvas: Canvas,
}

impl<'a> Boxes<'a> {
    pub(super) fn new(
        world: &'a World,
        id: TaskId,
        detail: Option<&'a Detail>,
        style: Style,
    ) -> Self {
        Self { world, id, task: world.task(id), detail, style, canvas: Canvas::default() }
    }

    /// Members, each a name and a value: two beside each other where they fit.
    fn members(&mut self, members: &[(&str, String)]) {
        let mut line = String::new();
        for (name, value) in members {
            let member = format!("{name:<15} {value}");
            let columns = width(&line);
            let next = if columns == 0 { 0 } else { SECOND.max(columns + 2) };
            if columns > 0 && next + width(&member) > INSIDE {
                self.canvas.line(std::mem::take(&mut line));
            } else {
                line.extend(std::iter::repeat_n(' ', next - columns));
            }
            line.push_str(&member);
        }
        self.canvas.line(line);
    }

    fn arrow(&self, target: &str) -> String {
        format!("{} {target}", self.style.arrow())
    }

    /// A pointer to a task.
    fn to_task(&self, task: Option<TaskId>) -> String {
        match task {
            Some(task) if task == self.id => self.arrow("itself"),
            Some(task) => self.arrow(&text::made(|out| text::who(self.world, task, out))),
            None => "?".into(),
        }
    }

    /// It loses its nsproxy and its mm when it exits.
    fn is_running(&self) -> bool {
        self.task.state == TaskState::Running
    }

    fn has_nsproxy(&self) -> bool {
        let has = match self.detail {
            Some(detail) => detail.nsproxy != 0,
            None => self.task.bits & bits::HAS_NSPROXY != 0,
        };
        has && self.is_running()
    }

    fn has_pid(&self) -> bool {
        self.task.is_live() && self.task.pid.is_some()
    }

    /// The task itself, and from where its pointers leave.
    pub(super) fn task_struct(&mut self) {
        let task = self.task.clone();
        self.canvas.top("task_struct", None);
        let comm = text::made(|out| escape::comm(&task.comm, out));
        self.members(&[("comm", comm), ("__state", self.state())]);
        self.members(&[("pid", task.tid.to_string()), ("tgid", task.tgid.to_string())]);
        let parent = match task.real_parent {
            Some(parent) => self.to_task(Some(parent)),
            None if task.ppid == 0 => "0".into(),
            None => self.arrow(&task.ppid.to_string()),
        };
        let leader = self.to_task(task.leader);
        self.members(&[("real_parent", parent.clone()), ("group_leader", leader)]);
        let tracer = task.tracer.map(|tracer| self.to_task(Some(tracer)) + ", its tracer");
        let signal = match task.exit_signal {
            -1 => "-1 (no group leader)".into(),
            signal => text::made(|out| names::write_signal(signal, out)),
        };
        self.members(&[("parent", tracer.unwrap_or(parent)), ("exit_signal", signal)]);
        let start = text::made(|out| time::seconds(task.start, 9, out)) + " s after boot";
        self.members(&[("start_boottime", start), ("flags", self.flags())]);
        self.members(&[("mm", self.mm()), ("cgroup (v2)", task.cgroup.to_string())]);
        if let Some(detail) = self.detail {
            self.scheduling(detail);
        }
        self.pointers();
        self.canvas.bottom();
    }

    fn state(&self) -> String {
        match self.task.state {
            TaskState::Running => names::run_state(self.task.run_state).into(),
            TaskState::Zombie => {
                let ended = names::Ended::from_wait(self.task.exit_code);
                text::made(|out| {
                    out.push_str("EXIT_ZOMBIE, exit ");
                    ended.write(out);
                })
            }
            TaskState::Released | TaskState::Freed => "released".into(),
        }
    }

    fn flags(&self) -> String {
        let mut flags = format!("{:#x}", self.task.flags);
        flags.push_str(if self.task.kernel { " PF_KTHREAD" } else { "" });
        flags
    }

    fn mm(&self) -> String {
        let detail = self.detail;
        let own = match detail {
            Some(detail) => detail.mm != 0,
            None => self.task.bits & bits::HAS_MM != 0,
        };
        if own && self.is_running() {
            return self.arrow("user address space");
        }
        let borrows = detail.is_some_and(|detail| detail.active_mm != 0);
        match (self.task.kernel, borrows) {
            (true, true) => "NULL, borrows active_mm".into(),
            (true, false) => "NULL (kernel thread)".into(),
            (false, _) => "NULL".into(),
        }
    }

    /// What only `show` asks for.
    fn scheduling(&mut self, detail: &Detail) {
        let policy =
            names::policy(detail.policy).map_or_else(|| detail.policy.to_string(), str::to_owned);
        let nice = detail.static_prio - 120;
        let (prio, normal) = (detail.prio, detail.normal_prio);
        self.members(&[
            ("policy", policy),
            ("prio", format!("{prio} (normal {normal}, rt {})", detail.rt_priority)),
        ]);
        let cpus = format!("{} allowed, mask {:#x}", detail.nr_cpus, detail.cpus);
        self.members(&[
            ("static_prio", format!("{} (nice {nice})", detail.static_prio)),
            ("cpus", cpus),
        ]);
        let spent = |ns| text::made(|out| time::duration(ns, out));
        self.members(&[("utime", spent(detail.utime)), ("stime", spent(detail.stime))]);
        self.members(&[("nvcsw", detail.nvcsw.to_string()), ("nivcsw", detail.nivcsw.to_string())]);
        self.members(&[
            ("cpu", detail.cpu.to_string()),
            ("self_exec_id", detail.exec_id.to_string()),
        ]);
    }

    /// The pointers to the other boxes: the innermost lane leaves last.
    fn pointers(&mut self) {
        if self.has_nsproxy() {
            self.canvas.pointer("nsproxy", NSPROXY);
        } else {
            self.canvas.line("nsproxy         NULL");
        }
        self.canvas.pointer("cred", CRED);
        self.canvas.pointer("signal", SIGNAL);
        if self.has_pid() {
            self.canvas.pointer("thread_pid", PID);
        } else {
            self.canvas.line("thread_pid      NULL");
        }
    }

    /// The pid: a number at every level, and its lists.
    pub(super) fn struct_pid(&mut self) {
        let Some(id) = self.task.pid.filter(|_| self.has_pid()) else { return };
        let (world, pid) = (self.world, self.world.pid(id));
        self.canvas.top("struct pid", Some(PID));
        let mut first = format!("level = {}", pid.level());
        if let Some(detail) = self.detail {
            let _ = write!(first, "   count = {}", detail.pid_count);
        }
        if pid.ino != 0 {
            let _ = write!(first, "   ino = {}", pid.ino);
        }
        self.canvas.line(first);
        let columns = pid.nrs().map(|nr| nr.to_string().len()).max().unwrap_or(0);
        let levels = pid.level().to_string().len();
        for (level, (ns, nr)) in pid.numbers.iter().enumerate() {
            let space = |ns: NsId| text::made(|out| text::namespace(world, ns, out));
            let ns = ns.map_or("?".into(), space);
            self.canvas.line(format!(
                "numbers[{level:>levels$}] = {{ nr = {nr:>columns$}, ns = {ns} level {level} }}"
            ));
        }
        for (ty, tasks) in pid::TYPES.into_iter().zip(pid::uses(world, id)) {
            let label = format!("tasks[{ty:<12}] {} ", self.style.arrow());
            let who = |&task: &TaskId| text::made(|out| text::who(world, task, out));
            let mut items: Vec<String> = tasks.iter().map(who).collect();
            if items.is_empty() {
                items.push("empty".into());
            }
            self.canvas.list(&label, &items, self.style);
        }
        self.canvas.bottom();
    }

    /// What the threads of the process share.
    pub(super) fn signal_struct(&mut self) {
        let world = self.world;
        let process = world.process(self.id);
        self.canvas.top("signal_struct", Some(SIGNAL));
        let shared = |pid| {
            let vector = |pid| text::made(|out| text::vector(world, pid, out));
            self.arrow(&pid_name(pid, vector))
        };
        let (group, session) = (shared(process.pgrp), shared(process.session));
        self.members(&[("pids[PGID]", group), ("pids[SID]", session)]);
        let is = |bit: u32| u32::from(self.task.bits & bit != 0).to_string();
        let (leader, subreaper) = (is(bits::SESSION_LEADER), is(bits::SUBREAPER));
        self.members(&[("leader", leader), ("child_subreaper", subreaper)]);
        let who = |&task: &TaskId| text::made(|out| text::who(world, task, out));
        let threads: Vec<String> = process.threads.iter().map(who).collect();
        let count = self.detail.map_or(threads.len() as i32, |detail| detail.nr_threads);
        self.members(&[("nr_threads", count.to_string())]);
        self.canvas.list("threads         ", &threads, self.style);
        if let Some(detail) = self.detail {
            self.limits(detail);
        }
        self.canvas.bottom();
    }

    /// The limits that limit something.
    fn limits(&mut self, detail: &Detail) {
        let limit = |value: u64| match value {
            u64::MAX => "unlimited".to_owned(),
            value => value.to_string(),
        };
        let all = names::RLIMITS.iter().zip(detail.rlim_cur.iter().zip(&detail.rlim_max));
        let mut items: Vec<String> = all
            .filter(|(_, (soft, hard))| **soft != u64::MAX || **hard != u64::MAX)
            .map(|(name, (&soft, &hard))| {
                let hard = if soft == hard { String::new() } else { format!(":{}", limit(hard)) };
                format!("{name} {}{hard}", limit(soft))
            })
            .collect();
        if items.is_empty() {
            items.push("unlimited".into());
        }
        self.canvas.list("rlim            ", &items, self.style);
    }

    /// Who it is to others.
    pub(super) fn cred(&mut self) {
        let world = self.world;
        self.canvas.top("cred", Some(CRED));
        let known = |id: Option<u32>| id.map_or("?".into(), |id| id.to_string());
        let (uid, gid) = (known(self.task.uid), known(self.task.gid));
        self.members(&[("uid", uid), ("gid", gid)]);
        if let Some(detail) = self.detail {
            self.members(&[("euid", detail.euid.to_string()), ("egid", detail.egid.to_string())]);
            self.members(&[("suid", detail.suid.to_string()), ("sgid", detail.sgid.to_string())]);
            let caps = u64::from(detail.cap_hi) << 32 | u64::from(detail.cap_lo);
            let count = caps.count_ones();
            self.members(&[("cap_effective", format!("{caps:#018x} ({count} capabilities)"))]);
        }
        let [user, ..] = world.namespaces_of(self.id);
        let user = user.map_or("?".into(), |ns| self.space(ns));
        self.members(&[("user_ns", user)]);
        self.canvas.bottom();
    }

    /// A namespace and how many tasks share it.
    fn space(&self, id: NsId) -> String {
        let ns = self.world.ns(id);
        self.arrow(&text::made(|out| {
            text::namespace(self.world, id, out);
            let _ = write!(out, " {}", super::super::summary::counted(ns.tasks.into(), "task"));
        }))
    }

    /// Its namespaces.
    pub(super) fn nsproxy(&mut self) {
        if !self.has_nsproxy() {
            return;
        }
        self.canvas.top("nsproxy", Some(NSPROXY));
        if let Some(detail) = self.detail {
            self.members(&[("count", detail.nsproxy_count.to_string())]);
        }
        let next = self.task.for_children.map_or("?".into(), |ns| self.space(ns));
        self.canvas.line(format!("pid_ns_for_children {next}"));
        let mut members = Vec::new();
        for (kind, ns) in NsKind::ALL.into_iter().zip(self.world.namespaces_of(self.id)) {
            let name = match kind {
                NsKind::User | NsKind::Pid => continue,
                NsKind::Mnt => "mnt_ns",
                NsKind::Uts => "uts_ns",
                NsKind::Ipc => "ipc_ns",
                NsKind::Net => "net_ns",
                NsKind::Cgroup => "cgroup_ns",
                NsKind::Time => "time_ns",
            };
            members.push((name, ns.map_or("?".into(), |ns| self.space(ns))));
        }
        self.members(&members);
        self.canvas.bottom();
    }
}

/// A pid by its vector, if it is known.
fn pid_name<P>(pid: Option<P>, vector: impl Fn(P) -> String) -> String {
    pid.map_or("?".into(), vector)
}
