//! What has been, asked of small hosts.

mod annotate;
pub(crate) mod blame;
mod diff;
mod disorder;
mod export;
mod history;
mod lifetimes;
mod stats;

use crate::event::{Body, ChangePid, Event, Lost, Release, Rename};
use crate::model::{Change, World};
use crate::view::fixture::{BASH, CHILD, INIT, Stage, Who, comm, key};
use crate::view::{Report, reports};

/// Nanoseconds in a millisecond.
pub(crate) const MS: u64 = 1_000_000;

/// Tells events again, each with what it changed, and answers the tables at the end.
pub(crate) fn replay(
    events: &[Event],
    mut each: impl FnMut(&World, &Event, &Change, &[Report]),
) -> World {
    let mut world = World::new();
    let mut found = Vec::new();
    for event in events {
        let change = world.apply(event);
        found.clear();
        reports(&world, event, &change, &mut found);
        each(&world, event, &change, &found);
    }
    world
}

impl Stage {
    /// Time goes by.
    pub(crate) fn wait(&mut self, ns: u64) {
        self.now += ns;
    }

    /// A task dies, is reaped by another one, and its number is free.
    pub(crate) fn end(&mut self, who: Who, code: i32, by: Who) {
        self.exit(who, code, 1);
        self.wait(5 * MS);
        let release = Release {
            task: key(who.0),
            pid: 0x10_0000 + who.0 as u64,
            real_parent: key(who.2),
            tid: who.0,
            tgid: who.1,
            ppid: who.2,
            code,
            ..Release::default()
        };
        self.by(by, Body::Release(release));
        self.wait(MS);
        self.free_pid(by, who);
    }

    pub(crate) fn lose(&mut self, count: u64) {
        let since = self.now - MS;
        self.by(Who(0, 0, 0, 0), Body::Lost(Lost { cpu: 1, count, since }));
    }

    /// `setpgid` (2) or `setsid` (3).
    pub(crate) fn change_pid(&mut self, who: Who, ty: u32) {
        let (tid, pid) = (who.0, 0x10_0000 + who.0 as u64);
        let facts = ChangePid { task: key(tid), pid, tid, ty, nr: tid, ..ChangePid::default() };
        self.by(who, Body::ChangePid(facts));
    }

    pub(crate) fn rename(&mut self, who: Who, name: &[u8]) {
        let (tid, tgid) = (who.0, who.1);
        let pid = 0x10_0000 + tid as u64;
        let rename =
            Rename { task: key(tid), pid, tid, tgid, comm: comm(name), ..Rename::default() };
        self.by(who, Body::Rename(rename));
    }
}

/// The nested host, where the child has lived, died as a zombie, and its numbers were used again.
pub(crate) fn reused() -> Stage {
    let mut stage = Stage::nested();
    stage.wait(10 * MS);
    stage.exec(CHILD, b"/bin/sleep", b"sleep\x001\x00", 0);
    stage.rename(CHILD, b"sl\x1b[2Jp");
    stage.wait(10 * MS);
    stage.end(CHILD, 9, INIT);
    stage.wait(100 * MS);
    stage.fork(INIT, CHILD, b"again", 0);
    stage.wait(MS);
    stage.change_pid(CHILD, 3);
    stage.lose(7);
    stage.wait(MS);
    stage.exit(CHILD, 256, 1);
    stage.wait(MS);
    stage.exec(BASH, b"/bin/true", b"true\x00", 0);
    stage
}
