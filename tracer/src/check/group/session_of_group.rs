//! Rule 28: all members of a process group are in one session.

use std::collections::HashMap;

use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, settle::WINDOW,
        violation::Finding,
    },
    coverage::Fact,
    event::TaskFacts,
    model::{Certainty, PidId, TaskId, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 28,
    id: "session-of-group",
    group: Group::Group,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "all processes of one process group are in one session, from their birth on",
    source: "copy_process (kernel/fork.c), setpgid, ksys_setsid (kernel/sys.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot), Need::Fact(Fact::ChangePid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
        statement: "a child is in its group's session, unless that group's first process has \
                    several threads; no two processes of a group are in the same two sessions at \
                    two sweeps that are a second apart",
    }),
    exceptions: &[
        "setsid changes the session first, then the group",
        "pid 0 is the group and session of kernel threads",
        "a sweep may read group and session of a task around a setsid",
    ],
    trips: "a child is born in its parent's group and in another session",
    near_miss: "the child of a process that has called setsid is in the new group and session",
};

/// The session of a group, by the process that it is named after. That cannot leave the session
/// while the group exists.
pub(super) fn session_of(world: &World, pgrp: PidId) -> Option<(TaskId, PidId)> {
    let first = world.live_holder(pgrp)?;
    if !world.leads(first) || is_vague(world, first) {
        return None;
    }
    Some((first, world.task_session(first)?))
}

/// Only named, or read from `/proc`: number by number.
fn is_vague(world: &World, task: TaskId) -> bool {
    matches!(world.certainty_of(task), Certainty::Proc | Certainty::Inferred)
}

/// A process is born.
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts) {
    let Some(pgrp) = cx.world.pid_at(task.pgrp).filter(|_| task.pgid > 0) else { return };
    let Some((first, session)) = session_of(cx.world, pgrp) else { return };
    if !cx.is_full(&RULE) && cx.world.threads(first).len() > 1 {
        return;
    }
    let holds = cx.world.key_of_pid(session) == task.session && cx.world.nr(session) == task.sid;
    let world = cx.world;
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task_named(task.task, task.tid, task.tgid),
            format!("session {} of process group {}", world.nr(session), task.pgid),
            format!("session {}", task.sid),
        )
    });
}

/// What did not fit at the last sweep.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Torn {
    /// Group, one session, another session; and since when.
    pairs: Vec<([PidId; 3], u64)>,
}

impl Torn {
    /// Goes through all processes.
    pub(in crate::check) fn scan(&mut self, cx: &mut Cx<'_>) {
        let (world, now) = (cx.world, cx.book.now);
        let mut sessions: HashMap<PidId, PidId> = HashMap::new();
        let before = std::mem::take(&mut self.pairs);
        for task in world.tasks().filter(|&task| world.leads(task) && !is_vague(world, task)) {
            let both = world.task_pgrp(task).zip(world.task_session(task));
            let Some((pgrp, session)) = both.filter(|&(pgrp, _)| world.nr(pgrp) > 0) else {
                continue;
            };
            let first = *sessions.entry(pgrp).or_insert(session);
            let mut holds = first == session;
            if !holds && !cx.is_full(&RULE) {
                let pair = [pgrp, first, session];
                let since = before.iter().find(|(known, _)| *known == pair);
                let since = since.map_or(now, |&(_, since)| since);
                holds = since.saturating_add(WINDOW) > now;
                self.pairs.push((pair, since));
            }
            cx.test(&RULE, holds, || {
                Finding::new(
                    Subject::task(world, task),
                    format!("session {} of process group {}", world.nr(first), world.nr(pgrp)),
                    format!("session {}", world.nr(session)),
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    fn in_another_session(mut script: Script) -> Script {
        let child = script.fork(10);
        script.setsid(child);
        script.sweep();
        let (session, sid) = (script.facts(child).session, child);
        script.fork(10);
        if let Body::Fork { task, .. } = &mut script.last().body {
            (task.session, task.sid) = (session, sid);
        }
        script
    }

    #[test]
    fn a_child_in_another_session_than_its_group_trips() {
        in_another_session(Script::new()).trips(&RULE);
        in_another_session(Script::tracepoints()).trips(&RULE);
    }

    #[test]
    fn a_child_of_a_new_session_holds() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.setsid(child);
            script.sweep();
            script.fork(child);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
