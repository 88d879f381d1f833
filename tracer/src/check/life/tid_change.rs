//! Rule 57: TODO pid change only by exec: T.pid may change only old tid → own tgid, once per exec. Detect on every record: (T ptr same, pid differs) ⇒ infer swap, else violation. Tolerate missing exec record (failed exec).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 57,
    id: "tid-change",
    group: Group::Life,
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
