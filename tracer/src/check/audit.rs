//! Rule 67: what a sweep finds is what the events had told.
//!
//! The iterator reads a task after its record's place in the ring is taken, so a record may tell of
//! what an event behind it explains. A difference is pending until the next sweep has ended: an event
//! about the same task that can have made it explains it, and so does the next sweep if it shows what
//! the tables had.

use std::collections::{HashMap, HashSet};

use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, cx::Cx, moves::Moves, violation::Finding,
    },
    coverage::{Coverage, Fact},
    event::{Body, TaskFacts, Vector},
    model::{Change, Effect, NsId, NsKind, TaskId, TaskState, World},
};

/// What a sweep finds is what the events had told.
pub(super) static RULE: Rule = Rule {
    number: 67,
    id: "audit",
    group: Group::Stream,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "What a sweep of the kernel's tasks finds (who lives, numbers, parents, groups, \
                sessions, namespaces, names) is what the events before it had told, or what an event \
                until the next sweep explains",
    source: "the iterator bpf_iter__task (kernel/bpf/task_iter.c) against the rebuilt tables",
    needs: &[Need::Fact(Fact::Snapshot), Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
    weaker: None,
    exceptions: &[
        "a sweep reads a task after its record's place in the stream is taken: events just behind it \
         may explain what it shows",
        "an exec by a thread moves a task to a number that the iterator has already passed",
        "a task that is released while it is read",
        "what no hook tells here (groups, sessions, namespaces in the tracepoint plan) is not compared",
    ],
    trips: "a sweep shows a task in a process group that no setpgid has put it into",
    near_miss: "a sweep shows the new process group just before the setpgid's own record",
};

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Found,
    Gone,
    Number,
    Parent,
    Pgrp,
    Session,
    Namespaces,
    Cred,
    Name,
    Exit,
    Code,
}

#[derive(Clone, Debug)]
struct Pending {
    field: Field,
    sweep: u32,
    /// A change that has been told may not have been made yet, or nobody tells it: the next sweep
    /// may show it otherwise.
    excused: bool,
    /// Another task whose exit explains it.
    other: u64,
    subject: Subject,
    expected: String,
    observed: String,
}

/// Differences that wait for their explanation.
#[derive(Clone, Debug, Default)]
pub(super) struct Audit {
    pending: HashMap<u64, Vec<Pending>>,
    sweep: u32,
    /// A sweep has completed, and nothing was lost since.
    armed: bool,
    groups: bool,
    namespaces: bool,
    swaps: bool,
    /// System calls are told, after they have made their changes.
    calls: bool,
    /// Tasks that somebody traces, or has: a tracer may give them an exit code.
    traced: HashSet<u64>,
    /// Any task may have been traced.
    all_traced: bool,
    moves: Moves,
    /// Tasks compared in this sweep.
    compared: u64,
}

/// A number, widened with its sign.
fn number(number: i32) -> u64 {
    i64::from(number) as u64
}

/// The exit signal that a record can show: a child whose parent has died gets `SIGCHLD`, and so does
/// a task that calls exec.
fn signal(known: i32, shown: &TaskFacts) -> u64 {
    const SIGCHLD: i32 = 17;
    let leads = known >= 0 && shown.exit_signal == SIGCHLD;
    number(if leads { SIGCHLD } else { known })
}

/// What is known, where it is.
fn known(value: Option<u64>) -> Option<u64> {
    value.filter(|&value| value != 0)
}

/// `PF_EXITING` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
/// ptrace(2) in the x86-64 table.
const PTRACE: u64 = 101;

/// The greatest exit code in wait(2)'s form.
const MOST_CODE: i32 = 0xffff;

/// Differences that may wait at a time.
const MOST: usize = 4096;

impl Audit {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let namespaces = [Fact::NsCreate, Fact::NsEnter, Fact::Cred];
        Self {
            groups: coverage.sees(Fact::ChangePid),
            namespaces: namespaces.into_iter().all(|fact| coverage.sees(fact))
                || coverage.sees(Fact::Syscalls),
            swaps: coverage.sees(Fact::ExchangeTids),
            calls: coverage.sees(Fact::Syscalls),
            ..Self::default()
        }
    }

    pub(super) fn compares_groups(&self) -> bool {
        self.groups
    }

    /// Compares what a sweep shows, and lets every other record explain.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        self.moves.note(cx.event);
        match &cx.event.body {
            Body::Ptrace(facts) => self.trace(facts.task),
            Body::Syscall(facts) => self.all_traced |= facts.nr == PTRACE,
            _ => {}
        }
        match &cx.event.body {
            Body::Snapshot { task, vector, from_proc: false, .. } if self.armed => {
                self.compare(cx, task, vector);
            }
            Body::SnapshotBegin(_) => {
                self.sweep += 1;
                self.armed = cx.is_certain();
                self.compared = 0;
            }
            Body::Lost(_) => {
                self.armed = false;
                self.pending.clear();
                self.moves.clear();
            }
            body @ Body::Update { task, .. } if self.armed => {
                self.explain(body, cx.event.header.actor);
                let runs = cx.event.header.actor != task.task
                    || task.exit_code == 0 && task.exit_state == 0;
                cx.test(&RULE, runs, || {
                    let subject = Subject::task_named(task.task, task.tid, task.tgid);
                    let read = format!("exit code {:#x}", task.exit_code);
                    Finding::new(subject, "a task that calls has not exited", read)
                });
                let id = cx.world.at_key(task.task).filter(|&id| cx.world.lives(id));
                if let Some(id) = id {
                    self.compare_name(cx, id, task);
                }
            }
            _ if self.pending.is_empty() => {}
            body => self.explain(body, cx.event.header.actor),
        }
    }

    fn trace(&mut self, task: u64) {
        if self.traced.len() < MOST {
            self.traced.insert(task);
        } else {
            self.all_traced = true;
        }
    }

    /// At the end of a sweep: who is gone without an exit, and what the sweep before had left open.
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, change: &Change) {
        if !matches!(cx.event.body, Body::SnapshotEnd(_)) || !self.armed {
            return;
        }
        for effect in &change.effects {
            if let &Effect::Vanished(task) = effect {
                self.pend(
                    cx.world.key_of(task),
                    Pending {
                        field: Field::Gone,
                        sweep: self.sweep,
                        excused: false,
                        other: 0,
                        subject: Subject::task(cx.world, task),
                        expected: "a task that has not exited is shown by every sweep".into(),
                        observed: "the sweep did not show it, and no exit was seen".into(),
                    },
                );
            }
        }
        self.judge(cx);
        cx.book.held(&RULE, self.compared);
        self.compared = 0;
    }

    /// What an earlier sweep has left open and nothing has explained, and what this one has where a
    /// hook tells of a change before it is made.
    fn judge(&mut self, cx: &mut Cx<'_>) {
        let (sweep, swaps, calls) = (self.sweep, self.swaps, self.calls);
        let is_told_first = |field: Field| match field {
            Field::Name | Field::Parent | Field::Exit => true,
            Field::Number => swaps,
            Field::Pgrp | Field::Session | Field::Namespaces => !calls,
            Field::Found | Field::Gone | Field::Cred | Field::Code => false,
        };
        for waiting in self.pending.values_mut() {
            waiting.retain(|pending| {
                if pending.sweep >= sweep && (pending.excused || !is_told_first(pending.field)) {
                    return true;
                }
                let Pending { subject, expected, observed, excused, .. } = pending;
                cx.test(&RULE, *excused, || {
                    Finding::new(subject.clone(), expected.clone(), observed.clone())
                });
                false
            });
        }
        self.pending.retain(|_, waiting| !waiting.is_empty());
    }

    fn compare(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
        let world = cx.world;
        let Some(id) = world.at_key(task.task) else {
            let exempt = vector.is_empty() || task.task == 0 || world.find_task(task.tid).is_some();
            if !exempt {
                let subject = Subject::task_named(task.task, task.tid, task.tgid);
                let observed =
                    format!("started {} ns after boot, and its birth was not seen", task.start);
                let expected = "a task is born before a sweep shows it";
                self.differ(Field::Found, task.task, 0, subject, expected.into(), observed);
            }
            return;
        };
        if !world.lives(id) {
            return; // held for a moment after its release, or a newer task at its address
        }
        self.compared += 1;
        self.compare_numbers(world, id, task);
        if task.tid == task.tgid {
            self.compare_family(world, id, task);
        }
        if self.namespaces {
            self.compare_namespaces(world, id, task);
        }
        self.compare_name(cx, id, task);
        self.compare_code(cx, id, task);
        // One that was exiting when a sweep read it last may have told so before the hooks, or in a loss.
        let exiting = world.flags_of(id) & PF_EXITING != 0;
        if task.exit_state != 0 && world.state_of(id) == TaskState::Running && !exiting {
            let subject = Subject::task(world, id);
            let observed = format!("the sweep shows exit_state {:#x}", task.exit_state);
            self.differ(Field::Exit, task.task, 0, subject, "it has not exited".into(), observed);
        }
    }

    fn compare_name(&mut self, cx: &Cx<'_>, id: TaskId, task: &TaskFacts) {
        let comm = cx.world.comm_of(id);
        if comm != task.comm && comm != [0; 16] {
            let text = |comm: [u8; 16]| String::from_utf8_lossy(&comm).replace('\0', "");
            self.differ(
                Field::Name,
                task.task,
                0,
                Subject::task(cx.world, id),
                format!("its name is {:?}", text(comm)),
                format!("the sweep shows {:?}", text(task.comm)),
            );
        }
    }

    /// A task that lives has an exit code only for its tracer; one that has exited keeps it.
    fn compare_code(&mut self, cx: &mut Cx<'_>, id: TaskId, task: &TaskFacts) {
        let world = cx.world;
        let exited = world.exited_at(id) != 0;
        cx.test(&RULE, (0..=MOST_CODE).contains(&task.exit_code), || {
            let read = format!("the sweep shows exit code {:#x}", task.exit_code);
            Finding::new(Subject::task(world, id), "wait(2)'s form", read)
        });
        let known = match world.state_of(id) {
            TaskState::Running => 0,
            TaskState::Zombie if exited => world.exit_code_of(id),
            _ => return,
        };
        let traced = |it: &Self| {
            let now = task.ptrace != 0 || world.tracer(id).is_some();
            now || it.all_traced || it.traced.contains(&task.task)
        };
        if known != task.exit_code && (exited || !traced(self)) {
            let subject = Subject::task(world, id);
            let expected = format!("its exit code is {known:#x}");
            let observed = format!("the sweep shows {:#x}", task.exit_code);
            self.differ(Field::Code, task.task, 0, subject, expected, observed);
        }
    }

    fn compare_numbers(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        let leader = world.leader(id);
        let other = world.key_of(leader);
        let pid = world.pid_of(id);
        let words = [
            ("tid", Some(number(world.tid(id))), number(task.tid)),
            ("tgid", Some(number(world.tgid(id))), number(task.tgid)),
            ("pid's key", known(pid.map(|pid| world.key_of_pid(pid))), task.pid),
            ("ino", known(pid.map(|pid| world.ino(pid))), task.ino),
            ("leader's key", known(Some(other)), task.leader),
            ("start", known(Some(world.start_of(id))), task.start),
            ("exit_signal", Some(signal(world.exit_signal_of(id), task)), number(task.exit_signal)),
        ];
        self.compare_all(world, id, Field::Number, other, &words);
    }

    fn compare_family(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        // an exited parent hands its children on at some time
        let sure = |&parent: &TaskId| !world.is_parent_inferred(id) && world.runs(parent);
        let parent = world.parent(id).filter(sure);
        if let Some(parent) = parent {
            let key = world.key_of(parent);
            let words = [
                ("parent", Some(number(world.ppid(id))), number(task.ppid)),
                ("parent's key", known(Some(key)), task.real_parent),
            ];
            self.compare_all(world, id, Field::Parent, key, &words);
        }
        if !self.groups || task.exit_state != 0 {
            return;
        }
        let groups = [
            (Field::Pgrp, world.task_pgrp(id), task.pgid, task.pgrp, "process group"),
            (Field::Session, world.task_session(id), task.sid, task.session, "session"),
        ];
        for (field, pid, nr, key, word) in groups {
            let Some(pid) = pid else { continue };
            let words = [
                (word, Some(number(world.nr(pid))), number(nr)),
                (word, known(Some(world.key_of_pid(pid))), key),
            ];
            self.compare_all(world, id, field, 0, &words);
        }
    }

    fn compare_namespaces(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        if task.for_children_inum == 0 || task.exit_state != 0 {
            return; // its nsproxy is gone
        }
        let space = |ns: Option<NsId>| ns.map(|ns| u64::from(world.ns(ns).inum));
        let mut words = [("", None, 0); 9];
        let kinds = world.namespaces_of(id).into_iter().zip(&task.ns).zip(NsKind::ALL);
        for (place, ((ns, &shown), kind)) in words.iter_mut().zip(kinds) {
            *place = (kind.name(), space(ns).filter(|&inum| inum != 0), shown.into());
        }
        let user = words[NsKind::User.index()];
        words[NsKind::User.index()].1 = None;
        let children = space(world.for_children(id)).filter(|&inum| inum != 0);
        words[8] = ("pid_for_children", children, task.for_children_inum.into());
        self.compare_all(world, id, Field::Namespaces, 0, &words);
        let (uid, gid) = world.ids_of(id);
        let words = [
            user,
            ("uid", uid.map(u64::from), task.uid.into()),
            ("gid", gid.map(u64::from), task.gid.into()),
        ];
        self.compare_all(world, id, Field::Cred, 0, &words);
    }

    /// Holds what the tables have against what the sweep shows; the first that differs is said.
    fn compare_all(
        &mut self,
        world: &World,
        id: TaskId,
        field: Field,
        other: u64,
        words: &[(&str, Option<u64>, u64)],
    ) {
        let differs = words.iter().find(|(_, known, shown)| known.is_some_and(|it| it != *shown));
        if let Some(&(word, Some(known), shown)) = differs {
            let text = |value: u64| {
                if word.ends_with("key") {
                    format!("{value:#x}")
                } else {
                    (value as i64).to_string()
                }
            };
            let subject = Subject::task(world, id);
            let expected = format!("its {word} is {}", text(known));
            let observed = format!("the sweep shows {}", text(shown));
            self.differ(field, world.key_of(id), other, subject, expected, observed);
        }
    }

    fn differ(
        &mut self,
        field: Field,
        key: u64,
        other: u64,
        subject: Subject,
        expected: String,
        observed: String,
    ) {
        let (sweep, excused) = (self.sweep, field == Field::Cred || self.moves.has(key));
        self.pend(key, Pending { field, sweep, excused, other, subject, expected, observed });
    }

    /// A second difference of the same sort while the first one waits is its other side: the tables
    /// have what was shown first.
    fn pend(&mut self, key: u64, pending: Pending) {
        if key == 0 || self.pending.len() >= MOST {
            return;
        }
        let waiting = self.pending.entry(key).or_default();
        let field = pending.field;
        let Some(at) = waiting.iter().position(|other| other.field == field) else {
            waiting.push(pending);
            return;
        };
        let first = &waiting[at];
        let blind = field == Field::Number && !self.swaps;
        if first.sweep < pending.sweep && (first.excused || pending.excused || blind) {
            waiting.remove(at);
        }
    }

    /// An event explains what it can have made.
    fn explain(&mut self, body: &Body, actor: u64) {
        let (about, explains): (u64, &[Field]) = match body {
            Body::Fork { task, .. } => (task.task, &[Field::Found]),
            Body::Update { task, .. } => (task.task, BY_CALL),
            Body::Exec(exec) => {
                (exec.facts.task, &[Field::Number, Field::Name, Field::Namespaces, Field::Cred])
            }
            Body::Rename(facts) => (facts.task, &[Field::Number, Field::Name]),
            Body::Exit(facts) => (facts.task, BY_EXIT),
            Body::Release(facts) => (facts.task, BY_EXIT),
            Body::FreeTask(facts) => (facts.task, BY_EXIT),
            Body::Ptrace(facts) => (facts.task, &[Field::Code]),
            Body::ChangePid(facts) => (facts.task, &[Field::Pgrp, Field::Session]),
            Body::ExchangeTids(facts) => (facts.left, &[Field::Number]),
            Body::NsSet(facts) => (facts.task, &[Field::Namespaces]),
            Body::Cred(facts) => (facts.task, &[Field::Cred]),
            _ => (0, &[]),
        };
        self.clear(about, explains);
        self.clear(actor, &[Field::Gone]);
        match body {
            Body::ExchangeTids(facts) => self.clear(facts.right, &[Field::Number, Field::Gone]),
            // Its children have another parent now.
            Body::Exit(facts) => self.orphans(facts.task),
            _ => {}
        }
    }

    fn clear(&mut self, key: u64, fields: &[Field]) {
        if let Some(waiting) = self.pending.get_mut(&key) {
            waiting.retain(|pending| !fields.contains(&pending.field));
        }
    }

    fn orphans(&mut self, parent: u64) {
        for waiting in self.pending.values_mut() {
            waiting.retain(|pending| pending.field != Field::Parent || pending.other != parent);
        }
    }
}

/// What a system call of the task can have made.
const BY_CALL: &[Field] = &[
    Field::Gone,
    Field::Parent,
    Field::Pgrp,
    Field::Session,
    Field::Namespaces,
    Field::Cred,
    Field::Code,
];

/// What the end of the task can have made: not its name, and not that its birth was not told.
const BY_EXIT: &[Field] = &[
    Field::Gone,
    Field::Number,
    Field::Parent,
    Field::Pgrp,
    Field::Session,
    Field::Namespaces,
    Field::Cred,
    Field::Exit,
    Field::Code,
];

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_PARENT, Script};
    use crate::event::{Body, Event};

    /// A sweep in which the last task shown has been changed by hand, and one more.
    fn swept(script: &mut Script, change: impl Fn(&mut Body)) {
        script.sweep();
        let shows = |event: &Event| matches!(event.body, Body::Snapshot { .. });
        let at = script.events.iter().rposition(shows).unwrap();
        change(&mut script.events[at].body);
    }

    #[test]
    fn a_group_that_no_setpgid_made_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        let pid = script.facts(10).pid;
        (script.facts(child).pgrp, script.facts(child).pgid) = (pid, 10);
        script.sweep();
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_group_whose_setpgid_is_told_just_behind_is_near() {
        let mut script = Script::new();
        let child = script.fork(10);
        let own = script.facts(child).pid;
        swept(&mut script, |body| {
            let Body::Snapshot { task, .. } = body else { panic!("{body:?}") };
            (task.pgrp, task.pgid) = (own, task.tid);
        });
        let end = script.events.pop();
        script.change_pid(10, child, 2, child);
        script.append(end.unwrap());
        script.sweep();
        script.holds(&RULE);
    }

    #[test]
    fn a_task_whose_birth_and_end_nobody_told_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.hide(0);
        script.hide(0);
        script.sweep();
        script.sweep();
        script.trips(&RULE);

        let mut script = Script::new();
        let gone = script.fork(10);
        script.tasks.remove(&gone);
        script.sweep();
        script.sweep();
        script.trips(&RULE);
        assert_ne!(child, 0);
    }

    #[test]
    fn what_sweeps_show_of_a_busy_family_is_legal() {
        let mut script = Script::new();
        let child = script.fork(10);
        let orphan = script.clone_by(child, CLONE_PARENT);
        let grandchild = script.fork(child);
        script.exec(child);
        script.setsid(child);
        script.sweep();
        script.exit(child);
        script.sweep();
        script.release(child, 10);
        script.sweep();
        script.end(grandchild);
        script.end(orphan);
        script.sweep();
        script.holds(&RULE);
    }
}
