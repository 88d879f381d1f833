//! Rule 47: a child has from its maker what its flags do not ask to be new.

use super::{
    State,
    birth::{Birth, clone},
};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, task::reading::same_comm,
        violation::Finding,
    },
    coverage::Fact,
    event::{Rename, TaskFacts, bits},
    model::{Certainty, NsKind, PidId, Seen, TaskId, World},
};

/// The state of a task that has not run yet (include/linux/sched.h).
const TASK_NEW: u32 = 0x800;
/// `PF_*` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;
const PF_FORKNOEXEC: u32 = 0x40;
const PF_KTHREAD: u32 = 0x0020_0000;
/// `PF_IO_WORKER` and `PF_USER_WORKER`: threads that are named anew.
const PF_WORKERS: u32 = 0x4010;

/// `copy_process`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 47,
    id: "inheritance",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a child has its maker's process group, session, name, uid, gid and namespaces, but \
                for those that its flags make new, leads no session and has not called exec",
    source: "copy_process (kernel/fork.c), copy_namespaces (kernel/nsproxy.c), copy_creds \
             (kernel/cred.c)",
    needs: &[Need::Fact(Fact::Rename), Need::Fact(Fact::ChangePid), Need::Fact(Fact::Cred)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Rename)],
        statement: "the same, but for groups and sessions of makers that others may have moved \
                    (several threads, or no exec yet)",
    }),
    exceptions: &[
        "a change of the maker's group or session between the attaching and its record",
        "a maker of several threads may be renamed meanwhile",
        "kernel threads and io workers, which are named anew",
        "credentials that a task has taken on for a while when a sweep reads it",
        "a time namespace that awaits children",
        "cgroups: tasks are moved without a record",
    ],
    trips: "a child is in another process group than its maker",
    near_miss: "a child has its maker's old group: that has changed after the child's attaching",
};

/// Tasks that a sweep has read with other credentials than are known: they may have taken them on
/// for a while only.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Doubtful {
    tasks: Vec<u64>,
    all: bool,
}

/// Tasks that are remembered.
const MOST: usize = 1 << 10;

impl Doubtful {
    /// A sweep shows a task.
    #[inline]
    pub(in crate::check) fn snapshot(&mut self, world: &World, facts: &TaskFacts) {
        let Some(id) = world.at_key(facts.task).filter(|&id| world.lives(id)) else { return };
        let [user, ..] = world.inums_of(id);
        let same = world.ids_of(id) == (Some(facts.uid), Some(facts.gid));
        if same && user == facts.ns[0] || self.all {
            return;
        }
        self.all = self.tasks.len() >= MOST;
        if !self.tasks.contains(&facts.task) {
            self.tasks.push(facts.task);
        }
    }

    fn has(&self, task: u64) -> bool {
        self.all || self.tasks.contains(&task)
    }
}

/// Names that tasks had before others renamed them: such a task may have been in the midst of a fork.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Renamed {
    names: Vec<(u64, [u8; 16])>,
    /// Tasks that have forked before: what they do now has begun since.
    makers: Vec<u64>,
    /// Records are missing, or were forgotten.
    all: bool,
}

impl Renamed {
    /// A task has forked.
    #[inline]
    pub(in crate::check) fn made(&mut self, cx: &Cx<'_>, maker: u64) {
        if !cx.is_certain() && self.makers.len() < MOST && !self.makers.contains(&maker) {
            self.makers.push(maker);
        }
    }

    /// A task is renamed.
    #[inline]
    pub(in crate::check) fn note(&mut self, world: &World, actor: u64, facts: &Rename) {
        if actor == facts.task || self.all {
            return;
        }
        self.all = self.names.len() >= MOST;
        // one that is not there has yet to be told of: it has the name that it gets now
        let there = world.at_key(facts.task).filter(|&id| world.lives(id));
        let comm = there.map_or(facts.comm, |id| world.comm_of(id));
        self.names.push((facts.task, comm));
    }

    /// Records are missing.
    pub(in crate::check) fn lose(&mut self) {
        self.names.clear();
        self.makers.clear();
        self.all = true;
    }

    /// Whether a child may have this name, as its maker had it when it began to fork.
    #[cold]
    fn explain(&self, world: &World, caller: TaskId, child: &TaskFacts) -> bool {
        let (key, comm) = (world.key_of(caller), &child.comm);
        let other = [key, child.task];
        self.all
            || world.certainty_of(caller) != Certainty::Observed && !self.makers.contains(&key)
            || self.names.iter().any(|(task, name)| other.contains(task) && same_comm(name, comm))
    }
}

/// A birth.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, state: &State, birth: &Birth<'_>) {
    let (world, facts) = (cx.world, birth.facts);
    let maker = birth.caller.map(|caller| world.seen(caller));
    fresh(cx, birth, maker);
    let (Some(caller), Some(maker)) = (birth.caller, maker) else { return };
    let known = world.task_pgrp(caller);
    group(cx, state, birth, (caller, known), ("group", facts.pgrp, facts.pgid));
    let known = world.task_session(caller);
    group(cx, state, birth, (caller, known), ("session", facts.session, facts.sid));
    let kernel = (facts.flags | maker.flags()) & PF_KTHREAD != 0;
    if !kernel && facts.flags & PF_WORKERS == 0 {
        let known = maker.comm();
        let holds = same_comm(&known, &facts.comm)
            || world.threads(caller).len() > 1 && state.renamed.explain(world, caller, facts);
        cx.test_told(&RULE, holds, || {
            let name = |comm: &[u8; 16]| String::from_utf8_lossy(comm).replace('\0', "");
            let read = format!("name {:?}", name(&facts.comm));
            Finding::new(birth.subject(), format!("its maker's name {:?}", name(&known)), read)
        });
        if state.sees_cred {
            ids(cx, state, birth, maker);
        }
    }
    if state.sees_namespaces {
        namespaces(cx, birth, maker);
    }
}

/// What every new task has, by its own record.
#[inline]
fn fresh(cx: &mut Cx<'_>, birth: &Birth<'_>, maker: Option<Seen<'_>>) {
    let facts = birth.facts;
    let flags = facts.flags & PF_EXITING == 0 && facts.flags & PF_FORKNOEXEC != 0;
    let thread = birth.has(clone::THREAD);
    let own = thread || facts.bits & (bits::SUBREAPER | bits::SESSION_LEADER) == 0;
    let spaces = facts.bits & bits::HAS_NSPROXY != 0 && facts.for_children != 0;
    // timens_on_fork
    let [.., time] = facts.ns;
    let spaces = spaces && (birth.has(clone::VM) || facts.time_for_children_inum == time);
    let new = facts.state == TASK_NEW && facts.exit_code == 0 && facts.exit_state == 0;
    cx.test_alone(&RULE, new && flags && own && spaces, || {
        let TaskFacts { flags, bits, state, exit_code, .. } = facts;
        let read = format!("flags {flags:#x}, bits {bits:#x}, state {state:#x}, code {exit_code}");
        Finding::new(birth.subject(), "a new task: nsproxy, no exec, leads no session", read)
    });
    let user = maker
        .is_some_and(|maker| maker.flags() & PF_KTHREAD == 0 && maker.bits() & bits::HAS_MM != 0);
    cx.test(&RULE, !user || facts.bits & bits::HAS_MM != 0, || {
        Finding::new(birth.subject(), "a process's child has an mm", "none")
    });
}

/// The process group or the session.
#[inline]
fn group(
    cx: &mut Cx<'_>,
    state: &State,
    birth: &Birth<'_>,
    (caller, known): (TaskId, Option<PidId>),
    (what, key, nr): (&'static str, u64, i32),
) {
    let world = cx.world;
    let Some(pid) = known else { return };
    let (known, number) = (world.key_of_pid(pid), world.nr(pid));
    let same = (known == key || known == 0, number == nr);
    let holds = same == (true, true)
        || same == (false, false) && moved(cx, state, birth, caller, (what, key));
    cx.test(&RULE, holds, || {
        Finding::new(birth.subject(), format!("{what} {number}"), format!("{what} {nr}"))
    });
}

/// Whether the maker's group or session may have changed between the attaching and the record.
#[cold]
fn moved(
    cx: &Cx<'_>,
    state: &State,
    birth: &Birth<'_>,
    caller: TaskId,
    (what, key): (&str, u64),
) -> bool {
    let world = cx.world;
    if cx.is_full(&RULE) {
        let since = state.callers.get(cx.event.header.actor).map_or(0, |call| call.since);
        return state.changes.explain(world, caller, birth.facts.task, key, since);
    }
    let alone = world.threads(caller).len() == 1;
    !alone || what == "group" && !world.has_execed(caller)
}

/// uid, gid, and the user namespace.
#[inline]
fn ids(cx: &mut Cx<'_>, state: &State, birth: &Birth<'_>, maker: Seen<'_>) {
    let facts = birth.facts;
    if maker.certainty() != Certainty::Observed {
        return;
    }
    let [user, ..] = maker.inums();
    let namespace = user == facts.ns[0] || user == 0 || birth.has(clone::NEWUSER);
    let same = maker.ids() == (Some(facts.uid), Some(facts.gid));
    let holds = same && namespace || state.doubtful.has(cx.event.header.actor);
    cx.test(&RULE, holds, || {
        let (uid, gid) = maker.ids();
        let known = format!("uid {}, gid {}", uid.unwrap_or(0), gid.unwrap_or(0));
        let read = format!("uid {}, gid {}, in {}", facts.uid, facts.gid, facts.ns[0]);
        Finding::new(birth.subject(), format!("its maker's {known}, in {user}"), read)
    });
}

/// The namespaces of an nsproxy but that of PIDs.
#[inline]
fn namespaces(cx: &mut Cx<'_>, birth: &Birth<'_>, maker: Seen<'_>) {
    let (world, facts) = (cx.world, birth.facts);
    let known = maker.inums();
    let time = maker.time_for_children();
    let same = |(kind, (&known, &read)): (NsKind, (&u32, &u32))| {
        let free = matches!(kind, NsKind::User | NsKind::Pid) || birth.has(kind.clone_flag());
        let awaits = kind == NsKind::Time && (read == time || time == 0);
        read == known || known == 0 || free || awaits
    };
    let all =
        known == facts.ns || NsKind::ALL.into_iter().zip(known.iter().zip(&facts.ns)).all(same);
    let read = facts.time_for_children_inum;
    let children = read == time || read == 0 || time == 0 || birth.has(clone::NEWTIME);
    cx.test(&RULE, all && children || world.is_sweeping(), || {
        let read = format!("{:?}, {} for children", facts.ns, facts.time_for_children_inum);
        let known = format!("{known:?}, {time} for children");
        Finding::new(birth.subject(), format!("its maker's namespaces {known}"), read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    /// A history whose last record is the birth of a child, changed so.
    fn born(mut script: Script, change: impl Fn(&mut crate::event::TaskFacts)) -> Script {
        let child = script.fork(10);
        script.exec(child);
        script.fork(child);
        let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
        change(task);
        script
    }

    #[test]
    fn what_a_child_has_not_from_its_maker_trips_it() {
        for script in [Script::new(), Script::tracepoints()] {
            let (pgrp, pgid) = (script.tasks[&10].facts.pid, 10);
            born(script.clone(), |task| (task.pgrp, task.pgid) = (pgrp, pgid)).trips(&RULE);
            born(script.clone(), |task| task.pgid = 7).trips(&RULE);
            born(script.clone(), |task| task.sid = 7).trips(&RULE);
            born(script.clone(), |task| task.comm[0] = b'x').trips(&RULE);
            born(script.clone(), |task| task.uid = 7).trips(&RULE);
            born(script.clone(), |task| task.ns[1] = 7).trips(&RULE);
            born(script, |task| task.flags |= 4).trips(&RULE);
        }
    }

    #[test]
    fn a_child_may_have_its_makers_old_group() {
        let mut script = Script::new();
        let child = script.fork(10);
        let thread = script.thread(child);
        script.fork(child);
        let birth = script.events.pop().unwrap();
        let from = script.events.len();
        script.setsid(child);
        let by = script.tasks[&thread].facts;
        for event in &mut script.events[from..] {
            (event.header.actor, event.header.actor_tid) = (by.task, by.tid);
        }
        script.write(child, 1, birth.body);
        script.holds(&RULE);
    }

    #[test]
    fn a_child_has_its_makers_things() {
        for script in [Script::new(), Script::tracepoints()] {
            born(script, |_| ()).holds(&RULE);
        }
    }
}
