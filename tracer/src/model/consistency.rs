//! What must hold between the tables after every event, whatever the input.

use super::hash::Map;
use super::history::number_key;
use super::task::ProcessId;
use super::{NsFate, NsId, NsKind, PidId, Task, TaskId, TaskState, World};

macro_rules! ensure {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

impl World {
    /// Checks every table against the others; for tests.
    #[doc(hidden)]
    pub fn check_consistency(&self) -> Result<(), String> {
        self.check_tasks()?;
        self.check_processes()?;
        self.check_children()?;
        self.check_pids()?;
        self.check_namespaces()?;
        self.check_indexes()?;
        self.check_history()
    }

    fn check_indexes(&self) -> Result<(), String> {
        for (&key, &id) in &self.index.tasks {
            let found = self.tasks.get(id).is_some_and(|task| task.key.0 == key);
            ensure!(found, "{id:?} is found by another key");
        }
        for (&tid, &id) in &self.index.loose {
            let task = self.task(id);
            let loose = task.is_live() && task.pid.is_none() && task.tid == tid;
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

    fn check_tasks(&self) -> Result<(), String> {
        for (id, task) in self.tasks.iter() {
            let Some(process) = self.processes.get(task.process) else {
                return Err(format!("{id:?} has no process"));
            };
            if !task.is_live() {
                continue;
            }
            ensure!(task.leader == Some(process.leader), "{id:?} has another leader");
            ensure!(task.is_leader() == (process.leader == id), "{id:?} leads by number only");
            ensure!(self.task(process.leader).is_live(), "{id:?} has a released leader");
            let told = |task: &Task| (task.tgid, task.real_parent, task.ppid);
            let leader = self.task(process.leader);
            ensure!(told(task) == told(leader), "{id:?} differs from its leader");
            if let Some(pid) = task.pid {
                let pid = self.pid(pid);
                ensure!(pid.is_live() && pid.task == Some(id), "{id:?} has a pid that is not its");
            }
            let parent = task.real_parent.map(|parent| self.task(parent));
            ensure!(parent.is_none_or(Task::is_live), "{id:?} has a released parent");
            let tracer = task.tracer.map(|tracer| self.task(tracer));
            ensure!(tracer.is_none_or(Task::is_live), "{id:?} has a released tracer");
        }
        Ok(())
    }

    fn check_processes(&self) -> Result<(), String> {
        let mut members: Map<u32, u32> = Map::default();
        for (_, task) in self.tasks.iter() {
            *members.entry(task.process.0.slot()).or_default() += 1;
        }
        let mut listed = 0;
        let mut threads: Map<TaskId, ProcessId> = Map::default();
        let mut users: Map<PidId, (u32, u32)> = Map::default();
        for (id, process) in self.processes.iter() {
            let count = members.get(&id.0.slot()).copied().unwrap_or(0);
            ensure!(process.tasks == count && count > 0, "{id:?} counts its tasks wrong");
            let running = |task: &&TaskId| self.task(**task).state == TaskState::Running;
            let count = process.threads.iter().filter(running).count();
            ensure!(process.running as usize == count, "{id:?} counts its threads wrong");
            for &thread in &process.threads {
                listed += 1;
                let task = self.task(thread);
                let own = task.is_live() && task.process == id;
                ensure!(own && threads.insert(thread, id).is_none(), "{thread:?} is no thread");
            }
            if process.attached {
                if let Some(pid) = process.pgrp {
                    users.entry(pid).or_default().0 += 1;
                }
                if let Some(pid) = process.session {
                    users.entry(pid).or_default().1 += 1;
                }
            }
        }
        let live = self.tasks.iter().filter(|(_, task)| task.is_live()).count();
        ensure!(listed == live, "{listed} threads are listed of {live}");
        for (id, pid) in self.pids.iter() {
            let count = users.get(&id).copied().unwrap_or_default();
            ensure!((pid.pgrp_users, pid.session_users) == count, "{id:?} counts its users wrong");
        }
        Ok(())
    }

    fn check_children(&self) -> Result<(), String> {
        let mut listed = 0;
        for (id, task) in self.tasks.iter() {
            ensure!(task.is_live() || task.first_child.is_none(), "{id:?} is gone with children");
            for child in self.children_of_thread(id) {
                listed += 1;
                ensure!(listed <= self.tasks.len(), "the children of {id:?} go in a circle");
                let at = self.task(child);
                ensure!(at.is_live() && at.real_parent == Some(id), "{child:?} is no child");
            }
        }
        let leads = |(id, task): &(TaskId, &Task)| {
            task.is_live() && task.real_parent.is_some() && self.process(*id).leader == *id
        };
        let count = self.tasks.iter().filter(leads).count();
        ensure!(listed == count, "{listed} children are listed of {count}");
        Ok(())
    }

    fn check_pids(&self) -> Result<(), String> {
        let mut numbers = 0;
        for (id, pid) in self.pids.iter().filter(|(_, pid)| pid.is_live()) {
            for &(ns, nr) in &pid.numbers {
                let Some(ns) = ns.filter(|_| nr > 0) else { continue };
                let space = self.spaces.get(ns).filter(|space| space.fate != NsFate::Destroyed);
                let space = space.and_then(|space| space.pid.as_ref());
                ensure!(space.is_some(), "{id:?} has the number {nr} in a namespace that is none");
                let found = self.index.numbers.get(&number_key(ns, nr));
                ensure!(found == Some(&id), "{id:?} is not found by its number {nr}");
                numbers += 1;
            }
            let known = self.index.pids.get(&pid.key.0);
            ensure!(pid.key.0 == 0 || known == Some(&id), "{id:?} is not found by its key");
        }
        let indexed = self.index.numbers.len();
        ensure!(indexed <= numbers, "{indexed} numbers are indexed, {numbers} are in use");
        Ok(())
    }

    fn check_namespaces(&self) -> Result<(), String> {
        let mut tasks: Map<NsId, u32> = Map::default();
        let mut awaited: Map<NsId, u32> = Map::default();
        for (id, task) in self.tasks.iter().filter(|(_, task)| task.is_live()) {
            for ns in self.namespaces_of(id).into_iter().flatten() {
                *tasks.entry(ns).or_default() += 1;
            }
            if let Some(ns) = task.awaits {
                *awaited.entry(ns).or_default() += 1;
            }
        }
        let mut members: Map<NsId, u32> = Map::default();
        for (_, pid) in self.pids.iter().filter(|(_, pid)| pid.is_live()) {
            for &(ns, _) in pid.numbers.iter().filter(|&&(_, nr)| nr > 0) {
                if let Some(ns) = ns {
                    *members.entry(ns).or_default() += 1;
                }
            }
        }
        for (id, ns) in self.spaces.iter() {
            let count = |of: &Map<NsId, u32>| of.get(&id).copied().unwrap_or(0);
            ensure!(ns.tasks == count(&tasks), "{id:?} counts its tasks wrong");
            let pid = ns.pid.is_some();
            ensure!(pid == (ns.kind == NsKind::Pid), "{id:?} is of another kind");
            let Some(pid) = &ns.pid else { continue };
            ensure!(pid.members == count(&members), "{id:?} counts its members wrong");
            ensure!(pid.awaited_by == count(&awaited), "{id:?} counts who awaits it wrong");
        }
        Ok(())
    }

    fn check_history(&self) -> Result<(), String> {
        let live = self.tasks.iter().filter(|(_, task)| task.is_live()).count();
        let past = self.history.tasks.len();
        ensure!(self.tasks.len() == live + past, "{live} live and {past} past tasks are stored");
        let live = self.pids.iter().filter(|(_, pid)| pid.is_live()).count();
        let past = self.history.pids.len();
        ensure!(self.pids.len() == live + past, "{live} live and {past} past pids are stored");
        let pids = self.pids.iter().filter(|(_, pid)| pid.is_live() && pid.key.0 != 0).count();
        ensure!(self.index.pids.len() == pids, "{pids} live pids, others are indexed");
        Ok(())
    }
}
