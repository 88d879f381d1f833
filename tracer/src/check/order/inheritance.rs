//! Rule 47: TODO Inheritance: new leader: PG,S == caller group's at attach; nsproxy pointer == caller's unless CLONE_NEW{NS,UTS,IPC,PID,NET,CGROUP,TIME} or (¬CLONE_VM and pending time ns). Tolerate: caller's group doing setsid/setpgid between attach and event (compare at event within tolerance of a concurrent change record).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 47,
    id: "inheritance",
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
