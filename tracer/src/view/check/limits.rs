//! Who is to blame, held against the limits.

use super::Findings;
use crate::{
    past::{self, Breach, Limits},
    view::{Paint, Style, past::blame},
};

/// How long a zombie stands that is worth a line, ns: a shorter time is a parent's that just has not
/// come to it.
const STANDS: u64 = 1_000_000_000;

/// What was found of zombies, numbers, namespaces and failed forks.
#[derive(Clone, Debug)]
pub struct Blamed {
    /// Who is to blame.
    pub findings: past::Findings,
    /// What is tolerated.
    pub limits: Limits,
    /// What was not.
    pub breaches: Vec<Breach>,
}

impl Blamed {
    /// Holds what was found against the limits.
    pub fn new(findings: past::Findings, limits: Limits) -> Self {
        let breaches = findings.breaches(&limits);
        Self { findings, limits, breaches }
    }
}

/// Appends the limits that are exceeded, a line each.
pub(super) fn exceeded(found: &Findings<'_>, style: Style, out: &mut String) {
    let breaches = found.blame.into_iter().flat_map(|blamed| &blamed.breaches);
    for (at, Breach { limit, text, sure, .. }) in breaches.enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        let (word, paint) =
            if *sure { ("exceeded", Paint::Alarm) } else { ("unknown", Paint::End) };
        style.paint(paint, &format!("{word}: {}", limit.name()), out);
        out.push_str(": ");
        out.push_str(text);
        out.push('\n');
    }
}

/// Appends who is to blame. Unless it is `verbose`, only for what stands at the end and need not, and
/// for forks that failed.
pub(super) fn who(found: &Findings<'_>, style: Style, verbose: bool, out: &mut String) {
    let Some(Blamed { findings, .. }) = found.blame else { return };
    if verbose {
        return blame(style, findings, out);
    }
    let mut short = findings.clone();
    let (zombies, leaks) = (&mut short.zombies, &mut short.leaks);
    keep(&mut zombies.parents, &mut zombies.more, |it| it.left > 0 && it.left_ns >= STANDS);
    keep(&mut zombies.kept, &mut zombies.kept_more, |it| it.age >= STANDS);
    keep(&mut short.held.pids, &mut short.held.more, |it| it.awaited);
    keep(&mut leaks.list, &mut leaks.more, |it| !it.settling);
    blame(style, &short, out);
}

/// Leaves the others out, and also how many were left out before where they may be among those.
fn keep<T>(items: &mut Vec<T>, more: &mut u64, is_kept: impl FnMut(&T) -> bool) {
    let before = items.len();
    items.retain(is_kept);
    if items.len() < before {
        *more = 0;
    }
}
