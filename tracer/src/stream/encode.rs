//! From an event that user space adds to the stream to its record, so that a recording holds it too.

use tracer_ebpf::wire::{self, MAX_UPIDS, SHORT_UPIDS, TaskRecord, Upid, Wire, kind};

use crate::event::{Body, Event, Header, TaskFacts, Vector};

/// The record of a loss, of a task that only `/proc` shows, or of a census; `None` for what the
/// kernel's hooks tell.
pub fn encode(event: &Event) -> Option<Vec<u8>> {
    match &event.body {
        Body::Lost(lost) => {
            let header = Header { kind: kind::LOST, ..event.header };
            Some(bytes(&wire::Lost { header, since: lost.since, count: lost.count }))
        }
        Body::Snapshot { task, vector, generation, from_proc: true } => {
            let header = Header { kind: kind::PROC, ..event.header };
            let mut bytes = Vec::new();
            task_record(header, task, vector, *generation, &mut bytes);
            Some(bytes)
        }
        Body::Census(census) => {
            let header = Header { kind: kind::CENSUS, ..event.header };
            Some(bytes(&wire::Census { header, ..*census }))
        }
        Body::CgroupFound(_) => {
            let mut bytes = Vec::new();
            record(event, &mut bytes);
            Some(bytes)
        }
        _ => None,
    }
}

/// The record of any event, as the kernel's side would have written it, behind what is in `out`.
pub fn record(event: &Event, out: &mut Vec<u8>) {
    let header = event.header;
    match &event.body {
        Body::Fork { task, vector, flags } => task_record(header, task, vector, *flags, out),
        Body::Snapshot { task, vector, generation, .. } => {
            task_record(header, task, vector, *generation, out);
        }
        Body::Update { task, vector } => task_record(header, task, vector, 0, out),
        Body::AllocPid(facts) | Body::HeldPid(facts) => {
            let level = (facts.vector.len() as u32).saturating_sub(1);
            let (pid, ino) = (facts.pid.0, facts.ino);
            put(&wire::PidRecord { header, pid, ino, level, pad: 0 }, out);
            put_vector(&facts.vector, out);
        }
        Body::Exec(exec) => {
            put(&wire::Exec { header, ..exec.facts }, out);
            out.extend_from_slice(&exec.filename);
            out.extend_from_slice(&exec.args);
        }
        Body::Lost(lost) => {
            put(&wire::Lost { header, since: lost.since, count: lost.count }, out);
        }
        Body::SnapshotBegin(one) | Body::SnapshotEnd(one) => put(one, out),
        Body::AllocFail(one) => put(one, out),
        Body::ForkFail(one) => put(one, out),
        Body::FreePid(one) => put(one, out),
        Body::ChangePid(one) => put(one, out),
        Body::ExchangeTids(one) => put(one, out),
        Body::Rename(one) => put(one, out),
        Body::Exit(one) => put(one, out),
        Body::Release(one) => put(one, out),
        Body::FreeTask(one) => put(one, out),
        Body::Cred(one) => put(one, out),
        Body::Ptrace(one) => put(one, out),
        Body::PidNs(one) => put(one, out),
        Body::NsSet(one) => put(one, out),
        Body::NsDying(one) | Body::NsDestroy(one) => put(one, out),
        Body::Syscall(one) => put(one, out),
        Body::Detail(one) => put(&**one, out),
        Body::Census(one) => put(one, out),
        Body::CgroupMake(one) | Body::CgroupFound(one) | Body::CgroupEnd(one) => {
            put(&wire::Cgroup { header, ..one.facts }, out);
            out.extend_from_slice(&one.path);
        }
        Body::CgroupMove(one) => put(one, out),
    }
}

fn task_record(header: Header, task: &TaskFacts, vector: &Vector, arg: u64, out: &mut Vec<u8>) {
    put(&TaskRecord { header, task: *task, arg }, out);
    put_vector(vector, out);
}

fn put_vector(vector: &Vector, out: &mut Vec<u8>) {
    let slots = if vector.len() <= SHORT_UPIDS { SHORT_UPIDS } else { MAX_UPIDS };
    let upids = vector.iter().copied().chain(std::iter::repeat(Upid::default())).take(slots);
    upids.for_each(|upid| put(&upid, out));
}

fn put<T: Wire>(value: &T, out: &mut Vec<u8>) {
    let from = out.len();
    out.resize(from + T::SIZE, 0);
    // It cannot fail: the length is the type's own.
    let _ = value.write(out.get_mut(from..).unwrap_or_default());
}

fn bytes<T: Wire>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(value, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Lost, stream::decode};

    fn header(kind: u16) -> Header {
        Header { ts: 7, seq: 9, cpu: 3, kind, actor: 5, actor_tid: 11, actor_tgid: 12 }
    }

    #[test]
    fn what_user_space_adds_is_read_back_as_it_was() {
        for levels in [1, 4, 5, MAX_UPIDS] {
            let upids: Vec<_> =
                (0..levels as u32).map(|n| Upid { ns: 0, nr: n as i32 + 1, inum: n }).collect();
            let task = TaskFacts { level: levels as u32 - 1, tid: 1, ..TaskFacts::default() };
            let body = Body::Snapshot {
                task,
                vector: Vector::new(&upids).unwrap(),
                generation: 2,
                from_proc: true,
            };
            let event = Event { header: header(kind::PROC), body };
            assert_eq!(decode(&encode(&event).unwrap()), Ok(event));
        }
        let lost = Lost { cpu: 3, count: u64::MAX, since: 1 };
        let event = Event { header: header(kind::LOST), body: Body::Lost(lost) };
        assert_eq!(decode(&encode(&event).unwrap()), Ok(event));
        let header = header(kind::CENSUS);
        let census = wire::Census { header, forks: 9, last_pid: 8, ..wire::Census::default() };
        let event = Event { header, body: Body::Census(census) };
        assert_eq!(decode(&encode(&event).unwrap()), Ok(event));
    }

    #[test]
    fn every_event_is_read_back_from_its_record() {
        use crate::coverage::Plan;
        use crate::simulate::{Config, history};
        for plan in [Plan::Trampoline, Plan::Tracepoint] {
            let config = Config { plan, lose: 0.02, sweep_every: 300, ..Config::default() };
            for event in history(config, 1500) {
                let mut bytes = Vec::new();
                record(&event, &mut bytes);
                assert_eq!(decode(&bytes), Ok(event));
            }
        }
    }

    #[test]
    fn what_the_kernel_tells_has_its_record_already() {
        let mark = wire::Mark { header: header(kind::SNAPSHOT_END), generation: 1, tasks: 2 };
        let event = Event { header: mark.header, body: Body::SnapshotEnd(mark) };
        assert_eq!(encode(&event), None);
    }
}
