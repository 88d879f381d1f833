//! From an event and what it changed to reports.

use super::{Report, What};
use crate::event::{Body, Event};
use crate::model::{Change, Effect, TaskId, World};

/// Appends what an event means to users: none, one or several reports. `world` is as
/// [`World::apply`] left it, `change` what it answered.
///
/// First comes what the event itself says, then what else it changed, in the kernel's order.
pub fn reports(world: &World, event: &Event, change: &Change, out: &mut Vec<Report>) {
    let made = Maker { world, event, change };
    if let Some(what) = made.own() {
        out.push(made.report(change.task, what));
    }
    for effect in &change.effects {
        if let Some((task, what)) = made.effect(effect) {
            out.push(made.report(task, what));
        }
    }
}

struct Maker<'a> {
    world: &'a World,
    event: &'a Event,
    change: &'a Change,
}

impl Maker<'_> {
    fn report(&self, task: Option<TaskId>, what: What) -> Report {
        let header = &self.event.header;
        Report {
            ts: header.ts,
            cpu: header.cpu,
            task,
            actor_tid: header.actor_tid,
            actor_tgid: header.actor_tgid,
            what,
        }
    }

    /// What the event says by itself, where no effect says it.
    fn own(&self) -> Option<What> {
        Some(match &self.event.body {
            Body::AllocPid(_) => What::AllocPid(self.change.pid?),
            Body::AllocFail(fail) => {
                What::AllocFail { errno: fail.errno, inum: fail.inum, level: fail.level }
            }
            Body::ForkFail(fail) => {
                What::ForkFail { errno: fail.errno, flags: fail.flags, inum: fail.inum }
            }
            Body::Exec(exec) => What::Exec {
                old_tid: (exec.facts.old_tid != exec.facts.tid).then_some(exec.facts.old_tid),
                filename: exec.filename.clone(),
                args: exec.args.clone(),
                cut: exec.facts.args_total > exec.facts.args_len && exec.facts.args_len > 0,
            },
            Body::Cred(_) => What::Cred,
            Body::CgroupMake(cgroup) => What::CgroupCreate(cgroup.facts.cgroup),
            Body::CgroupEnd(cgroup) => What::CgroupRemove(cgroup.facts.cgroup),
            Body::Lost(lost) => What::Lost { count: lost.count, since: lost.since },
            _ => return None,
        })
    }

    /// What one effect says, and about which task.
    fn effect(&self, effect: &Effect) -> Option<(Option<TaskId>, What)> {
        let (task, what) = match *effect {
            Effect::Born(task) => (task, self.fork()),
            Effect::Found(task) => (task, What::Snapshot),
            Effect::Renamed { task, old } => (task, What::Rename { old }),
            Effect::Exited(task) => (task, self.exit(task)),
            Effect::Reparented(reparent) => (reparent.child, What::Reparent(reparent)),
            Effect::Released { task, by, inferred } => (task, self.release(task, by, inferred)),
            Effect::PidFreed { pid, inferred } => {
                return Some((self.world.pid(pid).task, What::FreePid { pid, inferred }));
            }
            Effect::Pgrp { task, old, new } => (task, What::Pgid { old, new }),
            Effect::Session { task, old, new } => (task, What::Sid { old, new }),
            Effect::CgroupMoved { task, from, to } => (task, What::CgroupMove { from, to }),
            Effect::Traced { task, tracer } => (task, What::Ptrace(tracer)),
            Effect::NsCreated { ns, by } => return Some((by, What::NsCreate(ns))),
            Effect::NsEntered { task, kind, from, to } => (task, What::NsEnter { kind, from, to }),
            Effect::NsDying(ns) => {
                let init = self.world.ns(ns).pid.as_ref().and_then(|pid| pid.init);
                let task = init.and_then(|init| self.world.pid(init).task);
                return Some((task, What::NsDying(ns)));
            }
            Effect::NsDestroyed(ns) => return Some((None, What::NsDestroy(ns))),
            Effect::Vanished(task) => {
                (task, What::Release { by: None, inferred: true, zombie: None })
            }
            // A new number is told by the exec that follows.
            Effect::TidChanged { .. } | Effect::NsFound(_) => return None,
        };
        Some((Some(task), what))
    }

    fn fork(&self) -> What {
        let flags = match self.event.body {
            Body::Fork { flags, .. } => flags,
            _ => 0,
        };
        What::Fork { flags }
    }

    fn exit(&self, id: TaskId) -> What {
        let task = self.world.task(id);
        let about = self.change.task == Some(id);
        match &self.event.body {
            Body::Exit(exit) if about => What::Exit {
                code: Some(exit.code),
                inferred: false,
                group_dead: match exit.group_dead {
                    0 => Some(false),
                    1 => Some(true),
                    _ => None,
                },
                lived: self.event.header.ts.checked_sub(task.birth).filter(|_| task.birth != 0),
            },
            body => {
                let told =
                    matches!(body, Body::Release(_) | Body::Snapshot { .. } | Body::Update { .. });
                let code = (about && told).then_some(task.exit_code);
                What::Exit { code, inferred: true, group_dead: None, lived: None }
            }
        }
    }

    fn release(&self, id: TaskId, by: Option<TaskId>, inferred: bool) -> What {
        let exited = self.world.task(id).exited;
        let zombie = self.event.header.ts.checked_sub(exited).filter(|_| exited != 0);
        What::Release { by, inferred, zombie }
    }
}
