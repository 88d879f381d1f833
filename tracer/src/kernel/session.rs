//! One run of tracing: hooks attached, ring open.

mod measure;
mod reveal;

use std::{
    cell::Cell,
    fs::File,
    io::Read as _,
    os::fd::{AsFd as _, OwnedFd},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use aya::{
    maps::{Array, MapData, PerCpuArray},
    programs::Iter,
};
use aya_log::EbpfLogger;

use super::{
    Options, Refused, census, facts,
    gapless::Gapless,
    hidden,
    load::{self, Loaded},
    log, memory, privilege,
    ring::{self, Bell, Ring},
    selftest,
};
use crate::{
    coverage::{Coverage, Fact, Hook, Plan},
    event::{Body, Detail, Event},
    host::Host,
    stream::Sink,
};

pub use measure::Run;

/// Counts of what the kernel side could not deliver, summed over CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records written.
    pub written: u64,
    /// Records lost because the ring was full.
    pub ring_full: u64,
    /// Runs skipped because the program was already running on the CPU (0 where not counted).
    pub recursion: u64,
    /// Return probes that the kernel missed.
    pub missed_returns: u64,
}

/// How long a function that is hooked at its return is given at the end.
const GRACE: Duration = Duration::from_millis(5);

/// The kernel side's counters of one CPU; mirrors `Counters` of the programs.
#[repr(C)]
#[derive(Clone, Copy)]
struct PerCpu {
    taken: u64,
    full: u64,
    entries: u64,
    returns: u64,
}
// SAFETY: four integers without padding.
unsafe impl aya::Pod for PerCpu {}

/// What the iterators are told; mirrors `Control` of the programs.
#[repr(C)]
#[derive(Clone, Copy)]
struct Control {
    generation: u64,
    tasks: u64,
    target: u64,
}
// SAFETY: three integers without padding.
unsafe impl aya::Pod for Control {}

/// One run of tracing. Dropping it detaches everything.
pub struct Session {
    // Dropped in this order: nothing writes to the ring any more when it goes.
    loaded: Loaded,
    ring: Ring,
    control: Array<MapData, Control>,
    counters: PerCpuArray<MapData, PerCpu>,
    log: Option<EbpfLogger<log::Stderr>>,
    host: Host,
    options: Options,
    plans: Vec<(Plan, Option<String>)>,
    generation: u64,
    gapless: Gapless,
    /// Losses when the cgroups were walked last; `None` before.
    walked: Option<u64>,
    /// Records that each CPU could not write, as far as they are told.
    revealed: Vec<u64>,
    /// Runs are measured as long as it is open.
    stats: Option<OwnedFd>,
    finished: bool,
}

impl Session {
    /// Loads the programs, attaches what the plan asks for (ends before beginnings), and drops the
    /// privileges that are no longer needed.
    pub fn start(options: &Options) -> Result<Self, Refused> {
        let host = facts::host();
        if !facts::in_initial_pid_ns() {
            return Err(Refused::Unable {
                what: "cannot see the whole host from inside a PID namespace".into(),
                why: "the kernel's task iterator shows only the namespace of its reader".into(),
                help: "run in the initial PID namespace (containers: --pid=host)".into(),
            });
        }
        privilege::check()?;
        let bytes = load::read_btf()?;
        let types = load::parse_btf(&bytes)?;
        let mut loaded = load::load(options, &types)?;
        let ring = Ring::open(&mut loaded.ebpf, options.lie)?;
        let log = log::open(&mut loaded.ebpf, options.log).context("the programs' own log")?;
        let control = Array::try_from(take(&mut loaded, "CONTROL")?).context("the control map")?;
        let counters =
            PerCpuArray::try_from(take(&mut loaded, "COUNTERS")?).context("the counters")?;
        if !options.snapshot_only {
            loaded.attach(options, &types)?;
        }
        let mut session = Self {
            loaded,
            ring,
            control,
            counters,
            log,
            host,
            options: options.clone(),
            plans: Vec::new(),
            generation: 0,
            gapless: Gapless::default(),
            walked: None,
            revealed: Vec::new(),
            stats: None,
            finished: false,
        };
        session.load_iterator("iter_task")?;
        session.load_iterator("iter_namespaces")?;
        session.loaded.coverage.hooks.push(Hook {
            fact: Fact::Snapshot,
            place: "iter/task".into(),
            plan: Plan::Tracepoint,
            refused: None,
        });
        if options.detail {
            session.load_iterator("iter_detail")?;
        }
        // 20 MB that nothing needs any more.
        session.loaded.btf = None;
        drop(types);
        drop(bytes);
        memory::give_back();
        if options.try_plans {
            session.plans = [Plan::Trampoline, Plan::Kprobe, Plan::Tracepoint]
                .map(|plan| (plan, session.loaded.refusal(plan, options)))
                .to_vec();
        }
        if !options.privileged {
            privilege::drop_unneeded(options.files)?;
        }
        Ok(session)
    }

    /// What is attached and what was refused.
    pub fn coverage(&self) -> &Coverage {
        &self.loaded.coverage
    }

    /// Each plan, and why it is not possible here; empty unless [`Options::try_plans`] asked.
    pub fn plans(&self) -> &[(Plan, Option<String>)] {
        &self.plans
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Sweeps all tasks by the iterator, handing on everything that comes meanwhile too, up to the
    /// sweep's end mark; then tasks that only `/proc` shows. The first sweep is the self-test as
    /// well: our own task must come out as `/proc/self` tells it.
    pub fn sweep(&mut self, sink: &mut Sink<'_>) -> Result<(), Refused> {
        let counters = self.census(false, sink);
        self.walk(counters, sink);
        self.generation += 1;
        let first = self.generation == 1;
        let mut test = selftest::SelfTest::new();
        let mut hidden = hidden::Hidden::default();
        let likely = first || self.loaded.coverage.hidden_tasks > 0;
        let ended = Cell::new(false);
        let generation = self.generation;
        let mut watch = |record: &[u8], event: &Event| {
            match &event.body {
                Body::Snapshot { task, vector, .. } => {
                    test.note(task, vector);
                    hidden.note(task, vector);
                }
                Body::SnapshotEnd(mark) if mark.generation == generation => {
                    ended.set(true);
                    // Before the end mark: the sweep is not complete without them.
                    hidden.find(likely, &event.header, generation, sink);
                }
                _ => {}
            }
            sink(record, event);
        };
        let control = Control { generation, tasks: 0, target: 0 };
        self.control.set(0, control, 0).context("telling the iterators")?;
        for pass in ["iter_task", "iter_namespaces"] {
            iterate(&mut self.loaded, &mut self.ring, pass, &mut watch, &ended)?;
        }
        self.ring.drain(&mut watch);
        if !ended.get() {
            return Err(anyhow!("the sweep's end mark was lost: the ring is too small").into());
        }
        self.loaded.coverage.hidden_tasks = hidden.count();
        if first {
            test.judge()?;
        }
        self.census(false, sink);
        Ok(())
    }

    /// Hands on the cgroups that are there, where the hooks cannot have told of all.
    fn walk(&mut self, counters: Counters, sink: &mut Sink<'_>) {
        let losses = counters.ring_full + counters.recursion;
        let blind = !self.loaded.coverage.sees(Fact::Cgroup);
        if blind || self.walked != Some(losses) {
            self.ring.drain(sink);
            self.loaded.hierarchy.walk(|event| ring::add(event, sink));
            self.walked = Some(losses);
        }
    }

    /// Reads what the kernel counts of itself, and hands it on behind everything that it counts:
    /// also, as a loss, what no gap in the sequence numbers shows.
    fn census(&mut self, last: bool, sink: &mut Sink<'_>) -> Counters {
        let counters = self.counters();
        let census = census::take(last);
        self.ring.drain(sink);
        let since = self.gapless.clean;
        let new = self.gapless.note(counters, census.header.ts);
        if new > 0 {
            ring::add(&census::skipped(new, since), sink);
        }
        ring::add(&census, sink);
        counters
    }

    /// Hands on the events that have come, waiting at most `timeout` for many.
    pub fn poll(&mut self, timeout: Duration, sink: &mut Sink<'_>) -> Result<usize, Refused> {
        self.ring.wait(timeout)?;
        if let Some(log) = &mut self.log {
            log.flush();
        }
        Ok(self.ring.drain(sink))
    }

    /// What ends a [`Session::poll`] before its time, from another thread.
    pub fn bell(&self) -> Result<Bell, Refused> {
        Ok(self.ring.bell()?)
    }

    /// Counts what is missing as lost, without waiting for records of the same CPUs to come. Records
    /// that an interrupt holds back are there within milliseconds: whoever calls this has waited.
    pub fn settle(&mut self, sink: &mut Sink<'_>) {
        self.ring.drain(sink);
        self.ring.settle(sink);
    }

    /// Detaches all hooks, then hands on what is still in the ring.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> Result<Counters, Refused> {
        if !self.finished {
            self.finished = true;
            // Twice: a function that has not returned yet is not missed.
            self.census(false, sink);
            self.poll(GRACE, sink)?;
            self.census(true, sink);
            let counters = self.counters();
            self.loaded.detach();
            self.ring.drain(sink);
            self.ring.settle(sink);
            return Ok(counters);
        }
        Ok(self.counters())
    }

    /// One task in detail (level-0 tid): its snapshot comes as an event, its detail as the answer.
    pub fn detail(&mut self, tid: i32, sink: &mut Sink<'_>) -> Result<Option<Detail>, Refused> {
        self.generation += 1;
        let mut found = None;
        let mut watch = |record: &[u8], event: &Event| match &event.body {
            Body::Detail(detail) => found = Some(**detail),
            _ => sink(record, event),
        };
        let control =
            Control { generation: self.generation, tasks: 0, target: tid.unsigned_abs().into() };
        self.control.set(0, control, 0).context("telling the iterator")?;
        let ended = Cell::new(false);
        iterate(&mut self.loaded, &mut self.ring, "iter_detail", &mut watch, &ended)?;
        self.ring.drain(&mut watch);
        Ok(found)
    }

    /// Counts so far.
    pub fn counters(&self) -> Counters {
        let mut sum = Counters { recursion: self.loaded.recursion(), ..Counters::default() };
        let Ok(cpus) = self.counters.get(&0, 0) else { return sum };
        for cpu in cpus.iter() {
            sum.written += cpu.taken.saturating_sub(cpu.full);
            sum.ring_full += cpu.full;
            sum.missed_returns =
                sum.missed_returns.wrapping_add(cpu.entries.wrapping_sub(cpu.returns));
        }
        // A task may migrate between entry and return: only the sum means something.
        sum.missed_returns = sum.missed_returns.min(i64::MAX as u64);
        sum
    }

    /// The options the session was started with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn load_iterator(&mut self, name: &str) -> Result<(), Refused> {
        let Loaded { ebpf, btf: Some(btf), .. } = &mut self.loaded else {
            return Err(anyhow!("{name} is loaded too late").into());
        };
        let mut load = || -> Result<(), aya::programs::ProgramError> {
            let program: &mut Iter = load::program(ebpf, name)?.try_into()?;
            program.load("task", btf)
        };
        load().map_err(|error| Refused::Unable {
            what: "cannot list the tasks that live already (iter/task)".into(),
            why: load::explain(&error, &self.options),
            help: "run as root, or with CAP_BPF and CAP_PERFMON (`tracer doctor` shows more)"
                .into(),
        })
    }
}

fn take(loaded: &mut Loaded, name: &str) -> anyhow::Result<aya::maps::Map> {
    loaded.ebpf.take_map(name).with_context(|| format!("the object has no map {name}"))
}

/// Runs an iterator to its end, draining the ring as it fills. A further read would show tasks that are
/// born behind the end mark, so there is none once that has come.
fn iterate(
    loaded: &mut Loaded,
    ring: &mut Ring,
    name: &str,
    sink: &mut Sink<'_>,
    ended: &Cell<bool>,
) -> Result<(), Refused> {
    let mut file = open_iterator(loaded, name).context("opening the task iterator")?;
    // Small reads: the kernel stops each time the answer is full, and the ring is drained.
    let mut rows = [0_u8; 4096];
    loop {
        let read = match file.read(&mut rows) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(anyhow!(error).context("reading the task iterator").into()),
        };
        ring.drain(sink);
        if read == 0 || ended.get() {
            return Ok(());
        }
    }
}

fn open_iterator(loaded: &mut Loaded, name: &str) -> anyhow::Result<File> {
    let program: &mut Iter = load::program(&mut loaded.ebpf, name)?.try_into()?;
    let link = program.attach()?;
    let file = program.take_link(link)?.into_file()?;
    // Held open by the caller only; the link goes with it.
    debug_assert!(rustix::io::fcntl_getfd(file.as_fd()).is_ok());
    Ok(file)
}
