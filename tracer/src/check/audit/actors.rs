//! Who acted before the first sweep: that shows them, unless they have exited.

use super::RULE;
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    event::{Body, Header, TaskFacts},
};

/// Tasks that are remembered.
const MOST: usize = 256;

/// Someone of whom nothing has told but what they did.
#[derive(Clone, Copy, Debug)]
struct Actor {
    key: u64,
    tid: i32,
    tgid: i32,
    /// The sweep has shown it so.
    shown: bool,
}

/// Those who acted before the first sweep and were there before the hooks.
#[derive(Clone, Debug, Default)]
pub(super) struct Actors {
    known: Vec<Actor>,
    /// What was shown otherwise.
    odd: Vec<Finding>,
    /// A thread has taken its leader's number: who is who is not sure.
    swapped: bool,
    over: bool,
}

impl Actors {
    /// A record comes, and no sweep has completed yet.
    #[cold]
    pub(super) fn note(&mut self, cx: &Cx<'_>) {
        if self.over {
            return;
        }
        let header = &cx.event.header;
        match &cx.event.body {
            Body::Lost(_) => self.end(),
            Body::ExchangeTids(_) => self.swapped = true,
            Body::Exec(exec) => self.swapped |= exec.facts.tid != exec.facts.old_tid,
            Body::Snapshot { task, from_proc: false, .. } => self.shown(task),
            Body::Exit(facts) => self.ends(facts.task),
            Body::Release(facts) => self.ends(facts.task),
            Body::FreeTask(facts) => self.ends(facts.task),
            body => self.acts(cx, header, body),
        }
    }

    fn acts(&mut self, cx: &Cx<'_>, header: &Header, body: &Body) {
        // one that is exiting may have told so before the hooks
        let calls = matches!(
            body,
            Body::AllocPid(_)
                | Body::Fork { .. }
                | Body::Cred(_)
                | Body::NsSet(_)
                | Body::Rename(_)
        );
        let new = |actor: &Actor| actor.key != header.actor;
        if calls
            && header.actor != 0
            && cx.world.at_key(header.actor).is_none()
            && self.known.len() < MOST
            && self.known.iter().all(new)
        {
            let &Header { actor: key, actor_tid: tid, actor_tgid: tgid, .. } = header;
            self.known.push(Actor { key, tid, tgid, shown: false });
        }
    }

    fn ends(&mut self, task: u64) {
        self.known.retain(|actor| actor.key != task);
    }

    fn shown(&mut self, task: &TaskFacts) {
        let Some(actor) = self.known.iter_mut().find(|actor| actor.key == task.task) else {
            return;
        };
        actor.shown = true;
        if (actor.tid, actor.tgid) != (task.tid, task.tgid) {
            let subject = Subject::task_named(task.task, task.tid, task.tgid);
            let known = format!("{} of {}, as it acted", actor.tid, actor.tgid);
            self.odd.push(Finding::new(subject, known, format!("{} of {}", task.tid, task.tgid)));
        }
    }

    /// The first sweep has completed.
    pub(super) fn judge(&mut self, cx: &mut Cx<'_>) {
        let hidden = cx.hides();
        if self.over {
            return;
        }
        if !self.swapped {
            for finding in std::mem::take(&mut self.odd) {
                cx.test(&RULE, false, || finding);
            }
            for actor in self.known.iter().filter(|actor| !actor.shown && !hidden) {
                cx.test(&RULE, false, || {
                    let subject = Subject::task_named(actor.key, actor.tid, actor.tgid);
                    let known = "the sweep shows who has acted and not exited";
                    Finding::new(subject, known, "it does not")
                });
            }
        }
        self.end();
    }

    fn end(&mut self) {
        *self = Self { over: true, ..Self::default() };
    }
}
