//! The pids that a sweep finds without a task: it shows each one once for every process that has it
//! as its group's, and once for every process that has it as its session's, by ascending numbers of
//! the processes.

use std::collections::{HashMap, HashSet};

use tracer_ebpf::wire::kind;

use crate::{
    check::{Subject, cx::Cx, moves::Moves, violation::Finding},
    coverage::{Coverage, Fact},
    event::{Body, Header, TaskFacts},
    model::{TaskState, World},
};

/// `PF_EXITING` and `PF_KTHREAD` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
const PF_KTHREAD: u32 = 0x20_0000;
/// setpgid(2) and setsid(2) in the x86-64 table.
const MOVES: [u64; 2] = [109, 112];
/// Processes that are remembered; of more, nothing is expected.
const MOST: usize = 1 << 16;

/// A group or a session of a process that the sweep has shown.
#[derive(Clone, Copy, Debug)]
struct Expected {
    /// Whose it is: the key of the process's leader.
    task: u64,
    pid: u64,
    nr: i32,
    /// Whether it is shown is not sure.
    maybe: bool,
    /// Whatever takes it from the task is told.
    told: bool,
}

/// What a sweep is to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Releases and changes of groups are seen.
    sure: bool,
    /// So are they before they are made, and the swaps of two tasks' numbers.
    told_first: bool,
    releases: bool,
    /// The pids of the tasks that the sweep has shown.
    owned: HashSet<u64>,
    /// How often each pid was shown.
    counts: HashMap<u64, usize>,
    /// The numbers by which processes have those.
    numbers: HashMap<u64, i32>,
    /// Tasks that have ended, or changed their groups or numbers, since the sweep began.
    changed: HashSet<u64>,
    expected: Vec<Expected>,
    /// Only what is without a task is left, and how far that has been shown.
    at: Option<usize>,
    /// Pids whose users have changed since the sweep began.
    touched: Vec<u64>,
    /// Any pid may have.
    all: bool,
    moves: Moves,
}

/// The tasks whose group, session or number a record changes, or that it ends.
#[inline]
fn changes(body: &Body) -> impl Iterator<Item = u64> {
    let keys = match body {
        Body::Release(facts) => [facts.task, 0],
        Body::ChangePid(facts) => [facts.task, 0],
        Body::ExchangeTids(facts) => [facts.left, facts.right],
        Body::Exit(facts) => [facts.task, 0],
        Body::FreeTask(facts) => [facts.task, 0],
        Body::Exec(exec) => [exec.facts.task, 0],
        Body::Update { task, .. } => [task.task, 0],
        _ => [0; 2],
    };
    keys.into_iter().filter(|&key| key != 0)
}

impl Held {
    pub(super) fn new(coverage: &Coverage) -> Self {
        Self {
            sure: coverage.sees(Fact::ChangePid) || coverage.sees(Fact::Syscalls),
            told_first: coverage.sees(Fact::ChangePid) && coverage.sees(Fact::ExchangeTids),
            releases: coverage.sees(Fact::Release),
            ..Self::default()
        }
    }

    /// A sweep begins.
    pub(super) fn begin(&mut self) {
        self.expected.clear();
        self.at = None;
        self.touched.clear();
        self.counts.clear();
        self.numbers.clear();
        self.owned.clear();
        self.changed.clear();
        self.all = !self.sure;
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.begin();
        self.moves.clear();
    }

    /// The sweep shows a task.
    pub(super) fn task(&mut self, facts: &TaskFacts) {
        self.owned.insert(facts.pid);
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
        let told = self.told_first && self.releases;
        for (pid, nr) in [(facts.pgrp, facts.pgid), (facts.session, facts.sid)] {
            // a kernel thread calls nothing, and ends with an exit
            let told = told || nr == 0 && facts.flags & PF_KTHREAD != 0;
            if pid != 0 && pid != facts.pid {
                self.expected.push(Expected { task: facts.task, pid, nr, maybe, told });
            }
        }
    }

    /// A record of others, while a sweep runs or not: it may change who uses a pid.
    #[inline]
    pub(super) fn note(&mut self, world: &World, header: &Header, body: &Body, sweeping: bool) {
        self.moves.acts(header);
        if sweeping {
            self.changed.extend(changes(body));
        }
        match body {
            Body::Release(facts) => {
                self.moves.push(facts.task, header);
                self.moves.push(facts.pid, header);
                self.touch_task(world, facts.task, header, sweeping);
            }
            Body::ChangePid(facts) => {
                self.moves.push(facts.task, header);
                self.moves.push(facts.pid, header);
                self.touch_task(world, facts.task, header, sweeping);
                self.touched.push(facts.pid);
            }
            Body::ExchangeTids(facts) => {
                self.moves.push(facts.left, header);
                self.moves.push(facts.right, header);
                self.all |= sweeping;
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
            Body::Syscall(facts) => self.all |= MOVES.contains(&facts.nr),
            Body::Exec(exec) => self.all |= exec.facts.old_tid != exec.facts.tid,
            _ => {}
        }
        if !sweeping {
            self.touched.clear();
        }
    }

    fn touch_task(&mut self, world: &World, key: u64, header: &Header, sweeping: bool) {
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
        let holder = |expected: &Expected| {
            let pid = world.pid_at(expected.pid).filter(|_| expected.nr != 0);
            pid.and_then(|pid| world.live_holder(pid))
        };
        if self.at.is_none() {
            let owned = &self.owned;
            // one whose task the tables have, and the sweep has not shown: its end may be lost
            self.expected.retain_mut(|expected| {
                let held = holder(expected).is_some();
                expected.maybe |= held;
                !held || !owned.contains(&expected.pid)
            });
            self.at = Some(0);
        }
        self.at.unwrap_or(0)
    }

    /// The sweep shows a pid without a task: what is wrong with it, and whether a process whose birth
    /// is yet to be told may explain it.
    pub(super) fn shown(&mut self, cx: &Cx<'_>, pid: u64, nr: i32) -> Option<(Finding, bool)> {
        let world = cx.world;
        let at = self.settle(world);
        *self.counts.entry(pid).or_default() += 1;
        if self.is_other(pid, nr) {
            let subject = Subject::pid_named(pid, std::iter::once(nr));
            let finding = Finding::new(subject, "the number that its processes have", "another");
            return Some((finding, false));
        }
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

    /// Whether processes have a pid by another number, as far as is known.
    fn is_other(&mut self, pid: u64, nr: i32) -> bool {
        let Self { numbers, expected, .. } = self;
        let known = numbers.entry(pid).or_insert_with(|| {
            expected.iter().find(|expected| expected.pid == pid).map_or(nr, |it| it.nr)
        });
        *known != nr
    }

    /// The sweep ends: what it has not shown.
    pub(super) fn end(&mut self, cx: &Cx<'_>) -> Option<Finding> {
        let at = self.settle(cx.world);
        let rest = self.expected.get(at..).unwrap_or_default();
        let missed = self.first_sure(cx.world, rest).or_else(|| self.first_short(cx))?;
        let known = format!("the pid of {missed} without a task");
        let subject = Subject::pid_named(0, std::iter::once(missed));
        Some(Finding::new(subject, known, "the sweep's end"))
    }

    /// A pid that was shown less often than there are processes that have had it all the time.
    fn first_short(&self, cx: &Cx<'_>) -> Option<i32> {
        // behind a loss the tables may not know who has a pid
        if self.expected.len() >= MOST || cx.book.lost > 0 {
            return None;
        }
        let mut due: HashMap<u64, usize> = HashMap::new();
        let stays = |it: &&Expected| {
            let still = !self.changed.contains(&it.task) && !self.moves.has(it.task);
            let free = !self.owned.contains(&it.pid);
            free && it.told && !it.maybe && still && !self.moves.has_of(it.pid, kind::RELEASE)
        };
        self.expected.iter().filter(stays).find_map(|it| {
            let due = due.entry(it.pid).or_default();
            *due += 1;
            (*due > self.counts.get(&it.pid).copied().unwrap_or(0)).then_some(it.nr)
        })
    }

    fn first_sure(&self, world: &World, expected: &[Expected]) -> Option<i32> {
        let sure = |it: &&Expected| !it.maybe && !self.is_touched(world, it.pid);
        expected.iter().find(sure).map(|it| it.nr)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::{Verdict, stream::sweep_form::RULE, tests::script::Script},
        event::{Body, ChangePid, Event, Header},
    };

    /// A sweep that leaves out the first of the pids that no task has, and one more; while it runs,
    /// a process is moved to that group.
    fn swept(mut script: Script, moved: i32) -> Verdict {
        script.events.clear();
        script.shows_held = true;
        script.sweep();
        let child = script.fork(10);
        script.sweep();
        let from = script.events.len();
        script.sweep();
        let held = |event: &Event| matches!(event.body, Body::HeldPid(_));
        let at = from + script.events[from..].iter().position(held).unwrap();
        let rest = script.events.split_off(at);
        if moved != 0 {
            let facts = script.tasks[&if moved == 1 { child } else { moved }].facts;
            let group = script.tasks[&2].facts.pgrp;
            let body = ChangePid {
                header: Header::default(),
                task: facts.task,
                pid: if moved == 1 { group } else { facts.pid },
                tid: facts.tid,
                ty: 2,
                nr: 0,
                pad: 0,
            };
            script.write(10, 11, Body::ChangePid(body));
        }
        for event in rest.into_iter().skip(1) {
            script.append(event);
        }
        script.sweep();
        script.report().row(&RULE).unwrap().verdict
    }

    #[test]
    fn a_pid_that_is_shown_less_often_than_processes_have_it_trips() {
        assert_eq!(swept(Script::new(), 0), Verdict::Violated);
        // what others do with the same group is no excuse
        assert_eq!(swept(Script::new(), 1), Verdict::Violated);
        assert_eq!(swept(Script::tracepoints(), 0), Verdict::Violated);
    }

    #[test]
    fn a_process_that_leaves_its_group_while_the_sweep_runs_is_near() {
        assert_eq!(swept(Script::new(), 2), Verdict::Holds);
    }
}
