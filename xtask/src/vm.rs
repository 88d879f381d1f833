//! `vm`: boots one kernel, and runs the scenarios or any command there.

mod boot;
mod build;
pub(crate) mod console;
mod cpio;
mod image;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{kernels, place, say, setup};
pub(crate) use boot::{Ending, Run};
pub(crate) use build::{Programs, programs};

#[derive(Args)]
pub(crate) struct Options {
    /// The kernel: 5.10, 6.1, 6.12, 7.x, or another version
    #[arg(short, long, value_name = "VERSION")]
    kernel: String,
    /// Only this plan: trampoline, kprobe or tracepoint
    #[arg(long)]
    plan: Option<String>,
    #[command(flatten)]
    size: Size,
    /// What to run instead of the scenarios; the exit code is its own
    #[arg(last = true)]
    command: Vec<String>,
}

/// How large a machine is, how it boots, and how long it may take.
#[derive(Args, Clone)]
pub(crate) struct Size {
    /// Memory in MB
    #[arg(long, default_value_t = 512)]
    pub(crate) memory: u32,
    /// Processors
    #[arg(long, default_value_t = 2)]
    pub(crate) cpus: u32,
    /// Seconds until the machine counts as stuck
    #[arg(long, default_value_t = 900)]
    pub(crate) timeout: u64,
    /// More for the kernel's command line, such as lockdown=confidentiality
    #[arg(long, value_name = "ARGUMENTS", default_value = "")]
    pub(crate) append: String,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    setup::ensure(setup::Scope { bpf: true, tests: true })?;
    let kernel = kernels::ensure(std::slice::from_ref(&options.kernel))?
        .pop()
        .context("no kernel was named")?;
    let programs = programs()?;
    let command = if options.command.is_empty() {
        scenarios(options.plan.as_slice())
    } else {
        options.command.clone()
    };
    say::step(&format!("vm: {} runs {}", kernel.release, command.join(" ")));
    let run = run(&kernel, &programs, &command, &options.size, &mut |line| println!("{line}"))?;
    say::note(&format!("{} after {}", run.ending, say::time(run.time)));
    match run.ending {
        Ending::Exit(status) => Ok(ExitCode::from(u8::try_from(status).unwrap_or(1))),
        ref other => bail!("{}: {other}; the console ended with:\n{}", kernel.release, run.tail()),
    }
}

/// Every plan, the best first.
const PLANS: [&str; 3] = ["trampoline", "kprobe", "tracepoint"];

/// The command that runs the scenarios of these plans (of all, when none is named).
pub(crate) fn scenarios(plans: &[String]) -> Vec<String> {
    let mut command = vec!["/bin/scenarios".to_owned(), "verify".to_owned()];
    let named = plans.iter().map(String::as_str);
    let all = PLANS.into_iter().filter(|_| plans.is_empty());
    for plan in named.chain(all) {
        command.extend(["--plan".to_owned(), plan.to_owned()]);
    }
    command
}

/// Boots a kernel with these programs, runs a command as its only job, and hands each console line
/// to `see`.
pub(crate) fn run(
    kernel: &kernels::Kernel,
    programs: &Programs,
    command: &[String],
    size: &Size,
    see: &mut dyn FnMut(&str),
) -> Result<Run> {
    let started = Instant::now();
    let initrd = Scratch::new(&kernel.name);
    image::write(&initrd.0, programs, command)?;
    let machine = boot::Machine {
        image: &kernel.image,
        initrd: &initrd.0,
        memory: size.memory,
        cpus: size.cpus,
        timeout: Duration::from_secs(size.timeout),
        append: &size.append,
    };
    let (ending, lines) = machine.boot(see)?;
    Ok(Run { ending, lines, time: started.elapsed() })
}

/// The machine's image: a file that goes when the run is over.
struct Scratch(PathBuf);

impl Scratch {
    /// A name of our own; and removes what runs that were killed have left.
    fn new(kernel: &str) -> Self {
        for entry in fs::read_dir(place::vm()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_suffix(".cpio").and_then(|name| name.rsplit('-').next());
            if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Self(place::vm().join(format!("{kernel}-{}.cpio", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
