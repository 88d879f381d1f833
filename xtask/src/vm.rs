//! `vm`: boots one kernel, and runs the scenarios or any command there.

mod boot;
mod build;
pub(crate) mod console;
mod cpio;
mod image;
mod out;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;

use crate::{kernels, place, say, setup};
pub(crate) use boot::{Ending, Machine, Run};
pub(crate) use build::{Programs, programs};
pub(crate) use cpio::Cpio;

const HELP: &str = "\
Examples:
  cargo xtask vm -k 6.12                              the scenarios under every plan
  cargo xtask vm -k 7.x -- tracer doctor              what tracer can do there
  cargo xtask vm -k 6.1 --programs --out got -- tracer record -o /out/x.tracer -- stress-ng --fork 1 -t 1
  cargo xtask vm -k ../linux/arch/x86/boot/bzImage -- tracer live --duration 2s

A kernel of your own is a bzImage or vmlinuz for x86_64, named by a path (./vmlinuz). Built in it
needs BLK_DEV_INITRD, SERIAL_8250_CONSOLE, DEVTMPFS, TMPFS, CGROUPS, and what tracer needs
(BPF_SYSCALL, DEBUG_INFO_BTF); for --out also BLK_DEV_NVME.

The command runs as root, with /bin of busybox, tracer and scenarios; --programs adds /usr/bin.";

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Options {
    /// The kernel: 5.10, 6.1, 6.12, 7.x, another version of Debian's, or the file of one of your
    /// own
    #[arg(short, long, value_name = "VERSION|IMAGE")]
    kernel: String,
    /// Only this plan: trampoline, kprobe or tracepoint
    #[arg(long)]
    plan: Option<String>,
    #[command(flatten)]
    size: Size,
    /// Puts programs that others wrote (stress-ng, bubblewrap, crun, …) into the machine, and runs
    /// them after the scenarios
    #[arg(long)]
    programs: bool,
    /// Copies what the command leaves in the machine's folder /out into this one
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
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
    #[arg(long, default_value_t = 5400)]
    pub(crate) timeout: u64,
    /// More for the kernel's command line, such as lockdown=confidentiality
    #[arg(long, value_name = "ARGUMENTS", default_value = "")]
    pub(crate) append: String,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    setup::ensure(setup::Scope { bpf: true, tests: true })?;
    let kernel = kernels::named(&options.kernel)?;
    let mut programs = programs()?;
    if options.programs {
        programs = programs.with_others()?;
    }
    let command = if options.command.is_empty() {
        scenarios(if options.programs { "all" } else { "verify" }, options.plan.as_slice())
    } else {
        options.command.clone()
    };
    say::step(&format!("vm: {} runs {}", kernel.release, command.join(" ")));
    let job = Job { programs: &programs, command: &command, out: options.out.as_deref() };
    let run = run(&kernel, &job, &options.size, &mut |line| println!("{line}"))?;
    say::note(&format!("{} after {}", run.ending, say::time(run.time)));
    match run.ending {
        Ending::Exit(status) => Ok(ExitCode::from(u8::try_from(status).unwrap_or(1))),
        ref other => bail!("{}: {other}; the console ended with:\n{}", kernel.release, run.tail()),
    }
}

/// Every plan, the best first.
const PLANS: [&str; 3] = ["trampoline", "kprobe", "tracepoint"];

/// The command that runs the scenarios (`verify`), the programs of others (`programs`) or both
/// (`all`) under these plans (under each, when none is named).
pub(crate) fn scenarios(what: &str, plans: &[String]) -> Vec<String> {
    let mut command = vec!["/bin/scenarios".to_owned(), what.to_owned()];
    let named = plans.iter().map(String::as_str);
    let all = PLANS.into_iter().filter(|_| plans.is_empty());
    for plan in named.chain(all) {
        command.extend(["--plan".to_owned(), plan.to_owned()]);
    }
    command
}

/// What a machine is to do.
pub(crate) struct Job<'a> {
    pub(crate) programs: &'a Programs,
    /// Its only job.
    pub(crate) command: &'a [String],
    /// Where the files go that the command leaves in /out.
    pub(crate) out: Option<&'a Path>,
}

/// Boots a kernel, runs a command there, and hands each console line to `see`.
pub(crate) fn run(
    kernel: &kernels::Kernel,
    job: &Job<'_>,
    size: &Size,
    see: &mut dyn FnMut(&str),
) -> Result<Run> {
    let started = Instant::now();
    let initrd = Scratch::new(&kernel.name);
    image::write(&initrd.0, job.programs, job.command)?;
    let disk = job.out.map(|_| out::Disk::new(&kernel.name)).transpose()?;
    let machine = Machine {
        image: &kernel.image,
        initrd: &initrd.0,
        memory: size.memory,
        cpus: size.cpus,
        timeout: Duration::from_secs(size.timeout),
        append: &size.append,
        devices: disk.as_ref().map(out::Disk::arguments),
    };
    let (ending, lines) = machine.boot(see)?;
    if let (Some(disk), Some(to)) = (&disk, job.out) {
        say::note(&format!("{} files from the machine's /out", disk.unpack(to)?));
    }
    Ok(Run { ending, lines, time: started.elapsed() })
}

/// The machine's image: a file that goes when the run is over.
struct Scratch(PathBuf);

impl Scratch {
    /// A name of our own; and removes what runs that were killed have left.
    fn new(kernel: &str) -> Self {
        for entry in fs::read_dir(place::vm()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let stem = name.strip_suffix(".cpio").or_else(|| name.strip_suffix(".disk"));
            let owner = stem.and_then(|name| name.rsplit('-').next());
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
