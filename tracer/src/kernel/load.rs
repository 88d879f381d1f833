//! Loading the BPF object.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use aya::{
    Btf as AyaBtf, Ebpf, EbpfLoader,
    programs::{Program, ProgramError},
};
use tracer_ebpf::layout::{ABSENT, flag};

use super::{Options, Refused, cgroup::Hierarchy};
use crate::{
    btf::{Btf, layout},
    coverage::Coverage,
};

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/hooks.o"));
const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// The object in the kernel, with what is attached. Dropping it detaches everything.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The maps and programs.
    pub(super) ebpf: Ebpf,
    /// The kernel's BTF as aya reads it, until the last program is loaded.
    pub(super) btf: Option<AyaBtf>,
    /// What is attached and what was refused.
    pub(super) coverage: Coverage,
    /// Which cgroups are told of.
    pub(super) hierarchy: Hierarchy,
}

pub(super) fn unable(what: &str, why: impl Into<String>, help: &str) -> Refused {
    Refused::Unable { what: what.into(), why: why.into(), help: help.into() }
}

/// Reads the kernel's BTF.
pub(super) fn read_btf() -> Result<Vec<u8>, Refused> {
    fs::read(VMLINUX).map_err(|error| {
        unable(
            "no description of the kernel's types",
            format!("{VMLINUX}: {error}"),
            "use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
        )
    })
}

/// Parses it.
pub(super) fn parse_btf(bytes: &[u8]) -> Result<Btf<'_>, Refused> {
    Btf::parse(bytes).map_err(|error| {
        unable("the kernel's BTF", error.to_string(), "please report this kernel's release")
    })
}

/// Loads the object; nothing is attached yet.
pub(super) fn load(options: &Options, types: &Btf<'_>) -> Result<Loaded, Refused> {
    let constants = layout::constants(types).map_err(|unfit| {
        unable(
            "cannot read this kernel's structures",
            unfit.to_string(),
            "this kernel is not supported yet; please report its release",
        )
    })?;
    let group_dead = types.tracepoint_arity("sched_process_exit") == Some(2);
    let shifted = u32::from(types.arity("change_pid") == Some(4));
    let secrets = secrets().context("no random numbers for the run's secret")?;
    let (exit_flag, args) = (u32::from(group_dead), u32::from(options.args));
    let hierarchy = Hierarchy::find(types);
    let subsys = hierarchy.subsys.unwrap_or(ABSENT);
    let watermark = u64::from(options.ring / 8);
    let present = |symbol: &str| constants.iter().any(|c| c.symbol == symbol && c.value != ABSENT);
    let coverage = Coverage {
        group_dead,
        pid_ino: present("PID_INO"),
        ns_id: present("NS_ID"),
        ..Coverage::default()
    };
    let mut loader = EbpfLoader::new();
    for constant in &constants {
        loader.override_global(constant.symbol, &constant.value, true);
    }
    loader
        .override_global(flag::GROUP_DEAD, &exit_flag, true)
        .override_global(flag::CHANGE_PID_SHIFT, &shifted, true)
        .override_global(flag::EXEC_ARGS, &args, true)
        .override_global(flag::WATERMARK, &watermark, true)
        .override_global(flag::CGROUP_SUBSYS, &subsys, true)
        .override_global(flag::CGROUP_HIERARCHY, &hierarchy.id, true)
        .override_global(flag::SECRET0, &secrets[0], true)
        .override_global(flag::SECRET1, &secrets[1], true)
        .override_global("AYA_LOG_LEVEL", &options.log, false)
        .map_max_entries("EVENTS", options.ring);
    let ebpf = loader.load(OBJECT).map_err(|error| refused_object(&error, options))?;
    let btf = AyaBtf::from_sys_fs().context("reading the kernel's BTF")?;
    Ok(Loaded { ebpf, btf: Some(btf), coverage, hierarchy })
}

/// The two secrets of the run's cookies; the second is odd, so that mixing loses nothing.
fn secrets() -> io::Result<[u64; 2]> {
    let mut bytes = [0_u8; 16];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    let value = u128::from_le_bytes(bytes);
    Ok([value as u64, (value >> 64) as u64 | 1])
}

/// Why the kernel does not take the object or its maps.
fn refused_object(error: &aya::EbpfError, options: &Options) -> Refused {
    let cause = cause(error);
    let errno = cause.and_then(io::Error::raw_os_error);
    let why = cause.map_or_else(|| chain(error), ToString::to_string);
    // The capabilities have been looked at: something else forbids it.
    if matches!(errno, Some(libc::EPERM | libc::EACCES)) {
        return unable(
            "the kernel refuses BPF programs",
            why,
            "run in the initial user namespace, and where no container's seccomp filter or \
             security module forbids bpf(2); before Linux 5.11, with `ulimit -l unlimited`",
        );
    }
    if chain(error).contains("EVENTS") {
        let what = format!("cannot make a ring of {} bytes", options.ring);
        return unable(&what, why, "choose a smaller --ring");
    }
    Refused::Runtime(anyhow::anyhow!("loading the BPF object: {}", chain(error)))
}

/// The system's own error behind another.
fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<io::Error>())
}

/// An error and its causes, without repeating one that contains the next.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Why a program was refused: the last words of the verifier, the whole log where asked for.
pub(super) fn explain(error: &ProgramError, options: &Options) -> String {
    let ProgramError::LoadError { io_error, verifier_log } = error else {
        return chain(error);
    };
    let log = verifier_log.to_string();
    if let Some(path) = &options.verifier_log
        && let Err(error) = append(path, &log)
    {
        return format!("{io_error} (and {} cannot be written: {error})", path.display());
    }
    let tail: Vec<&str> = log
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("processed "))
        .take(3)
        .collect();
    if tail.is_empty() {
        return io_error.to_string();
    }
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    format!("{io_error}; the verifier says: {}", tail.join(" / "))
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A program of the object.
pub(super) fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Program, ProgramError> {
    ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)
}

impl Loaded {
    /// Detaches every program.
    pub(super) fn detach(&mut self) {
        for (_, program) in self.ebpf.programs_mut() {
            // What was never loaded has nothing to give back.
            let _ = match program {
                Program::BtfTracePoint(program) => program.unload(),
                Program::FEntry(program) => program.unload(),
                Program::FExit(program) => program.unload(),
                Program::KProbe(program) => program.unload(),
                Program::Iter(program) => program.unload(),
                _ => Ok(()),
            };
        }
    }

    /// Runs that the kernel skipped because the program was already running on the CPU
    /// (`recursion_misses`; not counted before 5.12).
    pub(super) fn recursion(&self) -> u64 {
        use std::os::fd::{AsFd as _, AsRawFd as _};
        self.ebpf
            .programs()
            .filter_map(|(_, program)| {
                let fd = program.fd().ok()?.as_fd().as_raw_fd();
                let text = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).ok()?;
                let line = text.lines().find_map(|line| line.strip_prefix("recursion_misses:"))?;
                line.trim().parse::<u64>().ok()
            })
            .sum()
    }
}
