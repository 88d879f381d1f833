//! A short run of what `cargo xtask fuzz` does at length: no target fails on its seeds, nor on what
//! a fixed number makes of them.

use std::time::Duration;

use tracer_tests::fuzz::{TARGETS, run};

/// For each target, beyond its seeds.
const TIME: Duration = Duration::from_millis(1200);

#[test]
fn no_target_fails_in_a_short_run() {
    for target in TARGETS {
        match run(&target, 1, TIME) {
            Ok(rounds) => assert!(rounds > 10, "{}: {rounds} inputs", target.name),
            Err(crash) => {
                let name = format!("fuzz-{}-{}", target.name, crash.round);
                let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
                std::fs::write(&file, &crash.input).unwrap();
                panic!("{} fails on {}", target.name, file.display());
            }
        }
    }
}
