//! Rule 55: TODO Zombie/autoreap agreement: non-leader untraced ⇒ released in its own exit_notify (self). Leader released by itself ⇔ parent ignores SIGCHLD/NOCLDWAIT, or in zap'ing init, or ≥7.1 autoreap. Soft (needs sigaction state).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 55,
    id: "autoreap",
    group: Group::Life,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
