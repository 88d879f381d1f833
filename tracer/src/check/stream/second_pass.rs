//! The namespaces that a sweep's second pass shows: of each task by ascending numbers, its own PID
//! namespace if it is an init, the one for its children if that is another, and its nsproxy if it is
//! an init or its parent has another one.
//!
//! An nsproxy is made anew for whoever changes its namespaces, and never changed: a task and its
//! parent that were ever seen with different namespaces do not share one.

use std::collections::HashSet;

use crate::{
    check::{Subject, cx::Cx, moves::Moves, violation::Finding},
    coverage::{Coverage, Fact},
    event::{Body, Event, NsSet, PidNs, TaskFacts, Vector, bits},
    model::{NsKind, TaskId, World},
};

/// `PF_EXITING` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
/// Tasks that are remembered; of more, nothing is expected.
const MOST: usize = 1 << 16;

/// What the second pass has shown, and what it is to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    /// The keys of the tasks of the first pass that have an nsproxy, and of their parents, and the
    /// numbers that they had.
    tasks: Vec<(u64, u64, i32)>,
    /// The PID namespaces that were shown for their inits.
    owned: HashSet<u64>,
    sets: HashSet<u64>,
    spaces: HashSet<u64>,
    /// PID namespaces shown since the last nsproxy.
    unclaimed: Vec<u64>,
    /// The child reapers of these.
    reapers: Vec<u64>,
    /// The number of the task whose nsproxy was shown last.
    last: i32,
    /// Tasks that have ended, begun, or changed their namespaces since the sweep began.
    touched: HashSet<u64>,
    moves: Moves,
    /// A thread takes its leader's number: who is shown is not sure.
    swapped: bool,
    /// The hooks tell before a task enters namespaces.
    told_first: bool,
    sweeping: bool,
}

impl Second {
    pub(super) fn new(coverage: &Coverage) -> Self {
        Self { told_first: coverage.sees(Fact::NsEnter), ..Self::default() }
    }

    /// A sweep begins, or records are missing.
    pub(super) fn begin(&mut self, sweeping: bool) {
        let moves = if sweeping { std::mem::take(&mut self.moves) } else { Moves::default() };
        *self = Self { told_first: self.told_first, moves, sweeping, ..Self::default() };
    }

    /// A record of no sweep.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        self.moves.note(event);
        if !self.sweeping {
            return;
        }
        match &event.body {
            Body::Exit(facts) => {
                self.touched.insert(facts.task);
            }
            Body::NsSet(facts) => {
                self.touched.insert(facts.task);
            }
            Body::ExchangeTids(_) => self.swapped = true,
            Body::Exec(exec) => self.swapped |= exec.facts.old_tid != exec.facts.tid,
            // the first that tells, where no hook does, that a thread has its leader's number
            Body::Rename(facts) if !self.told_first => {
                self.touched.insert(facts.task);
            }
            Body::Fork { task, .. } => {
                self.touched.insert(task.task);
                self.sets.remove(&task.task); // another one at the address of one that was shown
            }
            Body::Update { task, .. } => {
                self.touched.insert(task.task);
            }
            Body::Release(facts) => {
                self.touched.insert(facts.task);
            }
            Body::FreeTask(facts) => {
                self.touched.insert(facts.task);
            }
            _ => {}
        }
    }

    /// The first pass shows a task.
    pub(super) fn task(&mut self, facts: &TaskFacts, vector: &Vector) {
        let has = facts.bits & bits::HAS_NSPROXY != 0 && facts.exit_state == 0;
        if has && !vector.is_empty() && facts.flags & PF_EXITING == 0 && self.tasks.len() < MOST {
            self.tasks.push((facts.task, facts.real_parent, facts.tid));
        }
    }

    /// The second pass shows a PID namespace.
    pub(super) fn space(&mut self, facts: &PidNs) {
        self.spaces.insert(facts.ns);
        self.unclaimed.push(facts.ns);
        self.reapers.push(facts.child_reaper);
    }

    /// PID namespaces that no nsproxy has followed: those of inits that have none any more.
    pub(super) fn unclaimed(&mut self, world: &World) -> Option<Finding> {
        let odd = self.first_odd(world);
        self.unclaimed.clear();
        self.reapers.clear();
        odd.filter(|_| self.sweeping).map(|ns| {
            let subject = Subject::namespace_named(ns, 0);
            Finding::new(subject, "an init's, or of a task whose nsproxy follows", "neither")
        })
    }

    /// The first unclaimed one that is no init's, or shown again for it.
    fn first_odd(&mut self, world: &World) -> Option<u64> {
        let Self { unclaimed, owned, .. } = self;
        let led = |ns: u64| {
            let space = world.ns_at(ns).and_then(|ns| world.ns(ns).pid.as_ref());
            space.is_none_or(|space| space.init.is_some())
        };
        unclaimed.iter().find(|&&ns| !led(ns) || !owned.insert(ns)).copied()
    }

    /// The second pass shows an nsproxy.
    pub(super) fn set(&mut self, world: &World, facts: &NsSet) -> Option<Finding> {
        let id = world.at_key(facts.task).filter(|&id| world.lives(id));
        let known = id.and_then(|id| Some((id, world.pid_of(id)?, world.task_active_pid_ns(id)?)));
        let again = !self.sets.insert(facts.task);
        let reapers = std::mem::take(&mut self.reapers);
        let Some((id, pid, own)) = known.filter(|_| self.sweeping) else {
            self.unclaimed.clear();
            return None;
        };
        let own = world.key_of_ns(own);
        let init = world.numbers(pid).last().is_some_and(|&(_, nr)| nr == 1);
        let (own, other) = (init.then_some(own), facts.for_children != own);
        let other = other.then_some(facts.for_children);
        let due: Vec<u64> = own.into_iter().chain(other).collect();
        let before = self.unclaimed.len().checked_sub(due.len());
        let last = before.is_some_and(|before| self.unclaimed.split_off(before) == due);
        let claimed = own.is_none_or(|own| self.owned.insert(own));
        let reaper = before.and_then(|at| reapers.get(at)).filter(|_| init && last);
        let led = reaper.is_none_or(|&reaper| leads(world, id, reaper));
        let whole = last && claimed && led && self.first_odd(world).is_none();
        self.unclaimed.clear();
        let tid = world.tid(id);
        // without a hook on exchange_tids a number may be another's by now
        let ordered = !self.told_first || tid > self.last && !again;
        let swaps = self.may_swap(world, id);
        self.last = if swaps { self.last } else { tid };
        (!whole || !(ordered || swaps)).then(|| {
            let expected = "once by ascending numbers, behind its own PID namespaces";
            Finding::new(Subject::task(world, id), expected, "its nsproxy is shown otherwise")
        })
    }

    /// The sweep ends: whose namespaces it has not shown.
    pub(super) fn end(&mut self, cx: &Cx<'_>) -> Option<Finding> {
        let odd = self.unclaimed(cx.world);
        let sweeping = std::mem::take(&mut self.sweeping);
        if odd.is_some() || !sweeping || self.swapped || self.spaces.is_empty() {
            return odd;
        }
        let world = cx.world;
        let missed = self.tasks.iter().find_map(|&(key, parent, tid)| {
            // one that has taken its leader's number since was passed by
            let same = |&id: &TaskId| world.tid(id) == tid && self.stays(world, id);
            let id = world.at_key(key).filter(same)?;
            self.misses(world, id, parent).then_some(id)
        })?;
        let subject = Subject::task(world, missed);
        Some(Finding::new(subject, "its namespaces are shown", "the sweep's end"))
    }

    fn misses(&self, world: &World, id: TaskId, parent: u64) -> bool {
        let Some(own) = world.task_active_pid_ns(id) else { return false };
        let pid = world.pid_of(id).map(|pid| world.numbers(pid));
        let init = pid.is_some_and(|numbers| numbers.last().is_some_and(|&(_, nr)| nr == 1));
        let shown = self.sets.contains(&world.key_of(id));
        if init {
            return !shown || !self.spaces.contains(&world.key_of_ns(own));
        }
        let children = world.for_children(id).filter(|&ns| ns != own && self.told_first);
        if let Some(ns) = children
            && !self.spaces.contains(&world.key_of_ns(ns))
        {
            return true;
        }
        // a system call that has changed one of them may be told behind the sweep
        if !self.told_first {
            return false;
        }
        let same = |&now: &TaskId| world.key_of(now) == parent && self.stays(world, now);
        let parent = world.parent(id).filter(same);
        let Some(parent) = parent.filter(|_| !shown && !world.is_parent_inferred(id)) else {
            return false;
        };
        let (mine, theirs) = (world.inums_of(id), world.inums_of(parent));
        let differs = NsKind::ALL.into_iter().zip(mine.into_iter().zip(theirs));
        let mut differs = differs.filter(|(kind, _)| !matches!(kind, NsKind::User | NsKind::Pid));
        differs.any(|(_, (mine, theirs))| mine != 0 && theirs != 0 && mine != theirs)
    }

    /// It has run since the sweep began, and nothing has come of it.
    fn stays(&self, world: &World, id: TaskId) -> bool {
        let key = world.key_of(id);
        world.runs(id)
            && world.flags_of(id) & PF_EXITING == 0
            && !self.touched.contains(&key)
            && !self.moves.has(key)
            && !self.may_swap(world, id)
    }

    fn may_swap(&self, world: &World, id: TaskId) -> bool {
        self.swapped || world.is_grouped(id) && !world.runs(world.leader(id))
    }
}

/// Whether a child reaper is a thread of an init that runs.
fn leads(world: &World, init: TaskId, reaper: u64) -> bool {
    let other = world.at_key(reaper).filter(|&reaper| world.lives(reaper));
    reaper == world.key_of(init)
        || !world.runs(init)
        || world.is_grouped(init)
            && reaper != 0
            && other.is_none_or(|other| world.same_process(other, init))
}

#[cfg(test)]
mod tests {
    use crate::{
        check::{Verdict, stream::sweep_form::RULE, tests::script::Script},
        event::Body,
    };

    /// Three sweeps, of which the last but one shows in its second pass what `shows` writes.
    fn swept(shows: impl Fn(&mut Script)) -> Verdict {
        let mut script = Script::new();
        script.events.clear();
        script.shows_held = true;
        let whole = |script: &mut Script, shows: &dyn Fn(&mut Script)| {
            script.sweep();
            let end = script.events.pop();
            shows(script);
            script.append(end.unwrap());
        };
        whole(&mut script, &second);
        whole(&mut script, &shows);
        whole(&mut script, &second);
        script.report().row(&RULE).unwrap().verdict
    }

    /// What a second pass shows of a host without inner namespaces.
    fn second(script: &mut Script) {
        script.write(0, 20, Body::PidNs(script.root(3)));
        script.show_set(1);
    }

    #[test]
    fn an_init_whose_namespaces_are_not_shown_trips() {
        assert_eq!(
            swept(|script| script.write(0, 20, Body::PidNs(script.root(3)))),
            Verdict::Violated
        );
    }

    #[test]
    fn an_nsproxy_before_its_own_pid_namespace_or_twice_trips() {
        let odd = |script: &mut Script| {
            script.show_set(1);
            script.write(0, 20, Body::PidNs(script.root(3)));
        };
        assert_eq!(swept(odd), Verdict::Violated);
        let twice = |script: &mut Script| {
            second(script);
            script.show_set(1);
        };
        assert_eq!(swept(twice), Verdict::Violated);
    }

    #[test]
    fn tasks_whose_parents_have_other_namespaces_are_shown_as_well() {
        assert_eq!(swept(second), Verdict::Holds);
        let more = |script: &mut Script| {
            second(script);
            script.show_set(10);
        };
        assert_eq!(swept(more), Verdict::Holds);
    }
}
