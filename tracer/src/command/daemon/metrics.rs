//! Everything that is counted, in OpenMetrics. No label is a PID, or text from a traced process.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tracer::{
    kernel::Run,
    model::{NsFate, NsKind},
    view::names,
};

use super::{
    memory::Shed,
    own,
    watch::{Load, Seen},
};
use crate::command::trace::Trace;

/// Label and value.
type Labels = Vec<(&'static str, String)>;

/// What is registered.
#[derive(Default)]
struct Page(Registry);

impl Page {
    fn counter(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Counter>::default();
        for (labels, count) in rows {
            family.get_or_create(&labels).inc_by(count);
        }
        self.0.register(name, help, family);
    }

    fn gauge(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels, i64)>) {
        let family = Family::<Labels, Gauge>::default();
        for (labels, value) in rows {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }
}

fn one<N>(value: N) -> [(Labels, N); 1] {
    [(Vec::new(), value)]
}

fn by<N>(label: &'static str, name: &str, value: N) -> (Labels, N) {
    (vec![(label, name.to_owned())], value)
}

/// The page.
pub(super) fn write(trace: &mut Trace, seen: &Seen) -> String {
    let mut page = Page(Registry::with_prefix("tracer"));
    stream(&mut page, trace, seen);
    tables(&mut page, trace);
    spaces(&mut page, trace);
    rules(&mut page, trace);
    programs(&mut page, trace);
    process(&mut page, trace, seen);
    queues(&mut page, trace, seen);
    let mut text = String::new();
    // A String takes everything.
    let _never = encode(&mut text, &page.0);
    text
}

/// What came, and what did not.
fn stream(page: &mut Page, trace: &Trace, seen: &Seen) {
    let kinds = seen.kinds().map(|(kind, count)| by("type", names::record(kind), count));
    page.counter("events", "Events taken in", kinds);
    let counters = trace.counters();
    page.counter(
        "events_lost",
        "Records that are missing, by where they were lost",
        [
            by("where", "ringbuf", counters.ring_full),
            by("where", "skipped", counters.recursion),
            by("where", "missed_return", counters.missed_returns),
        ],
    );
    page.counter("gaps", "Gaps in the stream that were told", one(seen.gaps));
    let resyncs = trace.resyncs();
    page.counter(
        "resyncs",
        "Comparisons of the tables with the kernel's tasks that were begun, by reason",
        [
            by("reason", "start", 1),
            by("reason", "loss", resyncs.loss),
            by("reason", "audit", resyncs.audit),
            by("reason", "recording", seen.resumed),
        ],
    );
    page.counter("sweeps", "Sweeps of the kernel's tasks that were completed", one(seen.sweeps));
    let certain = trace.world().certain_since().is_some();
    page.gauge("tables_certain", "Nothing is missing from the tables", one(certain.into()));
}

/// Tasks and pids.
fn tables(page: &mut Page, trace: &Trace) {
    let counts = trace.world().counts();
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    page.gauge(
        "tasks",
        "Tasks by state; history is of released ones that are kept",
        [
            by("state", "live", count(counts.tasks - counts.zombies)),
            by("state", "zombie", count(counts.zombies)),
            by("state", "history", count(counts.past_tasks)),
        ],
    );
    page.gauge("processes", "Thread groups that are not released", one(count(counts.processes)));
    page.gauge("kernel_threads", "Kernel threads", one(count(counts.kernel_threads)));
    page.gauge("pids", "Pids whose numbers are in use", one(count(counts.pids)));
    let kinds = NsKind::ALL.into_iter().zip(counts.namespaces);
    let kinds = kinds.map(|(kind, many)| by("type", kind.name(), count(many)));
    page.gauge("namespaces", "Namespaces that certainly exist, by type", kinds);
    let containers = trace.world().cgroups().filter(|(_, it)| it.container.is_some()).count();
    page.gauge("container_cgroups", "Cgroups that belong to containers", one(count(containers)));
}

/// How full the PID namespaces are: those that come nearest to their limit, without a name.
fn spaces(page: &mut Page, trace: &Trace) {
    let world = trace.world();
    let limit = i64::from(trace.host().pid_max);
    let all = world.namespaces().filter_map(|id| {
        let ns = world.ns(id);
        let pid = ns.pid.as_ref().filter(|_| ns.fate != NsFate::Destroyed)?;
        let most = if pid.pid_max > 0 { i64::from(pid.pid_max) } else { limit };
        Some((i64::from(pid.members), most.max(1)))
    });
    let fullest = all.max_by_key(|&(members, most)| members.saturating_mul(1_000_000) / most);
    let (members, most) = fullest.unwrap_or((0, limit));
    page.gauge(
        "fullest_pid_namespace_pids",
        "Pids with a number in the PID namespace that is nearest to its pid_max",
        one(members),
    );
    page.gauge(
        "fullest_pid_namespace_pid_max",
        "pid_max of the PID namespace that is nearest to it",
        one(most),
    );
}

/// What the rules have found.
fn rules(page: &mut Page, trace: &Trace) {
    let Some(checker) = trace.judged() else { return };
    let rows = checker.counts().flat_map(|count| {
        let held = count.tested.saturating_sub(count.violated + count.doubted);
        let row = |verdict: &str, many| {
            (vec![("invariant", count.rule.id.to_owned()), ("verdict", verdict.to_owned())], many)
        };
        [row("hold", held), row("violated", count.violated), row("unknown", count.doubted)]
    });
    page.counter(
        "invariant_checks",
        "Tests of the kernel's invariants, by what came of them",
        rows,
    );
}

/// What the kernel measures of the programs, if it was asked to.
fn programs(page: &mut Page, trace: &Trace) {
    let runs = trace.runs();
    if runs.is_empty() {
        return;
    }
    let each = |run: &Run| by("prog", &run.program, run.runs);
    page.counter("bpf_prog_runs", "Runs of the BPF programs", runs.iter().map(each));
    let family = Family::<Labels, Counter<f64, AtomicU64>>::default();
    for run in &runs {
        let labels = vec![("prog", run.program.clone())];
        family.get_or_create(&labels).inc_by(run.time.as_secs_f64());
    }
    page.0.register("bpf_prog_seconds", "Time that the BPF programs ran", family);
}

/// What waits, and for how much there is room.
fn queues(page: &mut Page, trace: &mut Trace, seen: &Seen) {
    let (size, peak) = trace.ring();
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    page.gauge("ring_size_bytes", "Bytes of the ring", one(bytes(size)));
    page.gauge(
        "ring_peak_bytes",
        "Most bytes that were read of the ring at once since the last look at this page",
        one(bytes(peak)),
    );
    let Load { connections, waiting, listeners, unheard } = seen.load;
    let count = |count: usize| one(i64::try_from(count).unwrap_or(i64::MAX));
    page.gauge("connections", "Connections of clients", count(connections));
    page.gauge("questions_waiting", "Questions that wait for an answer", count(waiting));
    page.gauge("listeners", "Clients that listen to what happens", count(listeners));
    page.gauge("listeners_bytes", "Bytes of events that wait for clients", count(unheard));
}

/// What it costs.
fn process(page: &mut Page, trace: &Trace, seen: &Seen) {
    let own = own::usage();
    page.counter(
        "process_cpu_microseconds",
        "CPU time of this process, user and system, microseconds",
        one(own.cpu_us),
    );
    page.gauge("process_resident_memory_bytes", "Memory that is resident", one(own.resident));
    let Shed { history, backlog, answers } = seen.shed;
    page.counter(
        "shed",
        "What was given up to stay below --max-memory",
        [
            by("what", "history", history),
            by("what", "backlog", backlog),
            by("what", "answers", answers),
        ],
    );
    if let Some(confined) = &seen.confined {
        let row = |how: &str, is: bool| by("by", how, i64::from(is));
        page.gauge(
            "confined",
            "What holds the daemon back, by means",
            [
                row("no_new_privs", confined.no_new_privs),
                row("seccomp", confined.seccomp.is_ok()),
                row("landlock", confined.landlock.is_ok()),
            ],
        );
    }
    if let Some(keep) = trace.keep() {
        let (events, written) = keep.progress();
        page.counter("recorded_events", "Events that were recorded", one(events));
        page.gauge(
            "recording_file_bytes",
            "Bytes of the file that is written",
            one(i64::try_from(written.file).unwrap_or(i64::MAX)),
        );
    }
}
