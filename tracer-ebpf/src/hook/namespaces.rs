//! Namespaces of all kinds are made and entered (kernel/nsproxy.c):
//! `create_new_namespaces(flags, tsk, user_ns, new_fs)` at its return, for clone and unshare;
//! `switch_task_namespaces(p, new)` at its entry, for setns and unshare.

use aya_ebpf::{
    macros::{fentry, fexit, kprobe, kretprobe},
    programs::{FEntryContext, FExitContext, ProbeContext, RetProbeContext},
};
use tracer_ebpf::wire::ns_reason;

use super::{
    errno,
    pending::{Function, enter, leave},
};
use crate::{
    emit::{Actor, current},
    field::{CRED_USER_NS, TASK_CRED, TASK_NSPROXY},
    fill::emit_ns_set,
    walk::{Probed, Ptr, Read, Typed, get},
};

/// Every `CLONE_NEW*` flag.
const CLONE_NEW: u64 = 0x7e02_0080;

#[inline(always)]
fn created<R: Read>(flags: u64, user: Ptr, nsproxy: Ptr) {
    if flags & CLONE_NEW != 0 && errno(nsproxy) == 0 {
        let flags = flags & CLONE_NEW;
        emit_ns_set::<R>(Actor::current(), current(), nsproxy, user, flags, ns_reason::CREATE);
    }
}

#[inline(always)]
fn switched<R: Read>(task: Ptr, new: Ptr) {
    let old: Ptr = get::<R, _>(task, &TASK_NSPROXY);
    if new.is_null() || core::ptr::eq(old, new) {
        return;
    }
    let cred: Ptr = get::<R, _>(task, &TASK_CRED);
    let user: Ptr = get::<R, _>(cred, &CRED_USER_NS);
    emit_ns_set::<R>(Actor::current(), task, new, user, 0, ns_reason::ENTER);
}

#[fexit(function = "create_new_namespaces")]
fn f_create_new_namespaces(ctx: FExitContext) -> i32 {
    created::<Typed>(ctx.arg(0), ctx.arg(2), ctx.arg(4));
    0
}

#[kprobe]
fn e_create_new_namespaces(ctx: ProbeContext) -> u32 {
    let arg = |n| ctx.arg::<u64>(n).unwrap_or(0);
    enter(&ctx, Function::CreateNewNamespaces, [arg(0), arg(2)]);
    0
}

#[kretprobe]
fn k_create_new_namespaces(ctx: RetProbeContext) -> u32 {
    if let Some([flags, user]) = leave(Function::CreateNewNamespaces) {
        created::<Probed>(flags, user as Ptr, ctx.ret::<u64>() as Ptr);
    }
    0
}

#[fentry(function = "switch_task_namespaces")]
fn f_switch_task_namespaces(ctx: FEntryContext) -> i32 {
    switched::<Typed>(ctx.arg(0), ctx.arg(1));
    0
}

#[kprobe]
fn k_switch_task_namespaces(ctx: ProbeContext) -> u32 {
    let arg = |n| ctx.arg::<u64>(n).unwrap_or(0) as Ptr;
    switched::<Probed>(arg(0), arg(1));
    0
}
