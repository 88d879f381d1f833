//! Records of every kind.

use tracer_ebpf::wire::{
    CGROUP_PATH, Cgroup, Exec, Field, Header, MAX_LEVEL, MAX_UPIDS, PidRecord, Record, SCHEMA,
    SHORT_UPIDS, Task, TaskRecord, Upid,
};

/// Records of every kind, in every length that the programs write.
pub fn every_kind() -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for record in SCHEMA {
        for &kind in record.kinds {
            match record.name {
                "TaskRecord" | "PidRecord" => {
                    records.extend([0, 3, 4, MAX_LEVEL].map(|level| leveled(record, kind, level)));
                }
                "Exec" => records.extend([(0, 0), (9, 40), (500, 524)].map(|(name, args)| {
                    let mut bytes = plain(record, kind);
                    put(&mut bytes, offset(Exec::FIELDS, "filename_len"), name);
                    put(&mut bytes, offset(Exec::FIELDS, "args_len"), args);
                    bytes.resize(bytes.len() + (name + args) as usize, b'x');
                    bytes
                })),
                "Cgroup" => records.extend([0, 70, CGROUP_PATH as u32].map(|path| {
                    let mut bytes = plain(record, kind);
                    put(&mut bytes, offset(Cgroup::FIELDS, "path_len"), path);
                    bytes.resize(bytes.len() + path as usize, b'x');
                    bytes
                })),
                _ => records.push(plain(record, kind)),
            }
        }
    }
    records
}

pub fn offset(fields: &[Field], name: &str) -> usize {
    fields.iter().find(|field| field.name == name).unwrap().offset
}

pub fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A record of a kind, every other field filled with bytes that tell their place.
pub fn plain(record: &Record, kind: u16) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..record.size).map(|at| at as u8 | 1).collect();
    let at = offset(Header::FIELDS, "kind");
    bytes[at..at + 2].copy_from_slice(&kind.to_le_bytes());
    bytes
}

/// One with a vector of `level + 1` numbers.
pub fn leveled(record: &Record, kind: u16, level: u32) -> Vec<u8> {
    let mut bytes = plain(record, kind);
    let at = match record.name {
        "TaskRecord" => offset(TaskRecord::FIELDS, "task") + offset(Task::FIELDS, "level"),
        _ => offset(PidRecord::FIELDS, "level"),
    };
    put(&mut bytes, at, level);
    let room = if (level as usize) < SHORT_UPIDS { SHORT_UPIDS } else { MAX_UPIDS };
    bytes.extend((0..room).flat_map(|at| {
        let upid = Upid { ns: at as u64 + 1, nr: 100 + at as i32, inum: 7 };
        [upid.ns.to_le_bytes().to_vec(), upid.nr.to_le_bytes().to_vec(), vec![7, 0, 0, 0]].concat()
    }));
    bytes
}
