//! `diff FILE T1 T2`: a line for each task and namespace that appeared (`+`), ended (`-`), changed
//! (`~`).

use std::fmt::Write as _;

use super::super::line::fate;
use super::super::{Lines, Paint, Style, escape, names, time};
use super::lifetime::point;
use super::pieces::{process, space, task, vector};
use crate::model::{NsFate, NsKind};
use crate::past::facts::{Named, Numbers, Space};
use crate::past::{Changed, Diff, Ended, Field, SpaceFacts, TaskFacts};

/// Appends what differs. Without `threads`, of threads only how many there are.
pub fn diff(lines: &Lines, diff: &Diff, threads: bool, out: &mut String) {
    let style = lines.style();
    let shown = |task: &TaskFacts| threads || task.leader;
    let mut line = |paint: Paint, sign: &str, write: &dyn Fn(&mut String)| {
        style.painted(paint, out, |out| {
            out.push_str(sign);
            write(out);
        });
        out.push('\n');
    };
    for new in diff.appeared.iter().filter(|task| shown(task)) {
        line(Paint::Birth, "+ ", &|out| appeared(new, out));
    }
    for gone in diff.ended.iter().filter(|gone| shown(&gone.task)) {
        line(Paint::End, "- ", &|out| ended(gone, out));
    }
    for changed in diff.changed.iter().filter(|changed| shown(&changed.task)) {
        line(Paint::Act, "~ ", &|out| fields(lines, changed, out));
    }
    for new in &diff.new_spaces {
        line(Paint::Space, "+ ", &|out| appeared_space(new, out));
    }
    for gone in &diff.ended_spaces {
        line(Paint::Space, "- ", &|out| ended_space(gone, out));
    }
    for (was, is) in &diff.changed_spaces {
        line(Paint::Space, "~ ", &|out| changed_space(style, *was, is, out));
    }
    totals(diff, threads, out);
}

fn totals(diff: &Diff, threads: bool, out: &mut String) {
    let of = |leader: bool| {
        let is = |task: &&TaskFacts| task.leader == leader;
        [
            diff.appeared.iter().filter(is).count(),
            diff.ended.iter().map(|gone| &gone.task).filter(is).count(),
            diff.changed.iter().map(|changed| &changed.task).filter(is).count(),
        ]
    };
    let spaces = [diff.new_spaces.len(), diff.ended_spaces.len(), diff.changed_spaces.len()];
    for (what, counts) in [("processes", of(true)), ("threads", of(false)), ("namespaces", spaces)]
    {
        let [new, gone, changed] = counts;
        if what == "threads" && new + gone + changed == 0 {
            continue;
        }
        let _ = write!(out, "{what}: {new} appeared, {gone} ended, {changed} changed");
        out.push_str(if what == "threads" && !threads { " (not shown)\n" } else { "\n" });
    }
}

fn who(facts: &TaskFacts, out: &mut String) {
    vector(&facts.numbers, out);
    out.push(' ');
    escape::comm(&facts.comm, out);
    if !facts.leader {
        let _ = write!(out, ", thread of {}", facts.tgid);
    }
}

fn appeared(facts: &TaskFacts, out: &mut String) {
    who(facts, out);
    if facts.leader {
        out.push_str(", parent ");
        process(facts.parent.as_ref(), out);
    }
    if let Some(inside) = facts.space.filter(|space| space.level > 0) {
        out.push_str(", in ");
        space(&inside, out);
    }
    out.push_str(if facts.zombie { ", a zombie" } else { "" });
}

fn ended(gone: &Ended, out: &mut String) {
    who(&gone.task, out);
    out.push_str(", ");
    ending(gone.code, out);
    let lived = gone.exited.checked_sub(gone.task.birth);
    if let Some(lived) = lived.filter(|_| gone.exited != 0 && gone.task.birth != 0) {
        out.push_str(", lived ");
        time::duration(lived, out);
    }
    if let Some(by) = &gone.by {
        out.push_str(", reaped by ");
        task(Some(by), out);
    }
}

fn ending(code: Option<i32>, out: &mut String) {
    match code {
        Some(code) => names::Ended::from_wait(code).write(out),
        None => out.push_str("how was not seen"),
    }
}

fn fields(lines: &Lines, changed: &Changed, out: &mut String) {
    who(&changed.task, out);
    for (index, field) in changed.fields.iter().enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        one(lines, field, out);
    }
}

/// One field, as `name before → now`.
fn one(lines: &Lines, field: &Field, out: &mut String) {
    let style = lines.style();
    match field {
        Field::Tid(old, new) => numbers(style, "pid", old, new, out),
        Field::Exec(ts) => {
            out.push_str("exec at ");
            point(lines, *ts, out);
        }
        Field::Comm(old, new) => {
            arrow(style, "comm", out, |out| escape::comm(old, out), |out| escape::comm(new, out));
        }
        Field::Parent(old, new) => people(style, "parent", old.as_ref(), new.as_ref(), out),
        Field::Pgrp(old, new) => numbers(style, "pgrp", old, new, out),
        Field::Session(old, new) => numbers(style, "session", old, new, out),
        Field::Uid(old, new) => ids(style, "uid", *old, *new, out),
        Field::Gid(old, new) => ids(style, "gid", *old, *new, out),
        Field::Namespace(old, new) => spaces(style, "ns", old.as_ref(), new.as_ref(), out),
        Field::ForChildren(old, new) => {
            spaces(style, "children", old.as_ref(), new.as_ref(), out);
        }
        Field::Tracer(old, new) => people(style, "tracer", old.as_ref(), new.as_ref(), out),
        Field::Cgroup(old, new) => {
            let _ = write!(out, "cgroup {old} {} {new}", style.arrow());
        }
        Field::Zombie { since, code } => {
            out.push_str("zombie");
            if *since != 0 {
                out.push_str(" since ");
                point(lines, *since, out);
            }
            out.push_str(", ");
            ending(*code, out);
        }
    }
}

fn arrow(
    style: Style,
    name: &str,
    out: &mut String,
    old: impl FnOnce(&mut String),
    new: impl FnOnce(&mut String),
) {
    out.push_str(name);
    out.push(' ');
    old(out);
    let _ = write!(out, " {} ", style.arrow());
    new(out);
}

fn numbers(style: Style, name: &str, old: &Numbers, new: &Numbers, out: &mut String) {
    arrow(style, name, out, |out| vector(old, out), |out| vector(new, out));
}

fn people(style: Style, name: &str, old: Option<&Named>, new: Option<&Named>, out: &mut String) {
    let person = |named: Option<&Named>, out: &mut String| match named {
        Some(_) => process(named, out),
        None => out.push_str("none"),
    };
    arrow(style, name, out, |out| person(old, out), |out| person(new, out));
}

fn spaces(style: Style, name: &str, old: Option<&Space>, new: Option<&Space>, out: &mut String) {
    let one = |it: Option<&Space>, out: &mut String| match it {
        Some(it) => space(it, out),
        None => out.push('?'),
    };
    arrow(style, name, out, |out| one(old, out), |out| one(new, out));
}

fn ids(style: Style, name: &str, old: Option<u32>, new: Option<u32>, out: &mut String) {
    let one = |id: Option<u32>, out: &mut String| match id {
        Some(id) => out.push_str(&id.to_string()),
        None => out.push('?'),
    };
    arrow(style, name, out, |out| one(old, out), |out| one(new, out));
}

fn level(facts: &SpaceFacts, out: &mut String) {
    space(&facts.space, out);
    if facts.space.kind == NsKind::Pid {
        let _ = write!(out, " level {}", facts.space.level);
    }
}

fn appeared_space(facts: &SpaceFacts, out: &mut String) {
    level(facts, out);
    if let Some(parent) = &facts.parent {
        out.push_str(" in ");
        space(parent, out);
    }
    if let Some(by) = &facts.creator {
        out.push_str(", made by ");
        task(Some(by), out);
    }
    out.push_str(match facts.fate {
        NsFate::Alive => "",
        NsFate::Dying => ", dying",
        NsFate::Held | NsFate::Destroyed => ", no tasks",
    });
}

fn ended_space(facts: &SpaceFacts, out: &mut String) {
    level(facts, out);
    out.push_str(if facts.space.kind == NsKind::Pid { ", destroyed" } else { ", no tasks left" });
    let lived = facts.ended.checked_sub(facts.created);
    if let Some(lived) = lived.filter(|_| facts.created != 0) {
        out.push_str(", lived ");
        time::duration(lived, out);
    }
}

fn changed_space(style: Style, was: NsFate, is: &SpaceFacts, out: &mut String) {
    level(is, out);
    let _ = write!(out, ": {} {} {}", fate(was), style.arrow(), fate(is.fate));
}
