//! `history`: the lives of one number, each a dated story.

mod words;

use std::fmt::Write as _;

use super::super::style::blanks;
use super::super::summary::counted;
use super::super::table::labelled;
use super::super::{Lines, Paint, Style, escape, time};
use super::pieces::{self, certainty, levels, process, vector};
use crate::past::{Came, Entry, Happening, History, Life, Still};

/// Columns of an entry's name.
const NAME: usize = 12;
/// Columns of the labels above the entries.
const LABEL: usize = 12;

/// Appends every life of the number, oldest first. `lines` says how times look.
pub fn history(lines: &Lines, history: &History, out: &mut String) {
    let lives = history.lives();
    for (index, life) in lives.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        head(lines, life, (index + 1, lives.len()), out);
        for entry in &life.entries {
            line(lines, entry, out);
        }
        tail(lines.style(), life, history.end(), out);
    }
    if history.more() > 0 {
        let _ = writeln!(out, "\n{} left out", counted(history.more(), "later life"));
    }
}

fn head(lines: &Lines, life: &Life, (number, of): (usize, usize), out: &mut String) {
    lines.style().painted(Paint::Strong, out, |out| {
        vector(&life.numbers, out);
        if !escape::name(&life.comm).is_empty() {
            out.push(' ');
            escape::comm(&life.comm, out);
        }
        if of > 1 {
            let _ = write!(out, ", life {number} of {of}");
        }
    });
    out.push('\n');
    let mut label = |name: &str, value: &dyn Fn(&mut String)| {
        out.push_str("  ");
        labelled(name, LABEL, out, value);
        out.push('\n');
    };
    label("numbers", &|out| levels(&life.numbers, out));
    if life.identity.known().is_some() {
        label("process id", &|out| pieces::identity(&lines.host().boot_id, life.identity, out));
    }
    let first = life.numbers.first().map_or(0, |first| first.nr);
    if life.tgid != 0 && life.tgid != first {
        label("thread of", &|out| out.push_str(&life.tgid.to_string()));
    }
    label("certainty", &|out| {
        out.push_str(match (life.certainty, life.came) {
            (None, Came::Found) => "it was in use before, by no task that was seen",
            (known, _) => certainty(known),
        });
        if life.lost > 0 {
            let _ = write!(
                out,
                "; {} lost meanwhile: some of what happened may be missing",
                counted(life.lost, "record")
            );
        }
    });
}

/// One entry.
fn line(lines: &Lines, entry: &Entry, out: &mut String) {
    let style = lines.style();
    style.painted(Paint::Dim, out, |out| lines.stamp(entry.ts, out));
    out.push_str("  ");
    let name = entry.what.name();
    style.paint(paint(&entry.what), name, out);
    blanks(NAME.saturating_sub(name.len()).max(1), out);
    words::detail(style, entry, out);
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

fn tail(style: Style, life: &Life, end: u64, out: &mut String) {
    let note = |paint: Paint, out: &mut String, write: &dyn Fn(&mut String)| {
        out.push_str("  ");
        style.painted(paint, out, write);
        out.push('\n');
    };
    if life.threads > 0 || life.children > 0 {
        note(Paint::Plain, out, &|out| {
            let _ = write!(out, "in all: {} made, ", counted(life.children, "child task"));
            out.push_str(&counted(life.threads.into(), "thread"));
        });
    }
    if life.more > 0 {
        note(Paint::Alarm, out, &|out| {
            let _ = write!(out, "{} more left out before its end", life.more);
        });
    }
    match &life.still {
        None => (),
        Some(Still::Allocated) => {
            note(Paint::Plain, out, &|out| out.push_str("at the end: no task has it yet"));
        }
        Some(Still::Running) => {
            note(Paint::Plain, out, &|out| out.push_str("at the end: still running"));
        }
        Some(Still::Zombie { since, parent }) => note(Paint::Alarm, out, &|out| {
            out.push_str("at the end: still a zombie, not reaped by ");
            process(parent.as_ref(), out);
            if let Some(age) = end.checked_sub(*since).filter(|_| *since != 0) {
                out.push_str(" for ");
                time::duration(age, out);
            }
        }),
        Some(Still::Held { groups, sessions }) => note(Paint::End, out, &|out| {
            out.push_str("at the end: its number is still in use");
            words::held((*groups, *sessions), out);
        }),
    }
}

fn paint(what: &Happening) -> Paint {
    match what {
        Happening::Lost { .. } | Happening::ForkFailed { .. } => Paint::Alarm,
        Happening::Exited { code: Some(code), .. } if *code != 0 => Paint::Alarm,
        Happening::Allocated { .. } | Happening::Born { .. } | Happening::Thread { .. } => {
            Paint::Birth
        }
        Happening::Found { .. } | Happening::FoundHeld => Paint::Dim,
        Happening::Exited { .. }
        | Happening::ThreadExited { .. }
        | Happening::Released { .. }
        | Happening::Held { .. }
        | Happening::Freed { .. } => Paint::End,
        Happening::Made(_) | Happening::Entered { .. } | Happening::Dying(_) => Paint::Space,
        _ => Paint::Act,
    }
}
