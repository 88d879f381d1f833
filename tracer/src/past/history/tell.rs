//! From reports to what happened in a life.

use super::super::facts::{Identity, Named, Numbers, Space};
use super::super::life::{Came, Happening, Life};
use crate::model::{NsId, NsKind, PidId, TaskId, TaskState, World};
use crate::view::{Report, What};

/// A report about the life's own task or pid.
pub(super) fn own(life: &mut Life, world: &World, report: &Report, vanished: bool) {
    let ts = report.ts;
    let what = match &report.what {
        What::Fork { flags } => return born(life, world, report, *flags),
        What::Snapshot => return found(life, world, report),
        What::Release { by, inferred, zombie } => {
            return released(life, world, report, (*by, *inferred, *zombie), vanished);
        }
        What::Exec { filename, args, cut, .. } => Happening::Exec {
            filename: filename.clone(),
            args: args.clone(),
            cut: *cut,
            comm: name(world, report.task),
        },
        What::Rename { old } => Happening::Renamed { old: *old, new: name(world, report.task) },
        What::Exit { code, inferred, group_dead, lived } => Happening::Exited {
            code: *code,
            inferred: *inferred,
            group_dead: *group_dead,
            lived: *lived,
            parent: report.task.and_then(|id| Named::parent(world, id)),
        },
        What::Reparent(change) => Happening::Reparented {
            from: change.from.and_then(|id| Named::of(world, id)),
            to: change.to.and_then(|id| Named::of(world, id)),
            why: change.why,
            inferred: change.inferred,
        },
        What::FreePid { inferred, .. } => {
            Happening::Freed { inferred: *inferred, after: since_release(life, ts) }
        }
        What::Pgid { old, new } => {
            let (old, new) = groups(world, *old, *new);
            Happening::Pgrp { old, new }
        }
        What::Sid { old, new } => {
            let (old, new) = groups(world, *old, *new);
            Happening::Session { old, new }
        }
        What::NsCreate(ns) => Happening::Made(Space::of(world, *ns)),
        What::NsEnter { from, to, .. } => Happening::Entered {
            from: from.map(|ns| Space::of(world, ns)),
            to: Space::of(world, *to),
        },
        What::NsDying(ns) => Happening::Dying(Space::of(world, *ns)),
        What::Ptrace(tracer) => Happening::Traced(tracer.and_then(|id| Named::process(world, id))),
        What::CgroupMove { from, to } => {
            let path = |id| world.cgroup(id).map_or_else(Box::default, |it| it.path.clone());
            Happening::CgroupMoved { from: path(*from), to: path(*to) }
        }
        What::Cred => cred(world, report.task),
        What::ForkFail { errno, inum, .. } => Happening::ForkFailed { errno: *errno, inum: *inum },
        What::AllocPid(_)
        | What::AllocFail { .. }
        | What::NsDestroy(_)
        | What::CgroupCreate(_)
        | What::CgroupRemove(_)
        | What::Lost { .. } => return,
    };
    if let Happening::Exec { comm, .. } | Happening::Renamed { new: comm, .. } = &what {
        life.comm = *comm;
    }
    life.push(ts, what);
}

/// A report about a thread of the life's process.
pub(super) fn thread(life: &mut Life, world: &World, report: &Report, task: TaskId) {
    let Some(thread) = Named::of(world, task) else { return };
    match &report.what {
        What::Fork { .. } => life.thread(report.ts, Happening::Thread { thread, found: false }),
        What::Snapshot => life.thread(report.ts, Happening::Thread { thread, found: true }),
        What::Exit { code, .. } => {
            life.push(report.ts, Happening::ThreadExited { thread, code: *code });
        }
        _ => (),
    }
}

fn born(life: &mut Life, world: &World, report: &Report, flags: u64) {
    let Some(id) = report.task else { return };
    let task = world.task(id);
    let by = task.creator.and_then(|id| Named::of(world, id));
    let by = by.or(Named::numbered(report.actor_tid, report.actor_tgid));
    // its allocation is told by its birth
    life.entries.retain(|entry| !matches!(entry.what, Happening::Allocated { .. }));
    life.came = Came::Seen;
    let deepest = |ns: NsId| (world.ns(ns).level() > 0).then(|| Space::of(world, ns));
    let space = world.task_active_pid_ns(id).and_then(deepest);
    life.push(
        report.ts,
        Happening::Born {
            by,
            flags,
            parent: Named::parent(world, id),
            kernel: task.kernel,
            exit_signal: task.exit_signal,
            space,
        },
    );
}

fn found(life: &mut Life, world: &World, report: &Report) {
    let Some(id) = report.task else { return };
    // the same number may have been found as a group's before its task was
    life.entries.retain(|entry| !matches!(entry.what, Happening::FoundHeld));
    life.push(
        report.ts,
        Happening::Found {
            parent: Named::parent(world, id),
            zombie: world.task(id).state == TaskState::Zombie,
            certainty: life.certainty_or_inferred(),
        },
    );
}

fn released(
    life: &mut Life,
    world: &World,
    report: &Report,
    (by, inferred, zombie): (Option<TaskId>, bool, Option<u64>),
    vanished: bool,
) {
    let Some(id) = report.task else { return };
    if life.identity.known().is_none() {
        life.identity = Identity::of(world, id);
    }
    let by = by.and_then(|id| Named::of(world, id));
    let parent = Named::parent(world, id);
    life.push(report.ts, Happening::Released { by, inferred, vanished, zombie, parent });
    let Some(pid) = life.pid.map(|pid| world.pid(pid)).filter(crate::model::Pid::is_live) else {
        return;
    };
    if pid.pgrp_users + pid.session_users > 0 {
        let (groups, sessions) = (pid.pgrp_users, pid.session_users);
        life.push(report.ts, Happening::Held { groups, sessions });
    }
}

fn since_release(life: &Life, ts: u64) -> Option<u64> {
    let mut all = life.entries.iter().rev();
    let released = all.find(|it| matches!(it.what, Happening::Released { .. }))?;
    ts.checked_sub(released.ts)
}

fn groups(world: &World, old: Option<PidId>, new: PidId) -> (Option<Numbers>, Numbers) {
    (old.map(|old| Numbers::of(world, old)), Numbers::of(world, new))
}

fn cred(world: &World, id: Option<TaskId>) -> Happening {
    let Some(id) = id else { return Happening::Cred { uid: None, gid: None, user: None } };
    let task = world.task(id);
    let all = world.namespaces_of(id);
    let user = all.get(NsKind::User.index()).copied().flatten().map(|ns| Space::of(world, ns));
    Happening::Cred { uid: task.uid, gid: task.gid, user }
}

fn name(world: &World, id: Option<TaskId>) -> [u8; 16] {
    id.map_or([0; 16], |id| world.task(id).comm)
}
