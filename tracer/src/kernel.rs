//! Everything that touches the running kernel.

mod attach;
mod census;
mod cgroup;
mod error;
mod facts;
mod gapless;
mod hidden;
mod hook;
mod load;
mod log;
mod memory;
mod options;
mod privilege;
mod probe;
mod procfs;
mod ring;
mod selftest;
mod session;
mod witness;

pub use error::Refused;
pub use facts::host;
pub use memory::give_back;
pub use options::{Options, PlanChoice};
pub use probe::{IteratorProbe, Probe, probe};
pub use ring::Bell;
pub use session::{Counters, Run, Session};
pub use witness::witness;
