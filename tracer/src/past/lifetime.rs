//! How long a number was in use, by whom, and the answer to "whose was it then".

use super::facts::{Identity, Numbers};
use crate::model::{Certainty, PidId, TaskId};

/// Names that are kept of one holder; later ones replace the last.
const NAMES: usize = 64;

/// One use of a number: from its allocation until it was free again.
#[derive(Clone, Debug)]
pub struct Lifetime {
    /// The whole vector.
    pub numbers: Numbers,
    /// When its use began, ns since boot; what that means is in [`Lifetime::since`].
    pub from: u64,
    /// How [`Lifetime::from`] is known.
    pub since: Since,
    /// When it was free again; `None` if it was still in use when the events ended.
    pub until: Option<u64>,
    /// The end was not seen: it had happened by [`Lifetime::until`].
    pub until_inferred: bool,
    /// The identity of the task that has or had it last; unknown if none had.
    pub identity: Identity,
    /// Level-0 number of that task's thread group; 0 if unknown.
    pub tgid: i32,
    /// How we know of that task; `None` if no task had the number.
    pub certainty: Option<Certainty>,
    /// Its task's names, each from when it had it.
    names: Vec<(u64, [u8; 16])>,
    pub(super) key: Key,
}

/// What has the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Pid(PidId),
    /// A task whose pid is not known.
    Task(TaskId),
}

/// How the beginning of a lifetime is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The allocation or the birth was seen.
    Exact,
    /// It was found, and its task's start is known: the number is as old.
    Start,
    /// It was found then, and had been in use for an unknown time.
    Before,
}

impl Lifetime {
    pub(super) fn new(key: Key, numbers: Numbers, from: u64, since: Since) -> Self {
        Self {
            numbers,
            from,
            since,
            until: None,
            until_inferred: false,
            identity: Identity::default(),
            tgid: 0,
            certainty: None,
            names: Vec::new(),
            key,
        }
    }

    /// Its task has this name from this time on.
    pub(super) fn named(&mut self, ts: u64, comm: [u8; 16]) {
        let full = self.names.len() >= NAMES;
        match self.names.last_mut() {
            Some((_, last)) if *last == comm => (),
            Some(last) if last.0 == ts || full => *last = (ts, comm),
            _ => self.names.push((ts, comm)),
        }
    }

    /// Its task's name at a time; the first one known for any time before. All NUL if none is.
    pub fn name_at(&self, ts: u64) -> [u8; 16] {
        let later = self.names.partition_point(|&(from, _)| from <= ts);
        let name = self.names.get(later.saturating_sub(1));
        name.map_or([0; 16], |&(_, comm)| comm)
    }

    /// Whether the number was in use at a time.
    pub fn covers(&self, ts: u64) -> bool {
        self.from <= ts && self.until.is_none_or(|until| ts < until)
    }

    /// How its beginning and its end are known, in a word: `exact`, `inferred`, `snapshot`.
    pub fn certainty(&self) -> &'static str {
        match (self.since, self.certainty) {
            (_, Some(Certainty::Inferred)) => "inferred",
            (Since::Exact, _) if self.until_inferred => "inferred",
            (Since::Exact, _) => "exact",
            (Since::Start | Since::Before, _) => "snapshot",
        }
    }
}

/// Whose a number was at a time.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// It was in use.
    Held {
        /// By this.
        by: &'a Lifetime,
        /// That is certain. If not, its end may have been lost.
        sure: bool,
    },
    /// It was certainly free.
    Free {
        /// Who had it last.
        before: Option<&'a Lifetime>,
        /// Who got it next.
        after: Option<&'a Lifetime>,
    },
    /// The events do not say.
    Unknown {
        /// Why.
        why: Unknown,
        /// Who had it last, as far as is known.
        before: Option<&'a Lifetime>,
        /// Who got it next, as far as is known.
        after: Option<&'a Lifetime>,
    },
}

/// Why events do not say whose a number was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They had not begun, or the first sweep was not complete.
    Before(u64),
    /// They had ended.
    After(u64),
    /// Records were lost, and no sweep had made up for them.
    Lost {
        /// From then.
        from: u64,
        /// Until then.
        until: u64,
    },
    /// What was known of this time was dropped, as there is too much.
    Dropped(u64),
}
