//! `int commit_creds(struct cred *new)` (kernel/cred.c, 5.10 to 7.3), at its entry; told only
//! where uid, gid or the user namespace changes.

use aya_ebpf::{
    macros::{fentry, kprobe},
    programs::{FEntryContext, ProbeContext},
};
use tracer_ebpf::wire::{Cred, kind};

use crate::{
    emit::{Actor, current, emit},
    field::{CRED_GID, CRED_UID, CRED_USER_NS, NS_ID, TASK_CRED, USER_NS, USER_PARENT, has},
    fill::{inum, set},
    walk::{Probed, Ptr, Read, Typed, cookie, get},
};

#[inline(always)]
fn entered<R: Read>(new: Ptr) {
    let task = current();
    let old: Ptr = get::<Probed, _>(task, &TASK_CRED);
    let uid: u32 = get::<R, _>(new, &CRED_UID);
    let gid: u32 = get::<R, _>(new, &CRED_GID);
    let user: Ptr = get::<R, _>(new, &CRED_USER_NS);
    if uid == get::<Probed, u32>(old, &CRED_UID)
        && gid == get::<Probed, u32>(old, &CRED_GID)
        && cookie(user) == cookie(get::<Probed, Ptr>(old, &CRED_USER_NS))
    {
        return;
    }
    let id = if has(&NS_ID) { R::at(user, USER_NS.load() + NS_ID.load()) } else { 0 };
    emit::<Cred>(kind::CRED, Actor::current(), |out| {
        set!(
            out,
            task = cookie(task),
            user_ns_id = id,
            uid = uid,
            gid = gid,
            user_ns = inum::<R>(user, &USER_NS),
            user_ns_parent = inum::<R>(get::<R, _>(user, &USER_PARENT), &USER_NS),
        );
    });
}

#[fentry(function = "commit_creds")]
fn f_commit_creds(ctx: FEntryContext) -> i32 {
    entered::<Typed>(ctx.arg(0));
    0
}

#[kprobe]
fn k_commit_creds(ctx: ProbeContext) -> u32 {
    entered::<Probed>(ctx.arg::<u64>(0).unwrap_or(0) as Ptr);
    0
}
