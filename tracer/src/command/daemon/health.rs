//! Whether all is well, for whoever restarts or pages.

use std::fmt::Write as _;

use tracer::check::Severity;

use super::{answer::TEXT, memory::Shed, watch::Seen};
use crate::command::trace::Trace;

/// What may be wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Condition<'a> {
    /// Why nothing is recorded, though it should be.
    failed: Option<&'a str>,
    /// A rule that holds on every kernel was violated.
    violated: bool,
    /// Records are missing from the tables.
    uncertain: bool,
}

impl Condition<'_> {
    /// The status, and the words for it. A rule that may be broken for a moment (`soft`) is told by
    /// `/v1/check` and `/metrics`, and is no reason to page anybody.
    fn told(self) -> (u16, String) {
        match self {
            Self { failed: Some(why), .. } => (503, format!("not recording: {why}\n")),
            Self { violated: true, .. } => (503, "a rule is violated: see /v1/check\n".into()),
            Self { uncertain: true, .. } => {
                (503, "records were lost, and the tables are being repaired\n".into())
            }
            Self { .. } => (200, "ok\n".into()),
        }
    }
}

/// Whether the tables are whole, what is asked for is recorded, and no strict rule is violated; and what
/// is held back, and what was shed.
pub(super) fn say(trace: &Trace, seen: &Seen) -> (u16, &'static str, String) {
    let strict = |severity| severity == Severity::Strict;
    let violated = trace
        .judged()
        .is_some_and(|checker| checker.settled(seen.ts).any(|it| strict(it.rule.severity)));
    let condition = Condition {
        failed: seen.failed.as_deref(),
        violated,
        uncertain: trace.world().certain_since().is_none(),
    };
    let (status, mut text) = condition.told();
    if let Some(confined) = &seen.confined {
        let _infallible = writeln!(text, "kept: {}", confined.text());
    }
    if seen.shed != Shed::default() {
        let Shed { history, backlog, answers } = seen.shed;
        let _infallible = writeln!(
            text,
            "shed: {history} entries of the history, {backlog} recent events, {answers} answers"
        );
    }
    (status, TEXT, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_the_worst_first() {
        let (failed, violated, uncertain) = (Some("the disk is full"), true, true);
        let none = Condition::default();
        assert_eq!(none.told(), (200, "ok\n".into()));
        for (condition, word) in [
            (Condition { uncertain, ..none }, "being repaired"),
            (Condition { violated, uncertain, ..none }, "/v1/check"),
            (Condition { failed, violated, uncertain }, "the disk is full"),
        ] {
            let (status, text) = condition.told();
            assert!(status == 503 && text.contains(word), "{text}");
        }
    }
}
