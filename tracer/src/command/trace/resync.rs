//! Why the tables are compared with the kernel's.

/// How often the tables were compared with the kernel's since the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::command) struct Resyncs {
    /// To repair them after a loss.
    pub(in crate::command) loss: u64,
    /// Because it was time.
    pub(in crate::command) audit: u64,
}
