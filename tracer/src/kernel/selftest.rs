//! The self-test: a wrong offset reads without an error, so our own task, as the programs read it,
//! must be what `/proc/self` says.

use std::path::Path;

use super::{Refused, procfs};
use crate::event::{TaskFacts, Vector};

/// Compares our own task's snapshot with `/proc`.
#[derive(Debug)]
pub(super) struct SelfTest {
    tid: i32,
    seen: Option<(TaskFacts, Vector)>,
}

impl SelfTest {
    pub(super) fn new() -> Self {
        Self { tid: rustix::thread::gettid().as_raw_nonzero().get(), seen: None }
    }

    /// Takes note of a snapshot's task.
    pub(super) fn note(&mut self, task: &TaskFacts, vector: &Vector) {
        if task.tid == self.tid {
            self.seen = Some((*task, vector.clone()));
        }
    }

    /// Whether the two agree; a difference is a refusal to run.
    pub(super) fn judge(&self) -> Result<(), Refused> {
        let refuse = |why: String| Refused::Unable {
            what: "the start-up self-test failed".into(),
            why,
            help: "nothing is traced, as it could not be trusted; please report this kernel".into(),
        };
        let Some((task, vector)) = &self.seen else {
            return Err(refuse(format!("the iterator does not show our own task {}", self.tid)));
        };
        let truth = procfs::read(Path::new("/proc/thread-self"))
            .map_err(|error| refuse(format!("/proc/thread-self: {error}")))?;
        let numbers: Vec<i32> = vector.iter().map(|upid| upid.nr).collect();
        let differences = [
            differs("pid", &task.tid, &truth.tid),
            differs("tgid", &task.tgid, &truth.tgid),
            differs("ppid", &task.ppid, &truth.ppid),
            differs("NSpid", &numbers, &truth.ns_pid),
            differs("pgid", &Some(&task.pgid), &truth.ns_pgid.first()),
            differs("sid", &Some(&task.sid), &truth.ns_sid.first()),
            differs("uid", &task.uid, &truth.uid),
            differs("comm", &task.comm, &truth.comm),
            differs("namespaces", &task.ns, &truth.ns),
            differs("start", &(task.start / procfs::TICK), &(truth.start / procfs::TICK)),
        ];
        match differences.into_iter().flatten().next() {
            Some(difference) => Err(refuse(difference)),
            None => Ok(()),
        }
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, read: &T, truth: &T) -> Option<String> {
    (read != truth).then(|| format!("{what}: the kernel's memory reads {read:?}, /proc {truth:?}"))
}
