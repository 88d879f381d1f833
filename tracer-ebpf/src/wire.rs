//! The records, in the order in which a task meets them.

#[macro_use]
mod record;
mod detail;
mod header;
mod life;
mod ns;
mod pid;
mod task;

pub use detail::{Detail, RLIMITS};
pub use header::{Header, kind};
pub use life::{Cred, Exec, Exit, FreeTask, Mark, Ptrace, Release, Rename, Syscall};
pub use ns::{NS_KINDS, NsEnd, NsSet, PidNs, ns_reason};
pub use pid::{AllocFail, ChangePid, ExchangeTids, ForkFail, FreePid, PidRecord, Upid};
pub use record::{Field, Wire};
pub use task::{Task, TaskRecord, bits};

/// Version of the records below. Changing any of them raises it.
pub const VERSION: u16 = 1;

/// Deepest level of a PID namespace (`MAX_PID_NS_LEVEL`, include/linux/pid_namespace.h).
pub const MAX_LEVEL: u32 = 32;

/// Numbers that a `struct pid` can have: one for each level, 0 to [`MAX_LEVEL`].
pub const MAX_UPIDS: usize = MAX_LEVEL as usize + 1;

/// Numbers that fit into a short record; a deeper vector takes a record of [`MAX_UPIDS`].
pub const SHORT_UPIDS: usize = 4;

/// Most bytes of file name and arguments that an [`Exec`] record carries after its fixed part.
pub const EXEC_TEXT: usize = 1024;
