//! What differs between two times.

use super::super::{escape, line::fate};
use super::life::{numbers, parent_of};
use super::{Json, Object, event};
use crate::past::facts::{Named, Space};
use crate::past::{Diff, Field, SpaceFacts, TaskFacts};

impl Json {
    /// Appends a line for each task and namespace that differs (`diff`), `change` is `appeared`,
    /// `ended` or `changed`; of a changed one, `fields` has each field before (`old`) and now
    /// (`new`). Without `threads`, threads are left out.
    pub fn diff(&self, diff: &Diff, threads: bool, out: &mut String) {
        let shown = |task: &TaskFacts| threads || task.leader;
        for task in diff.appeared.iter().filter(|task| shown(task)) {
            self.differing("appeared", task, out, |_| ());
        }
        for gone in diff.ended.iter().filter(|gone| shown(&gone.task)) {
            self.differing("ended", &gone.task, out, |line| {
                event::exit(gone.code, None, None, line);
                line.known("exited", gone.exited);
                line.known("released", gone.released);
                line.known("by", gone.by.map_or(0, |by| by.tid));
            });
        }
        for changed in diff.changed.iter().filter(|changed| shown(&changed.task)) {
            self.differing("changed", &changed.task, out, |line| {
                line.array("fields", &changed.fields, one);
            });
        }
        for new in &diff.new_spaces {
            differing_space("appeared", new, out, |_| ());
        }
        for gone in &diff.ended_spaces {
            differing_space("ended", gone, out, |_| ());
        }
        for (was, is) in &diff.changed_spaces {
            differing_space("changed", is, out, |line| line.str("old_fate", fate(*was)));
        }
    }

    fn differing(
        &self,
        change: &str,
        task: &TaskFacts,
        out: &mut String,
        more: impl FnOnce(&mut Object<'_>),
    ) {
        let mut line = Object::line("task", out);
        line.str("change", change);
        line.known("pid", task.tgid);
        line.known("tid", task.numbers.first().map_or(0, |first| first.nr));
        numbers("ns_pids", "ns_inums", &task.numbers, &mut line);
        event::name(&task.comm, &mut line);
        parent_of(task.parent.as_ref(), &mut line);
        line.known("start_ns", task.birth);
        line.str("state", if task.zombie { "zombie" } else { "running" });
        if !task.leader {
            line.flag("thread", true);
        }
        self.identity(task.identity, &mut line);
        more(&mut line);
        line.end();
    }
}

/// A field that differs: its name, `old` and `new`; what is unknown is absent.
fn one(field: &Field, out: &mut String) {
    let mut object = Object::item(out);
    let line = &mut object;
    match field {
        Field::Tid(old, new) => vectors("ns_pids", old, new, line),
        Field::Exec(ts) => {
            line.str("field", "exec");
            line.known("ts", *ts);
        }
        Field::Comm(old, new) => {
            line.str("field", "comm");
            line.text("old", escape::name(old));
            line.text("new", escape::name(new));
        }
        Field::Parent(old, new) => people("ppid", old.as_ref(), new.as_ref(), line),
        Field::Pgrp(old, new) => vectors("pgid", old, new, line),
        Field::Session(old, new) => vectors("sid", old, new, line),
        Field::Uid(old, new) => ids("uid", *old, *new, line),
        Field::Gid(old, new) => ids("gid", *old, *new, line),
        Field::Namespace(old, new) => {
            let kind = new.as_ref().or(old.as_ref()).map_or("", |space| space.kind.name());
            spaces(kind, old.as_ref(), new.as_ref(), line);
        }
        Field::ForChildren(old, new) => {
            spaces("pid_for_children", old.as_ref(), new.as_ref(), line);
        }
        Field::Tracer(old, new) => people("tracer", old.as_ref(), new.as_ref(), line),
        Field::Cgroup(old, new) => {
            line.str("field", "cgroup");
            line.id("old", *old);
            line.id("new", *new);
        }
        Field::Zombie { since, code } => {
            line.str("field", "state");
            line.str("old", "running");
            line.str("new", "zombie");
            line.known("since", *since);
            event::exit(*code, None, None, line);
        }
    }
    object.close();
}

fn vectors(
    name: &str,
    old: &[crate::past::facts::Number],
    new: &[crate::past::facts::Number],
    line: &mut Object<'_>,
) {
    line.str("field", name);
    numbers("old", "", old, line);
    numbers("new", "", new, line);
}

fn people(name: &str, old: Option<&Named>, new: Option<&Named>, line: &mut Object<'_>) {
    line.str("field", name);
    line.known("old", old.map_or(0, |old| old.tgid));
    line.known("new", new.map_or(0, |new| new.tgid));
}

fn ids(name: &str, old: Option<u32>, new: Option<u32>, line: &mut Object<'_>) {
    line.str("field", name);
    for (key, id) in [("old", old), ("new", new)] {
        if let Some(id) = id {
            line.number(key, id);
        }
    }
}

fn spaces(name: &str, old: Option<&Space>, new: Option<&Space>, line: &mut Object<'_>) {
    line.str("field", name);
    line.known("old", old.map_or(0, |old| old.inum));
    line.known("new", new.map_or(0, |new| new.inum));
}

fn differing_space(
    change: &str,
    facts: &SpaceFacts,
    out: &mut String,
    more: impl FnOnce(&mut Object<'_>),
) {
    let mut line = Object::line("namespace", out);
    line.str("change", change);
    line.str("kind", facts.space.kind.name());
    line.known("inum", facts.space.inum);
    line.id("ns_id", facts.space.ns_id);
    line.str("fate", fate(facts.fate));
    line.number("tasks", facts.tasks);
    line.known("level", facts.space.level);
    if let Some(parent) = &facts.parent {
        line.known("parent", parent.inum);
    }
    line.known("by", facts.creator.map_or(0, |by| by.tid));
    line.known("created", facts.created);
    line.known("ended", facts.ended);
    more(&mut line);
    line.end();
}
