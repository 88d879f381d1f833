//! What the toy's hooks are called, and which host it is.

use super::kernel::{Ino, NsIds};
use super::{Config, Simulator};
use crate::coverage::{Coverage, Fact, Hook, Plan};
use crate::host::Host;
use crate::model::{self, Sees};
use tracer_ebpf::target::{self, At, Function};

/// The functions that are hooked, in the order of attaching.
const FUNCTIONS: [(Fact, Function); 15] = [
    (Fact::NsDestroy, target::DELAYED_FREE_PIDNS),
    (Fact::FreePid, target::FREE_PID),
    (Fact::Release, target::RELEASE),
    (Fact::NsDying, target::ZAP_PID_NS),
    (Fact::PtraceUnlink, target::PTRACE_UNLINK),
    (Fact::PtraceLink, target::PTRACE_LINK),
    (Fact::PtraceLink, target::PTRACE_CONNECTOR),
    (Fact::Cred, target::COMMIT_CREDS),
    (Fact::ChangePid, target::CHANGE_PID),
    (Fact::ExchangeTids, target::EXCHANGE_TIDS),
    (Fact::NsEnter, target::SWITCH_NAMESPACES),
    (Fact::NsCreate, target::NEW_NAMESPACES),
    (Fact::PidNsCreate, target::COPY_PID_NS),
    (Fact::ForkFail, target::COPY_PROCESS),
    (Fact::AllocPid, target::ALLOC_PID),
];

const TRACEPOINTS: [(Fact, &str); 5] = [
    (Fact::FreeTask, "sched_process_free"),
    (Fact::Exit, "sched_process_exit"),
    (Fact::Rename, "task_rename"),
    (Fact::Exec, "sched_process_exec"),
    (Fact::Fork, "task_newtask"),
];

/// Since when the toys' boots last, on the wall clock: 2026-01-01.
const WALL: u64 = 1_767_225_600_000_000_000;

impl Simulator {
    /// What its hooks see.
    pub fn coverage(&self) -> Coverage {
        let kernel = self.config.kernel;
        let tracepoint =
            |fact, place: String| Hook { fact, place, plan: Plan::Tracepoint, refused: None };
        let mut hooks: Vec<_> = TRACEPOINTS
            .iter()
            .map(|&(fact, name)| tracepoint(fact, format!("tp_btf/{name}")))
            .collect();
        hooks.extend(FUNCTIONS.iter().map(|(fact, function)| self.hook(*fact, function)));
        if !self.functions {
            hooks.push(tracepoint(Fact::Syscalls, "tp_btf/sys_exit".into()));
        }
        hooks.push(tracepoint(Fact::Snapshot, "iter/task".into()));
        Coverage {
            hooks,
            group_dead: kernel.group_dead,
            pid_ino: kernel.ino != Ino::None,
            ns_id: kernel.ns_ids != NsIds::None,
            hidden_tasks: 0,
        }
    }

    fn hook(&self, fact: Fact, function: &Function) -> Hook {
        let plan = if self.functions { self.config.plan } else { Plan::Trampoline };
        let kernel = self.config.kernel.release_hook;
        let name = if fact == Fact::Release { kernel } else { function.names[0] };
        let way = match (plan, function.at) {
            (Plan::Trampoline, At::Entry) => "fentry",
            (Plan::Trampoline, At::Return) => "fexit",
            (_, At::Entry) => "kprobe",
            (_, At::Return) => "kretprobe",
        };
        let refused = (!self.functions).then(|| "the plan has tracepoints only".into());
        Hook { fact, place: format!("{way}/{name}"), plan, refused }
    }

    /// The host that it plays.
    pub fn host(&self) -> Host {
        let Config { seed, kernel, cpus, pid_max, .. } = self.config;
        let id = super::random::Random::new(seed ^ 0x626f_6f74).number();
        let [high, low] = [id >> 32, id & 0xffff_ffff];
        Host {
            release: kernel.release.into(),
            name: format!("simulated-{seed}"),
            boot_id: format!("{high:08x}-{:04x}-4{:03x}-8000-{seed:012x}", low >> 16, low & 0xfff),
            wall_ns: WALL + self.start(),
            boot_ns: self.start(),
            mono_ns: self.start(),
            cpus: u32::from(cpus),
            pid_max: pid_max as u32,
        }
    }

    /// When the trace began, ns since boot.
    pub fn start(&self) -> u64 {
        1_000_000_000_000 + self.config.seed % 1000 * 1_000_000_007
    }

    /// A name for the run; the same for the same seed.
    pub fn run_id(&self) -> [u8; 16] {
        let mut random = super::random::Random::new(self.config.seed ^ 0x72_756e);
        let mut id = [0; 16];
        for byte in &mut id {
            *byte = random.number() as u8;
        }
        id
    }

    /// The settings for tables that take in its events.
    pub fn tables(&self) -> model::Config {
        let sees = if self.functions { Sees::ALL } else { Sees::TRACEPOINTS };
        model::Config { sees, ..model::Config::default() }
    }
}
