//! Rule 8: a pid is freed when nobody uses it.

use super::ground::Ground;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    model::PidId,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 8,
    id: "unused-at-free",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "When a pid is freed, no task has it, and no process has it as its group or session.",
    source: "__change_pid, free_pid (kernel/pid.c)",
    needs: &[
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::ChangePid),
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::Snapshot),
    ],
    weaker: None,
    exceptions: &[
        "A pid that was allocated for a fork that failed is freed before any task had it.",
        "A move to another group is told at its entry: what a sweep reads at that moment may be older.",
    ],
    trips: "A pid is freed before its task is released.",
    near_miss: "The pid of a dead group leader is freed once the last member has moved to another group.",
};

/// A known pid is freed.
#[inline]
pub(super) fn freed(cx: &mut Cx<'_>, ground: &Ground, pid: PidId) {
    if ground.is_moving() {
        return;
    }
    let (holder, users) = (cx.world.live_holder(pid), cx.world.users(pid));
    cx.test(&RULE, holder.is_none() && users == [0; 2], || {
        let task = holder.map_or(String::new(), |task| format!("task {}, ", cx.world.tid(task)));
        let [groups, sessions] = users;
        Finding::new(
            Subject::pid(cx.world, pid),
            "nobody uses it",
            format!("{task}{groups} processes as group, {sessions} as session"),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    #[test]
    fn a_free_before_the_release_is_a_violation() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        script.hide(2);
        script.trips(&RULE);
    }

    #[test]
    fn a_free_while_a_group_uses_the_pid_is_a_violation() {
        let mut script = Script::new();
        let leader = script.fork(10);
        script.change_pid(leader, leader, 2, leader);
        script.fork(leader);
        let person = script.tasks[&leader].clone();
        script.end(leader);
        script.free_pid(&person, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_group_s_pid_is_freed_when_its_last_member_moves() {
        let mut script = Script::new();
        let leader = script.fork(10);
        script.change_pid(leader, leader, 2, leader);
        let member = script.fork(leader);
        let person = script.tasks[&leader].clone();
        script.exit(leader);
        script.release_only(leader, 10);
        script.tasks.remove(&leader);
        script.change_pid(member, member, 2, member);
        script.free_pid(&person, member);
        script.free_task(&person);
        script.holds(&RULE);
    }
}
