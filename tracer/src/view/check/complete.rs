//! What a second witness says of whether everything was seen.

use std::fmt::Write as _;

use super::seconds;
use crate::{
    check::{Completeness, Counted, Gap, Numbers},
    model::NsKind,
    view::{summary::counted, text},
};

/// Intervals of one sort that are said.
const SHOWN: usize = 4;

/// What there is to say, each in a line.
pub(super) fn lines(known: &Completeness, start: u64) -> Vec<String> {
    let mut lines = Vec::new();
    if !known.is_complete() {
        let mut said = counts(known);
        said.extend(gaps(&known.gaps, start));
        said.extend(numbers(&known.numbers));
        lines.push(format!("NOT complete: {}", said.join("; ")));
        return lines;
    }
    match known.forks {
        Some(forks) => {
            let mut line = format!(
                "complete: {} by the kernel's own count, all seen",
                counted(forks.kernel, "fork")
            );
            if let Some(tasks) = known.tasks {
                let _ =
                    write!(line, "; {} at the end, as it counts them", counted(tasks.seen, "task"));
            }
            lines.push(line);
        }
        None => lines.push(
            "whether it is complete is not known: the kernel's own counts are missing".into(),
        ),
    }
    let passed = numbers(&known.numbers);
    if let Some(passed) = passed {
        lines.push(format!("{passed}: births that failed leave such numbers"));
    }
    lines
}

/// Where the kernel's counts and ours differ.
fn counts(known: &Completeness) -> Vec<String> {
    let mut said = Vec::new();
    let differs = |it: &&Counted| it.kernel != it.seen;
    if let Some(Counted { kernel, seen }) = known.forks.as_ref().filter(differs) {
        said.push(if kernel > seen {
            format!("the kernel made {} that were not seen", counted(kernel - seen, "fork"))
        } else {
            format!("{} were told that the kernel did not make", counted(seen - kernel, "fork"))
        });
    }
    if let Some(Counted { kernel, seen }) = known.tasks.as_ref().filter(differs) {
        said.push(format!("the kernel counts {}, {seen} are known", counted(*kernel, "task")));
    }
    for (inum, Counted { kernel, seen }) in known.uncounted.iter().take(SHOWN) {
        let space = text::made(|out| text::space(NsKind::Pid, *inum, out));
        let count = counted(*kernel, "number");
        said.push(format!("{space} has {count} in use by the kernel's count, {seen} are known"));
    }
    said.extend(more(known.uncounted.len(), "namespaces"));
    said
}

/// When records are missing.
fn gaps(gaps: &[Gap], start: u64) -> Vec<String> {
    let mut said: Vec<_> = gaps.iter().take(SHOWN).map(|gap| one(*gap, start)).collect();
    said.extend(more(gaps.len(), "intervals"));
    said
}

fn one(Gap { since, until, count }: Gap, start: u64) -> String {
    text::made(|out| {
        out.push_str(&counted(count, "record"));
        out.push_str(" missing ");
        if since != 0 {
            out.push_str("from ");
            seconds(since, start, out);
            out.push_str(" to ");
        } else {
            out.push_str("before ");
        }
        seconds(until, start, out);
    })
}

/// Numbers that nobody accounts for; `None` if there are none.
fn numbers(all: &[Numbers]) -> Option<String> {
    let mut said = Vec::new();
    for Numbers { inum, from, to } in all.iter().take(SHOWN) {
        said.push(text::made(|out| {
            let _ = write!(out, "{from}");
            if to > from {
                let _ = write!(out, "-{to}");
            }
            out.push_str(" of ");
            text::space(NsKind::Pid, *inum, out);
        }));
    }
    said.extend(more(all.len(), "intervals"));
    (!said.is_empty()).then(|| format!("numbers {} are not accounted for", said.join(", ")))
}

fn more(all: usize, what: &str) -> Option<String> {
    (all > SHOWN).then(|| format!("and {} more {what}", all - SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: Completeness = Completeness {
        forks: Some(Counted { kernel: 1234, seen: 1234 }),
        tasks: Some(Counted { kernel: 312, seen: 312 }),
        uncounted: vec![],
        numbers: vec![],
        gaps: vec![],
    };

    #[test]
    fn what_is_complete_is_said_with_the_counts_that_agree() {
        let said = "complete: 1234 forks by the kernel's own count, all seen; 312 tasks at the end, as \
                    it counts them";
        assert_eq!(lines(&COMPLETE, 0), [said]);
        let holes = vec![Numbers { inum: 7, from: 5, to: 5 }];
        let said =
            "numbers 5 of pid:[7] are not accounted for: births that failed leave such numbers";
        assert_eq!(lines(&Completeness { numbers: holes, ..COMPLETE }, 0).get(1).unwrap(), said);
        let said = lines(&Completeness::default(), 0);
        assert!(said[0].starts_with("whether it is complete is not known"), "{said:?}");
    }

    #[test]
    fn what_is_missing_is_said_with_its_time_and_numbers() {
        let known = Completeness {
            forks: Some(Counted { kernel: 10, seen: 7 }),
            tasks: Some(Counted { kernel: 3, seen: 2 }),
            uncounted: vec![(7, Counted { kernel: 3, seen: 2 })],
            numbers: vec![Numbers { inum: 7, from: 1234, to: 1236 }],
            gaps: vec![
                Gap { since: 2_200_000_000, until: 2_500_000_000, count: 3 },
                Gap { since: 0, until: 3_000_000_000, count: 1 },
            ],
        };
        let said = "NOT complete: the kernel made 3 forks that were not seen; the kernel counts 3 tasks, \
            2 are known; pid:[7] has 3 numbers in use by the kernel's count, 2 are known; 3 records \
            missing from +1.200000s to +1.500000s; 1 record missing before +2.000000s; numbers \
            1234-1236 of pid:[7] are not accounted for";
        assert_eq!(lines(&known, 1_000_000_000), [said]);
        let more = Completeness { forks: Some(Counted { kernel: 1, seen: 2 }), ..COMPLETE };
        assert!(lines(&more, 0)[0].contains("1 fork were told that the kernel did not make"));
        let gap = Gap { since: 1, until: 2, count: 1 };
        let many = Completeness { gaps: vec![gap; 9], ..COMPLETE };
        assert!(lines(&many, 0)[0].ends_with("; and 5 more intervals"));
    }
}
