//! What a machine's serial console says: lines without control characters, and the few that mean
//! something to us.

/// A line that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// `exit-status: N`: the command is over.
    Exit(i32),
    /// The kernel gave up.
    Panic,
    /// `result PLAN SCENARIO pass|fail|skip TEXT`.
    Verdict(Verdict),
    Other,
}

/// How one scenario went under one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) plan: String,
    pub(crate) scenario: String,
    pub(crate) outcome: Outcome,
    /// Why it failed or was skipped.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Skip,
}

impl Line {
    pub(crate) fn parse(line: &str) -> Self {
        // A command may have left its last line open: the status then stands behind it.
        if let Some((_, status)) = line.rsplit_once("exit-status: ") {
            return status.trim().parse().map_or(Self::Other, Self::Exit);
        }
        if line.contains("Kernel panic - not syncing") {
            return Self::Panic;
        }
        Verdict::parse(line).map_or(Self::Other, Self::Verdict)
    }
}

impl Verdict {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("result ")?.splitn(4, ' ');
        let (plan, scenario) = (words.next()?.to_owned(), words.next()?.to_owned());
        let outcome = match words.next()? {
            "pass" => Outcome::Pass,
            "fail" => Outcome::Fail,
            "skip" => Outcome::Skip,
            _ => return None,
        };
        let text = words.next().unwrap_or_default().trim().to_owned();
        Some(Self { plan, scenario, outcome, text })
    }
}

/// Removes escape sequences and control characters from a line as it came over the wire.
pub(crate) fn clean(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            if chars.next_if_eq(&'[').is_some() {
                // A control sequence ends with its first letter or `@`, `~`, ….
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            } else {
                chars.next();
            }
        } else if c == '\t' || !c.is_control() {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_removed_and_text_kept() {
        assert_eq!(clean(b"\x1b[2J\x1b[1;1Hresult \xc3\xa9\tx\r"), "result é\tx");
        assert_eq!(clean(b"\x1bcBooting\x07"), "Booting");
        assert_eq!(clean(b"cut \x1b["), "cut ");
    }

    #[test]
    fn verdicts_carry_their_reason() {
        let line = Line::parse("result kprobe set_tid skip no CAP_CHECKPOINT_RESTORE here");
        let Line::Verdict(verdict) = line else { panic!("{line:?}") };
        assert_eq!((verdict.plan.as_str(), verdict.scenario.as_str()), ("kprobe", "set_tid"));
        assert_eq!(verdict.outcome, Outcome::Skip);
        assert_eq!(verdict.text, "no CAP_CHECKPOINT_RESTORE here");
        assert!(
            matches!(Line::parse("result kprobe fork pass"), Line::Verdict(v) if v.text.is_empty())
        );
    }

    #[test]
    fn other_lines_mean_nothing() {
        assert_eq!(Line::parse("result kprobe fork maybe"), Line::Other);
        assert_eq!(Line::parse("results: 3"), Line::Other);
        assert_eq!(Line::parse("exit-status: "), Line::Other);
        assert_eq!(Line::parse("exit-status: 3"), Line::Exit(3));
        assert_eq!(Line::parse("no line breakexit-status: 0"), Line::Exit(0));
        assert_eq!(Line::parse("[ 1.0] Kernel panic - not syncing: No working init"), Line::Panic);
    }
}
