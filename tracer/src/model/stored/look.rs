//! What many tasks have in common: their names, and their looks.

use super::super::row::Look;
use super::super::{NsId, NsKind, NsSetId, TaskId, World};

impl World {
    /// Changes what a task has in common with others.
    pub(in crate::model) fn relook(&mut self, id: TaskId, change: impl FnOnce(&mut Look)) {
        if let Some((_, look)) = self.draft.as_mut().filter(|(task, _)| *task == id) {
            change(look);
            return;
        }
        let old = self.row(id).look;
        let mut look = *self.look(old);
        let before = look;
        change(&mut look);
        if look == before {
            return;
        }
        self.set_look(id, look);
    }

    /// The task that was being entered has all that is known of it.
    pub(in crate::model) fn settle_look(&mut self) {
        if let Some((id, look)) = self.draft.take() {
            self.set_look(id, look);
        }
    }

    fn set_look(&mut self, id: TaskId, look: Look) {
        let old = self.row(id).look;
        let (new, first) = self.looks.take(&look);
        if first && let Some(proxy) = self.proxies.get_mut(look.ns_set) {
            proxy.looks += 1;
        }
        match self.tasks.get_mut(id) {
            Some(row) => row.look = new,
            None => self.drop_look(new),
        }
        self.drop_look(old);
    }

    /// What a task has in common with others.
    #[inline]
    pub(in crate::model) fn look_of(&self, id: TaskId) -> &Look {
        match &self.draft {
            Some((task, look)) if *task == id => look,
            _ => self.look(self.row(id).look),
        }
    }

    pub(in crate::model) fn drop_look(&mut self, look: u32) {
        if let Some(last) = self.looks.drop(look) {
            self.drop_proxy(last.ns_set);
        }
    }

    /// A combination of namespaces is used by one look less.
    fn drop_proxy(&mut self, set: NsSetId) {
        let Some(proxy) = self.proxies.get_mut(set) else { return };
        proxy.looks = proxy.looks.saturating_sub(1);
        if proxy.looks == 0 {
            let kinds = proxy.kinds;
            self.index.proxies.remove(&kinds);
            self.proxies.remove(set);
        }
    }

    /// Renames a task; answers its old name.
    pub(in crate::model) fn set_comm(&mut self, id: TaskId, comm: [u8; 16]) -> [u8; 16] {
        let Some(row) = self.tasks.get(id) else { return [0; 16] };
        let (old, name) = (row.comm, self.comm(row));
        if name == comm {
            return name;
        }
        let (new, _) = self.comms.take(&comm);
        if let Some(row) = self.tasks.get_mut(id) {
            row.comm = new;
        }
        self.comms.drop(old);
        name
    }

    /// The combination of namespaces that a task has.
    #[inline]
    pub(in crate::model) fn ns_set(&self, id: TaskId) -> NsSetId {
        self.look_of(id).ns_set
    }

    /// Where its children will be born.
    #[inline]
    pub fn for_children(&self, id: TaskId) -> Option<NsId> {
        self.look_of(id).for_children
    }

    /// The namespaces a task is in, in the order of [`NsKind::ALL`].
    pub fn namespaces_of(&self, task: TaskId) -> [Option<NsId>; 8] {
        self.kinds_of(self.ns_set(task))
    }

    pub(in crate::model) fn kinds_of(&self, set: NsSetId) -> [Option<NsId>; 8] {
        self.proxies.get(set).map_or([None; 8], |proxy| proxy.kinds)
    }

    /// The namespace the task itself is in (`task_active_pid_ns`).
    pub fn task_active_pid_ns(&self, task: TaskId) -> Option<NsId> {
        let own = self.pid_of(task).and_then(|pid| self.deepest(pid));
        own.or_else(|| *self.proxies.get(self.ns_set(task))?.kinds.get(NsKind::Pid.index())?)
    }
}
