//! Rule 41: what an exiting task leaves behind, and a zombie has no more.

use super::known::{Known, PF_EXITING, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{Exit, TaskFacts, bits},
    model::{Certainty, TaskId, World},
};

/// Zombies.
pub(in crate::check) static RULE: Rule = Rule {
    number: 41,
    id: "empty-zombie",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A zombie has exited and has no children, no tracees and no namespaces; an exit says \
                whether there are children, and that an ancestor or the init of the namespace \
                takes them.",
    source: "exit_notify, forget_original_parent, find_new_reaper, exit_task_namespaces \
             (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::Snapshot)],
    weaker: None,
    exceptions: &[
        "between its exit and exit_notify a task still has all that",
        "which thread of a process gets the children, and what a subreaper is, is not always known",
        "a sweep's record may be of a later moment than its place: an exit that follows explains it",
    ],
    trips: "an exit without children, of a task that has a running child",
    near_miss: "the exit of a task whose last child was just released",
};

/// Tasks of one sweep that are remembered, at most.
const KEPT: usize = 1024;
/// Ancestors that are looked at.
const ANCESTORS: usize = 4096;

/// What the running sweep has shown.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Zombies.
    zombies: Vec<u64>,
    /// Zombies whose exit must yet be told.
    owed: Vec<TaskId>,
}

impl State {
    /// A sweep begins, or records are missing.
    pub(super) fn forget(&mut self) {
        self.zombies.clear();
        self.owed.clear();
    }

    /// A task is born, perhaps at the address of one that was a zombie.
    #[inline]
    pub(super) fn born(&mut self, key: u64) {
        if !self.zombies.is_empty() {
            self.zombies.retain(|&zombie| zombie != key);
        }
    }

    /// A sweep shows a task.
    pub(super) fn shown(
        &mut self,
        cx: &mut Cx<'_>,
        known: &Known,
        id: Option<TaskId>,
        facts: &TaskFacts,
    ) {
        let world = cx.world;
        let named = || match id {
            Some(id) => Subject::task(world, id),
            None => Subject::task_named(facts.task, facts.tid, facts.tgid),
        };
        let state = facts.exit_state;
        if state != 0 {
            let sort = matches!(state, 0x10 | 0x20 | 0x30);
            let spaces = facts.bits & bits::HAS_NSPROXY != 0 || facts.for_children != 0;
            cx.test(&RULE, sort && !spaces, || {
                let observed = format!("exit_state {state:#x}, namespaces {spaces}");
                Finding::new(named(), "EXIT_ZOMBIE or EXIT_DEAD, and no nsproxy", observed)
            });
            if self.zombies.len() < KEPT {
                self.zombies.push(facts.task);
            }
        }
        if let Some(id) = id.filter(|&id| world.tid(id) == facts.tid && world.lives(id)) {
            if world.exited_at(id) != 0 {
                cx.test(&RULE, facts.flags & PF_EXITING != 0, || {
                    Finding::new(named(), "PF_EXITING after its exit", "it is not exiting")
                });
            } else if state != 0 && known.whole(world, id) && self.owed.len() < KEPT {
                self.owed.push(id);
            }
        }
        self.parents(cx, facts, named);
    }

    /// A zombie that the sweep has shown before has handed its children and tracees on.
    fn parents(&self, cx: &mut Cx<'_>, facts: &TaskFacts, named: impl Fn() -> Subject) {
        let kin = [(facts.real_parent, true), (facts.parent, facts.ptrace != 0)];
        for (key, counts) in kin {
            if !counts || self.zombies.is_empty() {
                continue;
            }
            let init = cx.world.at_key(key).is_none_or(|id| is_init(cx.world, id));
            cx.test(&RULE, init || !self.zombies.contains(&key), || {
                Finding::new(named(), "no zombie as parent or tracer", format!("{key:#x} is one"))
            });
        }
    }

    /// The sweep is over: what it has shown dead has exited before.
    pub(super) fn end(&mut self, cx: &mut Cx<'_>) {
        let world = cx.world;
        for id in std::mem::take(&mut self.owed) {
            let holds = !world.lives(id) || world.exited_at(id) != 0;
            cx.test(&RULE, holds, || {
                Finding::new(Subject::task(world, id), "an exit", "a zombie that has not exited")
            });
        }
        self.zombies.clear();
    }
}

/// The task is of the init of its namespace, which keeps orphans until it is a zombie itself.
fn is_init(world: &World, id: TaskId) -> bool {
    let pid = world.pid_of(world.leader(id));
    pid.is_none_or(|pid| world.numbers(pid).last().is_none_or(|&(_, nr)| nr == 1))
}

/// `sched_process_exit`: the children, and who gets them.
pub(super) fn exit(cx: &mut Cx<'_>, known: &Known, sees: Sees, id: TaskId, facts: &Exit) {
    let world = cx.world;
    let has = facts.has_children == 1;
    let told =
        facts.has_children <= 1 && has == (facts.reaper != 0) && (has || facts.reaper_tgid == 0);
    cx.test(&RULE, told, || {
        Finding::new(
            Subject::task(world, id),
            "a reaper if there are children",
            format!("has_children {}, reaper {:#x}", facts.has_children, facts.reaper),
        )
    });
    if has {
        reaper(cx, known, id, facts);
    } else if sees.release && world.has_children(id) && !world.is_grouped(id) {
        let child = world.children_of(id).find(|&child| settled(world, known, child));
        cx.test(&RULE, child.is_none(), || {
            let tid = child.map_or(0, |child| world.tid(child));
            Finding::new(Subject::task(world, id), format!("its child {tid}"), "no children")
        });
    }
}

/// A running child that has never had another parent.
fn settled(world: &World, known: &Known, child: TaskId) -> bool {
    world.runs(child)
        && world.leads(child)
        && known.whole(world, child)
        && !world.is_parent_inferred(child)
}

/// Who gets the children: the number is that of its process, and it is above the dying task.
fn reaper(cx: &mut Cx<'_>, known: &Known, id: TaskId, facts: &Exit) {
    let world = cx.world;
    let named = world.at_key(facts.reaper);
    let holds = match named {
        Some(heir) if world.certainty_of(heir) == Certainty::Inferred => true,
        Some(heir) => world.tgid(heir) == facts.reaper_tgid && takes(world, id, heir),
        None => match world.find_task(facts.reaper_tgid) {
            // a thread that the sweep could not show, or a task without a key yet
            Some(other) => world.key_of(other) == 0 || world.is_grouped(other),
            None => !known.is_armed() || facts.reaper_tgid == 0,
        },
    };
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task(world, id),
            "its children go to an ancestor or the init of its namespace",
            format!("to {:#x} of {}", facts.reaper, facts.reaper_tgid),
        )
    });
}

/// Whether a task may get the children of another: an ancestor, or the namespace's init. A family
/// that is being handed on itself may be another in the kernel.
fn takes(world: &World, id: TaskId, heir: TaskId) -> bool {
    let Some(ns) = world.task_active_pid_ns(id) else { return true };
    let Some(space) = world.ns(ns).pid.as_ref() else { return true };
    let Some(init) = space.init.and_then(|pid| world.holder(pid)) else { return true };
    if world.same_process(init, heir) || space.child_reaper == Some(heir) {
        return true;
    }
    let mut at = world.leader(id);
    for _ in 0..ANCESTORS {
        if world.is_parent_inferred(at) {
            return true;
        }
        let Some(parent) = world.parent(at) else { return world.tid(at) > 2 };
        if world.same_process(parent, heir) || !world.runs(parent) {
            return true;
        }
        at = world.leader(parent);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    fn exit(script: &mut Script) -> &mut Exit {
        let Body::Exit(exit) = &mut script.last().body else { panic!("no exit") };
        exit
    }

    #[test]
    fn a_task_with_a_child_that_says_it_has_none_trips_it() {
        let mut script = Script::new();
        let father = script.fork(10);
        script.fork(father);
        script.exit(father);
        *exit(&mut script) =
            Exit { has_children: 0, reaper: 0, reaper_tgid: 0, ..*exit(&mut script) };
        script.trips(&RULE);
    }

    #[test]
    fn a_reaper_that_is_no_ancestor_trips_it() {
        for spoil in [0, 1, 2] {
            let mut script = Script::new();
            let (father, other) = (script.fork(10), script.fork(10));
            script.fork(father);
            script.exit(father);
            let key = script.tasks[&other].facts.task;
            match spoil {
                0 => (exit(&mut script).reaper, exit(&mut script).reaper_tgid) = (key, other),
                1 => exit(&mut script).reaper_tgid = other,
                _ => exit(&mut script).has_children = 0,
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_zombie_that_has_not_exited_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        let facts = script.facts(child);
        (facts.exit_state, facts.flags) = (0x20, facts.flags | 4);
        facts.bits = 0;
        facts.for_children = 0;
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_zombie_with_an_nsproxy_or_a_child_trips_it() {
        let mut script = Script::new();
        let father = script.fork(10);
        let child = script.fork(father);
        let father_key = script.tasks[&father].facts.task;
        script.exit(father);
        script.facts(child).real_parent = father_key;
        script.sweep();
        script.trips(&RULE);
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.facts(child).bits |= bits::HAS_NSPROXY;
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_father_whose_child_was_just_released_does_not() {
        let mut script = Script::new();
        let father = script.fork(10);
        let (child, other) = (script.fork(father), script.fork(father));
        script.exit(child);
        script.release(child, child);
        script.exit(father);
        script.sweep();
        script.end(other);
        script.holds(&RULE);
    }

    #[test]
    fn an_exit_that_the_sweep_runs_ahead_of_does_not() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        let exit = script.events.pop().unwrap();
        script.sweep();
        let end = script.events.len() - 1;
        script.events.insert(end, exit);
        for (seq, event) in script.events.iter_mut().enumerate() {
            event.header.seq = seq as u32;
        }
        script.holds(&RULE);
    }
}
