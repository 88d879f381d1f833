//! `switch`: a tracer that runs, and whose hooks go on and off as standard input says.
//!
//! Commands: `tracer on`, `tracer off`, `empty on`, `empty off`; each is answered by `ok`. `stats` is
//! answered by lines `hook GROUP NAME NS RUNS` and `ok`.

use std::{
    io::{self, BufRead},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tracer::kernel::{Options, Session};

use crate::{
    bpf,
    follow::{self, Follow},
    hooks::Hooks,
};

/// As `tracer live` has it.
const ROUND: Duration = Duration::from_millis(5);

/// Reads the ring until standard input ends.
pub(crate) fn run(stats: bool) -> Result<()> {
    // Taking the times needs a privilege that the session drops.
    let _stats = stats.then(bpf::enable_stats).transpose().context("enabling BPF statistics")?;
    let mut session = Session::start(&Options::default())?;
    let mut follow = Follow::new(session.coverage());
    session.sweep(&mut |_record, event| follow.take(event))?;
    let mut follow = follow.with(follow::text(&session));
    let ours = Hooks::take_over()?;
    let empty = ours.twins()?;
    println!("ready");

    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let commands = scope.spawn(|| {
            let done = obey(ours, empty);
            over.store(true, Ordering::Relaxed);
            done
        });
        while !over.load(Ordering::Relaxed) {
            session.poll(ROUND, &mut |_record, event| follow.take(event))?;
        }
        commands.join().unwrap_or_else(|_| bail!("the switch broke"))
    })
}

/// Switches as told.
fn obey(mut ours: Hooks, mut empty: Hooks) -> Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("tracer", "on") => ours.attach()?,
            ("tracer", "off") => ours.detach(),
            ("empty", "on") => empty.attach()?,
            ("empty", "off") => empty.detach(),
            ("stats", "") => {
                for (group, hooks) in [("tracer", &ours), ("empty", &empty)] {
                    for (name, ns, runs) in hooks.stats()? {
                        println!("hook {group} {name} {ns} {runs}");
                    }
                }
            }
            _ => bail!("no command `{line}`"),
        }
        println!("ok");
    }
    Ok(())
}
