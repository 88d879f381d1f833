//! Tests of the book, and the small kernel that the rules' own tests are written with.

pub(in crate::check) mod script;

use super::ALL;
use script::{CLONE_NEWPID, CLONE_PARENT, Script};

#[test]
fn a_legal_history_violates_nothing() {
    for mut script in [Script::new(), Script::tracepoints()] {
        let child = script.fork(10);
        script.exec(child);
        let thread = script.thread(child);
        script.setsid(child);
        script.exec_by_thread(thread);
        let init = script.clone_by(child, CLONE_NEWPID);
        let member = script.fork(init);
        script.sweep();
        script.end(member);
        script.end(init);
        let orphan = script.fork(child);
        script.clone_by(child, CLONE_PARENT);
        script.end(child);
        script.end(orphan);
        script.sweep();
        script.is_legal();
    }
}

#[test]
fn every_rule_has_its_number_and_a_name_of_its_own() {
    for (at, rule) in ALL.iter().enumerate() {
        assert_eq!(usize::from(rule.number), at + 1);
        assert_eq!(ALL.iter().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
        assert_eq!(crate::check::find(rule.id).map(|found| found.number), Some(rule.number));
    }
}
