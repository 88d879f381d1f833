//! Attaching, hook by hook: the best way that the plan and the kernel allow.

use std::path::Path;

use aya::{
    Btf as AyaBtf,
    programs::{BtfTracePoint, FEntry, FExit, KProbe, ProgramError},
};
use tracer_ebpf::target::{At, Function, Tracepoint};

use super::{
    Options, PlanChoice, Refused,
    hook::{BY_SYSCALLS, HOOKS, SYSCALLS, Target},
    load::{Loaded, explain, program, unable},
    privilege,
};
use crate::{
    btf::Btf,
    coverage::{Fact, Hook, Plan},
};

/// The kernel's list of sources of perf events has this one where it has kprobes.
const KPROBES: &str = "/sys/bus/event_source/devices/kprobe";

impl Loaded {
    /// Attaches what the plan asks for. Fails if a forced plan grants nothing, or if the
    /// tracepoints that no plan can do without are refused.
    pub(super) fn attach(&mut self, options: &Options, types: &Btf<'_>) -> Result<(), Refused> {
        let mut attach = Attach::new(self, types, options);
        for (fact, target) in HOOKS {
            match target {
                Target::Function(function) => attach.function(*fact, function),
                Target::Tracepoint(tracepoint) => attach.tracepoint(*fact, tracepoint),
            }
        }
        let stand_in = match options.plan {
            PlanChoice::Only(Plan::Trampoline | Plan::Kprobe) => false,
            PlanChoice::Only(Plan::Tracepoint) => true,
            PlanChoice::Auto => BY_SYSCALLS.iter().any(|&fact| !attach.loaded.coverage.sees(fact)),
        };
        if stand_in {
            attach.tracepoint(SYSCALLS.0, &SYSCALLS.1);
        }
        self.judge(options)
    }

    /// Why a plan is not possible here. One that was not tried, as a better one was granted, is
    /// tried with one function.
    pub(super) fn refusal(&mut self, plan: Plan, options: &Options) -> Option<String> {
        let mut of_plan = self.coverage.hooks.iter().filter(|hook| hook.plan == plan);
        if of_plan.clone().any(|hook| hook.refused.is_none()) {
            return None;
        }
        if let Some(hook) = of_plan.next() {
            return hook.refused.clone();
        }
        if plan != Plan::Kprobe {
            return Some("not tried under the plan that was asked for".into());
        }
        if let Some(why) = no_kprobes() {
            return Some(why);
        }
        let mut attach = || -> Result<(), ProgramError> {
            let program: &mut KProbe = program(&mut self.ebpf, "k_free_pid")?.try_into()?;
            program.load()?;
            program.attach("free_pid", 0)?;
            program.unload()
        };
        attach().err().map(|error| explain(&error, options))
    }

    fn judge(&self, options: &Options) -> Result<(), Refused> {
        for fact in [Fact::Fork, Fact::Exit, Fact::Exec] {
            if !self.coverage.sees(fact) {
                let why = self.reason(|hook| hook.fact == fact);
                // Where securityfs is not mounted, this is how lockdown shows.
                if why.contains("cannot use helper bpf_probe_read") {
                    return Err(privilege::locked());
                }
                let what = format!("cannot see when {}", fact.describe());
                return Err(unable(
                    &what,
                    why,
                    "run as root, or with CAP_BPF and CAP_PERFMON (`tracer doctor` shows more)",
                ));
            }
        }
        if let PlanChoice::Only(plan) = options.plan
            && plan != Plan::Tracepoint
            && !self.coverage.hooks.iter().any(|h| h.plan == plan && h.refused.is_none())
        {
            let why = self.reason(|hook| hook.plan == plan);
            let what = format!("the {plan} plan is not possible on this kernel");
            return Err(unable(&what, why, "use --plan auto"));
        }
        Ok(())
    }

    fn reason(&self, mut of: impl FnMut(&Hook) -> bool) -> String {
        self.coverage
            .hooks
            .iter()
            .find_map(|hook| hook.refused.clone().filter(|_| of(hook)))
            .unwrap_or_else(|| "no hook was tried".into())
    }
}

/// Attaching, with what was learned on the way.
struct Attach<'a> {
    loaded: &'a mut Loaded,
    types: &'a Btf<'a>,
    options: &'a Options,
    /// Why no trampoline will do, once one was refused for a reason that holds for all.
    no_trampolines: Option<String>,
    /// Likewise for kprobes.
    no_kprobes: Option<String>,
}

impl<'a> Attach<'a> {
    fn new(loaded: &'a mut Loaded, types: &'a Btf<'a>, options: &'a Options) -> Self {
        let no_kprobes = no_kprobes();
        Self { loaded, types, options, no_trampolines: None, no_kprobes }
    }

    fn allows(&self, plan: Plan) -> bool {
        match self.options.plan {
            PlanChoice::Auto => true,
            PlanChoice::Only(only) => only == plan,
        }
    }

    fn function(&mut self, fact: Fact, function: &Function) {
        let name = function
            .names
            .iter()
            .copied()
            .find(|name| self.types.arity(name).is_some())
            .or(function.names.last().copied())
            .unwrap_or_default();
        for plan in [Plan::Trampoline, Plan::Kprobe] {
            if !self.allows(plan) {
                continue;
            }
            let place = place(plan, function.at, name);
            let outcome = self.try_function(plan, function, name);
            let refused = outcome.err();
            let attached = refused.is_none();
            self.loaded.coverage.hooks.push(Hook { fact, place, plan, refused });
            if attached {
                break;
            }
        }
    }

    fn try_function(&mut self, plan: Plan, f: &Function, name: &str) -> Result<(), String> {
        let Some(arity) = self.types.arity(name) else {
            return Err(format!("{name} is not in this kernel's BTF"));
        };
        if !f.arities.contains(&arity) {
            return Err(format!("{name} has {arity} parameters here, which is not known"));
        }
        let known = match plan {
            Plan::Trampoline => &self.no_trampolines,
            _ => &self.no_kprobes,
        };
        if let Some(why) = known {
            return Err(why.clone());
        }
        let outcome = match plan {
            Plan::Trampoline => self.trampoline(f, name),
            _ => self.kprobe(f, name),
        };
        outcome.map_err(|error| {
            let why = self.explain(&error);
            if plan == Plan::Trampoline && why.contains("Operation not permitted") {
                let all = format!("this kernel refuses BPF trampolines ({why})");
                self.no_trampolines = Some(all.clone());
                return all;
            }
            why
        })
    }

    fn trampoline(&mut self, f: &Function, name: &str) -> Result<(), ProgramError> {
        let (ebpf, btf) = parts(self.loaded)?;
        let program = program(ebpf, &format!("f_{}", f.program))?;
        match f.at {
            At::Entry => {
                let program: &mut FEntry = program.try_into()?;
                program.load(name, btf)?;
                program.attach()?;
            }
            At::Return => {
                let program: &mut FExit = program.try_into()?;
                program.load(name, btf)?;
                program.attach()?;
            }
        }
        Ok(())
    }

    fn kprobe(&mut self, f: &Function, name: &str) -> Result<(), ProgramError> {
        let ebpf = &mut self.loaded.ebpf;
        // The return probe first: an entry without a return would only fill the table.
        let mut programs = vec![format!("k_{}", f.program)];
        if f.at == At::Return {
            programs.push(format!("e_{}", f.program));
        }
        for wanted in programs {
            let program: &mut KProbe = program(ebpf, &wanted)?.try_into()?;
            program.load()?;
            program.attach(name, 0)?;
        }
        Ok(())
    }

    fn tracepoint(&mut self, fact: Fact, tracepoint: &Tracepoint) {
        let refused = self.try_tracepoint(tracepoint).err();
        self.loaded.coverage.hooks.push(Hook {
            fact,
            place: format!("tp_btf/{}", tracepoint.name),
            plan: Plan::Tracepoint,
            refused,
        });
    }

    fn try_tracepoint(&mut self, tracepoint: &Tracepoint) -> Result<(), String> {
        let name = tracepoint.name;
        match self.types.tracepoint_arity(name) {
            None => return Err(format!("{name} is not in this kernel's BTF")),
            Some(arity) if !tracepoint.arities.contains(&arity) => {
                return Err(format!("{name} passes {arity} arguments here, which is not known"));
            }
            Some(_) => {}
        }
        let mut attach = || -> Result<(), ProgramError> {
            let (ebpf, btf) = parts(self.loaded)?;
            let program = program(ebpf, &format!("t_{name}"))?;
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(name, btf)?;
            program.attach()?;
            Ok(())
        };
        attach().map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &ProgramError) -> String {
        explain(error, self.options)
    }
}

fn place(plan: Plan, at: At, name: &str) -> String {
    let way = match (plan, at) {
        (Plan::Trampoline, At::Entry) => "fentry",
        (Plan::Trampoline, At::Return) => "fexit",
        (_, At::Entry) => "kprobe",
        (_, At::Return) => "kretprobe",
    };
    format!("{way}/{name}")
}

/// The object, and the BTF to load its programs with.
fn parts(loaded: &mut Loaded) -> Result<(&mut aya::Ebpf, &AyaBtf), ProgramError> {
    match loaded {
        Loaded { ebpf, btf: Some(btf), .. } => Ok((ebpf, btf)),
        _ => Err(ProgramError::NotLoaded),
    }
}

/// Why kprobes cannot be had at all.
fn no_kprobes() -> Option<String> {
    (!Path::new(KPROBES).exists()).then(|| format!("this kernel has no kprobes (no {KPROBES})"))
}
