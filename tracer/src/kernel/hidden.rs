//! Tasks that `/proc` shows and the iterator does not: read from `/proc`, and marked so.

use std::{collections::HashSet, path::Path};

use tracer_ebpf::wire::kind;

use super::{
    procfs::{self, ProcTask},
    ring::add,
};
use crate::{
    event::{Body, Event, Header, TaskFacts, Upid, Vector},
    stream::Sink,
};

/// `EXIT_ZOMBIE` and `PF_KTHREAD` (include/linux/sched.h).
const EXIT_ZOMBIE: u32 = 0x20;
const PF_KTHREAD: u32 = 0x0020_0000;

/// What one sweep has shown, for comparison with `/proc`.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    shown: HashSet<i32>,
    groups: HashSet<i32>,
    root: Upid,
    found: u32,
}

impl Hidden {
    /// Takes note of a task that the iterator shows.
    pub(super) fn note(&mut self, task: &TaskFacts, vector: &Vector) {
        self.shown.insert(task.tid);
        self.groups.insert(task.tgid);
        if let Some(&upid) = vector.first() {
            self.root = upid;
        }
    }

    /// How many tasks the iterator hid.
    pub(super) fn count(&self) -> u32 {
        self.found
    }

    /// Hands on the hidden tasks as events of the sweep. Whole thread groups are looked for first;
    /// single threads only if the kernel still counts more tasks than are known then. That count alone
    /// says nothing where tasks have ended since they were shown: where it is `likely` that there are some, all groups
    /// are looked through.
    pub(super) fn find(&mut self, likely: bool, at: &Header, generation: u64, sink: &mut Sink<'_>) {
        let expected = procfs::load().map_or(0, |(tasks, _)| tasks as usize);
        if !likely && self.shown.len() >= expected {
            return;
        }
        let groups = procfs::list(Path::new("/proc"));
        let (known, unknown): (Vec<i32>, Vec<i32>) =
            groups.into_iter().partition(|tgid| self.groups.contains(tgid));
        for tgid in unknown {
            self.group(tgid, at, generation, sink);
        }
        if self.shown.len() + self.found as usize >= expected {
            return;
        }
        for tgid in known {
            self.group(tgid, at, generation, sink);
        }
    }

    fn group(&mut self, tgid: i32, at: &Header, generation: u64, sink: &mut Sink<'_>) {
        let dir = format!("/proc/{tgid}/task");
        for tid in procfs::list(Path::new(&dir)) {
            if self.shown.contains(&tid) {
                continue;
            }
            // What ends meanwhile is no longer there to be read.
            let Ok(task) = procfs::read(&Path::new(&dir).join(tid.to_string())) else { continue };
            // What was born after the iterator had passed its number has told so by an event.
            if task.start / procfs::TICK >= at.ts / procfs::TICK {
                continue;
            }
            let Some(body) = self.snapshot(&task, generation) else { continue };
            self.found += 1;
            let header = Header { kind: kind::PROC, actor: 0, ..*at };
            add(&Event { header, body }, sink);
        }
    }

    fn snapshot(&self, task: &ProcTask, generation: u64) -> Option<Body> {
        let deepest = task.ns_pid.len().checked_sub(1)?;
        let upids: Vec<Upid> = task
            .ns_pid
            .iter()
            .enumerate()
            .map(|(level, &nr)| match level {
                0 => Upid { nr, ..self.root },
                // Of the levels between, /proc does not say which namespaces they are.
                _ if level == deepest => Upid { ns: 0, nr, inum: task.ns[5] },
                _ => Upid { ns: 0, nr, inum: 0 },
            })
            .collect();
        let facts = TaskFacts {
            // No key: the first event that names the number brings it.
            start: task.start,
            tid: task.tid,
            tgid: task.tgid,
            ppid: task.ppid,
            parent_tgid: if task.tracer != 0 { task.tracer } else { task.ppid },
            pgid: task.ns_pgid.first().copied().unwrap_or(0),
            sid: task.ns_sid.first().copied().unwrap_or(0),
            exit_signal: if task.tid == task.tgid { 17 } else { -1 },
            uid: task.uid,
            gid: task.gid,
            flags: if task.kernel { PF_KTHREAD } else { 0 },
            exit_state: if task.state == b'Z' { EXIT_ZOMBIE } else { 0 },
            level: deepest as u32,
            ns: task.ns,
            for_children_inum: task.pid_for_children,
            comm: task.comm,
            ..TaskFacts::default()
        };
        let vector = Vector::new(&upids)?;
        Some(Body::Snapshot { task: facts, vector, generation, from_proc: true })
    }
}
