//! `raw_syscalls:sys_exit(struct pt_regs *regs, long ret)`, x86-64, tracepoint plan only: the
//! calls that change what no tracepoint tells. It runs at every call's exit, so the way out for
//! all others comes first.

use aya_ebpf::{
    helpers::generated::bpf_probe_read_user, macros::btf_tracepoint, programs::BtfTracePointContext,
};
use tracer_ebpf::wire::{Syscall, kind};

use super::copy_process::failed;
use crate::{
    emit::{Actor, current, emit},
    field::*,
    fill::{emit_task, set},
    walk::{Probed, Ptr, Typed, get},
};

/// `TS_COMPAT` in `thread_info.status`: the call came through the 32-bit entry.
const TS_COMPAT: u32 = 2;
/// `WNOWAIT` (include/uapi/linux/wait.h): the child stays a zombie.
const WNOWAIT: u64 = 0x0100_0000;
/// Offset of `si_pid` in a 64-bit task's `siginfo_t`; a 32-bit task's is 4 less.
const SI_PID: u64 = 16;
/// Errnos from here on ask for a restart of the call: it has not failed.
const ERESTART: i64 = 512;
const PR_SET_CHILD_SUBREAPER: u64 = 36;

/// The call's number in the 64-bit table, by its number in the 32-bit one; 0 if it is of no use.
#[inline(always)]
fn from_32(nr: u64) -> u64 {
    match nr {
        57 => 109,
        66 => 112,
        310 => 272,
        346 => 308,
        172 => 157,
        26 => 101,
        7 | 114 => 61,
        284 => 247,
        2 => 57,
        190 => 58,
        120 => 56,
        435 => 435,
        _ => 0,
    }
}

/// Calls that are looked at: clone, fork, vfork, wait4, ptrace, setuid, setgid, setpgid, setsid,
/// setreuid to setresgid, prctl, waitid, unshare, setns, clone3.
#[inline(always)]
fn of_interest(nr: u64) -> bool {
    const LOW: u64 = 1 << 56 | 1 << 57 | 1 << 58 | 1 << 61;
    const MID: u64 = 1 << (101 - 64)
        | 1 << (105 - 64)
        | 1 << (106 - 64)
        | 1 << (109 - 64)
        | 1 << (112 - 64)
        | 1 << (113 - 64)
        | 1 << (114 - 64)
        | 1 << (117 - 64)
        | 1 << (119 - 64);
    match nr {
        0..64 => LOW >> nr & 1 == 1,
        64..128 => MID >> (nr - 64) & 1 == 1,
        157 | 247 | 272 | 308 | 435 => true,
        _ => false,
    }
}

#[inline(always)]
fn read_user<T: Default>(address: u64) -> T {
    let mut value = T::default();
    // SAFETY: the helper writes `size_of::<T>()` bytes to our own stack, or zeroes on a fault.
    unsafe {
        bpf_probe_read_user((&raw mut value).cast(), size_of::<T>() as u32, address as *const _);
    }
    value
}

/// A fork that came back with an error.
#[inline(always)]
fn fork_failed(nr: u64, arg0: u64, ret: i64) {
    let flags = match nr {
        56 => arg0,
        435 => read_user::<u64>(arg0),
        _ => 0,
    };
    failed(-ret as i32, flags);
}

#[btf_tracepoint(function = "sys_exit")]
fn t_sys_exit(ctx: BtfTracePointContext) -> i32 {
    let regs: Ptr = ctx.arg(0);
    let ret: i64 = ctx.arg(1);
    let mut nr: u64 = get::<Typed, _>(regs, &REGS_NR);
    let mut args: [u64; 4] = [
        get::<Typed, _>(regs, &REGS_ARG0),
        get::<Typed, _>(regs, &REGS_ARG1),
        get::<Typed, _>(regs, &REGS_ARG2),
        get::<Typed, _>(regs, &REGS_ARG3),
    ];
    // The 32-bit table's numbers overlap with the other's: most calls end here either way.
    if !of_interest(nr) && from_32(nr) == 0 {
        return 0;
    }
    let mut si_pid = SI_PID;
    if has(&TASK_STATUS) && get::<Probed, u32>(current(), &TASK_STATUS) & TS_COMPAT != 0 {
        nr = from_32(nr);
        si_pid = SI_PID - 4;
        args = [get::<Typed, _>(regs, &REGS_BX), get::<Typed, _>(regs, &REGS_CX), args[2], args[1]];
    }
    if !of_interest(nr) {
        return 0;
    }
    let is_fork = matches!(nr, 56..=58 | 435);
    if is_fork {
        if ret < 0 && ret > -ERESTART {
            fork_failed(nr, args[0], ret);
        }
        return 0;
    }
    if ret < 0 || nr == 157 && args[0] != PR_SET_CHILD_SUBREAPER || nr == 61 && ret == 0 {
        return 0;
    }
    if nr == 247 {
        if args[3] & WNOWAIT != 0 || args[2] == 0 {
            return 0;
        }
        args[1] = u64::from(read_user::<u32>(args[2] + si_pid));
        if args[1] == 0 {
            return 0;
        }
    }
    emit::<Syscall>(kind::SYSCALL, Actor::current(), |out| {
        set!(out, nr = nr, args = [args[0], args[1], args[2]], ret = ret);
    });
    if !matches!(nr, 61 | 247) {
        emit_task::<Probed>(kind::UPDATE, Actor::current(), current(), 0);
    }
    0
}
