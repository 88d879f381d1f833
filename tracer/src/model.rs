//! The kernel's tables, rebuilt: PIDs, tasks, thread groups, namespaces, and the index from a
//! number in a namespace to its PID.
//!
//! [`World::apply`] is pure and total: no clock, no I/O, no failure. It does not know whether an
//! event is live, replayed or simulated; input that cannot be is a value in the [`Change`].

mod apply;
mod ask;
mod cgroup;
mod change;
mod config;
mod consistency;
mod counts;
mod digest;
mod group;
mod hash;
mod history;
mod index;
mod memo;
mod namespace;
mod nsproxy;
mod pid;
mod query;
mod row;
mod save;
mod shared;
mod slab;
mod stored;
mod task;
#[cfg(test)]
mod tests;
mod walk;
mod world;

pub use ask::Seen;
pub use cgroup::Cgroup;
pub use change::{Change, Effect, Impossible, Reparent, ReparentReason};
pub use config::{Config, Sees};
pub use counts::Counts;
pub use namespace::{Namespace, NsFate, NsId, NsKind, NsSetId, PidNamespace};
pub use pid::{Numbers, Pid, PidId, PidState};
pub use save::BadState;
pub use task::{Certainty, Process, Task, TaskId, TaskState, Threads};
pub use world::World;
