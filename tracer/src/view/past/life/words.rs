//! What happened in a life, in words.

use std::fmt::Write as _;

use super::super::super::line::detail::{argument_list, flag_names, mark_inferred, rename, why};
use super::super::super::summary::counted;
use super::super::super::{Style, escape, names, table, text, time};
use super::super::pieces::{process, space, task, vector};
use crate::model::{NsKind, TaskState};
use crate::past::facts::{Named, Numbers, Space};
use crate::past::{Entry, Happening};

/// `CLONE_THREAD`.
const THREAD: u64 = 0x1_0000;
/// `CLONE_VFORK`, and `CLONE_VM`, which goes with it.
const VFORK: u64 = 0x4000;
const VM: u64 = 0x100;

/// What keeps a number in use without a task.
pub(super) fn held((groups, sessions): (u32, u32), out: &mut String) {
    for (count, what) in [(groups, "group"), (sessions, "session")] {
        if count > 0 {
            let _ = write!(out, ", as a {what}'s with {}", counted(count.into(), "member"));
        }
    }
}

/// What happened, in words.
pub(super) fn detail(style: Style, entry: &Entry, out: &mut String) {
    match &entry.what {
        Happening::Lost { count, since } => lost(*count, *since, entry.ts, out),
        Happening::Allocated { .. }
        | Happening::Born { .. }
        | Happening::Found { .. }
        | Happening::FoundHeld => beginning(&entry.what, out),
        Happening::Made(_)
        | Happening::Entered { .. }
        | Happening::Dying(_)
        | Happening::Pgrp { .. }
        | Happening::Session { .. }
        | Happening::CgroupMoved { .. }
        | Happening::Cred { .. } => belonging(style, &entry.what, out),
        Happening::Exited { .. }
        | Happening::Released { .. }
        | Happening::Held { .. }
        | Happening::Freed { .. } => end(&entry.what, out),
        what => between(style, what, out),
    }
}

/// How it came.
fn beginning(what: &Happening, out: &mut String) {
    match what {
        Happening::Allocated { by } => {
            out.push_str("for ");
            task(by.as_ref(), out);
            out.push_str(": no task has it");
        }
        Happening::Found { parent, zombie, certainty } => {
            let state = if *zombie { TaskState::Zombie } else { TaskState::Running };
            let _ = write!(out, "found {}, parent ", table::state(state));
            process(parent.as_ref(), out);
            out.push_str(table::origin(*certainty));
        }
        Happening::FoundHeld => out.push_str("found in use as a group's or a session's number"),
        what => born(what, out),
    }
}

/// What it did, and its threads.
fn between(style: Style, what: &Happening, out: &mut String) {
    match what {
        Happening::Exec { filename, args, cut, .. } => {
            if !filename.is_empty() {
                escape::shell(filename, out);
            }
            argument_list(args, *cut, style, out);
        }
        Happening::TakenOver { tid } => {
            let _ = write!(out, "exec by its thread {tid}, which has this number now");
        }
        Happening::MovedTo { tid } => {
            let _ = write!(out, "exec by this thread: it has its leader's number {tid} now");
        }
        Happening::Renamed { old, new } => {
            escape::comm(new, out);
            out.push_str(", ");
            rename(old, out);
        }
        Happening::Traced(Some(by)) => {
            out.push_str("traced by ");
            process(Some(by), out);
        }
        Happening::Traced(None) => out.push_str("no longer traced"),
        Happening::Reparented { from, to, why: reason, inferred } => {
            change(style, from.as_ref(), to.as_ref(), out);
            out.push_str(why(*reason));
            mark_inferred(*inferred, out);
        }
        Happening::Thread { thread, found } => {
            task(Some(thread), out);
            out.push_str(if *found { " found" } else { "" });
        }
        Happening::ThreadExited { thread, code } => {
            task(Some(thread), out);
            out.push_str(", ");
            ending(*code, out);
        }
        Happening::ForkFailed { errno, inum } => {
            names::write_errno(*errno, out);
            if *inum != 0 {
                out.push_str(" in ");
                text::space(NsKind::Pid, *inum, out);
            }
        }
        _ => (),
    }
}

/// Namespaces, groups, credentials.
fn belonging(style: Style, what: &Happening, out: &mut String) {
    match what {
        Happening::Made(made) => {
            out.push_str("made ");
            space(made, out);
            if made.kind == NsKind::Pid {
                let _ = write!(out, " level {}", made.level);
            }
        }
        Happening::Entered { from, to } => entered(style, from.as_ref(), to, out),
        Happening::Dying(dying) => {
            space(dying, out);
            out.push_str(" dies with it, and all its members");
        }
        Happening::Pgrp { old, new } | Happening::Session { old, new } => {
            moved(style, old.as_ref(), new, out);
        }
        Happening::CgroupMoved { from, to } => {
            if !from.is_empty() {
                escape::terminal(from, out);
                let _ = write!(out, " {} ", style.arrow());
            }
            escape::terminal(to, out);
        }
        Happening::Cred { uid, gid, user } => {
            for (name, id) in [("uid", uid), ("gid", gid)] {
                if let Some(id) = id {
                    let _ = write!(out, "{name} {id} ");
                }
            }
            if let Some(user) = user {
                space(user, out);
            }
        }
        _ => (),
    }
}

/// How it was born, and by whom.
fn born(what: &Happening, out: &mut String) {
    let Happening::Born { by, flags, parent, kernel, exit_signal, space: inside } = what else {
        return;
    };
    let spaces = NsKind::ALL.iter().fold(0, |all, kind| all | kind.clone_flag());
    let (how, said) = match flags {
        flags if flags & THREAD != 0 => ("as a thread by ", names::CLONE_OF_THREADS),
        _ if *kernel => ("as a kernel thread by ", names::CLONE_CHORES),
        flags if flags & VFORK != 0 => ("by vfork of ", VFORK | VM | names::CLONE_CHORES),
        flags if flags & !(spaces | names::CLONE_CHORES) == 0 => {
            ("by fork of ", names::CLONE_CHORES)
        }
        _ => ("by clone of ", names::CLONE_CHORES),
    };
    out.push_str(how);
    task(by.as_ref(), out);
    let mut new = NsKind::ALL.into_iter().filter(|kind| flags & kind.clone_flag() != 0).peekable();
    if new.peek().is_some() {
        out.push_str(" into new ");
        for (index, kind) in new.enumerate() {
            out.push_str(if index == 0 { "" } else { ", " });
            out.push_str(kind.name());
        }
    }
    flag_names(flags & !said & !spaces, out);
    if flags & THREAD == 0 {
        out.push_str(", parent ");
        process(parent.as_ref(), out);
        if !kernel && *exit_signal != names::SIGCHLD {
            let _ = write!(out, ", exit signal {exit_signal}");
        }
    }
    if let Some(inside) = inside {
        out.push_str(", in ");
        space(inside, out);
        let _ = write!(out, " level {}", inside.level);
    }
}

/// What its end says.
fn end(what: &Happening, out: &mut String) {
    match what {
        Happening::Exited { code, inferred, group_dead, lived, parent } => {
            ending(*code, out);
            if *group_dead == Some(false) {
                out.push_str(", its threads go on");
            }
            if let Some(lived) = lived {
                out.push_str(", lived ");
                time::duration(*lived, out);
            }
            out.push_str(", to be reaped by ");
            process(parent.as_ref(), out);
            mark_inferred(*inferred, out);
        }
        Happening::Released { vanished: true, .. } => {
            out.push_str("gone: its end was lost, it had happened by now");
        }
        Happening::Released { by, inferred, zombie, parent, .. } => {
            match by {
                Some(by) => {
                    out.push_str("by ");
                    task(Some(by), out);
                }
                None => out.push_str("by whom was not seen"),
            }
            if let Some(zombie) = zombie {
                out.push_str(", zombie for ");
                time::duration(*zombie, out);
                if let Some(parent) = parent {
                    out.push_str(", parent ");
                    process(Some(parent), out);
                }
            }
            mark_inferred(*inferred, out);
        }
        Happening::Held { groups, sessions } => {
            out.push_str("its number stays in use");
            held((*groups, *sessions), out);
        }
        Happening::Freed { inferred, after } => {
            out.push_str("number free again");
            if let Some(after) = after.filter(|&after| after > 0) {
                out.push_str(", ");
                time::duration(after, out);
                out.push_str(" after the release");
            }
            mark_inferred(*inferred, out);
        }
        _ => (),
    }
}

fn ending(code: Option<i32>, out: &mut String) {
    match code {
        Some(code) => names::Ended::from_wait(code).write(out),
        None => out.push_str("how was not seen"),
    }
}

fn change(style: Style, from: Option<&Named>, to: Option<&Named>, out: &mut String) {
    process(from, out);
    let _ = write!(out, " {} ", style.arrow());
    process(to, out);
}

fn entered(style: Style, from: Option<&Space>, to: &Space, out: &mut String) {
    out.push_str(if to.kind == NsKind::Pid { "children: " } else { "" });
    if let Some(from) = from {
        space(from, out);
        let _ = write!(out, " {} ", style.arrow());
    }
    space(to, out);
}

fn moved(style: Style, old: Option<&Numbers>, new: &Numbers, out: &mut String) {
    vector(old.map_or(&[], |old| old), out);
    let _ = write!(out, " {} ", style.arrow());
    vector(new, out);
}

fn lost(count: u64, since: u64, ts: u64, out: &mut String) {
    let _ = write!(out, "LOST {}", counted(count, "record"));
    if let Some(gap) = ts.checked_sub(since).filter(|_| since != 0) {
        out.push_str(" in the ");
        time::duration(gap, out);
        out.push_str(" before this");
    }
    out.push_str(": what happened then may be missing");
}
