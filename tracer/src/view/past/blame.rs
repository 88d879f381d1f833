//! Who is to blame, as people read it.

use std::fmt::Write as _;

use super::super::digits::push;
use super::super::summary::counted;
use super::super::{Paint, Style, names, text, time};
use super::pieces::{process, space, task, vector};
use crate::model::NsKind;
use crate::past::facts::Named;
use crate::past::{Failure, Findings, HeldPid, Hold, Holder, Kept, Leak, Neglect, Why};

/// Lines of a list.
const SHOWN: usize = 20;

/// Appends the findings; nothing if there are none.
pub fn blame(style: Style, findings: &Findings, out: &mut String) {
    let zombies = &findings.zombies;
    section(style, "ZOMBIES, BY PARENT", (&zombies.parents, zombies.more), out, neglect);
    section(
        style,
        "ZOMBIES THAT THEIR PARENT CANNOT REAP",
        (&zombies.kept, zombies.kept_more),
        out,
        kept,
    );
    let held = &findings.held;
    section(style, "NUMBERS IN USE WITHOUT A TASK", (&held.pids, held.more), out, held_pid);
    let leaks = &findings.leaks;
    section(style, "NAMESPACES STILL THERE", (&leaks.list, leaks.more), out, |it, out| {
        leak(findings.now, it, out);
    });
    let failures = &findings.failures;
    section(style, "FAILED FORKS", (&failures.kinds, 0), out, failure);
    if failures.other > 0 {
        let _ = writeln!(out, "  others: {}", failures.other);
    }
    let any = zombies.left > 0 || !leaks.list.is_empty();
    if any && !findings.certain {
        out.push_str("records were lost: what is said to be left may have ended unseen\n");
    }
}

/// A heading, a line for each item, and how many are left out; nothing without items.
fn section<T>(
    style: Style,
    head: &str,
    (items, more): (&[T], u64),
    out: &mut String,
    mut write: impl FnMut(&T, &mut String),
) {
    if items.is_empty() {
        return;
    }
    out.push('\n');
    style.paint(Paint::Strong, head, out);
    out.push('\n');
    for item in items.iter().take(SHOWN) {
        out.push_str("  ");
        write(item, out);
        out.push('\n');
    }
    let more = more + items.len().saturating_sub(SHOWN) as u64;
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
}

fn neglect(it: &Neglect, out: &mut String) {
    process(it.parent.as_ref(), out);
    out.push(':');
    if it.left > 0 {
        let _ = write!(out, " {} not reaped", it.left);
        in_all(" for ", it.left_ns, it.left, out);
        examples(&it.examples, it.left, out);
    }
    if it.late > 0 {
        out.push_str(if it.left > 0 { "; " } else { " " });
        let _ = write!(out, "{} gone", it.late);
        in_all(" after ", it.late_ns, it.late, out);
        if it.error > 0 {
            out.push_str(" (up to ");
            time::duration(it.error, out);
            out.push_str(" more)");
        }
    }
    if it.longest > 0 && it.left + it.late > 1 {
        out.push_str(", at most ");
        time::duration(it.longest, out);
    }
    excuses(it, out);
}

fn in_all(word: &str, ns: u64, count: u64, out: &mut String) {
    if ns > 0 {
        out.push_str(word);
        time::duration(ns, out);
        out.push_str(if count > 1 { " in all" } else { "" });
    }
}

/// Appends examples of so many: ` (7001 (sh), 7002 (sh), ...)`.
fn examples(who: &[Named], count: u64, out: &mut String) {
    for (index, named) in who.iter().enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        process(Some(named), out);
    }
    let more = count.saturating_sub(who.len() as u64);
    if more > 0 && !who.is_empty() {
        let _ = write!(out, " and {more} more");
    }
}

/// Why it may not reap.
fn excuses(it: &Neglect, out: &mut String) {
    if it.left == 0 {
        return;
    }
    if let Some(ns) = &it.init_of {
        out.push_str("; it is the init of ");
        space(ns, out);
    }
    if let Some(by) = &it.traced_by {
        out.push_str("; it is traced by ");
        process(Some(by), out);
    }
    out.push_str(if it.stopped { "; it is stopped" } else { "" });
    out.push_str(if it.unknown { "; nothing else is known of it" } else { "" });
    let Some(sig) = it.sigchld else { return };
    out.push_str(match (sig.ignored, sig.blocked, sig.caught) {
        (true, ..) => "; it ignores SIGCHLD since they died",
        (_, true, _) => "; it blocks SIGCHLD",
        (_, _, true) => "; it has a handler for SIGCHLD",
        _ => "; it neither catches nor ignores SIGCHLD",
    });
}

fn kept(it: &Kept, out: &mut String) {
    task(Some(&it.zombie), out);
    if it.age > 0 {
        out.push_str(" for ");
        time::duration(it.age, out);
    }
    match &it.why {
        Why::Threads(count) => {
            let _ = write!(out, ": {} of it still there", counted(*count, "thread"));
        }
        Why::Namespace(ns, count) => {
            out.push_str(": its namespace ");
            space(ns, out);
            let _ = write!(out, " has {} in use", counted(*count, "other number"));
        }
        Why::Tracer(by) => {
            out.push_str(": its tracer ");
            process(Some(by), out);
            out.push_str(" has not waited for it");
        }
    }
    out.push_str(", parent ");
    process(it.parent.as_ref(), out);
}

fn held_pid(it: &HeldPid, out: &mut String) {
    vector(&it.numbers, out);
    if let Some(had) = &it.had {
        out.push_str(", once ");
        task(Some(had), out);
    }
    if it.age > 0 {
        out.push_str(", for ");
        time::duration(it.age, out);
    }
    let uses = [(it.groups, "process group"), (it.sessions, "session")];
    for (index, (count, what)) in uses.into_iter().filter(|&(count, _)| count > 0).enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        let _ = write!(out, "{what} of {count}");
    }
    let all = u64::from(it.groups.max(it.sessions));
    examples(&it.users, all, out);
    out.push_str(if it.awaited { "; a dying namespace waits for it" } else { "" });
}

fn leak(now: u64, it: &Leak, out: &mut String) {
    space(&it.space, out);
    if it.space.kind == NsKind::Pid {
        let _ = write!(out, " level {}", it.space.level);
    }
    out.push_str(", ");
    time::duration(now.saturating_sub(it.created), out);
    if let Some(by) = &it.creator {
        out.push_str(", made by ");
        task(Some(by), out);
    }
    out.push_str(": ");
    for (index, by) in it.holders.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { "; " });
        holder(by, out);
    }
    out.push_str(if it.settling { " (only just let go of: it may go yet)" } else { "" });
}

/// Appends what keeps a namespace.
pub fn holder(it: &Holder, out: &mut String) {
    let count = it.count;
    match it.by {
        Hold::Init => out.push_str("its init runs"),
        Hold::Tasks => {
            let _ = write!(out, "{} in it", counted(count, "task"));
        }
        Hold::Zombies => {
            let _ = write!(out, "{} in it, not reaped by its parent", counted(count, "zombie"));
        }
        Hold::Groups => {
            let what = if count == 1 { "process" } else { "processes" };
            let _ = write!(out, "{count} {what} in a group or session of it");
        }
        Hold::Awaited => {
            let what = if count == 1 { "task puts its" } else { "tasks put their" };
            let _ = write!(out, "{count} {what} children there");
        }
        Hold::Children => {
            let _ = write!(out, "{} below it", counted(count, "namespace"));
        }
        Hold::Handle => out.push_str("a file descriptor, a bind mount or a mount of /proc"),
    }
    for (index, space) in it.spaces.iter().enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        text::space(space.kind, space.inum, out);
    }
    let spaces = it.spaces.len() as u64;
    if spaces > 0 && count > spaces {
        let _ = write!(out, " and {} more", count - spaces);
    }
    for (index, named) in it.who.iter().enumerate() {
        out.push_str(if index == 0 { ": " } else { ", " });
        process(Some(named), out);
    }
}

fn failure(it: &Failure, out: &mut String) {
    let _ = write!(out, "{} ", it.count);
    names::write_errno(it.errno, out);
    out.push_str(" in ");
    text::space(NsKind::Pid, it.inum, out);
    if let Some(space) = &it.space {
        let _ = write!(out, " level {}", space.level);
    }
    let _ = write!(out, ": {}", it.refusal.describe());
    if it.pid_max > 0 && it.refusal == crate::past::Refusal::PidMax {
        out.push(' ');
        push(it.pid_max, out);
    }
    if it.in_use > 0 {
        let _ = write!(out, ", {} in use", counted(u64::from(it.in_use), "number"));
    }
    for (index, named) in it.processes.iter().enumerate() {
        out.push_str(if index == 0 { "; refused " } else { ", " });
        process(Some(named), out);
    }
}
