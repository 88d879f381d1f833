//! From a question to its answer, from the tables as they are at that moment.

use tracer::{
    check::Policy,
    view::{
        Json,
        check::{self, Findings},
        escape,
    },
};

use super::{
    feed::Refused,
    health, metrics,
    question::{Asked, Form},
    watch::Seen,
};
use crate::{
    cli::Verb,
    command::{
        containers, fault::Fault, moment::Moment, ns, pid, ps, select, show, trace::Trace, tree,
    },
};

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status, as HTTP has it.
    pub(super) status: u16,
    /// What the body is.
    pub(super) media: &'static str,
    /// The body.
    pub(super) body: String,
    /// The number of the event as of which it is: so many were taken in. Recordings do not count them.
    pub(super) event: Option<u64>,
    /// The time of that, ns since boot.
    pub(super) ts: u64,
    /// Nothing is missing from the tables.
    pub(super) certain: bool,
}

/// Status, what the body is, and the body.
pub(super) type Said = (u16, &'static str, String);

/// JSON lines.
pub(super) const LINES: &str = "application/x-ndjson; charset=utf-8";

/// Text.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// One JSON value.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// Metrics.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers what is asked of the tables.
pub(super) fn answer(trace: &mut Trace, seen: &Seen, asked: &Asked, form: Form) -> Answer {
    let moment = moment(trace, seen);
    let said = match asked {
        Asked::Say(verb) => said(&moment, verb, form),
        Asked::Check => judged(trace, form),
        Asked::Coverage => (200, LINES, moment.json(|_, _| ())),
        Asked::Health => health::say(trace, seen),
        Asked::Metrics => (200, METRICS, metrics::write(trace, seen)),
    };
    dated(trace, seen, said)
}

/// Why somebody is not told of events.
pub(super) fn unheard(trace: &Trace, seen: &Seen, why: Refused) -> Answer {
    let said = match why {
        Refused::Fault(fault) => refused(fault),
        Refused::Full => (503, JSON, error("too many clients listen already", "try again later")),
    };
    dated(trace, seen, said)
}

/// The tables as they are.
pub(super) fn moment<'a>(trace: &'a Trace, seen: &Seen) -> Moment<'a> {
    let (world, host, coverage) = (trace.world(), trace.host(), trace.coverage());
    Moment { world, ts: seen.ts, host, coverage }
}

/// An answer, as of now.
fn dated(trace: &Trace, seen: &Seen, said: Said) -> Answer {
    let (status, media, body) = said;
    let certain = trace.world().certain_since().is_some();
    Answer { status, media, body, event: Some(seen.events), ts: seen.ts, certain }
}

/// There is no answer now.
pub(super) fn unavailable(seen: &Seen, why: &str, help: &str) -> Answer {
    let (body, event, ts) = (error(why, help), Some(seen.events), seen.ts);
    Answer { status: 503, media: JSON, body, event, ts, certain: false }
}

/// What a verb says.
fn said(now: &Moment<'_>, verb: &Verb, form: Form) -> Said {
    let style = form.style;
    let said = match verb {
        Verb::Ps(args) => ps::say(now, args, style),
        Verb::Tree(args) => tree::say(now, args, style),
        Verb::Ns(args) => ns::say(now, args, style),
        Verb::Containers(args) => containers::say(now, args, style),
        Verb::Pid(args) => match args.pid {
            Some(spec) => pid::say(now, spec, form.json, style),
            None => Err(Fault::unable("pid", "no PID is given", "")),
        },
        Verb::Show(args) => select::pid(now.world, args.pid)
            .and_then(|pid| show::say(now, pid, None, form.json, style)),
        _ => Err(Fault::unable("this verb", "the daemon does not answer it", "")),
    };
    match said {
        Ok(text) => (200, if form.json { LINES } else { TEXT }, text),
        Err(fault) => refused(fault),
    }
}

/// Why there is no such answer.
pub(super) fn refused(fault: Fault) -> Said {
    let (status, what, help) = match fault {
        Fault::Absent { what, help } => (404, what, help),
        Fault::Unable { what, why, help } => (400, format!("{what}: {why}"), help),
        Fault::Failed(error) => (500, format!("{error:#}"), String::new()),
        Fault::ClosedPipe => (500, "a pipe was closed".into(), String::new()),
    };
    (status, JSON, error(&what, &help))
}

/// An error as a JSON object.
pub(super) fn error(what: &str, help: &str) -> String {
    let mut text = String::from("{\"type\":\"error\",\"message\":\"");
    escape::json(what.as_bytes(), &mut text);
    if !help.is_empty() {
        text.push_str("\",\"help\":\"");
        escape::json(help.as_bytes(), &mut text);
    }
    text.push_str("\"}\n");
    text
}

/// What the rules say so far.
fn judged(trace: &Trace, form: Form) -> Said {
    let Some(checker) = trace.judged() else {
        return (
            404,
            JSON,
            error("nothing is judged here", "the daemon was started with --no-check"),
        );
    };
    let report = checker.clone().finish(trace.world());
    let found = Findings {
        report: &report,
        policy: &Policy::default(),
        host: trace.host(),
        coverage: trace.coverage(),
        start: trace.begun(),
        damages: 0,
        blame: None,
        command: None,
    };
    let mut text = String::new();
    if form.json {
        let json = Json::new(found.host);
        json.header(found.coverage, &mut text);
        json.check(&found, &mut text);
        return (200, LINES, text);
    }
    check::text(&found, form.style, false, &mut text);
    (200, TEXT, text)
}
