//! Birth and death of PID namespaces (kernel/pid_namespace.c):
//! `copy_pid_ns(flags, user_ns, old_ns)` at its return, `zap_pid_ns_processes(pid_ns)` and
//! `delayed_free_pidns(struct rcu_head *)` at their entry. `create_pid_namespace` itself is
//! inlined in every kernel that was looked at.

use aya_ebpf::{
    macros::{fentry, fexit, kprobe, kretprobe},
    programs::{FEntryContext, FExitContext, ProbeContext, RetProbeContext},
};
use tracer_ebpf::wire::{NsEnd, kind, ns_reason};

use super::{
    errno,
    pending::{Function, enter, leave},
};
use crate::{
    emit::{Actor, emit},
    field::{PIDNS_LEVEL, PIDNS_NS, PIDNS_RCU},
    fill::{emit_pid_ns, inum, set},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

const CLONE_NEWPID: u64 = 0x2000_0000;

#[inline(always)]
fn copied<R: Read>(flags: u64, ns: Ptr) {
    if flags & CLONE_NEWPID != 0 && errno(ns) == 0 {
        emit_pid_ns::<R>(Actor::current(), ns, ns_reason::CREATE);
    }
}

#[inline(always)]
fn end<R: Read>(kind: u16, actor: Actor, ns: Ptr) {
    emit::<NsEnd>(kind, actor, |out| {
        set!(
            out,
            ns = cookie(ns),
            inum = inum::<R>(ns, &PIDNS_NS),
            level = get::<R, _>(ns, &PIDNS_LEVEL),
        );
    });
}

/// The namespace around its `rcu` member; untyped, as the verifier allows no way backwards.
#[inline(always)]
fn around(rcu: Ptr) -> Ptr {
    rcu.wrapping_sub(PIDNS_RCU.load() as usize)
}

#[fexit(function = "copy_pid_ns")]
fn f_copy_pid_ns(ctx: FExitContext) -> i32 {
    copied::<Typed>(ctx.arg(0), ctx.arg(3));
    0
}

#[kprobe]
fn e_copy_pid_ns(ctx: ProbeContext) -> u32 {
    enter(&ctx, Function::CopyPidNs, [ctx.arg(0).unwrap_or(0), 0]);
    0
}

#[kretprobe]
fn k_copy_pid_ns(ctx: RetProbeContext) -> u32 {
    if let Some([flags, _]) = leave(Function::CopyPidNs) {
        copied::<Probed>(flags, ctx.ret::<u64>() as Ptr);
    }
    0
}

#[fentry(function = "zap_pid_ns_processes")]
fn f_zap_pid_ns_processes(ctx: FEntryContext) -> i32 {
    end::<Typed>(kind::NS_DYING, Actor::current(), ctx.arg(0));
    0
}

#[kprobe]
fn k_zap_pid_ns_processes(ctx: ProbeContext) -> u32 {
    end::<Probed>(kind::NS_DYING, Actor::current(), ctx.arg::<u64>(0).unwrap_or(0) as Ptr);
    0
}

#[fentry(function = "delayed_free_pidns")]
fn f_delayed_free_pidns(ctx: FEntryContext) -> i32 {
    end::<Probed>(kind::NS_DESTROY, Actor::NONE, around(ctx.arg(0)));
    0
}

#[kprobe]
fn k_delayed_free_pidns(ctx: ProbeContext) -> u32 {
    let rcu = ctx.arg::<u64>(0).unwrap_or(0) as Ptr;
    end::<Probed>(kind::NS_DESTROY, Actor::NONE, around(rcu));
    0
}
