//! The lives of one number: a line for each life, and one for each of its entries.

use super::{Json, Object, event};
use crate::past::facts::{Named, Number, Numbers, Space};
use crate::past::{Came, Entry, Happening, History, Life, Still};

impl Json {
    /// Appends the lives of a number (`history`): a line of type `life`, then one for each thing
    /// that happened in it, with the event's own type and the number of the life.
    pub fn history(&self, history: &History, out: &mut String) {
        for (index, life) in history.lives().iter().enumerate() {
            let number = index as u64 + 1;
            self.life(life, number, out);
            for entry in &life.entries {
                let mut line = Object::line(entry.what.name(), out);
                line.number("life", number);
                self.entry(life, entry, &mut line);
                line.end();
            }
        }
        if history.more() > 0 {
            let mut line = Object::line("left_out", out);
            line.number("lives", history.more());
            line.end();
        }
    }

    fn life(&self, life: &Life, number: u64, out: &mut String) {
        let mut line = Object::line("life", out);
        line.number("life", number);
        line.number("since", life.since);
        line.known("until", life.until());
        line.known("pid", life.tgid);
        line.known("tid", life.numbers.first().map_or(0, |first| first.nr));
        numbers("ns_pids", "ns_inums", &life.numbers, &mut line);
        line.id("ino", life.ino);
        event::name(&life.comm, &mut line);
        self.identity(life.identity, &mut line);
        line.flag("seen", life.came == Came::Seen);
        if let Some(certainty) = life.certainty {
            line.str("certainty", event::certainty(certainty));
        }
        line.number("threads", life.threads);
        line.number("children", life.children);
        line.number("lost", life.lost);
        line.known("left_out", life.more);
        if let Some(still) = &life.still {
            let mut object = line.object("still");
            match still {
                Still::Allocated => object.str("state", "allocated"),
                Still::Running => object.str("state", "running"),
                Still::Zombie { since, parent } => {
                    object.str("state", "zombie");
                    object.known("since", *since);
                    parent_of(parent.as_ref(), &mut object);
                }
                Still::Held { groups, sessions } => {
                    object.str("state", "held");
                    object.number("groups", *groups);
                    object.number("sessions", *sessions);
                }
            }
            object.close();
        }
        line.end();
    }

    fn entry(&self, life: &Life, entry: &Entry, line: &mut Object<'_>) {
        self.times(entry.ts, line);
        if !matches!(entry.what, Happening::Lost { .. }) {
            line.known("pid", life.tgid);
            line.known("tid", life.numbers.first().map_or(0, |first| first.nr));
            numbers("ns_pids", "", &life.numbers, line);
        }
        match &entry.what {
            Happening::Allocated { by } => creator(by.as_ref(), line),
            Happening::Born { by, flags, parent, kernel, exit_signal, space } => {
                parent_of(parent.as_ref(), line);
                creator(by.as_ref(), line);
                event::flag_names(*flags, line);
                line.number("exit_signal", *exit_signal);
                if *kernel {
                    line.flag("kernel", true);
                }
                if let Some(space) = space {
                    inum(space, line);
                    line.number("level", space.level);
                }
            }
            Happening::Found { parent, zombie, certainty } => {
                parent_of(parent.as_ref(), line);
                line.str("state", if *zombie { "zombie" } else { "running" });
                line.str("certainty", event::certainty(*certainty));
            }
            Happening::FoundHeld => line.str("state", "held"),
            Happening::Exec { filename, args, cut, comm } => {
                event::name(comm, line);
                event::exec(None, filename, args, *cut, line);
            }
            Happening::TakenOver { tid } => line.number("old_tid", *tid),
            Happening::MovedTo { tid } => line.number("new_tid", *tid),
            Happening::Renamed { old, new } => {
                event::name(new, line);
                let old = super::super::escape::name(old);
                if !old.is_empty() {
                    line.text("old_comm", old);
                }
            }
            what => related(what, line),
        }
    }
}

/// Tracers, parents, threads, failures, losses.
fn related(what: &Happening, line: &mut Object<'_>) {
    match what {
        Happening::Traced(by) => line.known("tracer", by.map_or(0, |by| by.tgid)),
        Happening::Reparented { from, to, why, inferred } => {
            parent_of(to.as_ref(), line);
            line.known("old_ppid", from.map_or(0, |from| from.tgid));
            line.str("why", event::why(*why));
            line.flag("inferred", *inferred);
        }
        Happening::Thread { thread, found } => {
            line.number("thread", thread.tid);
            event::name(&thread.comm, line);
            line.flag("found", *found);
        }
        Happening::ThreadExited { thread, code } => {
            line.number("thread", thread.tid);
            event::exit(*code, None, None, line);
        }
        Happening::ForkFailed { errno, inum } => event::refused(*errno, *inum, line),
        Happening::Lost { count, since } => {
            line.number("count", *count);
            line.known("since", *since);
        }
        what => belonging(what, line),
    }
}

/// Namespaces, groups, credentials.
fn belonging(what: &Happening, line: &mut Object<'_>) {
    match what {
        Happening::Made(space) | Happening::Dying(space) => {
            inum(space, line);
            line.known("level", space.level);
        }
        Happening::Entered { from, to } => {
            inum(to, line);
            line.known("from", from.map_or(0, |from| from.inum));
        }
        Happening::Pgrp { old, new } => {
            group("pgid", "old_pgid", "ns_pgids", old.as_ref(), new, line);
        }
        Happening::Session { old, new } => {
            group("sid", "old_sid", "ns_sids", old.as_ref(), new, line);
        }
        Happening::CgroupMoved { from, to } => {
            for (key, path) in [("old_cgroup_path", from), ("cgroup_path", to)] {
                if !path.is_empty() {
                    line.text(key, path);
                }
            }
        }
        Happening::Cred { uid, gid, user } => {
            for (key, id) in [("uid", uid), ("gid", gid)] {
                if let Some(id) = id {
                    line.number(key, *id);
                }
            }
            if let Some(user) = user {
                let mut ns = line.object("ns");
                ns.known("user", user.inum);
                ns.close();
            }
        }
        what => end(what, line),
    }
}

/// Its end.
fn end(what: &Happening, line: &mut Object<'_>) {
    match what {
        Happening::Exited { code, inferred, group_dead, lived, parent } => {
            event::exit(*code, *group_dead, *lived, line);
            parent_of(parent.as_ref(), line);
            line.flag("inferred", *inferred);
        }
        Happening::Released { by, inferred, vanished, zombie, parent } => {
            line.known("by", by.map_or(0, |by| by.tid));
            parent_of(parent.as_ref(), line);
            if let Some(zombie) = zombie {
                line.number("zombie_ns", *zombie);
            }
            line.flag("inferred", *inferred);
            if *vanished {
                line.flag("vanished", true);
            }
        }
        Happening::Held { groups, sessions } => {
            line.number("groups", *groups);
            line.number("sessions", *sessions);
        }
        Happening::Freed { inferred, after } => {
            line.flag("inferred", *inferred);
            if let Some(after) = after {
                line.number("after_ns", *after);
            }
        }
        _ => (),
    }
}

/// Numbers, and with `inums` the namespace of each where all are known.
pub(super) fn numbers(key: &str, inums: &str, numbers: &[Number], line: &mut Object<'_>) {
    if numbers.is_empty() {
        return;
    }
    line.numbers(key, numbers.iter().map(|number| number.nr));
    if !inums.is_empty() && numbers.iter().all(|number| number.inum != 0) {
        line.numbers(inums, numbers.iter().map(|number| number.inum));
    }
}

fn inum(space: &Space, line: &mut Object<'_>) {
    line.str("kind", space.kind.name());
    line.known("inum", space.inum);
    line.id("ns_id", space.ns_id);
}

fn creator(by: Option<&Named>, line: &mut Object<'_>) {
    let Some(by) = by else { return };
    line.known("creator", by.tid);
    line.known("creator_pid", by.tgid);
    comm_of("creator_comm", by, line);
}

/// The real parent's thread group and name.
pub(super) fn parent_of(parent: Option<&Named>, line: &mut Object<'_>) {
    let Some(parent) = parent else { return };
    line.known("ppid", parent.tgid);
    comm_of("parent_comm", parent, line);
}

fn comm_of(key: &str, named: &Named, line: &mut Object<'_>) {
    let comm = super::super::escape::name(&named.comm);
    if !comm.is_empty() {
        line.text(key, comm);
    }
}

fn group(
    key: &str,
    old_key: &str,
    numbers_key: &str,
    old: Option<&Numbers>,
    new: &[Number],
    line: &mut Object<'_>,
) {
    let first = |numbers: &[Number]| numbers.first().map_or(0, |first| first.nr);
    line.number(key, first(new));
    if let Some(old) = old {
        line.number(old_key, first(old));
    }
    numbers(numbers_key, "", new, line);
}
