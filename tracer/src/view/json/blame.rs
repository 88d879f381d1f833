//! Who is to blame.

use super::life::{numbers, parent_of};
use super::{Json, Object, event};
use crate::past::facts::{Named, Space};
use crate::past::{Breach, Failure, Findings, HeldPid, Holder, Kept, Leak, Neglect, Why};
use crate::view::escape;

impl Json {
    /// Appends the one line of type `findings`.
    pub fn findings(&self, findings: &Findings, out: &mut String) {
        let mut line = Object::line("findings", out);
        fields(findings, &mut line);
        line.end();
    }

    /// Appends a line of type `breach`.
    pub fn breach(&self, breach: &Breach, out: &mut String) {
        let mut line = Object::line("breach", out);
        line.str("limit", breach.limit.name());
        line.text("subject", breach.subject.as_bytes());
        line.text("text", breach.text.as_bytes());
        line.flag("sure", breach.sure);
        line.end();
    }
}

/// The findings as fields.
pub(super) fn fields(findings: &Findings, line: &mut Object<'_>) {
    let zombies = &findings.zombies;
    line.flag("certain", findings.certain);
    line.known("late_by_ns", findings.slack);
    line.number("zombies_left", zombies.left);
    line.array("zombie_parents", &zombies.parents, neglect);
    line.known("zombie_parents_more", zombies.more);
    line.array("zombies_kept", &zombies.kept, kept);
    line.known("zombies_kept_more", zombies.kept_more);
    if let Some(it) = zombies.longest {
        let mut object = line.object("longest_zombie");
        who(&it.zombie, &mut object);
        parent_of(it.parent.as_ref(), &mut object);
        object.number("zombie_ns", it.age);
        object.flag("reaped", it.reaped);
        object.close();
    }
    line.array("held_pids", &findings.held.pids, held);
    line.known("held_pids_more", findings.held.more);
    line.array("ns_left", &findings.leaks.list, leak);
    line.known("ns_left_more", findings.leaks.more);
    line.number("failed_forks", findings.failures.total);
    line.array("failures", &findings.failures.kinds, failure);
    line.known("other_failures", findings.failures.other);
}

fn who(named: &Named, line: &mut Object<'_>) {
    line.known("pid", named.tgid);
    if named.tid != named.tgid {
        line.known("tid", named.tid);
    }
    let comm = escape::name(&named.comm);
    if !comm.is_empty() {
        line.text("comm", comm);
    }
}

fn people(key: &str, all: &[Named], line: &mut Object<'_>) {
    line.array(key, all, |named, out| {
        let mut item = Object::item(out);
        who(named, &mut item);
        item.close();
    });
}

fn space(space: &Space, line: &mut Object<'_>) {
    line.str("kind", space.kind.name());
    line.known("inum", space.inum);
    line.id("ns_id", space.ns_id);
    line.known("level", space.level);
}

fn neglect(it: &Neglect, out: &mut String) {
    let mut item = Object::item(out);
    if let Some(parent) = &it.parent {
        who(parent, &mut item);
    }
    item.number("left", it.left);
    item.number("left_ns", it.left_ns);
    item.number("gone", it.late);
    item.number("gone_ns", it.late_ns);
    item.known("error", it.error);
    item.number("longest_ns", it.longest);
    people("zombies", &it.examples, &mut item);
    if let Some(ns) = &it.init_of {
        let mut object = item.object("init_of");
        space(ns, &mut object);
        object.close();
    }
    if it.left > 0 {
        item.flag("stopped", it.stopped);
        item.known("tracer", it.traced_by.map_or(0, |by| by.tgid));
        item.flag("known", !it.unknown);
    }
    if let Some(sig) = it.sigchld {
        let mut object = item.object("sigchld");
        object.flag("ignored", sig.ignored);
        object.flag("blocked", sig.blocked);
        object.flag("caught", sig.caught);
        object.close();
    }
    item.close();
}

fn kept(it: &Kept, out: &mut String) {
    let mut item = Object::item(out);
    who(&it.zombie, &mut item);
    parent_of(it.parent.as_ref(), &mut item);
    item.known("zombie_ns", it.age);
    match &it.why {
        Why::Threads(count) => {
            item.str("why", "threads");
            item.number("count", *count);
        }
        Why::Namespace(ns, count) => {
            item.str("why", "namespace");
            item.known("inum", ns.inum);
            item.number("count", *count);
        }
        Why::Tracer(by) => {
            item.str("why", "tracer");
            item.known("tracer", by.tgid);
        }
    }
    item.close();
}

fn held(it: &HeldPid, out: &mut String) {
    let mut item = Object::item(out);
    numbers("ns_pids", "ns_inums", &it.numbers, &mut item);
    if let Some(had) = &it.had {
        let mut object = item.object("had");
        who(had, &mut object);
        object.close();
    }
    item.known("held_ns", it.age);
    item.number("groups", it.groups);
    item.number("sessions", it.sessions);
    people("users", &it.users, &mut item);
    item.flag("ns_dying", it.awaited);
    item.close();
}

fn leak(it: &Leak, out: &mut String) {
    let mut item = Object::item(out);
    space(&it.space, &mut item);
    item.number("created", it.created);
    item.known("by", it.creator.map_or(0, |by| by.tid));
    item.array("kept_by", &it.holders, |holder: &Holder, out| {
        let mut item = Object::item(out);
        item.str("what", holder.by.name());
        item.known("count", holder.count);
        if !holder.who.is_empty() {
            people("who", &holder.who, &mut item);
        }
        if !holder.spaces.is_empty() {
            item.numbers("inums", holder.spaces.iter().map(|it| it.inum));
        }
        item.close();
    });
    item.flag("sure", it.sure);
    item.flag("settling", it.settling);
    item.close();
}

fn failure(it: &Failure, out: &mut String) {
    let mut item = Object::item(out);
    event::refused(it.errno, it.inum, &mut item);
    if let Some(space) = &it.space {
        item.number("level", space.level);
    }
    item.str("limit", it.refusal.name());
    item.known("in_use", it.in_use);
    item.known("pid_max", it.pid_max);
    item.number("count", it.count);
    people("processes", &it.processes, &mut item);
    item.close();
}
