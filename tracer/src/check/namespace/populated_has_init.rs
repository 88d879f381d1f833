//! Rule 36: a PID namespace with pids in it has its init.

use super::{init_death::Dying, test};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, cx::Cx},
    coverage::Fact,
    event::{FreePid, PidNs, Upid, Vector},
    model::{NsId, PidId, PidState, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 36,
    id: "populated-has-init",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "while a pid has a number in a PID namespace, the pid that is number 1 there is in \
                use; and the child reaper is a thread of the process that has it",
    source: "zap_pid_ns_processes (kernel/pid_namespace.c), alloc_pid (kernel/pid.c), \
             find_child_reaper (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Snapshot), Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid)],
    weaker: Some(crate::check::Weaker {
        needs: &[Need::Fact(Fact::Snapshot)],
        statement: "the child reaper that a sweep reads is a thread of the init",
    }),
    exceptions: &[
        "the pid of a thread of the init that was last may be freed after the init's",
        "number 1 may be allocated again if the first fork failed (since 7.1)",
    ],
    trips: "the init's pid is freed while another one is in the namespace",
    near_miss: "the init's pid is freed after that of the last member",
};

/// The pid that is number 1 in a namespace.
pub(super) fn init(world: &World, ns: NsId) -> Option<PidId> {
    world.ns(ns).pid.as_ref()?.init
}

/// Whether a namespace may get a number at this level of a vector.
pub(super) fn takes(world: &World, level: usize, upid: &Upid, depth: usize) -> bool {
    let Some(ns) = world.ns_at(upid.ns) else { return true };
    let first = upid.nr == 1 && level + 1 == depth;
    match init(world, ns) {
        Some(init) => first || world.state_of_pid(init) != PidState::Freed,
        None => first || world.ns(ns).created == 0,
    }
}

/// A pid was allocated.
pub(in crate::check) fn alloc(cx: &mut Cx<'_>, vector: &Vector) {
    let depth = vector.len();
    for (level, upid) in vector.iter().enumerate().skip(1) {
        let holds = takes(cx.world, level, upid, depth);
        test(cx, &RULE, holds, (upid.ns, upid.inum), "number 1 in use", || {
            format!("number {} is allocated", upid.nr)
        });
    }
}

/// A pid is freed.
pub(in crate::check) fn free(cx: &mut Cx<'_>, facts: &FreePid, dying: &Dying) {
    if facts.level == 0 {
        return;
    }
    let world = cx.world;
    let Some(pid) = world.pid_at(facts.pid) else { return };
    let Some(ns) = world.deepest(pid).filter(|&ns| init(world, ns) == Some(pid)) else { return };
    let space = world.ns(ns).pid.as_ref();
    let (key, members) = space.map_or((0, 0), |space| (space.key.0, space.members));
    let most = 1 + u32::from(dying.by_thread(key));
    test(cx, &RULE, members <= most, (key, world.ns(ns).inum), "no other pid in it", || {
        format!("its init's pid is freed, {} others are not", members.saturating_sub(1))
    });
}

/// A sweep reads a namespace.
pub(in crate::check) fn read(cx: &mut Cx<'_>, facts: &PidNs) {
    let world = cx.world;
    let Some(ns) = super::namespace_tree::known(cx, facts.ns, facts.ns_id) else { return };
    let Some(init) = init(world, ns).and_then(|pid| world.live_holder(pid)) else { return };
    if !world.runs(init) {
        return;
    }
    let reaper = world.at_key(facts.child_reaper).filter(|&reaper| world.lives(reaper));
    let holds = match reaper {
        Some(reaper) => world.same_process(reaper, init),
        None => facts.child_reaper != 0,
    };
    test(cx, &RULE, holds, (facts.ns, facts.inum), "a thread of its init as child reaper", || {
        "another one, or none".to_owned()
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_NEWPID, Script};

    #[test]
    fn an_init_that_goes_before_its_members_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.fork(init);
        script.exit(init);
        script.dying(init);
        script.release(init, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_with_another_reaper_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let mut space = script.space_of(init, 1);
            space.child_reaper = script.facts(10).task;
            script.sweep_with(&[space]);
            script.sweep_with(&[space]);
            script.trips(&RULE);
        }
    }

    #[test]
    fn an_init_that_goes_last_holds() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let member = script.fork(init);
        let space = script.space_of(init, 2);
        script.sweep_with(&[space]);
        script.exit(init);
        script.dying(init);
        script.exit(member);
        script.release(member, init);
        script.release(init, 10);
        script.holds(&RULE);
    }
}
