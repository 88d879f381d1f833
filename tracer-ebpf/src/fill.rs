//! From kernel structures to the parts of records.

use aya_ebpf::Global;
use tracer_ebpf::wire::{
    Header, MAX_UPIDS, NsSet, PidNs, PidRecord, SHORT_UPIDS, Task, TaskRecord, Upid, bits,
};

use crate::{
    emit::{Actor, emit},
    field::*,
    walk::{Plain, Probed, Ptr, Read, bit, cookie, get},
};

/// Writes fields of a record behind a raw pointer.
macro_rules! set {
    ($out:expr, $($field:ident = $value:expr),* $(,)?) => {{$(
        let value = $value;
        // SAFETY: the pointer is to a reservation of the record's size.
        unsafe { (&raw mut (*$out).$field).write(value) };
    )*}};
}
pub(crate) use set;

/// A record and the vector behind it.
#[repr(C)]
pub(crate) struct WithVector<T, const N: usize> {
    record: T,
    upids: [Upid; N],
}

/// `PIDTYPE_PGID` and `PIDTYPE_SID` (include/linux/pid_types.h); `PIDTYPE_PID` is 0.
pub(crate) const PIDTYPE_PGID: u32 = 2;
/// See [`PIDTYPE_PGID`].
pub(crate) const PIDTYPE_SID: u32 = 3;

/// Bytes of `struct upid`: checked by user space before loading.
const UPID: u32 = 16;

/// A value that the kernel may not have: zero then.
#[inline(always)]
pub(crate) fn optional<R: Read, T: Plain>(base: Ptr, off: &Global<u32>) -> T {
    if has(off) { get::<R, T>(base, off) } else { Probed::at::<T>(core::ptr::null(), 0) }
}

/// The group's or session's pid.
#[inline(always)]
pub(crate) fn signal_pid<R: Read>(signal: Ptr, ty: u32) -> Ptr {
    R::at(signal, SIGNAL_PIDS.load() + ty * 8)
}

/// The level-0 number of a pid.
#[inline(always)]
pub(crate) fn nr<R: Read>(pid: Ptr) -> i32 {
    R::at(pid, PID_NUMBERS.load())
}

/// The namespace of a pid at its deepest level; untyped for the verifier.
#[inline(always)]
pub(crate) fn deepest_ns(pid: Ptr, level: u32) -> Ptr {
    Probed::at(pid.wrapping_add((level * UPID) as usize), PID_NUMBERS.load() + 8)
}

/// Inode number of a namespace whose `ns_common` lies at `common`.
#[inline(always)]
pub(crate) fn inum<R: Read>(ns: Ptr, common: &Global<u32>) -> u32 {
    R::at(ns, common.load() + NS_INUM.load())
}

/// `ns_id` of a namespace, or 0.
#[inline(always)]
fn ns_id<R: Read>(ns: Ptr, common: &Global<u32>) -> u64 {
    if !has(&NS_ID) {
        return 0;
    }
    R::at(ns, common.load() + NS_ID.load())
}

/// Writes all numbers of a pid, and zeroes behind them.
#[inline(always)]
fn fill_upids<R: Read, const N: usize>(out: *mut [Upid; N], pid: Ptr, level: u32) {
    let out = out.cast::<Upid>();
    let root: Ptr = R::at(pid, PID_NUMBERS.load() + 8);
    set!(out, ns = cookie(root), nr = nr::<R>(pid), inum = inum::<R>(root, &PIDNS_NS));
    let mut i = 1;
    while i < N {
        let slot = out.wrapping_add(i);
        if i as u32 <= level {
            // Old verifiers refuse typed access beyond numbers[0]: one helper read a level.
            let upid: [u64; 2] =
                Probed::at(pid.wrapping_add(i * UPID as usize), PID_NUMBERS.load());
            let ns = upid[1] as Ptr;
            set!(slot, ns = cookie(ns), nr = upid[0] as i32, inum = inum::<Probed>(ns, &PIDNS_NS));
        } else {
            // Volatile, or the compiler makes the loop a memset, which is a loop over bytes here:
            // the verifier would walk through each of its turns on each path.
            let words = slot.cast::<u64>();
            // SAFETY: the slot is two words of the reservation.
            unsafe {
                words.write_volatile(0);
                words.add(1).write_volatile(0);
            }
        }
        i += 1;
    }
}

/// Writes who a task is.
#[inline(always)]
fn fill_task<R: Read>(out: *mut Task, task: Ptr, pid: Ptr, level: u32) {
    let leader: Ptr = get::<R, _>(task, &TASK_GROUP_LEADER);
    let real_parent: Ptr = get::<R, _>(task, &TASK_REAL_PARENT);
    let parent: Ptr = get::<R, _>(task, &TASK_PARENT);
    let signal: Ptr = get::<R, _>(task, &TASK_SIGNAL);
    let pgrp = signal_pid::<R>(signal, PIDTYPE_PGID);
    let session = signal_pid::<R>(signal, PIDTYPE_SID);
    let mm: Ptr = get::<R, _>(task, &TASK_MM);
    set!(
        out,
        task = cookie(task),
        pid = cookie(pid),
        leader = cookie(leader),
        real_parent = cookie(real_parent),
        parent = cookie(parent),
        pgrp = cookie(pgrp),
        session = cookie(session),
        ino = optional::<R, _>(pid, &PID_INO),
        start = get::<R, _>(task, &TASK_START),
        tid = get::<R, _>(task, &TASK_PID),
        tgid = get::<R, _>(task, &TASK_TGID),
        ppid = get::<R, _>(real_parent, &TASK_TGID),
        parent_tgid = get::<R, _>(parent, &TASK_TGID),
        pgid = nr::<R>(pgrp),
        sid = nr::<R>(session),
        exit_signal = get::<R, _>(task, &TASK_EXIT_SIGNAL),
        exit_code = get::<R, _>(task, &TASK_EXIT_CODE),
        flags = get::<R, _>(task, &TASK_FLAGS),
        exit_state = get::<R, _>(task, &TASK_EXIT_STATE),
        state = get::<R, _>(task, &TASK_STATE),
        ptrace = get::<R, _>(task, &TASK_PTRACE),
        level = level,
        comm = get::<R, _>(task, &TASK_COMM),
    );
    let nsproxy: Ptr = get::<R, _>(task, &TASK_NSPROXY);
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    set!(
        out,
        bits = flag(bit::<R>(signal, &SIGNAL_SUBREAPER), bits::SUBREAPER)
            | flag(bit::<R>(signal, &SIGNAL_HAS_SUBREAPER), bits::HAS_SUBREAPER)
            | flag(!mm.is_null(), bits::HAS_MM)
            | flag(!nsproxy.is_null(), bits::HAS_NSPROXY)
            | flag(get::<R, u32>(signal, &SIGNAL_LEADER) != 0, bits::SESSION_LEADER)
    );
    let cred: Ptr = get::<R, _>(task, &TASK_CRED);
    set!(out, uid = get::<R, _>(cred, &CRED_UID), gid = get::<R, _>(cred, &CRED_GID));
    set!(out, cgroup = cgroup::<R>(task));
    fill_namespaces::<R>(out, nsproxy, cred, pid, level);
}

/// The id of the task's cgroup.
#[inline(always)]
fn cgroup<R: Read>(task: Ptr) -> u64 {
    if !(has(&TASK_CGROUPS) && has(&CSS_SET_DFL) && has(&CGROUP_KN) && has(&KERNFS_ID)) {
        return 0;
    }
    let set: Ptr = get::<R, _>(task, &TASK_CGROUPS);
    let cgroup: Ptr = if has(&CGROUP_SUBSYS) && has(&CSS_SET_SUBSYS) && has(&CSS_CGROUP) {
        // css_set.subsys[CGROUP_SUBSYS]->cgroup
        let state: Ptr = R::at(set, CSS_SET_SUBSYS.load() + 8 * CGROUP_SUBSYS.load());
        get::<R, _>(state, &CSS_CGROUP)
    } else {
        get::<R, _>(set, &CSS_SET_DFL)
    };
    cgroup_id::<R>(cgroup)
}

/// The id of a cgroup.
#[inline(always)]
pub(crate) fn cgroup_id<R: Read>(cgroup: Ptr) -> u64 {
    let kn: Ptr = get::<R, _>(cgroup, &CGROUP_KN);
    get::<R, _>(kn, &KERNFS_ID)
}

/// Writes the inode numbers of a task's namespaces.
#[inline(always)]
fn fill_namespaces<R: Read>(out: *mut Task, nsproxy: Ptr, cred: Ptr, pid: Ptr, level: u32) {
    let user: Ptr = get::<R, _>(cred, &CRED_USER_NS);
    let children: Ptr = get::<R, _>(nsproxy, &NSPROXY_PID);
    let root: Ptr = R::at(pid, PID_NUMBERS.load() + 8);
    let own = if level == 0 {
        inum::<R>(root, &PIDNS_NS)
    } else {
        inum::<Probed>(deepest_ns(pid, level), &PIDNS_NS)
    };
    let inums = NsInums::<R>::of(nsproxy);
    set!(
        out,
        ns = [
            inum::<R>(user, &USER_NS),
            inums.mnt,
            inums.uts,
            inums.ipc,
            inums.net,
            own,
            inums.cgroup,
            inums.time
        ],
        for_children = cookie(children),
        for_children_inum = inum::<R>(children, &PIDNS_NS),
        time_for_children_inum = inums.time_children,
    );
}

/// The inode numbers that an nsproxy leads to.
struct NsInums<R> {
    mnt: u32,
    uts: u32,
    ipc: u32,
    net: u32,
    cgroup: u32,
    time: u32,
    time_children: u32,
    way: core::marker::PhantomData<R>,
}

impl<R: Read> NsInums<R> {
    #[inline(always)]
    fn of(nsproxy: Ptr) -> Self {
        Self {
            mnt: inum::<R>(get::<R, _>(nsproxy, &NSPROXY_MNT), &MNT_NS),
            uts: inum::<R>(get::<R, _>(nsproxy, &NSPROXY_UTS), &UTS_NS),
            ipc: inum::<R>(get::<R, _>(nsproxy, &NSPROXY_IPC), &IPC_NS),
            net: inum::<R>(get::<R, _>(nsproxy, &NSPROXY_NET), &NET_NS),
            cgroup: inum::<R>(get::<R, _>(nsproxy, &NSPROXY_CGROUP), &CGROUP_NS),
            time: time_inum::<R>(nsproxy, &NSPROXY_TIME),
            time_children: time_inum::<R>(nsproxy, &NSPROXY_TIME_CHILDREN),
            way: core::marker::PhantomData,
        }
    }
}

/// The inode number of a time namespace, 0 where the kernel has none.
#[inline(always)]
fn time_inum<R: Read>(nsproxy: Ptr, member: &Global<u32>) -> u32 {
    if !(has(member) && has(&TIME_NS)) {
        return 0;
    }
    inum::<R>(get::<R, _>(nsproxy, member), &TIME_NS)
}

/// Writes a task and its vector; nothing if the task was released meanwhile.
#[inline(always)]
pub(crate) fn emit_task<R: Read>(kind: u16, actor: Actor, task: Ptr, arg: u64) {
    let pid: Ptr = get::<R, _>(task, &TASK_THREAD_PID);
    if pid.is_null() {
        return;
    }
    let level: u32 = get::<R, _>(pid, &PID_LEVEL);
    if level < SHORT_UPIDS as u32 {
        emit::<WithVector<TaskRecord, SHORT_UPIDS>>(kind, actor, |out| {
            fill_task_record::<R, SHORT_UPIDS>(out, task, pid, level, arg);
        });
    } else {
        emit::<WithVector<TaskRecord, MAX_UPIDS>>(kind, actor, |out| {
            // Rare, and each typed hop makes loading slower: by the helper.
            fill_task_record::<Probed, MAX_UPIDS>(out, task, pid, level, arg);
        });
    }
}

#[inline(always)]
fn fill_task_record<R: Read, const N: usize>(
    out: *mut WithVector<TaskRecord, N>,
    task: Ptr,
    pid: Ptr,
    level: u32,
    arg: u64,
) {
    let record = out.cast::<TaskRecord>();
    // SAFETY: the pointer is to a reservation of the record's size.
    let (facts, upids) = unsafe { (&raw mut (*record).task, &raw mut (*out).upids) };
    set!(record, arg = arg);
    fill_task::<R>(facts, task, pid, level);
    fill_upids::<R, N>(upids, pid, level);
}

/// Writes a pid and its vector.
#[inline(always)]
pub(crate) fn emit_pid<R: Read>(kind: u16, actor: Actor, pid: Ptr) {
    let level: u32 = get::<R, _>(pid, &PID_LEVEL);
    if level < SHORT_UPIDS as u32 {
        emit::<WithVector<PidRecord, SHORT_UPIDS>>(kind, actor, |out| {
            fill_pid_record::<R, SHORT_UPIDS>(out, pid, level);
        });
    } else {
        emit::<WithVector<PidRecord, MAX_UPIDS>>(kind, actor, |out| {
            fill_pid_record::<Probed, MAX_UPIDS>(out, pid, level);
        });
    }
}

#[inline(always)]
fn fill_pid_record<R: Read, const N: usize>(
    out: *mut WithVector<PidRecord, N>,
    pid: Ptr,
    level: u32,
) {
    let record = out.cast::<PidRecord>();
    set!(record, pid = cookie(pid), ino = optional::<R, _>(pid, &PID_INO), level = level, pad = 0);
    // SAFETY: the pointer is to a reservation of the record's size.
    fill_upids::<R, N>(unsafe { &raw mut (*out).upids }, pid, level);
}

/// Writes a PID namespace.
#[inline(always)]
pub(crate) fn emit_pid_ns<R: Read>(actor: Actor, ns: Ptr, reason: u32) {
    let parent: Ptr = get::<R, _>(ns, &PIDNS_PARENT);
    let user: Ptr = get::<R, _>(ns, &PIDNS_USER);
    emit::<PidNs>(tracer_ebpf::wire::kind::PID_NS, actor, |out| {
        set!(
            out,
            ns = cookie(ns),
            parent = cookie(parent),
            child_reaper = cookie(get::<R, _>(ns, &PIDNS_REAPER)),
            ns_id = ns_id::<R>(ns, &PIDNS_NS),
            inum = inum::<R>(ns, &PIDNS_NS),
            parent_inum = inum::<R>(parent, &PIDNS_NS),
            user_inum = inum::<R>(user, &USER_NS),
            level = get::<R, _>(ns, &PIDNS_LEVEL),
            allocated = get::<R, _>(ns, &PIDNS_ALLOCATED),
            cursor = get::<R, _>(ns, &PIDNS_CURSOR),
            pid_max = optional::<R, _>(ns, &PIDNS_MAX),
            reason = reason,
        );
    });
}

/// Writes the namespaces of an nsproxy and, where known, the user namespace that goes with it.
#[inline(always)]
pub(crate) fn emit_ns_set<R: Read>(
    actor: Actor,
    task: Ptr,
    nsproxy: Ptr,
    user: Ptr,
    flags: u64,
    reason: u32,
) {
    let pid: Ptr = get::<R, _>(nsproxy, &NSPROXY_PID);
    let id = |member: &Global<u32>, common: &Global<u32>| -> u64 {
        if has(&NS_ID) { ns_id::<R>(get::<R, Ptr>(nsproxy, member), common) } else { 0 }
    };
    let time_id = if has(&NSPROXY_TIME) && has(&TIME_NS) { id(&NSPROXY_TIME, &TIME_NS) } else { 0 };
    let inums = NsInums::<R>::of(nsproxy);
    emit::<NsSet>(tracer_ebpf::wire::kind::NS_SET, actor, |out: *mut NsSet| {
        set!(
            out,
            task = cookie(task),
            flags = flags,
            for_children = cookie(pid),
            ids = [
                ns_id::<R>(user, &USER_NS),
                id(&NSPROXY_MNT, &MNT_NS),
                id(&NSPROXY_UTS, &UTS_NS),
                id(&NSPROXY_IPC, &IPC_NS),
                id(&NSPROXY_NET, &NET_NS),
                id(&NSPROXY_PID, &PIDNS_NS),
                id(&NSPROXY_CGROUP, &CGROUP_NS),
                time_id,
            ],
            inums = [
                inum::<R>(user, &USER_NS),
                inums.mnt,
                inums.uts,
                inums.ipc,
                inums.net,
                inum::<R>(pid, &PIDNS_NS),
                inums.cgroup,
                inums.time
            ],
            time_for_children = inums.time_children,
            reason = reason,
        );
    });
}

const _: () =
    assert!(core::mem::offset_of!(WithVector<TaskRecord, 4>, upids) == size_of::<TaskRecord>());
const _: () = assert!(core::mem::offset_of!(TaskRecord, header) == 0 && size_of::<Header>() == 32);
