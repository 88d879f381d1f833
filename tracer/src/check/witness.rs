//! `/proc` as a witness: what it shows of every task, held against the tables.
//!
//! Neither can be stopped while the other is read. So both are read twice, the tables before and after,
//! `/proc` in between: what did not change on either side, and differs, is a contradiction.

use std::collections::BTreeMap;

use super::{Checker, Subject, audit::RULE, violation::Finding};
use crate::model::World;

/// What one side shows of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Level-0 number of the thread group (`Tgid`).
    pub tgid: i32,
    /// Level-0 number of the parent's thread group (`PPid`).
    pub ppid: i32,
    /// Its numbers, level 0 first (`NSpid`).
    pub numbers: Vec<i32>,
    /// The numbers of its process group in the task's own namespaces (`NSpgid`).
    pub pgids: Vec<i32>,
    /// The numbers of its session in the task's own namespaces (`NSsid`).
    pub sids: Vec<i32>,
    /// `start_boottime` in clock ticks: two tasks that had one number differ in it.
    pub start: u64,
}

/// What one side shows, by level-0 number.
pub type View = BTreeMap<i32, Shown>;

/// Nanoseconds of a clock tick.
const TICK: u64 = 10_000_000;

impl World {
    /// The unreleased tasks, as `/proc` would show them.
    pub fn shown(&self) -> View {
        let mut view = View::new();
        for id in self.tasks() {
            let Some(pid) = self.pid_of(id) else { continue };
            let numbers = self.numbers(pid);
            let in_all = |pid| {
                let nr = |&(ns, _): &(Option<_>, i32)| ns.map_or(0, |ns| self.pid_nr_ns(pid, ns));
                numbers.iter().map(nr).collect()
            };
            let shown = Shown {
                tgid: self.tgid(id),
                ppid: self.ppid(id),
                numbers: numbers.iter().map(|&(_, nr)| nr).collect(),
                pgids: self.task_pgrp(id).map_or_else(Vec::new, in_all),
                sids: self.task_session(id).map_or_else(Vec::new, in_all),
                start: self.start_of(id) / TICK,
            };
            view.insert(self.tid(id), shown);
        }
        view
    }
}

impl Checker {
    /// Holds what `/proc` shows, read twice, against the tables, read before and after.
    pub fn witness(&mut self, world: &World, tables: [&View; 2], proc: [&View; 2]) {
        let groups = self.compares_groups();
        for (tid, shown, known) in still(tables, proc) {
            let finding = differs(known, shown, told(world, tid, groups));
            self.book_mut().test(&RULE, finding.is_none(), || {
                let task = world.find_task(tid);
                let named = || Subject::task_named(0, tid, shown.tgid);
                let subject = task.map_or_else(named, |task| Subject::task(world, task));
                let (expected, observed) = finding.unwrap_or_default();
                Finding::new(subject, expected, observed)
            });
        }
    }

    /// Whether [`witness`](Self::witness) would find something wrong: what is under way for long is
    /// told by what is read later.
    pub fn contradicts(&self, world: &World, tables: [&View; 2], proc: [&View; 2]) -> bool {
        let groups = self.compares_groups();
        still(tables, proc)
            .any(|(tid, shown, known)| differs(known, shown, told(world, tid, groups)).is_some())
    }
}

/// What has not changed on either side: number, what `/proc` shows, and what is known.
fn still<'v>(
    tables: [&'v View; 2],
    proc: [&'v View; 2],
) -> impl Iterator<Item = (i32, &'v Shown, Option<&'v Shown>)> {
    let both = proc[0].iter().filter(move |(tid, shown)| proc[1].get(tid) == Some(shown));
    both.filter_map(move |(&tid, shown)| {
        let (before, after) = (tables[0].get(&tid), tables[1].get(&tid));
        (before == after).then_some((tid, shown, before))
    })
}

/// What of a task the hooks tell, and can be compared.
#[derive(Clone, Copy)]
struct Told {
    parent: bool,
    groups: bool,
}

fn told(world: &World, tid: i32, groups: bool) -> Told {
    let inferred = world.find_task(tid).is_some_and(|task| world.is_parent_inferred(task));
    Told { parent: !inferred, groups }
}

/// What the tables say and what `/proc` shows instead.
fn differs(known: Option<&Shown>, shown: &Shown, told: Told) -> Option<(String, String)> {
    let Some(known) = known.filter(|known| known.start.abs_diff(shown.start) <= 1) else {
        let observed = format!("/proc shows it, started at tick {}", shown.start);
        return Some(("no such task is known".into(), observed));
    };
    let words = [
        ("tgid", vec![known.tgid], vec![shown.tgid], true),
        ("parent", vec![known.ppid], vec![shown.ppid], told.parent),
        ("numbers", known.numbers.clone(), shown.numbers.clone(), true),
        ("process group", known.pgids.clone(), shown.pgids.clone(), told.groups),
        ("session", known.sids.clone(), shown.sids.clone(), told.groups),
    ];
    let differs = words.into_iter().find(|(_, known, shown, told)| *told && known != shown);
    let (word, known, shown, _) = differs?;
    Some((format!("its {word}: {known:?}"), format!("/proc shows {shown:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{Options, Verdict, tests::script::Script},
        coverage::Fact,
        host::Host,
    };

    /// The tables of a small host, and its checker.
    fn host() -> (World, Checker) {
        let mut script = Script::new();
        script.fork(10);
        script.sweep();
        let coverage =
            crate::check::tests::script::coverage(&Fact::ALL, crate::coverage::Plan::Trampoline);
        let mut world = World::new();
        let mut checker = Checker::new(&Host::default(), &coverage, &Options::default());
        for event in &script.events {
            checker.before(&world, event);
            let change = world.apply(event);
            checker.after(&world, event, &change);
        }
        (world, checker)
    }

    fn verdict(world: &World, mut checker: Checker, tables: &View, proc: [&View; 2]) -> Verdict {
        checker.witness(world, [&world.shown(), tables], proc);
        checker.finish(world).row(&RULE).unwrap().verdict
    }

    #[test]
    fn what_stands_on_both_sides_and_differs_trips() {
        let (world, checker) = host();
        let tables = world.shown();
        let same = verdict(&world, checker.clone(), &tables, [&tables, &tables]);
        assert_eq!(same, Verdict::Holds);

        let mut proc = tables.clone();
        proc.get_mut(&10).unwrap().ppid = 2;
        assert_eq!(verdict(&world, checker.clone(), &tables, [&proc, &proc]), Verdict::Violated);
        let mut more = tables.clone();
        more.insert(77, Shown { tgid: 77, numbers: vec![77], ..Shown::default() });
        assert_eq!(verdict(&world, checker, &tables, [&more, &more]), Verdict::Violated);
    }

    #[test]
    fn what_moves_on_one_side_is_near() {
        let (world, checker) = host();
        let tables = world.shown();
        let mut proc = tables.clone();
        proc.get_mut(&10).unwrap().ppid = 2;
        assert_eq!(verdict(&world, checker.clone(), &tables, [&proc, &tables]), Verdict::Holds);
        let mut later = tables.clone();
        later.get_mut(&10).unwrap().ppid = 2;
        assert_eq!(verdict(&world, checker, &later, [&proc, &proc]), Verdict::Holds);
    }
}
