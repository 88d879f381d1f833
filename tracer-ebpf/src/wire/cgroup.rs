//! Cgroups, of the hierarchy that the tasks' cgroups are told of: the default one (v2), or that of
//! the `pids` controller where it is in one of its own (v1).

use super::Header;

record! {
    /// A cgroup is made, removed, or was found. `path_len` bytes of its path follow.
    Cgroup {
        /// See [`Header`]; no actor where user space found it.
        header: Header,
        /// Its id: the inode number of its directory.
        cgroup: u64,
        /// Bytes of its path from the hierarchy's root; 0 when it is removed, or if the kernel has
        /// none to give (longer than 1,024 bytes).
        path_len: u32,
        /// Levels below the root.
        level: i32,
    }
}

record! {
    /// A process, or one thread, was moved to another cgroup.
    CgroupMove {
        /// See [`Header`]; the actor moved it.
        header: Header,
        /// Cookie of the task, the group's leader if all of the group moves.
        task: u64,
        /// Id of the cgroup that it is in now.
        cgroup: u64,
        /// Its level-0 number.
        tid: i32,
        /// Its thread group's.
        tgid: i32,
        /// Whether the whole thread group moves: 0 or 1.
        group: u32,
        /// Always 0.
        pad: u32,
    }
}
