//! The fuzzer that coverage guides (libFuzzer), for the target that FUZZ names.
#![no_main]

use std::sync::LazyLock;

use tracer_tests::fuzz::{self, Target};

static TARGET: LazyLock<Option<Target>> =
    LazyLock::new(|| std::env::var("FUZZ").ok().and_then(|name| fuzz::target(&name)));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.as_ref().expect("FUZZ names no target");
    (target.run)(bytes);
});
