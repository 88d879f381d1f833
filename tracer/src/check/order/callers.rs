//! What the tasks that call clone are in the midst of, as far as it has been told.
//!
//! A small table with one place for many tasks: what is pushed out is not known, and not judged.

/// Places.
const PLACES: usize = 1 << 10;

/// What a task is in the midst of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct Call {
    /// The key of the task; 0 for nobody.
    actor: u64,
    /// The key of the pid that it has allocated, and that no task has yet; 0 for none.
    pub(in crate::check) pid: u64,
    /// When.
    pub(in crate::check) since: u64,
    /// Its fork will fail: with this errno, or with any if it is negative. 0 if it will not.
    pub(in crate::check) errno: i32,
    /// Level-0 number of that pid.
    pub(in crate::check) nr: i32,
}

/// The calls by task.
#[derive(Clone, Debug)]
pub(in crate::check) struct Callers {
    places: Vec<Call>,
}

impl Default for Callers {
    fn default() -> Self {
        Self { places: vec![Call::default(); PLACES] }
    }
}

fn place(actor: u64) -> usize {
    (actor.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % PLACES
}

impl Callers {
    /// What a task is in the midst of; `None` if that is not known.
    #[inline]
    pub(in crate::check) fn get(&self, actor: u64) -> Option<Call> {
        self.places.get(place(actor)).copied().filter(|call| call.actor == actor && actor != 0)
    }

    /// A task does something: whatever it is in the midst of is known from here on.
    #[inline]
    pub(in crate::check) fn acts(&mut self, actor: u64) {
        if let Some(call) = self.places.get_mut(place(actor))
            && call.actor != actor
        {
            *call = Call { actor, ..Call::default() };
        }
    }

    /// A task has allocated a pid.
    pub(in crate::check) fn allocates(&mut self, actor: u64, (pid, nr): (u64, i32), since: u64) {
        self.set(Call { actor, pid, since, errno: 0, nr });
    }

    /// The fork that a task is in the midst of will fail.
    pub(in crate::check) fn fails(&mut self, actor: u64, errno: i32) {
        self.set(Call { actor, errno, ..Call::default() });
    }

    /// A task is in the midst of nothing.
    pub(in crate::check) fn ends(&mut self, actor: u64) {
        self.set(Call { actor, ..Call::default() });
    }

    fn set(&mut self, call: Call) {
        if let Some(slot) = self.places.get_mut(place(call.actor)) {
            *slot = call;
        }
    }

    /// Records are missing: nothing is known.
    pub(in crate::check) fn clear(&mut self) {
        self.places.fill(Call::default());
    }
}
