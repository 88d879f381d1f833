//! Rule 23: TODO Levels along parenthood: anc(act(rp(T)), act(T)). Strict for non-init T of N: act(rp)==act(T) unless T was injected by setns+fork or is N's init (then rp in a proper ancestor). fork uses for(current) with anc(act,for); reaper search keeps father's ns. Tolerate: rp = init_task for pid 1, 2.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 23,
    id: "levels-of-parents",
    group: Group::Task,
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
