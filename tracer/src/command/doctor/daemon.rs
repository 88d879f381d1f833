//! What the daemon would keep of its privileges here.

use std::thread;

use crate::command::daemon::confine::{self, capability::KEPT};

/// Each thing that is kept or given up, and what is to be said of it. What seccomp and Landlock reach
/// is tried out, by a thread that ends with it.
pub(super) fn facts() -> Vec<(&'static str, String)> {
    let kept = KEPT.iter().map(|kept| (kept.name, kept.why.to_owned()));
    let mut facts: Vec<_> = kept.collect();
    let Ok(confined) = thread::scope(|scope| scope.spawn(confine::clerk).join()) else {
        return facts;
    };
    let told = |is: Result<String, String>| match is {
        Ok(how) => format!("yes: {how}"),
        Err(why) => format!("no: {why}"),
    };
    let calls = "each thread makes only the system calls that it needs".to_owned();
    facts.push(("seccomp", told(confined.seccomp.map(|()| calls))));
    facts.push(("Landlock", told(confined.landlock)));
    facts
}
