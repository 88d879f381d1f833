//! What must hold between the tables after every event, whatever the input.

use super::apply::Group;
use super::pid::PidFlag;
use super::row::Flag;
use super::slab::{Handle, Link};
use super::{NsFate, NsId, NsKind, TaskId, World};

macro_rules! ensure {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

/// One counter for each slot of a table.
struct Counts<T>(Vec<T>);

impl<T: Clone + Copy + Default> Counts<T> {
    fn new(slots: usize) -> Self {
        Self(vec![T::default(); slots])
    }

    fn add(&mut self, id: impl Into<Handle>, change: impl Fn(&mut T)) {
        let handle: Handle = id.into();
        if let Some(count) = self.0.get_mut(handle.slot() as usize) {
            change(count);
        }
    }

    fn of(&self, id: impl Into<Handle>) -> T {
        let handle: Handle = id.into();
        self.0.get(handle.slot() as usize).copied().unwrap_or_default()
    }
}

impl World {
    /// Checks every table against the others; for tests.
    #[doc(hidden)]
    pub fn check_consistency(&self) -> Result<(), String> {
        self.check_links()?;
        self.check_users()?;
        self.check_counts()?;
        self.check_indexes()
    }

    /// Checks what no table can be derived from: all that a state that is read back may have wrong.
    pub(super) fn check_links(&self) -> Result<(), String> {
        self.check_tasks()?;
        self.check_groups()?;
        self.check_children()?;
        self.check_pids()?;
        self.check_namespaces()?;
        self.check_history()
    }

    fn check_tasks(&self) -> Result<(), String> {
        for (id, row) in self.tasks.iter() {
            let grouped = row.is(Flag::Grouped);
            ensure!(grouped == self.group(id).is_some(), "{id:?} has no group");
            ensure!(row.cold.is_none() == self.cold(id).is_none(), "{id:?} lacks its cold part");
            if !row.is_live() {
                ensure!(row.pid.is_none() && row.parent.is_none(), "{id:?} is gone and has links");
                ensure!(!row.cold.is_none(), "{id:?} has no past");
                continue;
            }
            let leader = self.leader(id);
            ensure!((row.tid == self.tgid(id)) == (leader == id), "{id:?} leads by number only");
            ensure!(self.lives(leader), "{id:?} has a released leader");
            let same = self.parent(id) == self.parent(leader) && self.ppid(id) == self.ppid(leader);
            ensure!(same, "{id:?} has another parent than its leader");
            if let Some(slot) = row.pid.slot() {
                let pid = self.pids.id(slot);
                let own = pid.is_some_and(|pid| self.live_holder(pid) == Some(id));
                ensure!(own, "{id:?} has a pid that is not its");
            }
            let there = |link: Link| link.is_none() || self.pids.follow(link).is_some();
            let groups = row.is(Flag::Grouped) || there(row.group) && there(row.session);
            ensure!(groups, "{id:?} is in no process group");
            let parent = row.parent.is_none() || self.parent(id).is_some_and(|id| self.lives(id));
            ensure!(parent, "{id:?} has a released parent");
            let awaits = self.cold(id).and_then(|cold| cold.awaits);
            ensure!(awaits.is_none() || self.runs(id), "{id:?} has exited and awaits children");
            let tracer = self.cold(id).and_then(|cold| cold.tracer);
            ensure!(tracer.is_none_or(|id| self.lives(id)), "{id:?} has a released tracer");
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), String> {
        let mut tasks = Counts::<(u32, u32)>::new(self.groups.slots());
        for (id, row) in self.tasks.iter() {
            if let Some(group) = self.group_id(id) {
                tasks.add(group, |(all, live)| {
                    (*all, *live) = (*all + 1, *live + u32::from(row.is_live()));
                });
            }
        }
        let mut threads = Counts::<bool>::new(self.tasks.slots());
        for (id, group) in self.groups.iter() {
            let (all, live) = tasks.of(id);
            ensure!(group.tasks == all && all > 0, "{id:?} counts its tasks wrong");
            ensure!(group.threads.len() == live as usize, "{id:?} lists its threads wrong");
            let running = group.threads.iter().filter(|&&thread| self.runs(thread)).count();
            ensure!(group.running as usize == running, "{id:?} counts its threads wrong");
            for &thread in &group.threads {
                let own = self.lives(thread) && self.group_id(thread) == Some(id);
                ensure!(own && !threads.of(thread), "{thread:?} is no thread of its group");
                threads.add(thread, |seen| *seen = true);
            }
            if live > 0 {
                let led = self.group_id(group.leader) == Some(id) && self.lives(group.leader);
                ensure!(led, "{id:?} is not led by its leader");
                ensure!(self.row(group.leader).tid == group.tgid, "{id:?} has another number");
            }
        }
        Ok(())
    }

    fn check_users(&self) -> Result<(), String> {
        let mut users = Counts::<(u32, u32)>::new(self.pids.slots());
        for (id, _) in self.tasks.iter().filter(|&(id, row)| row.is_live() && self.leads(id)) {
            for (which, links) in [(Group::Pgrp, 0), (Group::Session, 1)] {
                if let Some(pid) =
                    self.group_pid(id, which).filter(|&pid| self.pids.get(pid).is_some())
                {
                    users.add(pid, |count| if links == 0 { count.0 += 1 } else { count.1 += 1 });
                }
            }
        }
        for (id, pid) in self.pids.iter() {
            let (pgrp, session) = users.of(id);
            ensure!(self.users(id) == [pgrp, session], "{id:?} counts its users wrong");
            let crowded = self.crowds.contains_key(&id.0.slot());
            ensure!(crowded == pid.is(PidFlag::Crowded), "{id:?} counts its users elsewhere");
        }
        Ok(())
    }

    fn check_children(&self) -> Result<(), String> {
        let mut listed = 0;
        for (id, row) in self.tasks.iter() {
            ensure!(row.is_live() || row.first_child.is_none(), "{id:?} is gone with children");
            let mut younger = None;
            for child in self.children_of_thread(id) {
                listed += 1;
                ensure!(listed <= self.tasks.len(), "the children of {id:?} go in a circle");
                let own = self.lives(child) && self.parent(child) == Some(id);
                ensure!(own, "{child:?} is no child");
                let back = self.tasks.follow(self.row(child).younger);
                ensure!(back == younger, "{child:?} is not next to {younger:?}");
                younger = Some(child);
            }
        }
        let leads = |&(id, row): &(TaskId, &super::row::Row)| {
            row.is_live() && !row.parent.is_none() && self.leads(id)
        };
        let count = self.tasks.iter().filter(leads).count();
        ensure!(listed == count, "{listed} children are listed of {count}");
        Ok(())
    }

    fn check_pids(&self) -> Result<(), String> {
        let (mut numbers, mut inner) = (0, 0);
        for (id, row) in self.pids.iter() {
            ensure!(
                row.is(PidFlag::Deep) == self.deep.contains_key(&id.0.slot()),
                "{id:?} is not deep"
            );
            if !row.is_live() {
                ensure!(self.past_pids.follow(row.link).is_some(), "{id:?} has no past");
                continue;
            }
            if row.link.slot().is_some() {
                let holder = self.holder(id);
                let own = holder.is_some_and(|task| self.pid_of(task) == Some(id));
                ensure!(own, "{id:?} is not the pid of its task");
            }
            for &(ns, nr) in &self.numbers(id) {
                let Some(ns) = ns.filter(|_| nr > 0) else { continue };
                let space = self.spaces.get(ns).filter(|space| space.fate != NsFate::Destroyed);
                let space = space.and_then(|space| space.pid.as_ref());
                ensure!(space.is_some(), "{id:?} has the number {nr} in a namespace that is none");
                let found = self.find_pid_ns(nr, ns);
                ensure!(found == Some(id), "{id:?} is not found by its number {nr}");
                *(if self.root == Some(ns) { &mut numbers } else { &mut inner }) += 1;
            }
            let known = self.pid_at(row.key.get());
            ensure!(row.key.get() == 0 || known == Some(id), "{id:?} is not found by its key");
        }
        let indexed = self.index.numbers.len();
        ensure!(indexed == numbers, "{indexed} numbers are indexed, {numbers} are in use");
        let indexed = self.index.inner.len();
        ensure!(indexed <= inner, "{indexed} inner numbers are indexed, {inner} are in use");
        Ok(())
    }

    fn check_namespaces(&self) -> Result<(), String> {
        for (id, ns) in self.spaces.iter() {
            let pid = ns.pid.is_some();
            ensure!(pid == (ns.kind == NsKind::Pid), "{id:?} is of another kind");
        }
        for (&tid, &id) in &self.index.loose {
            let row = self.row(id);
            let loose = row.is_live() && row.pid.is_none() && row.tid == tid;
            ensure!(loose, "{id:?} is found by the number {tid}");
        }
        let alive = |id| self.spaces.get(id).filter(|ns| ns.fate != NsFate::Destroyed);
        for (&key, &id) in &self.index.spaces {
            let space = alive(id).and_then(|ns| ns.pid.as_ref());
            ensure!(space.is_some_and(|ns| ns.key.0 == key), "{id:?} is found by another key");
        }
        for (&(kind, inum), &id) in &self.index.inums {
            let found = alive(id).is_some_and(|ns| ns.kind as u8 == kind && ns.inum == inum);
            ensure!(found, "{id:?} is found by another inode number");
        }
        let root = self.root.map(|id| alive(id).is_some_and(|ns| ns.pid.is_some()));
        ensure!(root != Some(false), "the initial PID namespace is none");
        Ok(())
    }

    fn check_counts(&self) -> Result<(), String> {
        let mut tasks = Counts::<u32>::new(self.spaces.slots());
        let mut awaited = Counts::<u32>::new(self.spaces.slots());
        let there = |ns: &NsId| self.spaces.get(*ns).is_some();
        for (id, _) in self.tasks.iter().filter(|(_, row)| row.is_live()) {
            for ns in self.namespaces_of(id).into_iter().flatten().filter(there) {
                tasks.add(ns, |count| *count += 1);
            }
            if let Some(ns) = self.cold(id).and_then(|cold| cold.awaits).filter(there) {
                awaited.add(ns, |count| *count += 1);
            }
        }
        let mut members = Counts::<u32>::new(self.spaces.slots());
        for (id, _) in self.pids.iter().filter(|(_, row)| row.is_live()) {
            for &(ns, _) in self.numbers(id).iter().filter(|&&(_, nr)| nr > 0) {
                if let Some(ns) = ns.filter(there) {
                    members.add(ns, |count| *count += 1);
                }
            }
        }
        for (id, ns) in self.spaces.iter() {
            ensure!(ns.tasks == tasks.of(id), "{id:?} counts its tasks wrong");
            let Some(pid) = &ns.pid else { continue };
            ensure!(pid.members == members.of(id), "{id:?} counts its members wrong");
            ensure!(pid.awaited_by == awaited.of(id), "{id:?} counts who awaits it wrong");
        }
        Ok(())
    }

    fn check_indexes(&self) -> Result<(), String> {
        let keyed = self.tasks.iter().filter(|(id, row)| self.at_key(row.key.get()) == Some(*id));
        let (keyed, indexed) = (keyed.count(), self.index.tasks.len());
        ensure!(keyed == indexed, "{indexed} tasks are indexed, {keyed} are found");
        let super::world::Found { tasks, pids, numbers, spaces } = &self.index.found;
        let tasks = tasks.answers().all(|(key, found)| self.find_key(key) == found);
        let pids = pids.answers().all(|(key, found)| self.find_pid_key(key) == found);
        let numbers = numbers.answers().all(|(nr, found)| self.find_nr((nr - 1) as i32) == found);
        let spaces =
            spaces.answers().all(|(key, found)| self.index.spaces.get(&key) == found.as_ref());
        ensure!(tasks && pids && numbers && spaces, "what was found lately is not what is indexed");
        Ok(())
    }

    fn check_history(&self) -> Result<(), String> {
        let live = self.tasks.iter().filter(|(_, row)| row.is_live()).count();
        let past = self.history.tasks.len();
        ensure!(self.tasks.len() == live + past, "{live} live and {past} past tasks are stored");
        let kept = |row: &super::pid::PidRow| row.is_live() || row.is(PidFlag::Expired);
        let live = self.pids.iter().filter(|(_, row)| kept(row)).count();
        let past = self.history.pids.len();
        ensure!(self.pids.len() == live + past, "{live} live and {past} past pids are stored");
        for (id, row) in self.pids.iter().filter(|(_, row)| row.is(PidFlag::Expired)) {
            ensure!(!row.is_live() && row.is_used(), "{id:?} should have left");
        }
        let keyed = |row: &super::pid::PidRow| row.is_live() && row.key.get() != 0;
        let pids = self.pids.iter().filter(|(_, row)| keyed(row)).count();
        ensure!(self.index.pids.len() == pids, "{pids} live pids, others are indexed");
        Ok(())
    }
}
