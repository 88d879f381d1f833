//! Zombies, held numbers, namespaces that stay, failed forks: who is blamed.

mod failures;

use super::{MS, key, replay};
use crate::coverage::{Coverage, Fact, Hook, Plan};
use crate::event::{Body, NsEnd, NsSet, Ptrace, ns_reason};
use crate::past::{Blame, Findings, Hold, Limit, Limits, Why};
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, Stage, Who, facts, nested_ns, vector};

/// A child of the shell.
const SLEEP: Who = Who(7000, 7000, 6401, 0);
/// A process that does nothing but look on.
const OTHER: Who = Who(6500, 6500, 1, 0);

/// Everything is hooked but what is named.
pub(crate) fn coverage(lacks: &[Fact]) -> Coverage {
    let all = Fact::ALL.into_iter().filter(|fact| !lacks.contains(fact));
    let hook = |fact: Fact| Hook {
        fact,
        place: fact.name().into(),
        plan: Plan::Trampoline,
        refused: None,
    };
    Coverage { hooks: all.map(hook).collect(), ..Coverage::default() }
}

pub(crate) fn of(stage: &Stage, lacks: &[Fact]) -> Findings {
    let mut blame = Blame::new(&coverage(lacks));
    let world = replay(&stage.events, |world, event, change, _| blame.add(world, event, change));
    blame.finish(&world, stage.now)
}

fn breaches(findings: &Findings, limits: Limits) -> Vec<(Limit, String, bool)> {
    let all = findings.breaches(&limits).into_iter();
    all.map(|it| (it.limit, it.subject, it.sure)).collect()
}

fn age(most: u64) -> Limits {
    Limits { max_zombie_age: Some(most), ..Limits::default() }
}

impl Stage {
    fn trace(&mut self, by: Who, whom: Who, attach: bool) {
        let ptrace = Ptrace {
            task: key(whom.0),
            tracer: if attach { key(by.0) } else { 0 },
            tid: whom.0,
            ..Ptrace::default()
        };
        self.by(by, Body::Ptrace(ptrace));
    }
}

#[test]
fn zombies_are_charged_to_the_parent_that_let_them_stand() {
    let mut stage = Stage::bare();
    for nr in 0..4 {
        let child = Who(7000 + nr, 7000 + nr, 6401, 0);
        stage.fork(BASH, child, b"child", 0);
        if nr < 2 {
            stage.end(child, 0, BASH);
        } else {
            stage.exit(child, 0, 1);
            stage.wait(10 * MS);
        }
    }
    let findings = of(&stage, &[]);
    let zombies = &findings.zombies;
    assert_eq!((zombies.left, zombies.parents.len(), zombies.kept.len()), (2, 1, 0));
    let bash = &zombies.parents[0];
    assert_eq!((bash.parent.unwrap().tgid, bash.left, bash.late), (6401, 2, 2));
    assert_eq!((bash.left_ns, bash.late_ns, bash.longest), (30 * MS, 10 * MS, 20 * MS));
    assert_eq!(bash.examples.iter().map(|it| it.tgid).collect::<Vec<_>>(), [7002, 7003]);
    assert!(!bash.stopped && !bash.unknown && bash.init_of.is_none() && bash.sigchld.is_none());
}

#[test]
fn limits_of_zombies_are_exceeded_only_beyond_them() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.end(SLEEP, 0, BASH); // stands for 5 ms
    let late = of(&stage, &[]);
    assert_eq!(breaches(&late, age(5 * MS)), []);
    assert_eq!(breaches(&late, age(4 * MS)), [(Limit::MaxZombieAge, "6401 (bash)".into(), true)]);

    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.exit(SLEEP, 0, 1);
    stage.wait(3 * MS);
    let left = of(&stage, &[]);
    let count = |most| Limits { max_zombies: Some(most), ..Limits::default() };
    assert_eq!(breaches(&left, count(1)), []);
    assert_eq!(breaches(&left, count(0)), [(Limit::MaxZombies, "6401 (bash)".into(), true)]);
    assert_eq!(breaches(&left, Limits::default()), []);
    stage.lose(1);
    assert_eq!(
        breaches(&of(&stage, &[]), count(0)),
        [(Limit::MaxZombies, "6401 (bash)".into(), false)]
    );
}

#[test]
fn without_the_release_hook_a_zombie_is_sure_only_after_a_while() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.exit(SLEEP, 0, 1);
    stage.wait(500 * MS);
    let limits = Limits { max_zombies: Some(0), max_zombie_age: Some(0), ..Limits::default() };
    let lacks = [Fact::Release];
    assert_eq!(breaches(&of(&stage, &lacks), limits), []);
    stage.wait(1000 * MS);
    assert_eq!(breaches(&of(&stage, &lacks), limits).len(), 2);
}

#[test]
fn a_dead_leader_whose_threads_live_is_not_its_parents_fault() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    let thread = Who(7001, 7000, 6401, 0);
    stage.fork(SLEEP, thread, b"sleep", 0x1_0000);
    stage.exit(SLEEP, 0, 0);
    stage.wait(50 * MS);
    let findings = of(&stage, &[]);
    assert_eq!((findings.zombies.left, findings.zombies.parents.len()), (0, 0));
    assert_eq!(findings.zombies.kept[0].why, Why::Threads(1));
    let limits = Limits { max_zombies: Some(0), max_zombie_age: Some(0), ..Limits::default() };
    assert_eq!(breaches(&findings, limits), []);
    // It is from the release of the last thread on.
    stage.exit(thread, 0, 1);
    stage.release(thread, thread);
    stage.wait(7 * MS);
    let findings = of(&stage, &[]);
    assert_eq!((findings.zombies.left, findings.zombies.parents[0].left_ns), (1, 7 * MS));
    stage.end_release(SLEEP, BASH);
    let findings = of(&stage, &[]);
    assert_eq!((findings.zombies.left, findings.zombies.parents[0].late_ns), (0, 7 * MS));
    assert_eq!(findings.zombies.longest.unwrap().age, 7 * MS);
}

impl Stage {
    fn end_release(&mut self, who: Who, by: Who) {
        self.release(by, who);
        self.free_pid(by, who);
    }
}

#[test]
fn a_parent_is_described_as_stopped_traced_or_init() {
    let mut stage = Stage::nested();
    let mut stopped = facts(INIT, b"sh");
    stopped.state = 4;
    stage.by(INIT, Body::Update { task: stopped, vector: vector(INIT) });
    stage.fork(BASH, OTHER, b"gdb", 0);
    stage.trace(OTHER, INIT, true);
    stage.exit(CHILD, 0, 1);
    stage.wait(MS);
    let findings = of(&stage, &[]);
    let init = &findings.zombies.parents[0];
    assert_eq!(init.parent.unwrap().tgid, INIT.0);
    assert_eq!((init.init_of.unwrap().inum, init.stopped), (NESTED, true));
    assert_eq!(init.traced_by.unwrap().tgid, OTHER.0);
}

#[test]
fn a_zombie_that_its_tracer_keeps_is_up_to_the_tracer() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.fork(BASH, OTHER, b"gdb", 0);
    stage.trace(OTHER, SLEEP, true);
    stage.exit(SLEEP, 0, 1);
    stage.wait(20 * MS);
    let findings = of(&stage, &[]);
    assert_eq!((findings.zombies.left, findings.zombies.parents.len()), (1, 0));
    assert!(matches!(findings.zombies.kept[0].why, Why::Tracer(by) if by.tgid == OTHER.0));
    assert_eq!(breaches(&findings, age(19 * MS)).len(), 1);
    // From the moment when it lets go, it is up to the parent.
    stage.trace(OTHER, SLEEP, false);
    stage.wait(3 * MS);
    let findings = of(&stage, &[]);
    let charged: Vec<_> =
        findings.zombies.parents.iter().map(|it| (it.parent.unwrap().tgid, it.total())).collect();
    assert_eq!(charged, [(OTHER.0, 20 * MS), (6401, 3 * MS)]);
}

#[test]
fn a_zombie_of_a_dead_parent_is_not_charged_to_who_inherits_it() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"make", 0);
    let child = Who(7001, 7001, 7000, 0);
    stage.fork(SLEEP, child, b"cc", 0);
    stage.exit(child, 0, 1);
    stage.wait(40 * MS);
    stage.exit(SLEEP, 0, 1);
    stage.wait(MS);
    stage.release(Who(1, 1, 0, 0), Who(7001, 7001, 1, 0));
    let findings = of(&stage, &[]);
    let of = |tgid| findings.zombies.parents.iter().find(|it| it.parent.unwrap().tgid == tgid);
    assert_eq!(of(7000).unwrap().late_ns, 40 * MS);
    assert_eq!(of(1).unwrap().late_ns, MS);
    assert_eq!(findings.zombies.longest.unwrap().age, 41 * MS);
}

#[test]
fn an_init_that_waits_for_its_members_is_no_zombie_yet() {
    let mut stage = Stage::nested();
    stage.exit(INIT, 9, 1);
    stage.by(INIT, Body::NsDying(NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() }));
    stage.wait(30 * MS);
    let findings = of(&stage, &[]);
    assert_eq!(findings.zombies.left, 0);
    assert!(matches!(findings.zombies.kept[0].why, Why::Namespace(ns, 1) if ns.inum == NESTED));
    assert_eq!(findings.leaks.list[0].holders[0].by, Hold::Tasks);
    stage.exit(CHILD, 9, 1);
    stage.end_release(CHILD, INIT);
    stage.wait(2 * MS);
    let findings = of(&stage, &[]);
    assert_eq!((findings.zombies.left, findings.zombies.parents[0].left_ns), (1, 2 * MS));
    assert_eq!(findings.leaks.list[0].holders[0].by, Hold::Zombies);
}

#[test]
fn a_number_that_only_a_group_uses_names_its_users() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"first", 0);
    let mut second = facts(Who(7001, 7001, 6401, 0), b"second");
    (second.pgrp, second.pgid) = (0x10_0000 + 7000, 7000);
    let vector = vector(Who(7001, 7001, 6401, 0));
    stage.alloc(BASH, Who(7001, 7001, 6401, 0));
    stage.by(BASH, Body::Fork { task: second, vector, flags: 0 });
    assert!(of(&stage, &[]).held.pids.is_empty());
    stage.exit(SLEEP, 0, 1);
    stage.release(BASH, SLEEP);
    stage.wait(9 * MS);
    let findings = of(&stage, &[]);
    let held = &findings.held.pids[0];
    assert_eq!((held.numbers[0].nr, held.groups, held.sessions), (7000, 1, 0));
    assert_eq!((held.users[0].tgid, held.had.unwrap().tgid), (7001, 7000));
    assert_eq!((held.age, held.awaited, findings.held.pids.len()), (9 * MS, false, 1));
}

#[test]
fn namespaces_that_stay_tell_what_keeps_them() {
    let mut stage = Stage::bare();
    stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    let keeps = |stage: &Stage| {
        let findings = of(stage, &[]);
        let leak = findings.leaks.list.iter().find(|it| it.space.inum == NESTED);
        let leak = leak.map(|it| {
            assert!(!it.sure || !it.settling);
            (it.holders.iter().map(|it| it.by).collect(), it.sure)
        });
        leak.unwrap_or((Vec::new(), false))
    };
    assert_eq!(keeps(&stage), (vec![Hold::Handle], true));
    stage.fork(BASH, INIT, b"sh", 0x2000_0000);
    assert_eq!(keeps(&stage), (vec![Hold::Init], true));
    stage.fork(INIT, CHILD, b"sleep", 0);
    assert_eq!(keeps(&stage), (vec![Hold::Init, Hold::Tasks], true));
    let leaks = Limits { no_leaked_namespaces: true, ..Limits::default() };
    let subject = format!("pid:[{NESTED}]");
    let breach = [(Limit::NoLeakedNamespaces, subject, true)];
    assert_eq!(breaches(&of(&stage, &[]), leaks), breach);

    let end = NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() };
    stage.exit(INIT, 9, 1);
    stage.by(INIT, Body::NsDying(end));
    stage.exit(CHILD, 9, 1);
    stage.end_release(CHILD, INIT);
    stage.end_release(INIT, BASH);
    stage.wait(10 * MS);
    assert_eq!(keeps(&stage), (vec![Hold::Handle], false));
    assert_eq!(breaches(&of(&stage, &[]), leaks), []);
    stage.wait(2000 * MS);
    assert_eq!(keeps(&stage), (vec![Hold::Handle], true));
    stage.by(Who(0, 0, 0, 0), Body::NsDestroy(end));
    assert_eq!(keeps(&stage), (vec![], false));
}

#[test]
fn a_task_that_awaits_its_children_keeps_a_namespace() {
    let mut stage = Stage::bare();
    stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    let mut inums = facts(BASH, b"bash").ns;
    inums[5] = NESTED;
    let set = NsSet {
        task: key(BASH.0),
        for_children: 2,
        inums,
        reason: ns_reason::ENTER,
        ..NsSet::default()
    };
    stage.by(BASH, Body::NsSet(set));
    let findings = of(&stage, &[]);
    let holder = &findings.leaks.list[0].holders[0];
    assert_eq!((holder.by, holder.count, holder.who[0].tgid), (Hold::Awaited, 1, 6401));
}

#[test]
fn what_parents_do_with_sigchld_is_asked_only_of_those_that_do_not_reap() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.fork(SLEEP, Who(7001, 7001, 7000, 0), b"child", 0);
    stage.end(Who(7001, 7001, 7000, 0), 0, SLEEP);
    stage.exit(SLEEP, 0, 1);
    let mut findings = of(&stage, &[]);
    let mut asked = Vec::new();
    findings.ask(|tgid| {
        asked.push(tgid);
        Some(b"SigBlk:\t0\nSigIgn:\t10000\nSigCgt:\t0\n".to_vec())
    });
    assert_eq!(asked, [6401]);
    let bash = findings.zombies.parents.iter().find(|it| it.left > 0).unwrap();
    assert!(bash.sigchld.unwrap().ignored);
}
