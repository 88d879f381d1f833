//! Rule 67: what a sweep finds is what the events had told.
//!
//! The iterator reads a task after its record's place in the ring is taken, so a record may tell of
//! what an event behind it explains. A difference is pending until the next sweep has ended: an event
//! about the same task that can have made it explains it, and so does the next sweep if it shows what
//! the tables had.

use std::collections::{HashMap, HashSet};

use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject,
        cx::Cx,
        moves::{Moves, is_between},
        violation::Finding,
    },
    coverage::{Coverage, Fact},
    event::{Body, ns_reason},
    model::{Certainty, Change, Effect},
};
use tracer_ebpf::wire::kind;

mod actors;
mod compare;
#[cfg(test)]
mod tests;

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
    Tracer,
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
    /// The name that is shown, if that is what differs, and the one before.
    name: [u8; 16],
    was: [u8; 16],
}

/// Differences that wait for their explanation.
#[derive(Clone, Debug, Default)]
pub(super) struct Audit {
    pending: HashMap<u64, Vec<Pending>>,
    sweep: u32,
    /// A sweep has completed, and nothing was lost since.
    armed: bool,
    /// It is the first sweep, and nothing is missing: only tasks whose births were told are compared.
    early: bool,
    actors: actors::Actors,
    /// Every tracer that attaches is told.
    traces: bool,
    /// Nothing was lost yet.
    whole: bool,
    groups: bool,
    namespaces: bool,
    swaps: bool,
    /// System calls are told, after they have made their changes.
    calls: bool,
    /// Every change of credentials is told.
    creds: bool,
    /// Tasks that somebody traces, or has: a tracer may give them an exit code.
    traced: HashSet<u64>,
    /// Any task may have been traced.
    all_traced: bool,
    moves: Moves,
    /// Tasks compared in this sweep.
    compared: u64,
}

/// ptrace(2) in the x86-64 table.
const PTRACE: u64 = 101;

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
            creds: coverage.sees(Fact::Cred),
            traces: coverage.sees(Fact::PtraceLink),
            whole: true,
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
        if !cx.is_certain() {
            self.actors.note(cx);
        }
        match &cx.event.body {
            Body::Ptrace(facts) => self.trace(facts.task),
            Body::Syscall(facts) => self.all_traced |= facts.nr == PTRACE,
            Body::Rename(facts) => self.moves.rename(cx.world, facts.task, &cx.event.header),
            _ => {}
        }
        if let Body::Snapshot { task, from_proc: false, .. } | Body::Update { task, .. } =
            &cx.event.body
        {
            self.running_code(cx, task);
        }
        match &cx.event.body {
            Body::Snapshot { task, vector, from_proc: false, .. } if self.armed => {
                self.compare(cx, task, vector);
            }
            Body::Snapshot { task, from_proc: false, .. } if self.whole => {
                self.compare_born(cx, task);
            }
            Body::SnapshotBegin(_) => {
                self.sweep += 1;
                self.early = cx.is_early();
                self.armed = cx.is_certain() || self.early;
                self.compared = 0;
            }
            Body::Lost(_) => {
                (self.armed, self.early) = (false, false);
                self.whole = false;
                self.pending.clear();
                self.moves.clear();
            }
            body @ Body::Update { task, .. } if self.armed => {
                self.explain(body, cx.event.header.actor);
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
        if !matches!(cx.event.body, Body::SnapshotEnd(_)) {
            return;
        }
        if !self.armed {
            self.judge(cx); // what was born just before the first sweep
            return;
        }
        for effect in &change.effects {
            if let &Effect::Vanished(task) = effect
                && (!self.early || cx.world.certainty_of(task) == Certainty::Observed)
            {
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
                        name: [0; 16],
                        was: [0; 16],
                    },
                );
            }
        }
        self.judge(cx);
        self.actors.judge(cx);
        self.early = false;
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
            Field::Found | Field::Gone | Field::Cred | Field::Code | Field::Tracer => false,
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

    fn differ(
        &mut self,
        field: Field,
        key: u64,
        other: u64,
        subject: Subject,
        expected: String,
        observed: String,
    ) {
        let moves = |kind| self.moves.has_of(key, kind);
        let excused = match field {
            Field::Cred => !self.creds || moves(kind::CRED),
            Field::Number => moves(kind::EXCHANGE_TIDS),
            Field::Pgrp | Field::Session => moves(kind::CHANGE_PID),
            Field::Namespaces => moves(kind::NS_SET),
            Field::Code | Field::Tracer => moves(kind::PTRACE),
            Field::Found | Field::Gone | Field::Parent | Field::Name | Field::Exit => false,
        };
        let (sweep, name, was) = (self.sweep, [0; 16], [0; 16]);
        let pending =
            Pending { field, sweep, excused, other, subject, expected, observed, name, was };
        self.pend(key, pending);
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
            Body::Exec(exec) => (exec.facts.task, &[Field::Number, Field::Namespaces, Field::Cred]),
            Body::Rename(facts) => (facts.task, &[Field::Number]),
            Body::Exit(facts) => (facts.task, BY_EXIT),
            Body::Release(facts) => (facts.task, BY_EXIT),
            Body::FreeTask(facts) => (facts.task, BY_EXIT),
            Body::Ptrace(facts) => (facts.task, &[Field::Code, Field::Tracer]),
            Body::ChangePid(facts) => (facts.task, &[Field::Pgrp, Field::Session]),
            Body::ExchangeTids(facts) => (facts.left, &[Field::Number, Field::Found]),
            Body::NsSet(facts) if facts.reason != ns_reason::SNAPSHOT => {
                (facts.task, &[Field::Namespaces])
            }
            Body::Cred(facts) => (facts.task, &[Field::Cred]),
            _ => (0, &[]),
        };
        self.clear(about, explains);
        self.clear(actor, &[Field::Gone]);
        match body {
            // It was read when it had its new name.
            Body::Rename(facts) => self.named(facts.task, facts.comm),
            Body::ExchangeTids(facts) => {
                self.clear(facts.right, &[Field::Number, Field::Gone, Field::Found]);
            }
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

    fn named(&mut self, key: u64, name: [u8; 16]) {
        if let Some(waiting) = self.pending.get_mut(&key) {
            waiting.retain_mut(|pending| {
                let between = is_between(&pending.name, &pending.was, &name);
                pending.was = name;
                pending.field != Field::Name || !between
            });
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
    Field::Tracer,
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
    Field::Tracer,
];
