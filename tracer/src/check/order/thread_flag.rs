//! Rule 46: TODO CLONE_THREAD: ⇒ tgid(T)==tgid(caller), L equal, act equal, no NEWPID/NEWUSER, exit_signal −1, rp = rp(caller). CLONE_PARENT ⇒ rp = rp(caller); else rp == caller **thread**.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 46,
    id: "thread-flag",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
