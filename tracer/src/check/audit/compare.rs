//! A task as a sweep shows it, held against the tables.

use super::{Audit, Field, Pending, RULE};
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    event::{TaskFacts, Vector},
    model::{Certainty, NsId, NsKind, PidState, TaskId, TaskState, World},
};

/// `PF_EXITING` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;

/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x20_0000;

/// The greatest signal (`_NSIG`).
const MOST_SIGNAL: i32 = 64;

/// The greatest exit code in wait(2)'s form.
const MOST_CODE: i32 = 0xffff;

/// A number, widened with its sign.
fn number(number: i32) -> u64 {
    i64::from(number) as u64
}

/// The exit signal that a record can show: a child whose parent has died gets `SIGCHLD`, and so does
/// a task that calls exec.
fn signal(known: i32, shown: &TaskFacts) -> u64 {
    const SIGCHLD: i32 = 17;
    let leads = known >= 0 && shown.exit_signal == SIGCHLD;
    number(if leads { SIGCHLD } else { known })
}

/// What is known, where it is.
fn known(value: Option<u64>) -> Option<u64> {
    value.filter(|&value| value != 0)
}

impl Audit {
    /// Holds what a sweep shows of a task against the tables.
    pub(super) fn compare(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
        let world = cx.world;
        let Some(id) = world.at_key(task.task) else {
            // who has allocated a number tells of the task that gets it
            let pid = world.pid_at(task.pid).filter(|_| self.early);
            let told = pid.is_some_and(|pid| world.state_of_pid(pid) == PidState::Allocated);
            let exempt = self.early && !told
                || vector.is_empty()
                || task.task == 0
                || world.find_task(task.tid).is_some();
            if !exempt {
                let subject = Subject::task_named(task.task, task.tid, task.tgid);
                let observed =
                    format!("started {} ns after boot, and its birth was not seen", task.start);
                let expected = "a task is born before a sweep shows it";
                self.differ(Field::Found, task.task, 0, subject, expected.into(), observed);
            }
            return;
        };
        if !world.lives(id) {
            return; // held for a moment after its release, or a newer task at its address
        }
        if self.early && world.certainty_of(id) != Certainty::Observed {
            self.compare_unborn(world, task, vector);
            return; // what the hooks have not told, only sweeps have
        }
        self.compared += 1;
        self.compare_numbers(world, id, task);
        if task.tid == task.tgid {
            self.compare_family(world, id, task);
        }
        if self.namespaces {
            self.compare_namespaces(world, id, task);
        }
        self.compare_name(cx, id, task);
        self.compare_code(cx, id, task);
        // PTRACE_TRACEME, whose link may be inlined, makes the real parent the tracer
        let foreign = task.ptrace != 0 && task.parent_tgid != task.ppid && task.exit_state == 0;
        if self.traces
            && foreign
            && world.tracer(id).is_none()
            && world.state_of(id) == TaskState::Running
        {
            let subject = Subject::task(world, id);
            let observed = format!("the sweep shows that {} traces it", task.parent_tgid);
            self.differ(Field::Tracer, task.task, 0, subject, "nobody traces it".into(), observed);
        }
        // One that was exiting when a sweep read it last may have told so before the hooks, or in a loss.
        let exiting = world.flags_of(id) & PF_EXITING != 0;
        if task.exit_state != 0 && world.state_of(id) == TaskState::Running && !exiting {
            let subject = Subject::task(world, id);
            let observed = format!("the sweep shows exit_state {:#x}", task.exit_state);
            self.differ(Field::Exit, task.task, 0, subject, "it has not exited".into(), observed);
        }
    }

    /// A task whose pid's allocation was told, and whose birth is to be told as well: that hook is
    /// attached before. A leader that a thread has replaced has the thread's pid, but has exited.
    fn compare_unborn(&mut self, world: &World, task: &TaskFacts, vector: &Vector) {
        let told = world.pid_at(task.pid).filter(|&pid| world.allocated_at(pid) != 0);
        let own = vector.first().is_some_and(|upid| upid.nr == task.tid);
        if told.is_some() && own && task.exit_state == 0 && task.flags & PF_EXITING == 0 {
            let subject = Subject::task_named(task.task, task.tid, task.tgid);
            let expected = "the birth of a task whose pid's allocation was told is told";
            let observed = "the sweep shows it, and its birth was not seen";
            self.differ(Field::Found, task.task, 0, subject, expected.into(), observed.into());
        }
    }

    /// Holds what the first sweep shows of a task against its birth, and its renaming.
    pub(super) fn compare_born(&mut self, cx: &mut Cx<'_>, task: &TaskFacts) {
        let world = cx.world;
        let born = |&id: &TaskId| world.lives(id) && world.certainty_of(id) == Certainty::Observed;
        if let Some(id) = world.at_key(task.task).filter(born) {
            self.compare_name(cx, id, task);
        }
    }

    /// A task that lives has no exit code, but what its tracer has left in it; until 5.18 that stays
    /// when the tracer lets go in the midst of an event (`ptrace_detach`).
    pub(super) fn running_code(&mut self, cx: &mut Cx<'_>, task: &TaskFacts) {
        if task.exit_code == 0 {
            return;
        }
        let own = cx.event.header.actor == task.task;
        let exits = !own && (task.flags & PF_EXITING != 0 || task.exit_state != 0);
        let kernel = task.flags & PF_KTHREAD != 0; // which nobody traces
        if exits || task.ptrace != 0 {
            return;
        }
        let signal = (1..=MOST_SIGNAL).contains(&task.exit_code);
        let known = cx.world.at_key(task.task).filter(|_| self.whole && own);
        let untraced = known.is_some_and(|id| {
            let born = cx.world.certainty_of(id) == Certainty::Observed;
            born && !self.all_traced && !self.traced.contains(&task.task)
        });
        cx.test_told(&RULE, task.exit_state == 0 && signal && !untraced && !kernel, || {
            let subject = Subject::task_named(task.task, task.tid, task.tgid);
            let read = format!("exit code {:#x}", task.exit_code);
            Finding::new(subject, "no exit code of a task that runs", read)
        });
    }

    /// Its name: that of a renaming which has been told and not yet made is the old one.
    pub(super) fn compare_name(&mut self, cx: &Cx<'_>, id: TaskId, task: &TaskFacts) {
        let comm = cx.world.comm_of(id);
        // of one that only an event has named, it is not known
        let known = comm != [0; 16] || cx.world.certainty_of(id) != Certainty::Inferred;
        if comm != task.comm && known {
            let text = |comm: [u8; 16]| String::from_utf8_lossy(&comm).replace('\0', "");
            let pending = Pending {
                field: Field::Name,
                sweep: self.sweep,
                excused: self.moves.may_be_called(task.task, &task.comm, &comm),
                other: 0,
                subject: Subject::task(cx.world, id),
                expected: format!("its name is {:?}", text(comm)),
                observed: format!("the sweep shows {:?}", text(task.comm)),
                name: task.comm,
                was: comm,
            };
            self.pend(task.task, pending);
        }
    }

    /// A task that lives has an exit code only for its tracer; one that has exited keeps it.
    fn compare_code(&mut self, cx: &mut Cx<'_>, id: TaskId, task: &TaskFacts) {
        let world = cx.world;
        let exited = world.exited_at(id) != 0;
        cx.test(&RULE, (0..=MOST_CODE).contains(&task.exit_code), || {
            let read = format!("the sweep shows exit code {:#x}", task.exit_code);
            Finding::new(Subject::task(world, id), "wait(2)'s form", read)
        });
        let known = match world.state_of(id) {
            TaskState::Running => 0,
            TaskState::Zombie if exited => world.exit_code_of(id),
            _ => return,
        };
        let traced = |it: &Self| {
            let now = task.ptrace != 0 || world.tracer(id).is_some();
            now || it.all_traced || it.traced.contains(&task.task)
        };
        if exited && !world.is_grouped(id) && !traced(self) {
            cx.test(&RULE, known == task.exit_code, || {
                let expected = format!("exit code {known:#x}, as its exit said");
                Finding::new(Subject::task(world, id), expected, format!("{:#x}", task.exit_code))
            });
        } else if known != task.exit_code && (exited || !traced(self)) {
            let subject = Subject::task(world, id);
            let expected = format!("its exit code is {known:#x}");
            let observed = format!("the sweep shows {:#x}", task.exit_code);
            self.differ(Field::Code, task.task, 0, subject, expected, observed);
        }
    }

    fn compare_numbers(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        let leader = world.leader(id);
        let other = world.key_of(leader);
        let pid = world.pid_of(id);
        let words = [
            ("tid", Some(number(world.tid(id))), number(task.tid)),
            ("tgid", Some(number(world.tgid(id))), number(task.tgid)),
            ("pid's key", known(pid.map(|pid| world.key_of_pid(pid))), task.pid),
            ("ino", known(pid.map(|pid| world.ino(pid))), task.ino),
            ("leader's key", known(Some(other)), task.leader),
            ("start", known(Some(world.start_of(id))), task.start),
            ("exit_signal", Some(signal(world.exit_signal_of(id), task)), number(task.exit_signal)),
        ];
        self.compare_all(world, id, Field::Number, other, &words);
    }

    fn compare_family(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        // an exited parent hands its children on at some time
        let told = |parent| !self.early || world.certainty_of(parent) == Certainty::Observed;
        let sure =
            |&parent: &TaskId| !world.is_parent_inferred(id) && world.runs(parent) && told(parent);
        let parent = world.parent(id).filter(sure);
        if let Some(parent) = parent {
            let key = world.key_of(parent);
            let words = [
                ("parent", Some(number(world.ppid(id))), number(task.ppid)),
                ("parent's key", known(Some(key)), task.real_parent),
            ];
            self.compare_all(world, id, Field::Parent, key, &words);
        }
        if !self.groups || task.exit_state != 0 {
            return;
        }
        let groups = [
            (Field::Pgrp, world.task_pgrp(id), task.pgid, task.pgrp, "process group"),
            (Field::Session, world.task_session(id), task.sid, task.session, "session"),
        ];
        for (field, pid, nr, key, word) in groups {
            let Some(pid) = pid else { continue };
            let words = [
                (word, Some(number(world.nr(pid))), number(nr)),
                (word, known(Some(world.key_of_pid(pid))), key),
            ];
            self.compare_all(world, id, field, 0, &words);
        }
    }

    fn compare_namespaces(&mut self, world: &World, id: TaskId, task: &TaskFacts) {
        if task.for_children_inum == 0 || task.exit_state != 0 {
            return; // its nsproxy is gone
        }
        let space = |ns: Option<NsId>| ns.map(|ns| u64::from(world.ns(ns).inum));
        let mut words = [("", None, 0); 10];
        let kinds = world.namespaces_of(id).into_iter().zip(&task.ns).zip(NsKind::ALL);
        for (place, ((ns, &shown), kind)) in words.iter_mut().zip(kinds) {
            *place = (kind.name(), space(ns).filter(|&inum| inum != 0), shown.into());
        }
        // An exec enters the time namespace of its children without a record.
        let (time, later) = (NsKind::Time.index(), u64::from(world.time_for_children_of(id)));
        words[time].1 = words[time].1.filter(|&had| had == later);
        let shown = task.time_for_children_inum.into();
        words[9] = ("time_for_children", Some(later).filter(|&inum| inum != 0), shown);
        let user = words[NsKind::User.index()];
        words[NsKind::User.index()].1 = None;
        let children = space(world.for_children(id)).filter(|&inum| inum != 0);
        words[8] = ("pid_for_children", children, task.for_children_inum.into());
        self.compare_all(world, id, Field::Namespaces, 0, &words);
        let (uid, gid) = world.ids_of(id);
        let words = [
            user,
            ("uid", uid.map(u64::from), task.uid.into()),
            ("gid", gid.map(u64::from), task.gid.into()),
        ];
        self.compare_all(world, id, Field::Cred, 0, &words);
    }

    /// Holds what the tables have against what the sweep shows; the first that differs is said.
    fn compare_all(
        &mut self,
        world: &World,
        id: TaskId,
        field: Field,
        other: u64,
        words: &[(&str, Option<u64>, u64)],
    ) {
        let differs = words.iter().find(|(_, known, shown)| known.is_some_and(|it| it != *shown));
        if let Some(&(word, Some(known), shown)) = differs {
            let text = |value: u64| {
                if word.ends_with("key") {
                    format!("{value:#x}")
                } else {
                    (value as i64).to_string()
                }
            };
            let subject = Subject::task(world, id);
            let expected = format!("its {word} is {}", text(known));
            let observed = format!("the sweep shows {}", text(shown));
            self.differ(field, world.key_of(id), other, subject, expected, observed);
        }
    }
}
