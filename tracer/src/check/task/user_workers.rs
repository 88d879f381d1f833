//! Rule 40: io workers and other user workers are threads of user processes.

use super::reading::Reading;
use crate::{
    check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding},
    host::Host,
};

/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x0020_0000;
/// `PF_IO_WORKER`, likewise.
const PF_IO_WORKER: u32 = 0x10;
/// `PF_USER_WORKER`, likewise, since 6.4; another flag before.
const PF_USER_WORKER: u32 = 0x4000;

/// `create_io_thread` and `vhost_task_create`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 40,
    id: "user-workers",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "an io worker or another user worker leads no group and is no kernel thread",
    source: "create_io_thread (kernel/fork.c), vhost_task_create (kernel/vhost_task.c)",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "an io worker leads a group",
    near_miss: "an io worker is a thread of the process that submits",
};

/// The flags of workers on a kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::check) struct Flags(u32);

impl Flags {
    /// Those that the kernel of this host has.
    pub(in crate::check) fn of(host: &Host) -> Self {
        let mut parts = host.release.split(|c: char| !c.is_ascii_digit());
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
        let version = (number(), number());
        Self(if version >= (6, 4) { PF_IO_WORKER | PF_USER_WORKER } else { PF_IO_WORKER })
    }
}

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, workers: Flags, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    if facts.flags & workers.0 == 0 {
        return;
    }
    let thread = !reading.leads() && facts.exit_signal == -1;
    cx.test(&RULE, thread && facts.flags & PF_KTHREAD == 0, || {
        let read = format!("tid {}, tgid {}, flags {:#x}", facts.tid, facts.tgid, facts.flags);
        Finding::new(reading.subject(world), "a thread of a user process", read)
    });
}

#[cfg(test)]
mod tests {
    use super::{PF_IO_WORKER, RULE};
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_worker_that_leads_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.flags |= PF_IO_WORKER;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_worker_is_a_thread() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.flags |= PF_IO_WORKER;
            script.holds(&RULE);
        }
    }
}
