//! What this kernel offers, for `doctor`.

use std::{path::Path, time::Instant};

use super::{Options, Refused, Session, facts, load, privilege, procfs};
use crate::{
    coverage::{Coverage, Plan},
    event::Body,
    host::Host,
};

/// What was found out about this kernel.
#[derive(Debug)]
pub struct Probe {
    /// The host.
    pub host: Host,
    /// What is attached under the plan that was asked for.
    pub coverage: Coverage,
    /// Whether the kernel describes its types, or why not.
    pub btf: Result<(), String>,
    /// Lockdown, as `/sys/kernel/security/lockdown` has it.
    pub lockdown: String,
    /// Effective capabilities that matter here.
    pub caps: Vec<(String, bool)>,
    /// We are in the initial PID namespace.
    pub pid_ns_initial: bool,
    /// Each plan, and why it is not possible.
    pub plans: Vec<(Plan, Option<String>)>,
    /// Bytes of the ring.
    pub ring: u32,
    /// Tasks that the iterator shows.
    pub iterator: IteratorProbe,
    /// Milliseconds from the start to the end of the first sweep.
    pub start_ms: u64,
}

/// What the iterator shows, beside `/proc`.
#[derive(Debug, Default)]
pub struct IteratorProbe {
    /// Tasks that it shows.
    pub shown: usize,
    /// Tasks that there are.
    pub proc: usize,
    /// Tasks that only `/proc` shows: level-0 number and name.
    pub hidden: Vec<(i32, String)>,
}

/// Finds out by doing; nothing stays attached.
pub fn probe(options: &Options) -> Result<Probe, Refused> {
    let started = Instant::now();
    // Before starting: what is not needed any more is dropped then.
    let caps = privilege::effective();
    let mut session = Session::start(&Options { try_plans: true, ..options.clone() })?;
    let iterator = sweep(&mut session)?;
    let start_ms = started.elapsed().as_millis() as u64;
    let plans = session.plans().to_vec();
    Ok(Probe {
        host: facts::host(),
        coverage: session.coverage().clone(),
        btf: load::read_btf().map(|_| ()).map_err(|refused| refused.to_string()),
        lockdown: lockdown(),
        caps,
        pid_ns_initial: facts::in_initial_pid_ns(),
        plans,
        ring: options.ring,
        iterator,
        start_ms,
    })
}

fn lockdown() -> String {
    let path = "/sys/kernel/security/lockdown";
    procfs::line(path).unwrap_or_else(|| {
        if Path::new("/sys/kernel/security").exists() { "none" } else { "unknown" }.into()
    })
}

fn sweep(session: &mut Session) -> Result<IteratorProbe, Refused> {
    let mut found = IteratorProbe::default();
    session.sweep(&mut |_record, event| {
        if let Body::Snapshot { task, from_proc, .. } = &event.body {
            found.proc += 1;
            if *from_proc {
                let name = String::from_utf8_lossy(&task.comm);
                found.hidden.push((task.tid, name.trim_end_matches('\0').to_owned()));
            } else {
                found.shown += 1;
            }
        }
    })?;
    Ok(found)
}
