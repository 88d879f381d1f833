//! Failed forks: what refused them.

use super::{SLEEP, breaches, of};
use crate::coverage::Fact;
use crate::event::{AllocFail, Body, ForkFail, ns_reason};
use crate::past::{Limits, Refusal};
use crate::view::fixture::{BASH, INIT, NESTED, ROOT, Stage, Who, nested_ns};

fn refused(stage: &mut Stage, alloc: Option<(i32, u32)>, errno: i32, flags: u64) {
    if let Some((errno, allocated)) = alloc {
        let fail = AllocFail { ns: 1, inum: ROOT, errno, allocated, ..AllocFail::default() };
        stage.by(BASH, Body::AllocFail(fail));
    }
    let fail = ForkFail { ns: 1, inum: ROOT, errno, flags, ..ForkFail::default() };
    stage.by(BASH, Body::ForkFail(fail));
}

#[test]
fn the_limit_that_refused_a_fork_is_named() {
    const ADDING: u32 = 1 << 31;
    let only = |lacks: &[Fact], play: &dyn Fn(&mut Stage)| {
        let mut stage = Stage::bare();
        play(&mut stage);
        let found = of(&stage, lacks).failures;
        assert_eq!((found.total, found.kinds.len()), (1, 1));
        assert_eq!((found.kinds[0].inum, found.kinds[0].processes[0].tgid), (ROOT, 6401));
        found.kinds[0].refusal
    };
    let plain = |alloc, errno, flags| only(&[], &move |stage| refused(stage, alloc, errno, flags));
    assert_eq!(plain(Some((11, ADDING | 7)), 11, 0), Refusal::PidMax);
    assert_eq!(plain(Some((12, 7)), 12, 0), Refusal::DeadInit);
    assert_eq!(plain(Some((12, ADDING | 7)), 12, 0), Refusal::Memory);
    assert_eq!(plain(Some((17, ADDING)), 17, 0), Refusal::SetTid);
    assert_eq!(plain(None, 11, 0), Refusal::Nproc);
    assert_eq!(plain(None, 513, 0), Refusal::Signal);
    assert_eq!(plain(None, 28, 0x2000_0000), Refusal::Namespaces);
    assert_eq!(plain(None, 22, 0), Refusal::Flags);
    assert_eq!(plain(None, 1, 0), Refusal::Permission);
    let given_back = |stage: &mut Stage| {
        stage.alloc(BASH, SLEEP);
        stage.free_pid(BASH, SLEEP);
        refused(stage, None, 11, 0);
    };
    assert_eq!(only(&[], &given_back), Refusal::PidsMax);
    assert_eq!(only(&[Fact::FreePid], &|stage| refused(stage, None, 11, 0)), Refusal::SomeLimit);
    let odd = |stage: &mut Stage| refused(stage, None, 22, 0);
    assert_eq!(only(&[Fact::AllocPid], &odd), Refusal::Arguments);
    // Refused a pid, and the record of the fork's own end is missing: it failed all the same.
    let unfinished = |stage: &mut Stage| {
        let fail = AllocFail { inum: ROOT, errno: 17, allocated: ADDING, ..AllocFail::default() };
        stage.by(BASH, Body::AllocFail(fail));
    };
    assert_eq!(only(&[], &unfinished), Refusal::SetTid);
}

#[test]
fn a_number_that_a_fork_gave_back_is_no_excuse_for_the_next() {
    let mut stage = Stage::bare();
    stage.fork(BASH, SLEEP, b"sleep", 0);
    stage.end(SLEEP, 0, BASH); // a task had this pid
    refused(&mut stage, None, 11, 0);
    stage.alloc(BASH, SLEEP);
    stage.free_pid(BASH, SLEEP);
    refused(&mut stage, None, 11, 0);
    refused(&mut stage, None, 11, 0);
    let failures = of(&stage, &[]).failures;
    let kinds: Vec<_> = failures.kinds.iter().map(|it| (it.refusal, it.count)).collect();
    assert_eq!(kinds, [(Refusal::Nproc, 2), (Refusal::PidsMax, 1)]);
}

#[test]
fn a_full_pid_max_is_that_of_the_namespace_without_room() {
    let mut stage = Stage::nested();
    let mut small = nested_ns(ns_reason::SNAPSHOT);
    (small.pid_max, small.allocated) = (3, 1 << 31 | 2);
    stage.by(INIT, Body::PidNs(small));
    let fail = AllocFail { ns: 2, inum: NESTED, level: 1, errno: 11, ..AllocFail::default() };
    stage.by(INIT, Body::AllocFail(AllocFail { allocated: 1 << 31 | 2, ..fail }));
    stage.by(
        INIT,
        Body::ForkFail(ForkFail { ns: 2, inum: NESTED, errno: 11, ..ForkFail::default() }),
    );
    let failures = of(&stage, &[]).failures;
    let kind = &failures.kinds[0];
    assert_eq!(
        (kind.refusal, kind.inum, kind.in_use, kind.pid_max),
        (Refusal::PidMax, NESTED, 2, 3)
    );
    // Where pid_max is global, the initial namespace is full first.
    let mut stage = Stage::nested();
    stage.by(INIT, Body::AllocFail(fail));
    assert_eq!(of(&stage, &[]).failures.kinds[0].inum, ROOT);
}

#[test]
fn failures_without_end_are_bounded() {
    let mut stage = Stage::bare();
    for inum in 1..3000 {
        stage.by(BASH, Body::ForkFail(ForkFail { errno: 11, inum, ..ForkFail::default() }));
        let who = Who(10_000 + inum as i32, 10_000 + inum as i32, 1, 0);
        stage.by(who, Body::AllocFail(AllocFail { errno: 11, inum, ..AllocFail::default() }));
    }
    let findings = of(&stage, &[]);
    assert_eq!(findings.failures.total, 2 * 2999);
    assert!(findings.failures.kinds.len() <= 1024 && findings.failures.other > 0);
    let limits = Limits { max_failed_forks: Some(5997), ..Limits::default() };
    assert_eq!(breaches(&findings, limits).len(), 1);
    let limits = Limits { max_failed_forks: Some(5998), ..Limits::default() };
    assert_eq!(breaches(&findings, limits), []);
}
