//! From a record's bytes to an event: total, without unsafe code and without panics.

use std::fmt;

use tracer_ebpf::wire::{
    self, Header, MAX_UPIDS, PidRecord, SHORT_UPIDS, TaskRecord, Upid, Wire, kind,
};

use crate::event::{Body, Event, Exec, Lost, PidFacts, PidKey, Vector};

/// Why a record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is shorter than its kind asks for.
    Short {
        /// Its kind; 0 if not even that can be read.
        kind: u16,
        /// Bytes there are.
        len: usize,
    },
    /// Its kind is not known to this version.
    Kind(u16),
    /// Its level is deeper than the kernel's 32.
    Level(u32),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { kind, len } => {
                write!(f, "a record of kind {kind} is cut after {len} bytes")
            }
            Self::Kind(kind) => write!(f, "records of kind {kind} are not known to this version"),
            Self::Level(level) => write!(f, "a pid of level {level} cannot be"),
        }
    }
}

impl std::error::Error for Malformed {}

fn read<T: Wire>(bytes: &[u8], kind: u16) -> Result<T, Malformed> {
    T::read(bytes).ok_or(Malformed::Short { kind, len: bytes.len() })
}

/// The vector of `level + 1` numbers at the front of `bytes`.
fn vector(bytes: &[u8], level: u32, kind: u16) -> Result<Vector, Malformed> {
    let count = level as usize + 1;
    let bad = Malformed::Level(level);
    if count <= SHORT_UPIDS {
        let upids: [Upid; SHORT_UPIDS] = read(bytes, kind)?;
        return Vector::new(upids.get(..count).ok_or(bad)?).ok_or(bad);
    }
    if count > MAX_UPIDS {
        return Err(bad);
    }
    let upids: [Upid; MAX_UPIDS] = read_array(bytes, kind)?;
    Vector::new(upids.get(..count).ok_or(bad)?).ok_or(bad)
}

fn read_array<const N: usize>(bytes: &[u8], kind: u16) -> Result<[Upid; N], Malformed> {
    let mut all = [Upid::default(); N];
    let short = Malformed::Short { kind, len: bytes.len() };
    let chunks = bytes.get(..Upid::SIZE * N).ok_or(short)?.chunks_exact(Upid::SIZE);
    for (slot, chunk) in all.iter_mut().zip(chunks) {
        *slot = read(chunk, kind)?;
    }
    Ok(all)
}

fn behind<T: Wire>(bytes: &[u8]) -> &[u8] {
    bytes.get(T::SIZE..).unwrap_or(&[])
}

/// A comm without what older kernels leave behind its NUL.
fn clean(comm: &mut [u8; 16]) {
    let end = comm.iter().position(|&byte| byte == 0).unwrap_or(comm.len());
    comm.iter_mut().skip(end).for_each(|byte| *byte = 0);
}

fn task(bytes: &[u8], header: Header) -> Result<Body, Malformed> {
    let record: TaskRecord = read(bytes, header.kind)?;
    let vector = vector(behind::<TaskRecord>(bytes), record.task.level, header.kind)?;
    let mut task = record.task;
    clean(&mut task.comm);
    Ok(match header.kind {
        kind::FORK => Body::Fork { task, vector, flags: record.arg },
        kind::SNAPSHOT | kind::PROC => {
            let from_proc = header.kind == kind::PROC;
            Body::Snapshot { task, vector, generation: record.arg, from_proc }
        }
        _ => Body::Update { task, vector },
    })
}

fn pid(bytes: &[u8], header: Header) -> Result<Body, Malformed> {
    let record: PidRecord = read(bytes, header.kind)?;
    let facts = PidFacts {
        pid: PidKey(record.pid),
        ino: record.ino,
        vector: vector(behind::<PidRecord>(bytes), record.level, header.kind)?,
    };
    Ok(if header.kind == kind::ALLOC_PID { Body::AllocPid(facts) } else { Body::HeldPid(facts) })
}

fn exec(bytes: &[u8], kind: u16) -> Result<Body, Malformed> {
    let mut facts: wire::Exec = read(bytes, kind)?;
    clean(&mut facts.comm);
    let text = behind::<wire::Exec>(bytes);
    let short = Malformed::Short { kind, len: bytes.len() };
    let name = facts.filename_len as usize;
    let filename = text.get(..name).ok_or(short)?;
    let args =
        text.get(name..).and_then(|rest| rest.get(..facts.args_len as usize)).ok_or(short)?;
    Ok(Body::Exec(Exec { facts, filename: filename.into(), args: args.into() }))
}

fn rename(bytes: &[u8]) -> Result<Body, Malformed> {
    let mut facts: wire::Rename = read(bytes, kind::RENAME)?;
    clean(&mut facts.comm);
    Ok(Body::Rename(facts))
}

/// The event that a record tells, or the loss of what it told: what cannot be read, as after an
/// upgrade of the kernel's side alone, is as good as lost.
pub fn event(bytes: &[u8]) -> Event {
    decode(bytes).unwrap_or_else(|_malformed| {
        let body = Body::Lost(Lost { cpu: 0, count: 1, since: 0 });
        Event { header: Header { kind: kind::LOST, ..Header::default() }, body }
    })
}

/// The event that a record tells. Bytes behind the record are ignored.
pub fn decode(bytes: &[u8]) -> Result<Event, Malformed> {
    let header: Header = read(bytes, 0)?;
    let kind = header.kind;
    let body = match kind {
        kind::FORK | kind::SNAPSHOT | kind::UPDATE | kind::PROC => task(bytes, header)?,
        kind::ALLOC_PID | kind::HELD_PID => pid(bytes, header)?,
        kind::SNAPSHOT_BEGIN => Body::SnapshotBegin(read(bytes, kind)?),
        kind::SNAPSHOT_END => Body::SnapshotEnd(read(bytes, kind)?),
        kind::ALLOC_FAIL => Body::AllocFail(read(bytes, kind)?),
        kind::FORK_FAIL => Body::ForkFail(read(bytes, kind)?),
        kind::FREE_PID => Body::FreePid(read(bytes, kind)?),
        kind::CHANGE_PID => Body::ChangePid(read(bytes, kind)?),
        kind::EXCHANGE_TIDS => Body::ExchangeTids(read(bytes, kind)?),
        kind::EXEC => exec(bytes, kind)?,
        kind::RENAME => rename(bytes)?,
        kind::EXIT => Body::Exit(read(bytes, kind)?),
        kind::RELEASE => Body::Release(read(bytes, kind)?),
        kind::FREE_TASK => Body::FreeTask(read(bytes, kind)?),
        kind::CRED => Body::Cred(read(bytes, kind)?),
        kind::PTRACE => Body::Ptrace(read(bytes, kind)?),
        kind::PID_NS => Body::PidNs(read(bytes, kind)?),
        kind::NS_SET => Body::NsSet(read(bytes, kind)?),
        kind::NS_DYING => Body::NsDying(read(bytes, kind)?),
        kind::NS_DESTROY => Body::NsDestroy(read(bytes, kind)?),
        kind::SYSCALL => Body::Syscall(read(bytes, kind)?),
        kind::DETAIL => Body::Detail(Box::new(read(bytes, kind)?)),
        kind::LOST => {
            let wire::Lost { since, count, .. } = read(bytes, kind)?;
            Body::Lost(Lost { cpu: header.cpu, count, since })
        }
        other => return Err(Malformed::Kind(other)),
    };
    Ok(Event { header, body })
}
