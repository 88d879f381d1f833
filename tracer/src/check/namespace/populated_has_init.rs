//! Rule 36: a PID namespace with pids in it has its init.

use super::{init_death::Dying, test};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
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
                use, and every sweep finds the namespace; and the child reaper is a thread of the \
                process that has it",
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
pub(in crate::check) fn read(cx: &mut Cx<'_>, facts: &PidNs, creates: bool) {
    if let Some(ns) = super::namespace_tree::known(cx, facts.ns, facts.ns_id, creates) {
        let holds = reaps(cx.world, ns, facts.child_reaper, cx.hides());
        test(cx, &RULE, holds, (facts.ns, facts.inum), REAPER, other);
        let runs = init(cx.world, ns).and_then(|pid| cx.world.live_holder(pid));
        let runs = runs.is_some_and(|init| cx.world.runs(init));
        let counted = facts.allocated & !ADDING != 0;
        test(cx, &RULE, counted || !runs, (facts.ns, facts.inum), "its init counted", || {
            format!("pid_allocated {:#x}", facts.allocated)
        });
    }
    let first = facts.level != 0 || facts.allocated > ADDING;
    test(cx, &RULE, first, (facts.ns, facts.inum), "accepting pids, and some in it", || {
        format!("pid_allocated {:#x}", facts.allocated)
    });
}

/// `PIDNS_ADDING` (include/linux/pid_namespace.h).
const ADDING: u32 = 1 << 31;

const REAPER: &str = "a thread of its init as child reaper";

fn other() -> String {
    "another one, or none".to_owned()
}

/// Whether a child reaper is a thread of the init, as far as is known. It stays what it was when that
/// has exited.
fn reaps(world: &World, ns: NsId, key: u64, hides: bool) -> bool {
    let Some(pid) = init(world, ns).filter(|&pid| world.holder(pid).is_some()) else {
        return true;
    };
    let Some(init) = world.live_holder(pid).filter(|&init| world.runs(init)) else {
        let ended = world.holder(pid).filter(|&init| !world.is_grouped(init));
        let known = ended.map_or(0, |init| world.key_of(init));
        return key != 0 && (known == 0 || known == key);
    };
    match world.at_key(key).filter(|&reaper| world.lives(reaper)) {
        Some(reaper) => world.same_process(reaper, init),
        None => key != 0 && (world.key_of(init) == 0 || hides && world.is_grouped(init)),
    }
}

/// What the sweeps find.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Found {
    begun: u64,
    /// What this sweep has read: key, inode number, child reaper, ns_id.
    now: Vec<(u64, u32, u64, u64)>,
    /// What the sweep before has read, and when it began.
    before: Option<(u64, Vec<u64>)>,
}

/// Namespaces of one sweep that are remembered.
const KEPT: usize = 4096;

impl Found {
    /// Records are missing.
    pub(in crate::check) fn forget(&mut self) {
        *self = Self::default();
    }

    /// A sweep begins.
    pub(in crate::check) fn begin(&mut self, ts: u64) {
        self.begun = ts;
        self.now.clear();
    }

    /// A sweep reads a namespace.
    pub(in crate::check) fn read(&mut self, facts: &PidNs) {
        if self.now.len() < KEPT && !self.now.iter().any(|&(ns, ..)| ns == facts.ns) {
            self.now.push((facts.ns, facts.inum, facts.child_reaper, facts.ns_id));
        }
    }

    /// A sweep is over, and the tables have it.
    pub(in crate::check) fn end(&mut self, cx: &mut Cx<'_>) {
        let hides = cx.hides();
        let world = cx.world;
        if world.certain_since().is_none() || self.begun == 0 || self.now.len() >= KEPT {
            self.forget();
            return;
        }
        for &(key, inum, reaper, id) in &self.now {
            // without the hooks another namespace may be at the address by now
            let ns = world.ns_at(key);
            let same = |ns: NsId| id != 0 && world.ns(ns).ns_id == id;
            let ns = ns.filter(|&ns| cx.is_full(&RULE) || Some(ns) == world.root_ns() || same(ns));
            // it may have been read before its init was made
            let ns = ns.filter(|_| is_old(world, key, self.begun));
            let holds = ns.is_none_or(|ns| reaps(world, ns, reaper, hides));
            sure(cx, holds, (key, inum), REAPER, "another one, or none");
        }
        let now: Vec<u64> = self.now.iter().map(|&(ns, ..)| ns).collect();
        if let Some((begun, before)) = self.before.take()
            && !now.is_empty()
            && !before.is_empty()
        {
            for &key in now.iter().filter(|key| !before.contains(key)) {
                let old = is_old(world, key, begun);
                sure(cx, !old, (key, 0), "found by every sweep", "the sweep before did not");
            }
            for &key in before.iter().filter(|key| !now.contains(key)) {
                let old = is_old(world, key, self.begun);
                sure(cx, !old, (key, 0), "found by every sweep", "this one did not");
            }
        }
        self.before = Some((self.begun, now));
    }
}

/// Its init ran before a time, and still runs.
fn is_old(world: &World, key: u64, ts: u64) -> bool {
    let holder = world.ns_at(key).and_then(|ns| world.live_holder(init(world, ns)?));
    holder.is_some_and(|id| {
        let alone = !world.is_grouped(id) && world.key_of(id) != 0;
        alone && world.runs(id) && world.born_at(id) < ts
    })
}

fn sure(cx: &mut Cx<'_>, holds: bool, named: (u64, u32), expected: &str, observed: &str) {
    cx.test_alone(&RULE, holds, || {
        let subject = Subject::namespace_named(named.0, named.1);
        Finding::new(subject, expected, observed.to_owned())
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
