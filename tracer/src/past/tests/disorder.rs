//! Events that were lost, doubled and reordered: everything still answers, and within its bounds.

use super::blame::coverage;
use super::{MS, replay, reused};
use crate::coverage::Coverage;
use crate::event::Event;
use crate::filter::PidSpec;
use crate::past::export::Format;
use crate::past::{Annotate, Blame, History, Lifetimes, Limits, Stats, diff};
use crate::view::fixture::{BASH, INIT, NESTED, NOW, Who, host};
use crate::view::{Json, Lines, Style, Summary, TimeFormat, past as text};

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

/// A story with threads, orphans and reuse, then a part of it in disorder.
fn disordered(random: &mut Random) -> Vec<Event> {
    let mut stage = reused();
    let thread = Who(6500, 6401, 1, 0);
    stage.fork(BASH, thread, b"wor,k\"er", 0x1_0000);
    stage.fork(thread, Who(6501, 6501, 6401, 0), b"=1+1", 0);
    stage.change_pid(Who(6501, 6501, 6401, 0), 3);
    stage.end(INIT, 139, BASH);
    stage.end(thread, 0, thread);
    let mut events = stage.events;
    for _ in 0..random.below(12) {
        let (one, other) = (random.below(events.len()), random.below(events.len()));
        match random.below(4) {
            0 => drop(events.remove(one)),
            1 => events.swap(one, other),
            2 => events.insert(one, events[other].clone()),
            _ => events[one].header.ts = random.below(20) as u64 * 1_000_000_000,
        }
    }
    events
}

/// Tells all of it, and answers everything that was written.
fn told(events: &[Event], random: &mut Random) -> (String, String) {
    let spec = PidSpec { nr: 2, ns: Some(NESTED) };
    let (mut history, mut one) = (History::new(spec), Lifetimes::of(spec));
    let (mut host_one, mut all) = (History::new(PidSpec::host(6401)), Lifetimes::within(None));
    let (mut stats, mut summary) = (Stats::default(), Summary::default());
    let mut blame = Blame::new(&coverage(&[]));
    let (mut csv, mut dot) = (Format::Csv.exporter(), Format::Dot.exporter());
    let mut out = Vec::new();
    csv.begin(&host(), &Coverage::default(), &mut out);
    dot.begin(&host(), &Coverage::default(), &mut out);
    let half = random.below(events.len());
    let before = replay(&events[..half], |_, _, _, _| ());
    let world = replay(events, |world, event, change, reports| {
        history.add(world, event, change, reports);
        host_one.add(world, event, change, reports);
        one.add(world, event, change);
        all.add(world, event, change);
        stats.add(world, event, change, reports);
        blame.add(world, event, change);
        for report in reports {
            csv.event(world, report, &mut out);
            dot.event(world, report, &mut out);
            summary.add(world, report);
        }
    });
    let (end, json) = (NOW + 200 * MS, Json::new(&host()));
    let lines = Lines::new(Style::default(), TimeFormat::Relative, &host(), NOW);
    csv.end(&world, &summary, &mut out);
    dot.end(&world, &summary, &mut out);
    let (mut shown, mut objects) = (String::from_utf8(out).unwrap(), String::new());
    for history in [&mut history, &mut host_one] {
        history.finish(&world, end);
        text::history(&lines, history, &mut shown);
        json.history(history, &mut objects);
    }
    for _ in 0..20 {
        let ts = NOW - 10 * MS + random.below(220) as u64 * MS;
        text::answer(&lines, spec, ts, &one.at(2, ts), &mut shown);
        json.answer(spec, ts, &one.at(2, ts), &mut objects);
        all.at(6401, ts);
    }
    stats.finish(&world);
    let findings = blame.finish(&world, end);
    text::stats(&lines, &stats, &findings, &mut shown);
    json.stats(&stats, &findings, &mut objects);
    let limits = Limits {
        max_zombies: Some(0),
        max_zombie_age: Some(0),
        max_failed_forks: Some(0),
        no_leaked_namespaces: true,
    };
    for breach in findings.breaches(&limits) {
        shown.push_str(&breach.text);
        json.breach(&breach, &mut objects);
    }
    let diff = diff(&before, &world);
    text::diff(&lines, &diff, true, &mut shown);
    json.diff(&diff, true, &mut objects);
    let mut log = Vec::new();
    Annotate::new(&all, &host()).line(b"[10.020000] pid 6430, pid 6401", &mut log);
    shown.push_str(&String::from_utf8(log).unwrap());
    (shown, objects)
}

#[test]
fn disorder_is_told_harmlessly_and_the_same_every_time() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..400 {
        let events = disordered(&mut random);
        let seed = random.0;
        let (shown, objects) = told(&events, &mut random);
        let again = told(&events, &mut Random(seed));
        assert_eq!((&shown, &objects), (&again.0, &again.1), "round {round}");
        assert!(!shown.contains('\x1b'));
        for line in objects.lines() {
            let object: serde_json::Value = serde_json::from_str(line).expect(line);
            assert!(object["type"].is_string(), "{line}");
        }
    }
}
