//! `stats`: a recording in numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::style::{Align, Grid};
use super::super::summary::counted;
use super::super::{Lines, Paint, Style, names, time};
use super::blame::blame;
use super::lifetime::point;
use super::pieces::{process, space, task, vector};
use crate::event::NO_CPU;
use crate::model::NsKind;
use crate::past::facts::Named;
use crate::past::{Counter, Findings, SpaceLife, Stats};

const SPACES: [(&str, Align); 4] = [
    ("NAMESPACES", Align::Left),
    ("MADE", Align::Right),
    ("ENDED", Align::Right),
    ("NOW", Align::Right),
];

/// Lines of a list of what was counted.
const SHOWN: usize = 20;

/// Appends the numbers.
pub fn stats(lines: &Lines, stats: &Stats, findings: &Findings, out: &mut String) {
    let style = lines.style();
    times(lines, stats, out);
    losses(lines, stats, out);
    tasks(lines, stats, out);
    list(style, "\nCREATORS", &stats.creators(), out, |it, out| {
        process(Some(&it.label), out);
        let _ = write!(out, ": {}", counted(it.count, "task"));
        error(it, out, |out, error| {
            let _ = write!(out, "up to {error} more");
        });
    });
    exits(style, stats, out);
    spaces(style, stats, out);
    blame(style, findings, out);
}

fn times(lines: &Lines, stats: &Stats, out: &mut String) {
    let rate = &stats.records;
    let _ = write!(out, "{}", counted(rate.total, "record"));
    if let Some(first) = rate.first {
        out.push_str(", from ");
        point(lines, first, out);
        out.push_str(" to ");
        point(lines, rate.last, out);
        out.push_str(", ");
        time::duration(rate.span(), out);
    }
    out.push('\n');
    if let Some(mean) = rate.mean() {
        let (at, count) = rate.peak();
        let _ = write!(out, "{mean} records/s on average, {count} in the busiest second (");
        point(lines, at, out);
        out.push_str(")\n");
    }
    let _ = write!(out, "{}", counted(stats.events(), "event"));
    for (index, (ty, count)) in stats.by_type().enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        let _ = write!(out, "{} {count}", ty.name());
    }
    out.push('\n');
}

fn losses(lines: &Lines, stats: &Stats, out: &mut String) {
    if stats.lost == 0 {
        out.push_str("nothing lost\n");
        return;
    }
    let gaps = counted(stats.gaps, "gap");
    let text =
        format!("LOST {} in {gaps}: these numbers are too low", counted(stats.lost, "record"));
    lines.style().paint(Paint::Alarm, &text, out);
    out.push('\n');
    for loss in &stats.losses {
        let _ = write!(out, "  {}", counted(loss.count, "record"));
        if loss.cpu != NO_CPU {
            let _ = write!(out, " on CPU {}", loss.cpu);
        }
        out.push_str(", ");
        if loss.since != 0 {
            out.push_str("from ");
            point(lines, loss.since, out);
            out.push(' ');
        }
        out.push_str("to ");
        point(lines, loss.until, out);
        out.push('\n');
    }
    let more = stats.gaps.saturating_sub(stats.losses.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "  and {}", counted(more, "later gap"));
    }
}

fn tasks(lines: &Lines, stats: &Stats, out: &mut String) {
    let _ = writeln!(
        out,
        "processes: {} made, {} ended; threads: {} made",
        stats.processes, stats.ended, stats.threads
    );
    let (most, at) = stats.most;
    let _ = write!(out, "most tasks at once: {most}, at ");
    point(lines, at, out);
    out.push_str("\ndeepest level: ");
    let _ = write!(out, "{}", stats.deepest.len().saturating_sub(1));
    if stats.deepest.len() > 1 {
        out.push_str(", first reached by ");
        vector(&stats.deepest, out);
    }
    out.push('\n');
}

/// A heading and a line for each item; nothing without items.
fn list<T>(
    style: Style,
    head: &str,
    items: &[T],
    out: &mut String,
    mut write: impl FnMut(&T, &mut String),
) {
    if items.is_empty() {
        return;
    }
    style.paint(Paint::Strong, head, out);
    out.push('\n');
    for item in items {
        out.push_str("  ");
        write(item, out);
        out.push('\n');
    }
}

fn error(it: &Counter<Named>, out: &mut String, write: impl FnOnce(&mut String, u64)) {
    if it.error > 0 {
        out.push_str(" (");
        write(out, it.error);
        out.push(')');
    }
}

/// The most frequent of what was counted.
fn common<K: Ord>(
    style: Style,
    head: &str,
    counts: &BTreeMap<K, u64>,
    out: &mut String,
    write: impl Fn(&K, &mut String),
) {
    let mut all: Vec<_> = counts.iter().collect();
    all.sort_by_key(|&(_, count)| std::cmp::Reverse(*count));
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    list(style, head, &all, out, |&(what, count), out| {
        write(what, out);
        let _ = write!(out, ": {count}");
    });
    if more > 0 {
        let _ = writeln!(out, "  and {more} rarer ones");
    }
}

fn exits(style: Style, stats: &Stats, out: &mut String) {
    common(style, "\nENDS OF PROCESSES", &stats.exits, out, |code, out| match code {
        Some(code) => names::Ended::from_wait(*code).write(out),
        None => out.push_str("how was not seen"),
    });
}

fn spaces(style: Style, stats: &Stats, out: &mut String) {
    let spaces = &stats.spaces;
    let mut grid = Grid::new(&SPACES);
    let counts = spaces.made.iter().zip(&spaces.ended).zip(&spaces.alive);
    for (kind, ((made, ended), alive)) in NsKind::ALL.into_iter().zip(counts) {
        let cells = [made, ended, alive].map(ToString::to_string);
        let cells = [kind.name().to_owned()].into_iter().chain(cells).collect();
        grid.row(Paint::Plain, cells);
    }
    out.push('\n');
    grid.write(style, out);
    let lists = [("\nLIVED LONGEST", &spaces.longest), ("\nLIVED SHORTEST", &spaces.shortest)];
    for (head, all) in lists {
        list(style, head, all, out, life);
    }
}

fn life(life: &SpaceLife, out: &mut String) {
    space(&life.space, out);
    if life.space.kind == NsKind::Pid {
        let _ = write!(out, " level {}", life.space.level);
    }
    out.push_str(", ");
    time::duration(life.lived, out);
    if let Some(by) = &life.creator {
        out.push_str(", made by ");
        task(Some(by), out);
    }
}
