//! Rule 11: TODO Cyclic order: within N, non-set_tid allocations taken in *idr order* are: next = smallest free nr ≥ cursor, else wrap to ≥300 (≥1 while cursor ≤300); cursor := nr+1. idr_alloc_cyclic. Tolerate: fexit order of two CPUs ≠ idr order (≤6.19 also between levels); failed allocs/forks advance the cursor (gaps); ns_last_pid writes (any member with checkpoint/restore cap), set_tid does not move it; ≤7.0 cursor reset when first alloc fails; pid_max change. Detect: for consecutive alloc records A<B allow nr_B < nr_A only if their [fentry,fexit] windows overlap, or a wrap is plausible (no free nr in (nr_A, pid_max) or last nr within slack of pid_max), or ns_last_pid/gap. Report as *soft*.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 11,
    id: "cyclic-order",
    group: Group::Pid,
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
