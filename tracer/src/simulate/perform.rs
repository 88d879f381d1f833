//! One step after the other: what each does.

use super::Simulator;
use super::flight::{Call, Flight, Op};
use crate::event::{Body, Syscall};
use tracer_ebpf::wire::kind;

const WAIT4: u64 = 61;
const WAITID: u64 = 247;

impl Simulator {
    /// Does a step; `false`, and nothing done, if it has to wait.
    pub(super) fn perform(&mut self, flight: &mut Flight, op: Op) -> bool {
        match op {
            Op::CopyProcess => self.fork_begin(flight),
            Op::CopyPidNs => self.copy_pid_ns(flight, flight.fork.flags),
            Op::CopyNamespaces => self.copy_namespaces(flight),
            Op::AllocPid => self.alloc_pid(flight),
            Op::AllocLevel(level) => self.alloc_level(flight, level),
            Op::Publish => self.publish(flight),
            Op::PidFs => self.pidfs(flight),
            Op::AllocReturn => self.alloc_return(flight),
            Op::Limits => Self::fork_limits(flight),
            Op::Attach => self.fork_attach(flight),
            Op::NewTask(child) => self.fork_tell(flight, child),
            Op::ForkFail(errno) => self.fork_fail(flight, errno),
            Op::VforkWait(child) => return self.vfork_over(flight, child),
            Op::DeThread => self.de_thread(flight),
            Op::ExecWait => return self.exec_wait(flight),
            Op::SwapTids => self.swap_tids(flight),
            Op::ExecImage => self.exec_image(flight),
            Op::ExecComm => self.exec_comm(flight),
            Op::ExecCred => self.exec_cred(flight),
            Op::ExecDone(old_tid) => self.exec_done(flight, old_tid),
            Op::Zap(ns) => self.zap(flight, ns),
            Op::ZapKill(ns) => self.zap_kill(flight, ns),
            Op::ZapWait(ns) => return self.zap_wait(flight, ns),
            _ => self.perform_other(flight, op),
        }
        true
    }

    fn perform_other(&mut self, flight: &mut Flight, op: Op) {
        match op {
            Op::Die => self.die(flight),
            Op::Exit(code) => self.exit_begin(flight, code),
            Op::ExitMm => self.exit_mm(flight.task),
            Op::ExitTell(dead) => self.exit_tell(flight, dead),
            Op::ExitNamespaces => self.exit_namespaces(flight.task),
            Op::ExitNotify => self.exit_notify(flight),
            Op::Reparent => self.reparent(flight),
            Op::Gone => self.gone(flight),
            Op::Release(id) => self.release(flight, id),
            Op::Unhash(id) => self.unhash(flight, id),
            Op::FreePid(pid) => self.free_pid(flight, pid),
            Op::Wait(id) => self.wait(flight, id),
            Op::WaitTraced(id) => self.wait_traced(flight, id),
            Op::Setsid => self.setsid(flight),
            Op::Setpgid { leader, to } => self.setpgid(flight, leader, to),
            Op::Unshare(flags) => self.unshare(flight, flags),
            Op::SwitchNamespaces => self.switch_namespaces(flight),
            Op::UnshareCred => self.enter_user(flight),
            Op::Setns(ns) => self.setns(flight, ns),
            Op::Setuid(uid) => self.set_uid(flight, uid),
            Op::Rename { task, name } => self.rename(flight, task, name),
            Op::PtraceLink(id) => self.attach(flight, id),
            Op::PtraceUnlink(id) => self.detach(flight, id),
            Op::TraceMe => self.trace_me(flight),
            Op::Syscall(call) => self.syscall_exit(flight, call),
            Op::SweepTask(nr) => self.sweep_task(flight, nr),
            Op::SweepNamespaces(nr) => self.sweep_namespaces(flight, nr),
            _ => {}
        }
    }

    /// `sys_exit`: the call, and the caller as it is now.
    fn syscall_exit(&mut self, flight: &mut Flight, call: Call) {
        let Call { nr, args, ret } = call;
        self.tell(flight, kind::SYSCALL, |_, header| {
            Body::Syscall(Syscall { header, nr, args, ret })
        });
        if matches!(nr, WAIT4 | WAITID) {
            return;
        }
        let id = flight.task;
        self.tell(flight, kind::UPDATE, |it, _| Body::Update {
            task: it.truth.facts(id, true),
            vector: it.truth.vector(id),
        });
    }
}
