//! What a rule is.

use crate::coverage::Fact;

/// One invariant of the kernel's model.
#[derive(Debug)]
pub struct Rule {
    /// Its number: 1 to 64 are the model's invariants, those from 65 on are about the stream itself.
    pub number: u8,
    /// Its name on the command line: `unique-number`.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// Whether the kernel enforces it.
    pub severity: Severity,
    /// What a loss does to it.
    pub scope: Scope,
    /// What is promised, in a sentence.
    pub statement: &'static str,
    /// The kernel functions that enforce it, with their file.
    pub source: &'static str,
    /// What must be seen to judge it whole.
    pub needs: &'static [Need],
    /// What can be judged with less.
    pub weaker: Option<Weaker>,
    /// Legitimate behaviour that looks like a violation and is none.
    pub exceptions: &'static [&'static str],
    /// A history that violates it, in a sentence; its test is in the rule's file.
    pub trips: &'static str,
    /// A legal history that is close to it.
    pub near_miss: &'static str,
}

/// The form of a rule that needs less.
#[derive(Clone, Copy, Debug)]
pub struct Weaker {
    /// What must be seen to judge it.
    pub needs: &'static [Need],
    /// What is promised then.
    pub statement: &'static str,
}

/// What a rule must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A fact that a hook tells.
    Fact(Fact),
    /// `pid->ino`.
    PidIno,
    /// `sched_process_exit` says whether the whole group is dead.
    GroupDead,
    /// Something that no hook of this tracer reads: why not.
    Unread(&'static str),
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Every `struct pid` and its numbers.
    Pid,
    /// Tasks, threads and parents.
    Task,
    /// Process groups and sessions.
    Group,
    /// PID namespaces and nsproxies.
    Namespace,
    /// Births, in order.
    Order,
    /// From exec to the end, in order.
    Life,
    /// The stream of records itself.
    Stream,
}

impl Group {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pid => "pid",
            Self::Task => "task",
            Self::Group => "group",
            Self::Namespace => "namespace",
            Self::Order => "order",
            Self::Life => "life",
            Self::Stream => "stream",
        }
    }
}

/// Whether the kernel enforces a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does: a violation is a fault of the kernel, or of who says what it did.
    Strict,
    /// Mostly so: a violation is worth a look.
    Soft,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Soft => "soft",
        }
    }
}

/// What a loss does to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It is judged on events: one that was lost was not judged, for good.
    Event,
    /// It is judged on the tables, which the next sweep repairs.
    State,
}
