//! Which records of a storm can happen again: those of lives that begin and end within it.
//!
//! A life is all that happens to one task, from its fork until its memory is freed. It can happen
//! again if its parent and all else that it needs was there before and is there afterwards: lived
//! through the whole storm, or has a life that happens again too. And its number must be free.

use std::collections::{HashMap, HashSet};

use tracer::event::{Body, Event, TaskFacts};

/// System calls, by their x86-64 numbers, that tie tasks together in groups and sessions.
const TIES: [u64; 2] = [libc::SYS_setpgid as u64, libc::SYS_setsid as u64];

/// One life.
#[derive(Debug, Default)]
struct Life {
    /// Cookies of its task and its pid.
    cookies: [u64; 2],
    /// Its number.
    number: i32,
    /// Indices of the lives that it needs.
    needs: Vec<usize>,
    /// Cookies of the tasks before the storm that it needs.
    elders: Vec<u64>,
    /// Its pid's allocation was seen, its end not yet.
    holds_pid: bool,
    freed: bool,
    /// Something that a second time would not be the same.
    unique: bool,
}

/// Lives, record by record.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    all: Vec<Life>,
    /// Those that have begun, by the task's cookie.
    open: HashMap<u64, usize>,
    /// Those whose pid is in use, by its cookie.
    pids: HashMap<u64, usize>,
    /// Pids that wait for their task: cookie, and index of the record.
    fresh: HashMap<u64, usize>,
    /// Tasks from before the storm that ended in it.
    ended: HashSet<u64>,
    /// The life that each record belongs to.
    owners: Vec<Option<usize>>,
    /// Records of calls that returned a number: index, and the number.
    returns: Vec<(usize, i32)>,
}

impl Lives {
    /// Takes note of the next record.
    pub(crate) fn note(&mut self, event: &Event) {
        let owner = match &event.body {
            Body::Fork { task, .. } => Some(self.fork(event.header.actor, task)),
            Body::AllocPid(facts) => {
                // Whose it is, its task's fork will tell.
                self.fresh.insert(facts.pid.0, self.owners.len());
                None
            }
            Body::FreePid(free) => {
                let life = self.pids.remove(&free.pid);
                if let Some(life) = life {
                    self.all[life].holds_pid = false;
                }
                life
            }
            Body::FreeTask(free) => {
                let life = self.open.remove(&free.task);
                if let Some(life) = life {
                    self.all[life].freed = true;
                }
                life
            }
            Body::Exit(exit) => {
                let life = self.open.get(&exit.task).copied();
                if life.is_none() {
                    self.ended.insert(exit.task);
                }
                life
            }
            Body::Update { task, .. } => self.open.get(&task.task).copied(),
            Body::Exec(exec) => self.open.get(&exec.facts.task).copied(),
            Body::Rename(rename) => self.open.get(&rename.task).copied(),
            Body::Release(release) => self.open.get(&release.task).copied(),
            Body::Cred(cred) => self.open.get(&cred.task).copied(),
            Body::Syscall(call) if !TIES.contains(&call.nr) => {
                self.returns.push((self.owners.len(), call.ret as i32));
                self.open.get(&event.header.actor).copied()
            }
            // Groups, sessions, tracers and namespaces tie tasks together.
            _ => {
                if let Some(&life) = self.open.get(&event.header.actor) {
                    self.all[life].unique = true;
                }
                None
            }
        };
        self.owners.push(owner);
    }

    fn fork(&mut self, actor: u64, task: &TaskFacts) -> usize {
        let (cookies, number) = ([task.task, task.pid], task.tid);
        let mut life = Life { cookies, number, ..Life::default() };
        let index = self.all.len();
        let leader = Some(task.leader).filter(|&leader| leader != task.task);
        for needed in [actor, task.real_parent, task.parent].into_iter().chain(leader) {
            match self.open.get(&needed) {
                Some(&other) => life.needs.push(other),
                None => life.elders.push(needed),
            }
        }
        if let Some(record) = self.fresh.remove(&task.pid) {
            self.owners[record] = Some(index);
            self.pids.insert(task.pid, index);
            life.holds_pid = true;
        }
        self.open.insert(task.task, index);
        self.all.push(life);
        index
    }

    /// Whether each record can happen again; and the cookies of the lives that do.
    pub(crate) fn repeatable(&self) -> (Vec<bool>, HashSet<u64>) {
        let last = self.all.iter().filter(|life| !life.freed);
        let taken: HashSet<i32> = last.map(|life| life.number).collect();
        let mut again: Vec<bool> = Vec::with_capacity(self.all.len());
        for life in &self.all {
            let whole = life.freed && !life.holds_pid && !life.unique;
            // What a life needs has begun before it.
            let there = life.needs.iter().all(|&other| again[other])
                && life.elders.iter().all(|elder| !self.ended.contains(elder));
            again.push(whole && there && !taken.contains(&life.number));
        }
        let lives = self.all.iter().zip(&again).filter(|(_, again)| **again);
        let cookies = lives.flat_map(|(life, _)| life.cookies).collect();
        let mut records: Vec<bool> =
            self.owners.iter().map(|owner| owner.is_some_and(|life| again[life])).collect();
        // A wait for a task whose life does not happen again finds none.
        for &(record, number) in &self.returns {
            records[record] &= !taken.contains(&number);
        }
        (records, cookies)
    }
}

#[cfg(test)]
mod tests {
    use tracer::event::{Exit, FreeTask, Header, Upid, Vector};

    use super::*;

    fn fork(parent: u64, task: u64) -> Event {
        let facts = TaskFacts {
            task,
            pid: task + 1000,
            leader: task,
            real_parent: parent,
            parent,
            tid: task as i32,
            ..TaskFacts::default()
        };
        let body =
            Body::Fork { task: facts, vector: Vector::new(&[Upid::default()]).unwrap(), flags: 0 };
        Event { header: Header { actor: parent, ..Header::default() }, body }
    }

    fn exit(task: u64) -> Event {
        Event { header: Header::default(), body: Body::Exit(Exit { task, ..Exit::default() }) }
    }

    fn free(task: u64) -> Event {
        let body = Body::FreeTask(FreeTask { task, ..FreeTask::default() });
        Event { header: Header::default(), body }
    }

    fn repeatable(events: &[Event]) -> Vec<bool> {
        let mut lives = Lives::default();
        for event in events {
            lives.note(event);
        }
        lives.repeatable().0
    }

    #[test]
    fn a_life_that_begins_and_ends_in_the_storm_can_happen_again() {
        assert_eq!(repeatable(&[fork(1, 7), exit(7), free(7)]), [true; 3]);
    }

    #[test]
    fn a_life_that_goes_on_cannot_happen_again_nor_can_its_childs() {
        let events = [fork(1, 7), fork(7, 8), exit(8), free(8)];
        assert_eq!(repeatable(&events), [false; 4]);
    }

    #[test]
    fn a_child_of_a_task_that_ended_meanwhile_has_no_parent_the_second_time() {
        let events = [fork(1, 7), exit(7), free(7), exit(1), free(1)];
        assert_eq!(repeatable(&events), [false; 5]);
    }

    #[test]
    fn a_number_that_somebody_keeps_is_not_used_again() {
        let events = [fork(1, 7), exit(7), free(7), fork(1, 7)];
        assert_eq!(repeatable(&events), [false; 4]);
    }
}
