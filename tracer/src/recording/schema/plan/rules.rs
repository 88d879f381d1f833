//! What each field of each kind is compared with, by names.

use tracer_ebpf::wire::kind;

/// What a field is compared with, by names.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    Previous,
    Same(&'static str),
    Keyed(&'static str, &'static str),
    Recent(u16, &'static str),
}

use Rule::{Keyed, Previous, Recent, Same};

pub(super) type Rules = &'static [(&'static str, Rule)];

/// The numbers of whoever acts.
pub(super) const ACTOR: Rules = &[
    ("header.actor_tid", Keyed("header.actor", "tid")),
    ("header.actor_tgid", Keyed("header.actor", "tgid")),
];

/// A fork, but for the upids.
const FORK: Rules = &[
    ("header.actor", Recent(kind::ALLOC_PID, "header.actor")),
    ("task.task", Previous),
    ("task.pid", Recent(kind::ALLOC_PID, "pid")),
    ("task.real_parent", Same("header.actor")),
    ("arg", Keyed("header.actor", "arg")),
];

/// A task that is found.
const FOUND: Rules = &[
    ("task.task", Previous),
    ("task.pid", Previous),
    ("task.real_parent", Previous),
    ("arg", Previous),
];

/// What a task record says of a task, given what stands above.
const TASK: Rules = &[
    ("task.leader", Same("task.task")),
    ("task.parent", Same("task.real_parent")),
    ("task.pgrp", Keyed("task.real_parent", "pgrp")),
    ("task.session", Keyed("task.real_parent", "session")),
    ("task.for_children", Keyed("task.real_parent", "for_children")),
    ("task.ino", Keyed("task.pid", "ino")),
    ("task.start", Keyed("task.task", "start")),
    ("task.cgroup", Keyed("task.real_parent", "cgroup")),
    ("task.tid", Keyed("task.pid", "nr")),
    ("task.tgid", Keyed("task.leader", "tid")),
    ("task.ppid", Keyed("task.real_parent", "tgid")),
    ("task.parent_tgid", Keyed("task.parent", "tgid")),
    ("task.pgid", Keyed("task.pgrp", "nr")),
    ("task.sid", Keyed("task.session", "nr")),
    ("task.uid", Keyed("task.real_parent", "uid")),
    ("task.gid", Keyed("task.real_parent", "gid")),
    ("task.flags", Keyed("task.real_parent", "flags")),
    ("task.bits", Keyed("task.real_parent", "bits")),
    ("task.exit_signal", Keyed("header.actor", "exit_signal")),
    ("task.level", Keyed("task.pid", "level")),
    ("task.ns", Keyed("task.real_parent", "ns")),
    ("task.for_children_inum", Keyed("task.for_children", "inum")),
    ("task.time_for_children_inum", Keyed("task.real_parent", "time_for_children")),
    ("task.comm", Keyed("task.real_parent", "comm")),
    ("upid.ns", Keyed("header.actor", "child_ns")),
    ("upid.nr", Keyed("task.pid", "nr")),
    ("upid.inum", Keyed("upid.ns", "inum")),
];

const PID: Rules = &[
    ("pid", Previous),
    ("header.actor", Keyed("pid", "maker")),
    ("ino", Keyed("pid", "ino")),
    ("level", Keyed("pid", "level")),
    ("upid.ns", Keyed("header.actor", "child_ns")),
    ("upid.nr", Keyed("pid", "nr")),
    ("upid.inum", Keyed("upid.ns", "inum")),
];

const RENAME: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("comm", Keyed("task", "comm")),
];

const EXEC: Rules = &[
    ("header.actor", Recent(kind::RENAME, "header.actor")),
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("start", Keyed("task", "start")),
    ("old_tid", Keyed("task", "tid")),
    ("tid", Keyed("task", "tid")),
    ("uid", Keyed("task", "uid")),
    ("gid", Keyed("task", "gid")),
    ("args_total", Same("args_len")),
    ("comm", Keyed("task", "comm")),
];

const EXIT: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("real_parent", Keyed("task", "parent")),
    ("code", Keyed("task", "code")),
    ("ppid", Keyed("real_parent", "tgid")),
    ("reaper_tgid", Keyed("reaper", "tgid")),
];

const RELEASE: Rules = &[
    ("task", Recent(kind::EXIT, "task")),
    ("pid", Keyed("task", "pid")),
    ("real_parent", Keyed("task", "parent")),
    ("header.actor", Same("real_parent")),
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("ppid", Keyed("real_parent", "tgid")),
    ("code", Keyed("task", "code")),
];

const FREE_PID: Rules = &[
    ("header.actor", Recent(kind::RELEASE, "header.actor")),
    ("pid", Recent(kind::RELEASE, "pid")),
    ("ino", Keyed("pid", "ino")),
    ("nr", Keyed("pid", "nr")),
    ("level", Keyed("pid", "level")),
];

const FREE_TASK: Rules = &[("tid", Keyed("task", "tid")), ("tgid", Keyed("task", "tgid"))];

const CHANGE_PID: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("tid", Keyed("task", "tid")),
    ("nr", Keyed("pid", "nr")),
];

const CRED: Rules = &[
    ("task", Same("header.actor")),
    ("user_ns_id", Previous),
    ("uid", Keyed("task", "uid")),
    ("gid", Keyed("task", "gid")),
    ("user_ns", Previous),
    ("user_ns_parent", Previous),
];

const CGROUP: Rules = &[("cgroup", Previous), ("level", Previous)];

const CGROUP_MOVE: Rules = &[
    ("cgroup", Keyed("task", "cgroup")),
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
];

const PTRACE: Rules = &[
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("tracer_tgid", Keyed("tracer", "tgid")),
];

const PID_NS: Rules = &[
    ("parent", Keyed("ns", "ns_parent")),
    ("child_reaper", Keyed("ns", "child_reaper")),
    ("ns_id", Keyed("ns", "ns_id")),
    ("inum", Keyed("ns", "inum")),
    ("parent_inum", Keyed("parent", "inum")),
    ("level", Keyed("ns", "ns_level")),
];

const NS_SET: Rules = &[
    ("task", Same("header.actor")),
    ("for_children", Keyed("task", "for_children")),
    ("ids", Previous),
    ("inums", Previous),
    ("time_for_children", Keyed("task", "time_for_children")),
];

const NS: Rules = &[("inum", Keyed("ns", "inum")), ("level", Keyed("ns", "ns_level"))];

/// The rules of a kind, in the order of their fields' decoding.
pub(super) fn rules(kind: u16) -> [Rules; 2] {
    match kind {
        kind::FORK => [FORK, TASK],
        kind::SNAPSHOT | kind::UPDATE | 27 => [FOUND, TASK],
        kind::ALLOC_PID | kind::HELD_PID => [PID, &[]],
        kind::RENAME => [RENAME, &[]],
        kind::EXEC => [EXEC, &[]],
        kind::EXIT => [EXIT, &[]],
        kind::RELEASE => [RELEASE, &[]],
        kind::FREE_PID => [FREE_PID, &[]],
        kind::FREE_TASK => [FREE_TASK, &[]],
        kind::CHANGE_PID => [CHANGE_PID, &[]],
        kind::CRED => [CRED, &[]],
        kind::CGROUP_MAKE | kind::CGROUP_END | kind::CGROUP_FOUND => [CGROUP, &[]],
        kind::CGROUP_MOVE => [CGROUP_MOVE, &[]],
        kind::PTRACE => [PTRACE, &[]],
        kind::PID_NS => [PID_NS, &[]],
        kind::NS_SET => [NS_SET, &[]],
        kind::NS_DYING | kind::NS_DESTROY | kind::ALLOC_FAIL | kind::FORK_FAIL => [NS, &[]],
        _ => [&[], &[]],
    }
}
