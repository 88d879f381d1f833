//! The pids that a sweep finds without a task: it shows each one once for every process that has it
//! as its group's, and once for every process that has it as its session's, by ascending numbers of
//! the processes.

use crate::{
    check::{Subject, cx::Cx, moves::Moves, tables::Tables, violation::Finding},
    coverage::{Coverage, Fact},
    event::{Body, Header, TaskFacts},
    model::{TaskState, World},
};

/// `PF_EXITING` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
/// Processes that are remembered; of more, nothing is expected.
const MOST: usize = 1 << 16;

/// A group or a session of a process that the sweep has shown.
#[derive(Clone, Copy, Debug)]
struct Expected {
    pid: u64,
    nr: i32,
    /// Whether it is shown is not sure.
    maybe: bool,
}

/// What a sweep is to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Releases and changes of groups are seen.
    sure: bool,
    releases: bool,
    expected: Vec<Expected>,
    /// Only what is without a task is left, and how far that has been shown.
    at: Option<usize>,
    /// Pids whose users have changed since the sweep began.
    touched: Vec<u64>,
    /// Any pid may have.
    all: bool,
    moves: Moves,
}

impl Held {
    pub(super) fn new(coverage: &Coverage) -> Self {
        Self {
            sure: coverage.sees(Fact::ChangePid) || coverage.sees(Fact::Syscalls),
            releases: coverage.sees(Fact::Release),
            ..Self::default()
        }
    }

    /// A sweep begins.
    pub(super) fn begin(&mut self) {
        self.expected.clear();
        self.at = None;
        self.touched.clear();
        self.all = !self.sure;
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.begin();
        self.moves.clear();
    }

    /// The sweep shows a task.
    pub(super) fn task(&mut self, facts: &TaskFacts) {
        if facts.tid != facts.tgid {
            return;
        }
        if self.expected.len() >= MOST {
            self.all = true;
            return;
        }
        // its release may come unseen before the second pass
        let exits = facts.exit_state != 0 || facts.flags & PF_EXITING != 0;
        let maybe = exits && !self.releases;
        for (pid, nr) in [(facts.pgrp, facts.pgid), (facts.session, facts.sid)] {
            if pid != 0 && pid != facts.pid {
                self.expected.push(Expected { pid, nr, maybe });
            }
        }
    }

    /// A record of others, while a sweep runs or not: it may change who uses a pid.
    #[inline]
    pub(super) fn note(
        &mut self,
        world: &Tables<'_>,
        header: &Header,
        body: &Body,
        sweeping: bool,
    ) {
        self.moves.acts(header);
        match body {
            Body::Release(facts) => {
                self.moves.push(facts.pid, header);
                self.touch_task(world, facts.task, header, sweeping);
            }
            Body::ChangePid(facts) => {
                self.moves.push(facts.pid, header);
                self.touch_task(world, facts.task, header, sweeping);
                self.touched.push(facts.pid);
            }
            _ if !sweeping => {}
            Body::Fork { task, .. } | Body::Update { task, .. } => {
                self.touched.extend([task.pid, task.pgrp, task.session]);
                self.touch_task(world, task.task, header, true);
            }
            Body::Exit(facts) if !self.releases => {
                self.touch_task(world, facts.task, header, true);
            }
            Body::FreeTask(facts) => self.touch_task(world, facts.task, header, true),
            Body::AllocPid(facts) => self.touched.push(facts.pid.0),
            Body::FreePid(facts) => self.touched.push(facts.pid),
            Body::ExchangeTids(_) | Body::Syscall(_) => self.all = true,
            Body::Exec(exec) => self.all |= exec.facts.old_tid != exec.facts.tid,
            _ => {}
        }
        if !sweeping {
            self.touched.clear();
        }
    }

    fn touch_task(&mut self, world: &Tables<'_>, key: u64, header: &Header, sweeping: bool) {
        let Some(id) = world.at_key(key) else { return };
        for pid in [world.pid_of(id), world.task_pgrp(id), world.task_session(id)] {
            let key = pid.map_or(0, |pid| world.key_of_pid(pid));
            if sweeping {
                self.touched.push(key);
            } else if key != 0 {
                self.moves.push(key, header);
            }
        }
    }

    fn is_touched(&self, world: &World, pid: u64) -> bool {
        self.all || self.touched.contains(&pid) || self.moves.has(pid) || {
            // who had it may be gone: nothing tells
            let holder = world.pid_at(pid).and_then(|pid| world.holder(pid));
            let gone = |id| !world.lives(id) || world.state_of(id) == TaskState::Zombie;
            !self.releases && holder.is_some_and(gone)
        }
    }

    /// All tasks have been shown: of their groups and sessions, those without a task come.
    fn settle(&mut self, world: &World) -> usize {
        let holds = |expected: &Expected| {
            let pid = world.pid_at(expected.pid);
            expected.nr == 0 || pid.is_none_or(|pid| world.live_holder(pid).is_none())
        };
        if self.at.is_none() {
            self.expected.retain(holds);
            self.at = Some(0);
        }
        self.at.unwrap_or(0)
    }

    /// The sweep shows a pid without a task: what is wrong with it, and whether a process whose birth
    /// is yet to be told may explain it.
    pub(super) fn shown(&mut self, cx: &Cx<'_>, pid: u64, nr: i32) -> Option<(Finding, bool)> {
        let world = cx.world;
        let at = self.settle(world);
        let rest = self.expected.get(at..).unwrap_or_default();
        let next = rest.iter().position(|expected| expected.pid == pid);
        let missed = rest.get(..next.unwrap_or(0)).unwrap_or_default();
        let missed = self.first_sure(world, missed);
        self.at = Some(at + next.map_or(0, |next| next + 1));
        let subject = || Subject::pid_named(pid, std::iter::once(nr));
        if let Some(missed) = missed {
            let known = format!("the pid of {missed} without a task first");
            // missed, or one too many: from here on it is not known which come
            let born = self.is_touched(world, pid);
            self.all = true;
            if born {
                return None;
            }
            return Some((Finding::new(subject(), known, format!("that of {nr}")), true));
        }
        (next.is_none() && !self.is_touched(world, pid)).then(|| {
            let read = format!("the pid of {nr}");
            let known = "a pid that a process has, and no task, once for each";
            (Finding::new(subject(), known, read), true)
        })
    }

    /// The sweep ends: what it has not shown.
    pub(super) fn end(&mut self, cx: &Cx<'_>) -> Option<Finding> {
        let at = self.settle(cx.world);
        let rest = self.expected.get(at..).unwrap_or_default();
        let missed = self.first_sure(cx.world, rest)?;
        let known = format!("the pid of {missed} without a task");
        let subject = Subject::pid_named(0, std::iter::once(missed));
        Some(Finding::new(subject, known, "the sweep's end"))
    }

    fn first_sure(&self, world: &World, expected: &[Expected]) -> Option<i32> {
        let sure = |it: &&Expected| !it.maybe && !self.is_touched(world, it.pid);
        expected.iter().find(sure).map(|it| it.nr)
    }
}
