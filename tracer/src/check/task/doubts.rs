//! Failed tests that the exit of a task may explain, which is told later.
//!
//! A record is read a moment after its place in the ring was taken. What happens in between follows
//! it: a test that fails for a reason which only comes with a task's exit waits until that exit must
//! have been told.

use crate::{
    check::{Rule, cx::Cx, violation::Finding},
    model::TaskId,
};

/// Records that a doubt waits for at most.
const PATIENCE: u32 = 1 << 12;

/// Doubts at a time; more are dropped.
const MOST: usize = 256;

/// What waits.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Doubts {
    waiting: Vec<Doubt>,
    age: u32,
}

#[derive(Clone, Debug)]
struct Doubt {
    rule: &'static Rule,
    suspects: [Option<TaskId>; 2],
    finding: Finding,
}

impl Doubts {
    /// One test of a rule; if one of the suspects turns out to have exited, it holds all the same.
    #[inline]
    pub(in crate::check) fn test(
        &mut self,
        cx: &mut Cx<'_>,
        rule: &'static Rule,
        holds: bool,
        suspects: impl FnOnce() -> [Option<TaskId>; 2],
        finding: impl FnOnce() -> Finding,
    ) {
        if holds {
            cx.test(rule, true, finding);
        } else {
            self.doubt(cx, rule, suspects(), finding);
        }
    }

    #[cold]
    fn doubt(
        &mut self,
        cx: &mut Cx<'_>,
        rule: &'static Rule,
        suspects: [Option<TaskId>; 2],
        finding: impl FnOnce() -> Finding,
    ) {
        let world = cx.world;
        let exited = suspects.iter().flatten().any(|&task| !world.runs(task));
        let hopeless = suspects == [None; 2] || !cx.is_certain() && cx.book.lost > 0;
        if exited || hopeless {
            cx.test(rule, exited, finding);
        } else if self.waiting.len() < MOST {
            self.waiting.push(Doubt { rule, suspects, finding: finding() });
        }
    }

    /// A record has come.
    #[inline]
    pub(in crate::check) fn tick(&mut self, cx: &mut Cx<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        self.age += 1;
        if self.age >= PATIENCE {
            self.judge(cx);
        }
    }

    /// Every exit that could explain something has been told by now.
    pub(in crate::check) fn judge(&mut self, cx: &mut Cx<'_>) {
        self.age = 0;
        for Doubt { rule, suspects, finding } in self.waiting.drain(..) {
            let exited = suspects.iter().flatten().any(|&task| !cx.world.runs(task));
            cx.test(rule, exited, || finding);
        }
    }

    /// Records are missing: nothing can be concluded any more.
    pub(in crate::check) fn clear(&mut self) {
        self.waiting.clear();
        self.age = 0;
    }
}
