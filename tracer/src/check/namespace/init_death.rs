//! Rule 60: the init of a PID namespace dies first of all, and is reaped last.

use std::collections::HashMap;

use super::{no_fork_into_dead, test};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx},
    coverage::Fact,
    event::{Body, FreePid, FreeTask, NsEnd, PidFacts, Release, TaskFacts, Vector},
    model::{Certainty, NsId, TaskId, TaskState, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 60,
    id: "init-death",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a PID namespace dies once, by the last thread of its init, which has exited; before \
                the init is reaped, all others in the namespace are",
    source: "find_child_reaper (kernel/exit.c), zap_pid_ns_processes (kernel/pid_namespace.c)",
    needs: &[
        Need::Fact(Fact::Exit),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::NsDying),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::FreeTask)],
        statement: "before the init of a PID namespace is freed, all others in it have exited",
    }),
    exceptions: &[
        "a zombie whose parent is outside, or a group that is used outside, may delay the init",
        "the last thread's own pid may be freed late, if it is not the leader",
    ],
    trips: "an init is reaped while a member of its namespace lives",
    near_miss: "an init is reaped after a member that outlived it for long",
};

/// A namespace that dies.
#[derive(Clone, Debug, Default)]
struct Death {
    /// The key of the task that lets it die.
    by: u64,
    /// That does not lead its process.
    thread: bool,
    /// It has reaped something since: nothing can be allocated any more.
    proven: bool,
}

/// The namespaces that die, or are dead, by key.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Dying {
    deaths: HashMap<u64, Death>,
    /// The keys of those who let one die and have reaped nothing since.
    starting: Vec<(u64, u64)>,
    /// The keys of pids that were allocated too late.
    late: Vec<u64>,
    /// When a loss was last told.
    lost: u64,
}

impl Dying {
    /// Goes with every record.
    #[inline]
    pub(in crate::check) fn before(&mut self, cx: &Cx<'_>) {
        if !cx.plain && matches!(cx.event.body, Body::Lost(_)) {
            *self = Self { lost: cx.book.now, ..Self::default() };
        }
    }

    /// A namespace dies.
    pub(in crate::check) fn has(&self, ns: u64) -> bool {
        self.deaths.contains_key(&ns)
    }

    /// Its init's last thread does not lead its process.
    pub(in crate::check) fn by_thread(&self, ns: u64) -> bool {
        self.deaths.get(&ns).is_some_and(|death| death.thread)
    }

    /// It dies, and its init has reaped since.
    pub(in crate::check) fn is_proven(&self, ns: u64) -> bool {
        self.deaths.get(&ns).is_some_and(|death| death.proven)
    }

    /// A namespace is freed, or another one is made at its address.
    pub(in crate::check) fn forget(&mut self, ns: u64) {
        self.deaths.remove(&ns);
        self.starting.retain(|&(_, at)| at != ns);
    }

    /// `zap_pid_ns_processes` is entered.
    pub(in crate::check) fn dying(&mut self, cx: &mut Cx<'_>, facts: &NsEnd) {
        let (world, header) = (cx.world, &cx.event.header);
        let named = (facts.ns, facts.inum);
        let again = self.deaths.contains_key(&facts.ns);
        test(cx, &RULE, !again, named, "its first death", || "a second one".to_owned());
        let thread = header.actor_tid != header.actor_tgid;
        let death = Death { by: header.actor, thread, proven: false };
        self.deaths.insert(facts.ns, death);
        self.starting.push((header.actor, facts.ns));
        let Some(actor) = world.at_key(header.actor) else {
            test(cx, &RULE, false, named, "an init that has exited", || {
                format!("by {:#x}, of which nothing has told", header.actor)
            });
            return;
        };
        let exited = world.state_of(actor) == TaskState::Zombie;
        test(cx, &RULE, exited, named, "an init that has exited", || "one that runs".to_owned());
        let Some(ns) = world.ns_at(facts.ns) else { return };
        let own = world.task_active_pid_ns(actor).is_none_or(|own| own == ns);
        let init = world.ns(ns).pid.as_ref().and_then(|space| space.init);
        let init = init.and_then(|init| world.live_holder(init));
        let holds = own && init.is_none_or(|init| world.same_process(init, actor));
        test(cx, &RULE, holds, named, "a thread of its init", || {
            format!("by {}", world.tid(actor))
        });
    }

    /// Whoever lets a namespace die and reaps has cleared the flag before.
    fn reaps(&mut self, actor: u64) {
        if self.starting.is_empty() {
            return;
        }
        let of = |&(by, _): &(u64, u64)| by == actor;
        for &(_, ns) in self.starting.iter().filter(|one| of(one)) {
            if let Some(death) = self.deaths.get_mut(&ns).filter(|death| death.by == actor) {
                death.proven = true;
            }
        }
        self.starting.retain(|one| !of(one));
    }

    /// A pid was allocated.
    pub(in crate::check) fn alloc(&mut self, cx: &Cx<'_>, facts: &PidFacts) {
        if self.deaths.is_empty() {
            return;
        }
        self.late.retain(|&pid| pid != facts.pid.0 && cx.world.pid_at(pid).is_some());
        let Some(own) = facts.vector.own() else { return };
        if self.is_proven(own.ns) {
            self.late.push(facts.pid.0);
        }
    }

    /// A task is born.
    pub(in crate::check) fn fork(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
        let late = !self.late.is_empty() && self.late.contains(&task.pid);
        no_fork_into_dead::fork(cx, task, vector, late);
    }

    /// A task is reaped.
    pub(in crate::check) fn release(&mut self, cx: &mut Cx<'_>, facts: &Release) {
        self.reaps(cx.event.header.actor);
        let world = cx.world;
        let Some(task) = world.at_key(facts.task).filter(|&task| world.lives(task)) else { return };
        if let Some(ns) = led(world, task) {
            self.last(cx, task, ns);
        }
    }

    /// A pid is freed.
    pub(in crate::check) fn free(&mut self, cx: &mut Cx<'_>, facts: &FreePid) {
        self.reaps(cx.event.header.actor);
        let world = cx.world;
        let Some(pid) = world.pid_at(facts.pid).filter(|_| facts.level > 0) else { return };
        let Some(task) = world.live_holder(pid) else { return };
        if let Some(ns) = led(world, task) {
            self.last(cx, task, ns);
        }
    }

    /// The init of a namespace is reaped.
    fn last(&self, cx: &mut Cx<'_>, task: TaskId, ns: NsId) {
        let world = cx.world;
        let Some(space) = &world.ns(ns).pid else { return };
        let named = (space.key.0, world.ns(ns).inum);
        if !cx.is_full(&RULE) {
            return;
        }
        let most = 1 + u32::from(self.by_thread(named.0));
        test(cx, &RULE, space.members <= most, named, "no others in it", || {
            format!("its init is reaped, {} others are not", space.members.saturating_sub(1))
        });
        let seen = world.certainty_of(task) == Certainty::Observed;
        let exited = world.exited_at(task);
        if seen && exited > self.lost {
            test(cx, &RULE, self.has(named.0), named, "a death", || "its init is reaped".into());
        }
    }
}

/// A task is freed (tracepoint plan).
pub(in crate::check) fn free_task(cx: &mut Cx<'_>, facts: &FreeTask, has_groups: bool) {
    let world = cx.world;
    if cx.is_full(&RULE) || !has_groups {
        return;
    }
    let Some(task) = world.at_key(facts.task).filter(|&task| world.lives(task)) else { return };
    let Some(ns) = led(world, task).filter(|_| world.threads(task).len() == 1) else {
        return; // it may be another thread that waits in zap_pid_ns_processes
    };
    let named = (world.key_of_ns(ns), world.ns(ns).inum);
    let inside = |&one: &TaskId| one != task && world.task_active_pid_ns(one) == Some(ns);
    let observed = |one: &TaskId| world.certainty_of(*one) == Certainty::Observed;
    // its memory may be freed so late that there is another namespace at the address
    let ended = world.exited_at(task);
    let before = |&one: &TaskId| ended == 0 || world.born_at(one) <= ended;
    let mut others = world.tasks().filter(inside).filter(observed).filter(before);
    let other = others.find(|&one| world.runs(one));
    test(cx, &RULE, other.is_none(), named, "no others that run in it", || {
        format!("its init is freed, {} runs", other.map_or(0, |other| world.tid(other)))
    });
}

/// The inner PID namespace whose init a task leads.
fn led(world: &World, task: TaskId) -> Option<NsId> {
    let pid = world.pid_of(task)?;
    let ns = world.deepest(pid).filter(|&ns| Some(ns) != world.root_ns())?;
    (world.ns(ns).pid.as_ref()?.init == Some(pid)).then_some(ns)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_NEWPID, Script};

    #[test]
    fn an_init_that_is_reaped_before_a_member_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.fork(init);
        script.exit(init);
        script.dying(init);
        script.release(init, 10);
        script.trips(&RULE);
    }

    #[test]
    fn an_init_that_is_freed_before_a_member_exits_trips() {
        let mut script = Script::tracepoints();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.fork(init);
        script.exit(init);
        script.release(init, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_dies_by_another_task_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.exit(init);
        script.dying(init);
        let other = script.facts(10).task;
        script.last().header.actor = other;
        script.trips(&RULE);
    }

    #[test]
    fn an_init_that_is_reaped_without_a_death_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.exit(init);
        script.release(init, 10);
        script.trips(&RULE);
    }

    #[test]
    fn an_init_that_is_reaped_last_holds() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let member = script.fork(init);
            script.exit(init);
            script.dying(init);
            script.exit(member);
            script.release(member, init);
            script.release(init, 10);
            script.holds(&RULE);
        }
    }
}
