//! Rule 64: numbers are refused for want of numbers only where there are none.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::AllocFail,
    model::{NsFate, NsId, World},
};

/// `EAGAIN`.
const EAGAIN: i32 = 11;
/// `PIDNS_ADDING` (`include/linux/pid_namespace.h`).
const PIDNS_ADDING: u32 = 1 << 31;
/// `RESERVED_PIDS`: numbers that are not given again after the first round.
const RESERVED: u32 = 300;
/// Numbers that may have become free meanwhile, or are reserved by other forks, one a CPU or so.
const SLACK: u32 = 1024;

/// `idr_alloc_cyclic` says `ENOSPC`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 64,
    id: "limit-reason",
    group: Group::Order,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "alloc_pid fails with EAGAIN only if the namespace, or one above it, has hardly a \
                number left",
    source: "alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid)],
    weaker: None,
    exceptions: &[
        "numbers that other forks have reserved, and numbers that have just become free",
        "a pid_max that has been lowered, of a namespace that no sweep has read since",
    ],
    trips: "EAGAIN in a namespace of few numbers",
    near_miss: "EAGAIN in a namespace that is full",
};

/// How many numbers a namespace has left; 0 if that is not known.
fn left(world: &World, ns: NsId, pid_max: u32) -> u32 {
    let Some(space) = world.ns(ns).pid.as_ref() else { return 0 };
    let most = if space.pid_max == 0 { pid_max } else { space.pid_max };
    most.saturating_sub(space.members)
}

/// A number was refused.
pub(in crate::check) fn refused(cx: &mut Cx<'_>, facts: &AllocFail, pid_max: u32) {
    let world = cx.world;
    let Some(ns) = world.ns_at(facts.ns) else { return };
    counted(cx, ns, facts);
    if facts.errno != EAGAIN {
        return;
    }
    let up = |&ns: &NsId| world.ns(ns).pid.as_ref()?.parent;
    let levels = std::iter::successors(Some(ns), up).take(facts.level as usize + 1);
    let least = levels.map(|ns| left(world, ns, pid_max)).min().unwrap_or(0);
    cx.test(&RULE, least <= RESERVED + SLACK, || {
        let allocated = facts.allocated & !PIDNS_ADDING;
        let subject = Subject::namespace(world, ns);
        Finding::new(subject, "no number is left", format!("{allocated} in use, {least} left"))
    });
}

/// The count of a namespace's pids, with the flag that it takes more.
fn counted(cx: &mut Cx<'_>, ns: NsId, facts: &AllocFail) {
    let world = cx.world;
    let Some(space) = world.ns(ns).pid.as_ref() else { return };
    let count = facts.allocated & !PIDNS_ADDING;
    // where its first fork failed, or its init is dead, it takes none
    let adding = facts.allocated & PIDNS_ADDING != 0
        || world.ns(ns).fate != NsFate::Alive
        || space.members == 0;
    cx.test(&RULE, adding && count.abs_diff(space.members) <= SLACK, || {
        let read = format!("{:#x}", facts.allocated);
        let known = format!("{} in use, and taking more", space.members);
        Finding::new(Subject::namespace(world, ns), known, read)
    });
}

#[cfg(test)]
mod tests {
    use super::{EAGAIN, PIDNS_ADDING, RULE};
    use crate::{
        check::tests::script::Script,
        event::{AllocFail, Body, ForkFail, Header, PidNs, ns_reason},
    };

    /// A namespace with this many numbers refuses one.
    fn refuses(pid_max: u32) -> Script {
        let mut script = Script::new();
        let (header, facts) = (Header::default(), *script.facts(10));
        let (ns, inum) = (facts.for_children, facts.for_children_inum);
        let space = PidNs {
            header,
            ns,
            parent: 0,
            child_reaper: script.facts(1).task,
            ns_id: 1,
            inum,
            parent_inum: 0,
            user_inum: 0xefff_fffd,
            level: 0,
            allocated: PIDNS_ADDING | 3,
            cursor: 100,
            pid_max,
            reason: ns_reason::SNAPSHOT,
        };
        script.write(0, 20, Body::PidNs(space));
        let allocated = PIDNS_ADDING | 3;
        let alloc = AllocFail { header, ns, inum, level: 0, errno: EAGAIN, allocated };
        script.write(10, 8, Body::AllocFail(alloc));
        let failed = ForkFail { header, ns, flags: 0, inum, errno: EAGAIN };
        script.write(10, 9, Body::ForkFail(failed));
        script
    }

    #[test]
    fn a_namespace_with_numbers_left_trips_it() {
        refuses(32768).trips(&RULE);
    }

    #[test]
    fn a_full_namespace_refuses() {
        refuses(301).holds(&RULE);
    }
}
