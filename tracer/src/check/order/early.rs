//! Part of rule 47: births whose maker no record had shown yet. What the maker turns out to have is what
//! the child must have, unless the maker has changed in between.

use super::{birth::clone, inheritance::RULE};
use crate::{
    check::{Subject, cx::Cx, task::reading::same_comm, violation::Finding},
    event::{Body, Header, TaskFacts},
    model::{NsKind, TaskId, World},
};

/// Births that are remembered.
const MOST: usize = 64;
/// wait4(2) and waitid(2) in the x86-64 table: they change nothing of the caller.
const WAITS: [u64; 2] = [61, 247];
/// How far the times of CPUs may differ, ns.
const SKEW: u64 = 1_000_000;
/// `PF_KTHREAD`, `PF_IO_WORKER` and `PF_USER_WORKER` (include/linux/sched.h): named anew.
const NAMED: u32 = 0x0020_4010;

/// Births before the first sweep.
#[derive(Clone, Debug, Default)]
pub(super) struct Early {
    births: Vec<Born>,
    /// Who has acted, and when first.
    acts: Vec<(u64, u64)>,
    /// Both are of some of these.
    marks: Marks,
    sweeps: u32,
    /// Something is lost, or they have been judged.
    over: bool,
    /// Some task has changed its group or session.
    regrouped: bool,
}

/// A set of keys that may have more than were put into it: most records are of none of them.
#[derive(Clone, Debug, Default)]
struct Marks([u64; 16]);

impl Marks {
    #[inline]
    fn place(key: u64) -> (usize, u64) {
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((hash >> 60) as usize, 1 << (hash >> 54 & 63))
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let (word, bit) = Self::place(key);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn set(&mut self, key: u64) {
        let (word, bit) = Self::place(key);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }
}

#[derive(Clone, Debug)]
struct Born {
    maker: u64,
    flags: u64,
    facts: TaskFacts,
    /// The calls that change namespaces were not hooked yet.
    partly: bool,
    /// The parent has exited since, so the maker may have another one by now.
    orphaned: bool,
}

impl Early {
    /// A task is born, and its maker is unknown.
    #[cold]
    pub(super) fn born(&mut self, maker: u64, flags: u64, facts: &TaskFacts) {
        if !self.over && self.births.len() < MOST && maker != 0 {
            let partly = self.sweeps == 0;
            self.births.push(Born { maker, flags, facts: *facts, partly, orphaned: false });
            self.marks.set(maker);
            self.marks.set(facts.real_parent);
        }
    }

    /// Goes with every record, until the second sweep begins.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        if !self.over && !self.is_idle(&cx.event.header, &cx.event.body) {
            self.early(cx);
        }
    }

    /// No more is remembered, and nothing is of who acts.
    #[inline]
    fn is_idle(&self, header: &Header, body: &Body) -> bool {
        let other = matches!(
            body,
            Body::Fork { .. }
                | Body::Rename(_)
                | Body::ChangePid(_)
                | Body::Lost(_)
                | Body::SnapshotBegin(_)
        );
        self.acts.len() >= MOST && !other && !self.marks.has(header.actor)
    }

    /// Who acts has acted before, or need not be remembered.
    fn acts(&mut self, header: &Header) {
        let actor = header.actor;
        let full = self.acts.len() >= MOST;
        if full || actor == 0 || self.marks.has(actor) && self.acts.iter().any(|it| it.0 == actor) {
            return;
        }
        self.acts.push((actor, header.ts));
        self.marks.set(actor);
    }

    #[cold]
    fn early(&mut self, cx: &mut Cx<'_>) {
        let (header, body) = (&cx.event.header, &cx.event.body);
        self.acts(header);
        let changed = match body {
            Body::Lost(_) => {
                self.births.clear();
                self.acts.clear();
                self.over = true;
                return;
            }
            Body::SnapshotBegin(_) => {
                self.sweeps += 1;
                if self.sweeps == 1 {
                    // until now hooks were being attached: ends and births were seen in part, but all
                    // that changes a maker is hooked before births are
                    self.acts.clear();
                }
                if self.sweeps > 1 {
                    self.over = true;
                    self.judge(cx);
                }
                return;
            }
            // another task at its address
            Body::Fork { task, .. } => {
                if self.marks.has(task.task) {
                    self.acts.retain(|&(actor, _)| actor != task.task);
                }
                task.task
            }
            Body::Rename(facts) => facts.task,
            Body::ChangePid(_) => {
                self.regrouped = true;
                return;
            }
            Body::Syscall(facts) if WAITS.contains(&facts.nr) => return,
            Body::Exec(_)
            | Body::NsSet(_)
            | Body::Cred(_)
            | Body::Syscall(_)
            | Body::Update { .. }
            | Body::Exit(_) => header.actor,
            _ => return,
        };
        if self.marks.has(changed) {
            if matches!(body, Body::Exit(_)) {
                let its = |born: &&mut Born| born.facts.real_parent == changed;
                self.births.iter_mut().filter(its).for_each(|born| born.orphaned = true);
            }
            self.births.retain(|born| born.maker != changed);
        }
    }

    fn judge(&mut self, cx: &mut Cx<'_>) {
        for (actor, ts) in std::mem::take(&mut self.acts) {
            let world = cx.world;
            let Some(id) = world.at_key(actor).filter(|&id| world.runs(id)) else { continue };
            let start = world.start_of(id);
            cx.test(&RULE, start <= ts.saturating_add(SKEW), || {
                let known = format!("acts since its birth at {start}");
                Finding::new(Subject::task(world, id), known, format!("acts at {ts}"))
            });
        }
        let grouped = cx.is_full(&RULE) && !self.regrouped;
        for Born { maker, flags, facts, partly, orphaned } in std::mem::take(&mut self.births) {
            let world = cx.world;
            let Some(id) = world.at_key(maker).filter(|&id| world.runs(id)) else { continue };
            let (known, inums) = (world.comm_of(id), world.inums_of(id));
            let named = (facts.flags | world.flags_of(id)) & NAMED != 0;
            let name = named || same_comm(&known, &facts.comm);
            let partly = partly && !cx.is_full(&RULE);
            let spaces = partly || has_spaces(&inums, &facts, flags);
            let time = world.time_for_children_of(id);
            let time = time == 0
                || partly
                || time == facts.time_for_children_inum
                || flags & NsKind::Time.clone_flag() != 0;
            let children = partly || own_space(world, id, &facts, flags);
            let orphaned = orphaned || cx.hides();
            let parents = orphaned || has_parent(world, id, &facts, flags);
            let groups = has_groups(world, id, &facts, grouped);
            cx.test(&RULE, name && spaces && time && children && parents && groups, || {
                let text = |comm: &[u8; 16]| String::from_utf8_lossy(comm).replace('\0', "");
                let read = format!("name {:?}, namespaces {:?}", text(&facts.comm), facts.ns);
                let known = format!("its maker's name {:?}, namespaces {inums:?}", text(&known));
                Finding::new(Subject::task_named(facts.task, facts.tid, facts.tgid), known, read)
            });
        }
    }
}

/// Whether a child has its maker's namespaces, but for new ones and those of PIDs and users.
fn has_spaces(inums: &[u32; 8], facts: &TaskFacts, flags: u64) -> bool {
    NsKind::ALL.into_iter().zip(inums.iter().zip(&facts.ns)).all(|(kind, (&had, &read))| {
        let free = matches!(kind, NsKind::User | NsKind::Pid | NsKind::Time);
        free || had == 0 || had == read || flags & kind.clone_flag() != 0
    })
}

/// Whether a child has the parent of its maker, where it is to have that, and no tracer unless its
/// maker has.
fn has_parent(world: &World, maker: TaskId, facts: &TaskFacts, flags: u64) -> bool {
    let traced = world.tracer(maker).is_some() || facts.ptrace != 0;
    let same = facts.parent == facts.real_parent && facts.parent_tgid == facts.ppid;
    let sure = |&parent: &TaskId| world.runs(parent) && !world.is_parent_inferred(maker);
    let parent = world.parent(world.leader(maker)).filter(sure);
    let sibling = flags & (clone::THREAD | clone::PARENT) != 0;
    let holds = parent.filter(|_| sibling).is_none_or(|parent| {
        let key = world.key_of(parent);
        (key == facts.real_parent || key == 0 || world.is_grouped(parent))
            && world.tgid(parent) == facts.ppid
    });
    (same || traced) && holds
}

/// Whether a child is in its maker's process group and session, or, where those may have changed, has
/// both the key and the number of them, or none.
fn has_groups(world: &World, maker: TaskId, facts: &TaskFacts, grouped: bool) -> bool {
    let known = [
        (world.task_pgrp(maker), facts.pgrp, facts.pgid),
        (world.task_session(maker), facts.session, facts.sid),
    ];
    known.into_iter().all(|(pid, key, nr)| {
        pid.is_none_or(|pid| {
            let same = (world.nr(pid) == nr, world.key_of_pid(pid) == key);
            world.key_of_pid(pid) == 0 || same.0 == same.1 && (same.0 || !grouped)
        })
    })
}

/// Whether a child was born where its maker's children are.
fn own_space(world: &World, maker: TaskId, facts: &TaskFacts, flags: u64) -> bool {
    flags & NsKind::Pid.clone_flag() != 0
        || world.for_children(maker).is_none_or(|ns| world.key_of_ns(ns) == facts.for_children)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Syscall, TaskFacts},
    };

    /// A birth before the first sweep, changed so, by a maker that this comes of before it is shown.
    fn born(
        mut script: Script,
        change: impl Fn(&mut TaskFacts),
        between: impl Fn(&mut Script),
    ) -> Script {
        script.events.clear();
        let child = script.fork(10);
        let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
        change(task);
        let name = task.comm;
        script.facts(child).comm = name;
        between(&mut script);
        script.sweep();
        script.fork(child);
        script.sweep();
        script
    }

    #[test]
    fn what_a_child_has_not_from_the_maker_that_the_sweep_shows_trips_it() {
        for script in [Script::new(), Script::tracepoints()] {
            let (quiet, plain) = (|_: &mut Script| (), |_: &mut TaskFacts| ());
            born(script.clone(), plain, quiet).is_legal();
            born(script.clone(), |task| task.comm[0] = b'x', quiet).trips(&RULE);
            born(script.clone(), |task| task.parent_tgid = 1, quiet).trips(&RULE);
            born(script.clone(), |task| task.pgid = 7, quiet).trips(&RULE);
            born(script, |task| task.session += 1, quiet).trips(&RULE);
        }
        born(Script::new(), |task| task.ns[1] = 0xf000_0077, |_| ()).trips(&RULE);
    }

    #[test]
    fn a_maker_that_changes_in_between_is_near() {
        for script in [Script::new(), Script::tracepoints()] {
            let named = |script: &mut Script| script.rename(10, *b"next");
            born(script, |_| (), named).is_legal();
        }
        // the maker has another parent when it is shown again
        for mut script in [Script::new(), Script::tracepoints()] {
            let shell = script.fork(10);
            let maker = script.fork(shell);
            script.events.clear();
            let thread = script.thread(maker);
            script.sweep();
            script.end(shell);
            let init = script.tasks[&1].facts.task;
            for tid in [maker, thread] {
                let facts = script.facts(tid);
                (facts.real_parent, facts.parent) = (init, init);
                (facts.ppid, facts.parent_tgid) = (1, 1);
            }
            script.fork(maker);
            script.sweep();
            script.is_legal();
        }
        // who waits changes nothing
        let waits = |script: &mut Script| {
            let call = Syscall { nr: 61, ret: 77, args: [u64::MAX, 0, 0], ..Syscall::default() };
            script.write(10, 24, Body::Syscall(call));
        };
        born(Script::tracepoints(), |task| task.comm[0] = b'x', waits).trips(&RULE);
    }
}
