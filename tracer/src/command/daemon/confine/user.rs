//! Becoming somebody who is not root.

use std::io;

use rustix::{
    fs::{Gid, Uid},
    process::{getegid, geteuid},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_keep_capabilities,
        set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    },
};

use crate::{cli::User, command::fault::Fault};

/// What is taken along: what tracing needs from its start on. Most of it goes soon after.
const TAKEN: CapabilitySet = CapabilitySet::BPF
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::SYS_ADMIN);

/// Has this thread, and all that it starts, run as this user. There are no others yet.
pub(in crate::command::daemon) fn change(to: User) -> Result<(), Fault> {
    switch(to).map_err(|error| {
        Fault::unable(
            format!("cannot become user {}", to.uid),
            error.to_string(),
            "start it as root, or as that user with the capabilities, and without --user",
        )
    })
}

fn switch(to: User) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    if geteuid() == uid && getegid() == gid {
        return Ok(());
    }
    let caps = capabilities(None)?.permitted & TAKEN;
    set_keep_capabilities(true)?;
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    let sets =
        CapabilitySets { effective: caps, permitted: caps, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets)?;
    set_keep_capabilities(false)?;
    Ok(())
}
