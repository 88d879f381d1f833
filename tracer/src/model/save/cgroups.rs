//! Cgroups: their ids, paths, and which ones were removed.

use tracer_ebpf::wire::CGROUP_PATH;

use super::super::World;
use super::BadState;
use super::columns::Columns;
use super::read::Reader;
use super::write::Writer;

/// Bytes of a path in one value.
const WORD: usize = 8;

fn cgroup<C: Columns>(io: &mut C, id: &mut u64, ended: &mut u64, path: &mut Vec<u8>) {
    io.step(id);
    io.u64(ended);
    let mut len = path.len() as u64;
    io.u64(&mut len);
    if len > CGROUP_PATH as u64 {
        io.refuse("length of a path");
        return;
    }
    path.resize(len as usize, 0);
    let place = io.place();
    for word in path.chunks_mut(WORD) {
        io.go(place);
        let mut bytes = [0; WORD];
        bytes.iter_mut().zip(word.iter()).for_each(|(to, from)| *to = *from);
        let read = io.wide(u64::from_le_bytes(bytes)).to_le_bytes();
        word.iter_mut().zip(read).for_each(|(to, from)| *to = from);
    }
}

impl World {
    pub(super) fn save_cgroups(&self, to: &mut Writer<'_>) {
        to.table(self.cgroups.in_order().into_iter(), |to, (id, one)| {
            cgroup(to, &mut id.clone(), &mut u64::from(one.ended), &mut one.path.to_vec());
        });
    }

    pub(super) fn restore_cgroups(&mut self, from: &mut Reader<'_>) -> Result<(), BadState> {
        from.table(|from| {
            let (mut id, mut ended, mut path) = (0, 0, Vec::new());
            cgroup(from, &mut id, &mut ended, &mut path);
            self.cgroups.add(id, &path);
            if ended != 0 {
                self.cgroups.end(id);
            }
        })
    }
}
