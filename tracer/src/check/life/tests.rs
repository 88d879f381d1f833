//! Rules of a task's life that need more than one sweep, or a record of nobody.

use super::{exec, exit_release_free};
use crate::{
    check::tests::script::Script,
    event::{Body, FreeTask},
};

/// A child that two sweeps show as one that has called exec; whether that is told between them.
fn execed(mut script: Script, told: bool) -> Script {
    let child = script.fork(10);
    script.facts(child).flags &= !0x40; // PF_FORKNOEXEC
    script.sweep();
    if told {
        script.exec(child);
    }
    script.sweep();
    script
}

#[test]
fn an_exec_that_two_sweeps_show_and_nothing_tells_trips() {
    for script in [Script::new(), Script::tracepoints()] {
        execed(script.clone(), false).trips(&exec::RULE);
        execed(script, true).is_legal();
    }
}

/// The memory of a task at this key is freed.
fn freed(mut script: Script, task: Option<u64>) -> Script {
    let child = script.fork(10);
    script.end(child);
    if let (Some(key), Body::FreeTask(facts)) = (task, &mut script.last().body) {
        *facts = FreeTask { task: key, ..*facts };
    }
    script
}

#[test]
fn the_freeing_of_nobody_trips() {
    for script in [Script::new(), Script::tracepoints()] {
        freed(script.clone(), Some(0)).trips(&exit_release_free::RULE);
        freed(script, None).is_legal();
    }
}
