//! What hosts do to daemons, and what must hold after it. Where tracing is not possible, what needs
//! it is skipped, and says so.
#![cfg(feature = "kernel")]

#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/disk.rs"]
mod disk;
#[path = "daemon/house.rs"]
#[expect(dead_code, reason = "the other tests of the daemon need more of it")]
mod house;
#[path = "faults/kill.rs"]
mod kill;
#[path = "live/run.rs"]
#[expect(dead_code, reason = "the tests of live need more of it")]
mod run;
#[path = "faults/soak.rs"]
mod soak;
#[path = "faults/stall.rs"]
mod stall;
#[path = "faults/storm.rs"]
mod storm;
#[path = "faults/tables.rs"]
mod tables;
