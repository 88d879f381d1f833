//! The order of attaching, and which fact each hook tells.

use tracer_ebpf::target::{self, Function, Tracepoint};

use crate::coverage::Fact;

/// What a hook is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A function.
    Function(Function),
    /// A tracepoint.
    Tracepoint(Tracepoint),
}

use Target::{Function as F, Tracepoint as T};

/// Every hook in the order of attaching: ends before beginnings, so that nothing is born under our
/// eyes and dies unseen.
pub(super) const HOOKS: &[(Fact, Target)] = &[
    (Fact::FreeTask, T(target::SCHED_PROCESS_FREE)),
    (Fact::NsDestroy, F(target::DELAYED_FREE_PIDNS)),
    (Fact::FreePid, F(target::FREE_PID)),
    (Fact::Release, F(target::RELEASE)),
    (Fact::Exit, T(target::SCHED_PROCESS_EXIT)),
    (Fact::NsDying, F(target::ZAP_PID_NS)),
    (Fact::PtraceUnlink, F(target::PTRACE_UNLINK)),
    (Fact::PtraceLink, F(target::PTRACE_LINK)),
    (Fact::PtraceLink, F(target::PTRACE_CONNECTOR)),
    (Fact::Cred, F(target::COMMIT_CREDS)),
    (Fact::ChangePid, F(target::CHANGE_PID)),
    (Fact::ExchangeTids, F(target::EXCHANGE_TIDS)),
    (Fact::Rename, T(target::TASK_RENAME)),
    (Fact::Exec, T(target::SCHED_PROCESS_EXEC)),
    (Fact::NsEnter, F(target::SWITCH_NAMESPACES)),
    (Fact::NsCreate, F(target::NEW_NAMESPACES)),
    (Fact::PidNsCreate, F(target::COPY_PID_NS)),
    (Fact::Cgroup, T(target::CGROUP_RMDIR)),
    (Fact::CgroupMove, T(target::CGROUP_ATTACH)),
    (Fact::Cgroup, T(target::CGROUP_MKDIR)),
    (Fact::Fork, T(target::TASK_NEWTASK)),
    (Fact::ForkFail, F(target::COPY_PROCESS)),
    (Fact::AllocPid, F(target::ALLOC_PID)),
];

/// The system calls' exit: attached where functions that it stands in for are not.
pub(super) const SYSCALLS: (Fact, Tracepoint) = (Fact::Syscalls, target::SYS_EXIT);

/// The facts that [`SYSCALLS`] stands in for.
pub(super) const BY_SYSCALLS: &[Fact] =
    &[Fact::ChangePid, Fact::NsEnter, Fact::Cred, Fact::PtraceLink, Fact::ForkFail, Fact::Release];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_attached_once() {
        let attached = |wanted: Target| {
            let hooks = HOOKS.iter().map(|&(_, target)| target).chain([T(SYSCALLS.1)]);
            hooks.filter(|&target| target == wanted).count()
        };
        for &function in target::FUNCTIONS {
            assert_eq!(attached(F(function)), 1, "{}", function.program);
        }
        for &tracepoint in target::TRACEPOINTS {
            assert_eq!(attached(T(tracepoint)), 1, "{}", tracepoint.name);
        }
    }
}
