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
            Some(found(event.header, task, vector, *generation))
        }
        Body::Census(census) => {
            let header = Header { kind: kind::CENSUS, ..event.header };
            Some(bytes(&wire::Census { header, ..*census }))
        }
        _ => None,
    }
}

fn found(header: Header, task: &TaskFacts, vector: &Vector, generation: u64) -> Vec<u8> {
    let header = Header { kind: kind::PROC, ..header };
    let mut record = bytes(&TaskRecord { header, task: *task, arg: generation });
    let slots = if vector.len() <= SHORT_UPIDS { SHORT_UPIDS } else { MAX_UPIDS };
    let upids = vector.iter().copied().chain(std::iter::repeat(Upid::default())).take(slots);
    upids.for_each(|upid| record.extend(bytes(&upid)));
    record
}

fn bytes<T: Wire>(value: &T) -> Vec<u8> {
    let mut bytes = vec![0; T::SIZE];
    // It cannot fail: the length is the type's own.
    let _ = value.write(&mut bytes);
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
    fn what_the_kernel_tells_has_its_record_already() {
        let mark = wire::Mark { header: header(kind::SNAPSHOT_END), generation: 1, tasks: 2 };
        let event = Event { header: mark.header, body: Body::SnapshotEnd(mark) };
        assert_eq!(encode(&event), None);
    }
}
