//! From a record's bytes to an event: total, without unsafe code and without panics.

use std::fmt;
use std::mem::offset_of;

use tracer_ebpf::wire::{
    self, Header, MAX_UPIDS, PidRecord, SHORT_UPIDS, TaskRecord, Upid, Wire, kind,
};

use crate::event::{
    Body, CgroupFacts, Event, Exec, Lost, NO_CPU, PidFacts, PidKey, TaskFacts, Vector,
};

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

#[inline]
fn read<T: Wire>(bytes: &[u8], kind: u16) -> Result<T, Malformed> {
    T::read(bytes).ok_or(Malformed::Short { kind, len: bytes.len() })
}

/// The vector of `level + 1` numbers at the front of `bytes`.
#[inline]
fn vector(bytes: &[u8], level: u32, kind: u16) -> Result<Vector, Malformed> {
    let count = level as usize + 1;
    if count <= SHORT_UPIDS {
        return Ok(Vector::short(count, read(bytes, kind)?));
    }
    deep_vector(bytes, level, kind)
}

#[cold]
fn deep_vector(bytes: &[u8], level: u32, kind: u16) -> Result<Vector, Malformed> {
    let count = level as usize + 1;
    let bad = Malformed::Level(level);
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
#[inline]
fn clean(comm: &mut [u8; 16]) {
    let text = u128::from_le_bytes(*comm);
    // the lowest byte that is 0 borrows from its top bit, and no byte below it does
    let zeros = text.wrapping_sub(u128::MAX / 255) & !text & (u128::MAX / 255 * 128);
    if zeros != 0 {
        *comm = (text & ((1 << (zeros.trailing_zeros() & !7)) - 1)).to_le_bytes();
    }
}

/// What a record has at an offset.
#[inline]
fn at<T: Wire>(bytes: &[u8], offset: usize, kind: u16) -> Result<T, Malformed> {
    let found = bytes.get(offset..).and_then(T::read);
    found.ok_or(Malformed::Short { kind, len: bytes.len() })
}

#[inline]
fn task(bytes: &[u8], kind: u16, body: &mut Body) -> Result<(), Malformed> {
    let mut task: TaskFacts = at(bytes, offset_of!(TaskRecord, task), kind)?;
    let arg: u64 = at(bytes, offset_of!(TaskRecord, arg), kind)?;
    let vector = vector(behind::<TaskRecord>(bytes), task.level, kind)?;
    clean(&mut task.comm);
    *body = match kind {
        kind::FORK => Body::Fork { task, vector, flags: arg },
        kind::SNAPSHOT | kind::PROC => {
            let from_proc = kind == kind::PROC;
            Body::Snapshot { task, vector, generation: arg, from_proc }
        }
        _ => Body::Update { task, vector },
    };
    Ok(())
}

#[inline]
fn pid(bytes: &[u8], kind: u16, body: &mut Body) -> Result<(), Malformed> {
    let record: PidRecord = read(bytes, kind)?;
    let facts = PidFacts {
        pid: PidKey(record.pid),
        ino: record.ino,
        vector: vector(behind::<PidRecord>(bytes), record.level, kind)?,
    };
    *body = if kind == kind::ALLOC_PID { Body::AllocPid(facts) } else { Body::HeldPid(facts) };
    Ok(())
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

fn cgroup(bytes: &[u8], kind: u16) -> Result<CgroupFacts, Malformed> {
    let facts: wire::Cgroup = read(bytes, kind)?;
    let text = behind::<wire::Cgroup>(bytes);
    let short = Malformed::Short { kind, len: bytes.len() };
    let path = text.get(..facts.path_len as usize).ok_or(short)?;
    Ok(CgroupFacts { facts, path: path.into() })
}

fn rename(bytes: &[u8]) -> Result<Body, Malformed> {
    let mut facts: wire::Rename = read(bytes, kind::RENAME)?;
    clean(&mut facts.comm);
    Ok(Body::Rename(facts))
}

/// The event that a record tells, or the loss of what it told: what cannot be read, as after an
/// upgrade of the kernel's side alone, is as good as lost. Into an event that is used again.
#[inline]
pub fn event_into(bytes: &[u8], event: &mut Event) {
    if decode_into(bytes, event).is_err() {
        event.header = Header { kind: kind::LOST, cpu: NO_CPU, ..Header::default() };
        event.body = Body::Lost(Lost { cpu: NO_CPU, count: 1, since: 0 });
    }
}

/// [`event_into`] a new event.
pub fn event(bytes: &[u8]) -> Event {
    let mut event = Event::default();
    event_into(bytes, &mut event);
    event
}

/// The event that a record tells. Bytes behind the record are ignored.
pub fn decode(bytes: &[u8]) -> Result<Event, Malformed> {
    let mut event = Event::default();
    decode_into(bytes, &mut event)?;
    Ok(event)
}

/// [`decode`] into an event that is used again, which saves its copies. After an error it says
/// nothing.
pub fn decode_into(bytes: &[u8], event: &mut Event) -> Result<(), Malformed> {
    let header: Header = read(bytes, 0)?;
    let kind = header.kind;
    event.header = header;
    let body = &mut event.body;
    match kind {
        kind::FORK | kind::SNAPSHOT | kind::UPDATE | kind::PROC => return task(bytes, kind, body),
        kind::ALLOC_PID | kind::HELD_PID => return pid(bytes, kind, body),
        kind::SNAPSHOT_BEGIN => *body = Body::SnapshotBegin(read(bytes, kind)?),
        kind::SNAPSHOT_END => *body = Body::SnapshotEnd(read(bytes, kind)?),
        kind::ALLOC_FAIL => *body = Body::AllocFail(read(bytes, kind)?),
        kind::FORK_FAIL => *body = Body::ForkFail(read(bytes, kind)?),
        kind::FREE_PID => *body = Body::FreePid(read(bytes, kind)?),
        kind::CHANGE_PID => *body = Body::ChangePid(read(bytes, kind)?),
        kind::EXCHANGE_TIDS => *body = Body::ExchangeTids(read(bytes, kind)?),
        kind::EXEC => *body = exec(bytes, kind)?,
        kind::RENAME => *body = rename(bytes)?,
        kind::EXIT => *body = Body::Exit(read(bytes, kind)?),
        kind::RELEASE => *body = Body::Release(read(bytes, kind)?),
        kind::FREE_TASK => *body = Body::FreeTask(read(bytes, kind)?),
        kind::CGROUP_MAKE => *body = Body::CgroupMake(cgroup(bytes, kind)?),
        kind::CGROUP_FOUND => *body = Body::CgroupFound(cgroup(bytes, kind)?),
        kind::CGROUP_END => *body = Body::CgroupEnd(cgroup(bytes, kind)?),
        kind::CGROUP_MOVE => *body = Body::CgroupMove(read(bytes, kind)?),
        kind::CRED => *body = Body::Cred(read(bytes, kind)?),
        kind::PTRACE => *body = Body::Ptrace(read(bytes, kind)?),
        kind::PID_NS => *body = Body::PidNs(read(bytes, kind)?),
        kind::NS_SET => *body = Body::NsSet(read(bytes, kind)?),
        kind::NS_DYING => *body = Body::NsDying(read(bytes, kind)?),
        kind::NS_DESTROY => *body = Body::NsDestroy(read(bytes, kind)?),
        kind::SYSCALL => *body = Body::Syscall(read(bytes, kind)?),
        kind::DETAIL => *body = Body::Detail(Box::new(read(bytes, kind)?)),
        kind::LOST => {
            let wire::Lost { since, count, .. } = read(bytes, kind)?;
            *body = Body::Lost(Lost { cpu: header.cpu, count, since });
        }
        kind::CENSUS => *body = Body::Census(read(bytes, kind)?),
        other => return Err(Malformed::Kind(other)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_its_first_nul() {
        for (dirty, end) in [
            (*b"0123456789abcdef", 16),
            (*b"name\0left over\0\0", 4),
            (*b"\0\x01\0\x01\x80\xff\0\0\x01\0\x01\x01\x01\x01\x01\x01", 0),
            (*b"\x80\x01\xff\0\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01", 3),
            (*b"fifteen letters\0", 15),
        ] {
            let mut comm = dirty;
            clean(&mut comm);
            assert_eq!(comm[..end], dirty[..end]);
            assert!(comm[end..].iter().all(|&byte| byte == 0), "{comm:?}");
        }
    }
}
