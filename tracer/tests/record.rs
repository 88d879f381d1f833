//! Recording as a user does it: signals, kills, full disks, rotation, wrong files. Whatever
//! happens, what was recorded is there, and is known to be all or not. Where tracing is not
//! possible, what needs it is skipped, and says so.
#![cfg(feature = "kernel")]

#[path = "record/end.rs"]
mod end;
#[path = "record/files.rs"]
mod files;
#[path = "record/place.rs"]
mod place;
#[path = "record/rotate.rs"]
mod rotate;
#[path = "live/run.rs"]
#[expect(dead_code, reason = "the tests of live need more of it")]
mod run;
