//! Whose a number was at a time.

use super::life::numbers;
use super::{Json, Object, event};
use crate::filter::PidSpec;
use crate::past::{Answer, Lifetime, Since, Unknown};

impl Json {
    /// Appends the line that says whose a number was (`pid … --at`). `answer` is `held`, `free` or
    /// `unknown`; the lifetime's fields, or `before` and `after` with theirs.
    pub fn answer(&self, spec: PidSpec, ts: u64, answer: &Answer<'_>, out: &mut String) {
        let mut line = Object::line("lifetime", out);
        self.times(ts, &mut line);
        line.number("nr", spec.nr);
        line.known("ns_inum", spec.ns.unwrap_or(0));
        match answer {
            Answer::Held { by, sure } => {
                line.str("answer", "held");
                line.flag("sure", *sure);
                self.lifetime(by, ts, &mut line);
            }
            Answer::Free { before, after } => {
                line.str("answer", "free");
                self.around(*before, *after, &mut line);
            }
            Answer::Unknown { why, before, after } => {
                line.str("answer", "unknown");
                match *why {
                    Unknown::Before(until) => {
                        line.str("why", "before");
                        line.number("known_from", until);
                    }
                    Unknown::After(end) => {
                        line.str("why", "after");
                        line.number("known_until", end);
                    }
                    Unknown::Lost { from, until } => {
                        line.str("why", "lost");
                        line.number("lost_from", from);
                        line.number("lost_until", until);
                    }
                    Unknown::Dropped(until) => {
                        line.str("why", "dropped");
                        line.number("known_from", until);
                    }
                }
                self.around(*before, *after, &mut line);
            }
        }
        line.end();
    }

    fn around(&self, before: Option<&Lifetime>, after: Option<&Lifetime>, line: &mut Object<'_>) {
        for (key, lifetime) in [("before", before), ("after", after)] {
            if let Some(lifetime) = lifetime {
                let mut object = line.object(key);
                self.lifetime(lifetime, lifetime.until.unwrap_or(u64::MAX), &mut object);
                object.close();
            }
        }
    }

    /// The fields of a lifetime; its task's name is the one at `ts`.
    fn lifetime(&self, by: &Lifetime, ts: u64, line: &mut Object<'_>) {
        line.known("pid", by.tgid);
        line.known("tid", by.numbers.first().map_or(0, |first| first.nr));
        numbers("ns_pids", "ns_inums", &by.numbers, line);
        event::name(&by.name_at(ts), line);
        self.identity(by.identity, line);
        self.time("from", "from_time", by.from, line);
        let since = match by.since {
            Since::Exact => "exact",
            Since::Start => "start",
            Since::Before => "before",
        };
        line.str("from_is", since);
        if let Some(until) = by.until {
            self.time("until", "until_time", until, line);
            line.flag("until_inferred", by.until_inferred);
        }
        line.str("certainty", by.certainty());
    }
}
