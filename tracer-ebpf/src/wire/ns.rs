//! Records about namespaces (kernel/nsproxy.c, kernel/pid_namespace.c).

use super::Header;

/// Kinds of namespaces, in this order everywhere: user, mnt, uts, ipc, net, pid, cgroup, time.
pub const NS_KINDS: usize = 8;

/// Why a [`PidNs`] or [`NsSet`] was written.
pub mod ns_reason {
    /// Found by a sweep.
    pub const SNAPSHOT: u32 = 1;
    /// Just made by clone or unshare.
    pub const CREATE: u32 = 2;
    /// Entered: by setns, or after `CREATE` by unshare.
    pub const ENTER: u32 = 3;
}

record! {
    /// A `struct pid_namespace`.
    PidNs {
        /// See [`Header`].
        header: Header,
        /// Cookie of the namespace.
        ns: u64,
        /// Cookie of its parent; 0 for the initial one.
        parent: u64,
        /// Cookie of `child_reaper`; 0 before the first task.
        child_reaper: u64,
        /// `ns.ns_id`, never used again; 0 where the kernel has none.
        ns_id: u64,
        /// Inode number.
        inum: u32,
        /// Inode number of the parent.
        parent_inum: u32,
        /// Inode number of the owning user namespace.
        user_inum: u32,
        /// `level`.
        level: u32,
        /// `pid_allocated`: numbers in use, with `PIDNS_ADDING` as the top bit.
        allocated: u32,
        /// `idr.idr_next`: the allocation cursor.
        cursor: u32,
        /// `pid_max` of this namespace; 0 where it is global.
        pid_max: u32,
        /// One of [`ns_reason`].
        reason: u32,
    }
}

record! {
    /// The namespaces of an nsproxy that was just made (`CREATE`), or that a task switched to
    /// (`ENTER`), or that a sweep found (`SNAPSHOT`). The user namespace is not part of it.
    NsSet {
        /// See [`Header`].
        header: Header,
        /// Cookie of the task that gets it (at `CREATE` by clone: the caller).
        task: u64,
        /// The `CLONE_NEW*` flags at `CREATE`, else 0.
        flags: u64,
        /// Cookie of the PID namespace for children.
        for_children: u64,
        /// The ids (`ns_id`) in the order of the kinds; 0 where the kernel has none.
        ids: [u64; 8],
        /// The inode numbers in the order of the kinds (`pid`: the one for children).
        inums: [u32; 8],
        /// Inode number of the time namespace for children.
        time_for_children: u32,
        /// One of [`ns_reason`].
        reason: u32,
    }
}

record! {
    /// A PID namespace begins to die, or is freed.
    NsEnd {
        /// See [`Header`].
        header: Header,
        /// Cookie of the namespace.
        ns: u64,
        /// Inode number.
        inum: u32,
        /// Level.
        level: u32,
    }
}
