//! In which form a rule can be judged here.

use super::{Need, Rule};
use crate::coverage::Coverage;

/// In which form a rule is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it stands.
    Full,
    /// In its weaker form; why not whole.
    Weaker(String),
    /// Not at all; why.
    Uncovered(String),
    /// Not at all: the user left it out.
    Skipped,
}

impl Form {
    /// The form that a coverage allows.
    pub fn of(rule: &Rule, coverage: &Coverage) -> Self {
        let Some(lack) = lack(rule.needs, coverage) else { return Self::Full };
        match &rule.weaker {
            Some(weaker) if self::lack(weaker.needs, coverage).is_none() => Self::Weaker(lack),
            _ => Self::Uncovered(lack),
        }
    }

    /// Whether it is judged at all.
    pub fn is_judged(&self) -> bool {
        matches!(self, Self::Full | Self::Weaker(_))
    }
}

/// The first need that is not met, in words.
fn lack(needs: &[Need], coverage: &Coverage) -> Option<String> {
    needs.iter().find_map(|&need| match need {
        Need::Fact(fact) if coverage.sees_all(fact) => None,
        Need::Fact(fact) if coverage.sees(fact) => Some(format!(
            "{} is not always seen: a kprobe in a softirq may be skipped",
            fact.name()
        )),
        Need::Fact(fact) => {
            let refused = coverage.hooks.iter().filter(|hook| hook.fact == fact);
            let mut why = refused.filter_map(|hook| Some((&hook.place, hook.refused.as_ref()?)));
            Some(match why.next() {
                Some((place, why)) => format!("{} is not seen: {place}: {why}", fact.name()),
                None => format!("{} is not seen: no hook was tried", fact.name()),
            })
        }
        Need::PidIno => (!coverage.pid_ino).then(|| "this kernel has no pid->ino".to_owned()),
        Need::GroupDead => (!coverage.group_dead)
            .then(|| "sched_process_exit does not say here whether the group is dead".to_owned()),
        Need::Unread(why) => Some(why.to_owned()),
    })
}
