//! The records, in the order in which a task meets them.

#[macro_use]
mod record;
mod census;
mod cgroup;
mod detail;
mod header;
mod life;
mod lost;
mod ns;
mod pid;
mod task;

pub use census::Census;
pub use cgroup::{Cgroup, CgroupMove};
pub use detail::{Detail, RLIMITS};
pub use header::{Header, kind};
pub use life::{Cred, Exec, Exit, FreeTask, Mark, Ptrace, Release, Rename, Syscall};
pub use lost::Lost;
pub use ns::{NS_KINDS, NsEnd, NsSet, PidNs, ns_reason};
pub use pid::{AllocFail, ChangePid, ExchangeTids, ForkFail, FreePid, PidRecord, Upid};
pub use record::{Field, Wire};
pub use task::{Task, TaskRecord, bits};

/// Version of the records below. Changing any of them raises it.
pub const VERSION: u16 = 4;

/// Deepest level of a PID namespace (`MAX_PID_NS_LEVEL`, include/linux/pid_namespace.h).
pub const MAX_LEVEL: u32 = 32;

/// Numbers that a `struct pid` can have: one for each level, 0 to [`MAX_LEVEL`].
pub const MAX_UPIDS: usize = MAX_LEVEL as usize + 1;

/// Numbers that fit into a short record; a deeper vector takes a record of [`MAX_UPIDS`].
pub const SHORT_UPIDS: usize = 4;

/// Most bytes of file name and arguments that an [`Exec`] record carries after its fixed part.
pub const EXEC_TEXT: usize = 1024;

/// Most bytes of a path that a [`Cgroup`] record carries after its fixed part, what the kernel hands
/// its tracepoints (`TRACE_CGROUP_PATH_LEN`, kernel/cgroup/cgroup-internal.h).
pub const CGROUP_PATH: usize = 1024;

/// A record of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: &'static str,
    /// The kinds that have this form; none for a part of other records.
    pub kinds: &'static [u16],
    /// Bytes of its fixed part.
    pub size: usize,
    /// Its fields.
    pub fields: &'static [Field],
}

macro_rules! schema {
    ($($name:ident: $($kind:ident)*;)*) => {
        /// Every record, and the parts that records share.
        pub const SCHEMA: &[Record] = &[$(Record {
            name: stringify!($name),
            kinds: &[$(kind::$kind),*],
            size: <$name as Wire>::SIZE,
            fields: $name::FIELDS,
        },)*];
    };
}

schema! {
    Header: ;
    Upid: ;
    Task: ;
    TaskRecord: FORK SNAPSHOT UPDATE PROC;
    Mark: SNAPSHOT_BEGIN SNAPSHOT_END;
    PidRecord: ALLOC_PID HELD_PID;
    AllocFail: ALLOC_FAIL;
    ForkFail: FORK_FAIL;
    FreePid: FREE_PID;
    ChangePid: CHANGE_PID;
    ExchangeTids: EXCHANGE_TIDS;
    Exec: EXEC;
    Rename: RENAME;
    Exit: EXIT;
    Release: RELEASE;
    FreeTask: FREE_TASK;
    Cred: CRED;
    Ptrace: PTRACE;
    PidNs: PID_NS;
    NsSet: NS_SET;
    NsEnd: NS_DYING NS_DESTROY;
    Syscall: SYSCALL;
    Detail: DETAIL;
    Lost: LOST;
    Census: CENSUS;
    Cgroup: CGROUP_MAKE CGROUP_END CGROUP_FOUND;
    CgroupMove: CGROUP_MOVE;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a over everything that a reader of the bytes must know.
    fn fingerprint() -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        };
        for record in SCHEMA {
            add(record.name.as_bytes());
            add(&record.size.to_le_bytes());
            record.kinds.iter().for_each(|kind| add(&kind.to_le_bytes()));
            for field in record.fields {
                add(field.name.as_bytes());
                add(&field.offset.to_le_bytes());
                add(field.ty.as_bytes());
            }
        }
        for limit in [MAX_UPIDS, SHORT_UPIDS, EXEC_TEXT, CGROUP_PATH] {
            add(&limit.to_le_bytes());
        }
        hash
    }

    /// Bytes that were written by one version are misread by another: whoever changes the records
    /// raises [`VERSION`] and pins both here.
    #[test]
    fn a_change_of_the_records_raises_the_version() {
        assert_eq!((VERSION, fingerprint()), (4, 0x52d2_be22_2d86_af6a));
    }

    #[test]
    fn every_kind_has_one_form() {
        for kind in kind::FORK..=kind::CGROUP_MOVE {
            let forms = SCHEMA.iter().filter(|record| record.kinds.contains(&kind)).count();
            assert_eq!(forms, 1, "kind {kind}");
        }
        for record in SCHEMA.iter().filter(|record| !record.kinds.is_empty()) {
            assert_eq!(record.fields[0].ty, "Header", "{}", record.name);
        }
    }
}
