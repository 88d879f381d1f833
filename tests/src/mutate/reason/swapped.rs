//! Which records may come in either order: those that no lock, no task's own order and no cause puts
//! in one.

mod touch;

use tracer_ebpf::wire::kind;

use super::{History, Mutant, get, header};
use touch::{is_swept, touch};

/// Records of objects that have nothing to do with each other may come in either order.
pub(super) fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (first, last) = (mutant.at, mutant.to);
    let same = |at: usize| held(&history.records[at]);
    if same(first).is_some() && same(first) == same(last) {
        return Some("a sweep shows the same pid once for each process that has it");
    }
    let pairs = (first + 1..=last).map(|at| (first, at));
    let mut pairs = pairs.chain((first + 1..last).map(|at| (at, last)));
    pairs
        .all(|(one, other)| may_change_places(history, one, other))
        .then_some("records of objects that have nothing to do with each other")
}

/// Whether the second record could have come before the first one.
fn may_change_places(history: &History, first: usize, second: usize) -> bool {
    let (Some(one), Some(other)) = (touch(history, first), touch(history, second)) else {
        return false;
    };
    let sweeps = [first, second].map(|at| is_swept(&history.records[at]));
    match sweeps {
        [true, true] => false,
        // What the iterator reads, it reads behind its place in the ring: it may have read what
        // happened before it at this place, but its record before that may not.
        [false, true] => {
            let before = (0..first).rev().find(|&at| is_swept(&history.records[at]));
            let before = before.and_then(|at| touch(history, at)).unwrap_or_default();
            is_seen(history, first, second) && !one.bears_on(&before)
        }
        [true, false] => is_begun(history, first, second) && !other.bears_on(&one),
        [false, false] => !one.bears_on(&other) && !other.bears_on(&one),
    }
}

/// Whether a sweep that begins or ends at `mark` could have done so before what comes `at`.
fn is_seen(history: &History, at: usize, mark: usize) -> bool {
    let (record, number) = (&history.records[at], header(&history.records[mark]).kind);
    let gone = header(record).kind == kind::RELEASE;
    let key = get(record, "task");
    let sweep = history.records[..mark].iter().rev();
    let mut sweep = sweep.take_while(|other| header(other).kind != kind::SNAPSHOT_BEGIN);
    let shows =
        |other: &Vec<u8>| header(other).kind == kind::SNAPSHOT && get(other, "task.task") == key;
    number != kind::SNAPSHOT_END || !gone || sweep.any(shows)
}

/// Whether a sweep that begins at `mark` could have begun behind what comes `at`.
fn is_begun(history: &History, mark: usize, at: usize) -> bool {
    let number = header(&history.records[at]).kind;
    header(&history.records[mark]).kind != kind::SNAPSHOT_BEGIN
        || ![kind::FORK, kind::RELEASE, kind::EXCHANGE_TIDS, kind::FREE_PID].contains(&number)
}

/// The pid that a sweep shows without a task.
fn held(record: &[u8]) -> Option<u64> {
    (header(record).kind == kind::HELD_PID).then(|| get(record, "pid"))
}
