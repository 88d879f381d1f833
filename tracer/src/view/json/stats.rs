//! A recording in numbers.

use super::super::{escape, names};
use super::life::numbers;
use super::{Json, Object, blame, event};
use crate::event::NO_CPU;
use crate::model::NsKind;
use crate::past::facts::Named;
use crate::past::{Counter, Findings, SpaceLife, Stats};

impl Json {
    /// Appends the one line of type `stats`.
    pub fn stats(&self, stats: &Stats, findings: &Findings, out: &mut String) {
        let mut line = Object::line("stats", out);
        self.rates(stats, &mut line);
        line.number("events", stats.events());
        let mut types = line.object("types");
        for (ty, count) in stats.by_type() {
            types.number(ty.name(), count);
        }
        types.close();
        line.number("lost", stats.lost);
        line.array("losses", &stats.losses, |loss, out| {
            let mut item = Object::item(out);
            if loss.cpu != NO_CPU {
                item.number("cpu", loss.cpu);
            }
            item.known("since", loss.since);
            item.number("ts", loss.until);
            item.number("count", loss.count);
            item.close();
        });
        line.number("gaps", stats.gaps);
        line.number("processes", stats.processes);
        line.number("threads", stats.threads);
        line.number("ended", stats.ended);
        line.number("most_tasks", stats.most.0);
        line.known("most_tasks_ts", stats.most.1);
        line.number("deepest_level", stats.deepest.len().saturating_sub(1) as u64);
        numbers("deepest_ns_pids", "", &stats.deepest, &mut line);
        counters("creators", "tasks", &stats.creators(), &mut line);
        line.array("exits", &stats.exits, |(code, count), out| {
            let mut item = Object::item(out);
            if let Some(code) = code {
                event::ended(names::Ended::from_wait(*code), &mut item);
            }
            item.number("count", *count);
            item.close();
        });
        spaces(stats, &mut line);
        blame::fields(findings, &mut line);
        line.end();
    }

    fn rates(&self, stats: &Stats, line: &mut Object<'_>) {
        let rate = &stats.records;
        line.number("records", rate.total);
        if let Some(first) = rate.first {
            self.time("first_ts", "first_time", first, line);
            self.time("last_ts", "last_time", rate.last, line);
        }
        if let Some(mean) = rate.mean() {
            line.number("mean_per_second", mean);
            line.number("peak_per_second", rate.peak().1);
            line.number("peak_ts", rate.peak().0);
        }
    }
}

fn counters(key: &str, weight: &str, all: &[Counter<Named>], line: &mut Object<'_>) {
    line.array(key, all, |it, out| {
        let mut item = Object::item(out);
        item.known("pid", it.label.tgid);
        let comm = escape::name(&it.label.comm);
        if !comm.is_empty() {
            item.text("comm", comm);
        }
        item.number("count", it.count);
        item.number(weight, it.weight);
        item.known("error", it.error);
        item.close();
    });
}

fn spaces(stats: &Stats, line: &mut Object<'_>) {
    let all = &stats.spaces;
    for (key, counts) in [("ns_made", all.made), ("ns_ended", all.ended), ("ns_alive", all.alive)] {
        let mut object = line.object(key);
        for (kind, count) in NsKind::ALL.into_iter().zip(counts) {
            object.number(kind.name(), count);
        }
        object.close();
    }
    for (key, list) in [("ns_longest", &all.longest), ("ns_shortest", &all.shortest)] {
        line.array(key, list, |life: &SpaceLife, out| {
            let mut item = Object::item(out);
            item.str("kind", life.space.kind.name());
            item.known("inum", life.space.inum);
            item.id("ns_id", life.space.ns_id);
            item.known("level", life.space.level);
            item.number("lived_ns", life.lived);
            item.known("by", life.creator.map_or(0, |by| by.tid));
            item.close();
        });
    }
}
