//! What user space adds to the stream of the kernel's records.

use super::Header;

record! {
    /// Records of a CPU are missing: its sequence numbers have a gap.
    Lost {
        /// Time, CPU, sequence number and actor of the first record behind the gap.
        header: Header,
        /// Time of the CPU's last record before the gap, ns since boot; 0 if there was none.
        since: u64,
        /// How many are missing.
        count: u64,
    }
}
