//! What may be tolerated, and what is not.

use std::fmt::Write as _;

use super::super::facts::Named;
use super::Findings;
use crate::model::NsKind;
use crate::view::{escape, text, time};

/// What is tolerated; `None`: anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Zombies that may stand at the end.
    pub max_zombies: Option<u64>,
    /// How long a zombie may stand, ns, whether it is reaped or not.
    pub max_zombie_age: Option<u64>,
    /// Forks that may fail.
    pub max_failed_forks: Option<u64>,
    /// No namespace that was made under our eyes may be there at the end.
    pub no_leaked_namespaces: bool,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::max_zombies`].
    MaxZombies,
    /// [`Limits::max_zombie_age`].
    MaxZombieAge,
    /// [`Limits::max_failed_forks`].
    MaxFailedForks,
    /// [`Limits::no_leaked_namespaces`].
    NoLeakedNamespaces,
}

impl Limit {
    /// Its name, as its option has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxZombies => "max-zombies",
            Self::MaxZombieAge => "max-zombie-age",
            Self::MaxFailedForks => "max-failed-forks",
            Self::NoLeakedNamespaces => "no-leaked-namespaces",
        }
    }
}

/// A limit that was exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub limit: Limit,
    /// Who or what is to blame: plain text, harmless.
    pub subject: String,
    /// What is wrong: plain text, harmless.
    pub text: String,
    /// It is so whatever was lost or could not be seen; else it may be an error.
    pub sure: bool,
}

impl Findings {
    /// Which limits were exceeded.
    pub fn breaches(&self, limits: &Limits) -> Vec<Breach> {
        let mut all = Vec::new();
        all.extend(limits.max_zombies.and_then(|most| self.zombies(most)));
        if let Some(most) = limits.max_zombie_age {
            self.ages(most, &mut all);
        }
        all.extend(limits.max_failed_forks.and_then(|most| self.forks(most)));
        if limits.no_leaked_namespaces {
            self.spaces(&mut all);
        }
        all
    }

    fn zombies(&self, most: u64) -> Option<Breach> {
        let zombies = &self.zombies;
        let found = if self.slack == 0 { zombies.left } else { zombies.left_surely };
        if found <= most {
            return None;
        }
        let worst = zombies.parents.iter().max_by_key(|it| it.left).filter(|it| it.left > 0);
        let subject = text::made(|out| who(worst.and_then(|it| it.parent.as_ref()), out));
        let mut text = format!("zombies left: {found}, allowed: {most}");
        if let Some(worst) = worst {
            let _ = write!(text, "; {} of them are not reaped by {subject}", worst.left);
        }
        Some(Breach { limit: Limit::MaxZombies, subject, text, sure: self.certain })
    }

    fn ages(&self, most: u64, all: &mut Vec<Breach>) {
        let before = all.len();
        let over = |age: u64| age.saturating_sub(self.slack) > most;
        for it in self.zombies.parents.iter().filter(|it| over(it.longest)) {
            let subject = text::made(|out| who(it.parent.as_ref(), out));
            let mut text = format!("{subject} let a zombie stand for ");
            aged(&mut text, it.longest, most);
            // What was reaped was seen to be; what stands may have been reaped unseen.
            let sure = self.certain || it.left == 0;
            all.push(Breach { limit: Limit::MaxZombieAge, subject, text, sure });
        }
        let Some(it) = self.zombies.longest.filter(|it| over(it.age)) else { return };
        if all.len() == before {
            let subject = text::made(|out| who(Some(&it.zombie), out));
            let mut text = format!("{subject} was a zombie for ");
            aged(&mut text, it.age, most);
            let sure = self.certain || it.reaped;
            all.push(Breach { limit: Limit::MaxZombieAge, subject, text, sure });
        }
    }

    fn forks(&self, most: u64) -> Option<Breach> {
        let total = self.failures.total;
        if total <= most {
            return None;
        }
        let first = self.failures.kinds.first();
        let subject = first.and_then(|it| it.processes.first());
        let subject = text::made(|out| who(subject, out));
        let mut text = format!("forks failed: {total}, allowed: {most}");
        if let Some(it) = first {
            let _ = write!(text, "; {} of them: {} in ", it.count, it.refusal.describe());
            text::space(NsKind::Pid, it.inum, &mut text);
        }
        Some(Breach { limit: Limit::MaxFailedForks, subject, text, sure: true })
    }

    fn spaces(&self, all: &mut Vec<Breach>) {
        for leak in self.leaks.list.iter().filter(|leak| !leak.settling) {
            let subject = text::made(|out| text::space(leak.space.kind, leak.space.inum, out));
            let mut text = format!("{subject}, made by ");
            who(leak.creator.as_ref(), &mut text);
            text.push_str(", is still there: ");
            for (index, holder) in leak.holders.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "; " });
                crate::view::past::holder(holder, &mut text);
            }
            let limit = Limit::NoLeakedNamespaces;
            all.push(Breach { limit, subject, text, sure: leak.sure });
        }
        let more = self.leaks.more;
        if more > 0 {
            let text = format!("{more} more namespaces are still there");
            let (limit, subject) = (Limit::NoLeakedNamespaces, String::new());
            all.push(Breach { limit, subject, text, sure: false });
        }
    }
}

fn aged(text: &mut String, age: u64, most: u64) {
    time::duration(age, text);
    text.push_str(", ");
    time::duration(most, text);
    text.push_str(" is allowed");
}

/// Appends a process as `6401 (bash)`.
fn who(named: Option<&Named>, out: &mut String) {
    let Some(named) = named else {
        out.push_str("somebody unknown");
        return;
    };
    let _ = write!(out, "{}", named.tgid);
    if !escape::name(&named.comm).is_empty() {
        out.push_str(" (");
        escape::comm(&named.comm, out);
        out.push(')');
    }
}
