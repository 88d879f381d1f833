//! Hooks that can be switched.
//!
//! A hook is a program and a link, and the link is a descriptor: closing it detaches, opening a new
//! one attaches, and the program stays loaded and verified all the while. So a switch costs tens of
//! microseconds and is exactly what the library does at its start and end. A flag within the
//! programs would be no off at all: they would still be entered.

use std::{
    fs::File,
    os::fd::{AsFd, OwnedFd},
};

use anyhow::{Context, Result, bail};

use crate::{
    bpf,
    own::{self, Own},
};

/// One hook.
#[derive(Debug)]
struct Hook {
    name: String,
    program: OwnedFd,
    attach_type: u32,
    link: Option<OwnedFd>,
}

/// Some hooks that are switched together.
#[derive(Debug)]
pub(crate) struct Hooks(Vec<Hook>);

impl Hooks {
    /// Takes the hooks of the session that runs in this process, and detaches them.
    pub(crate) fn take_over() -> Result<Self> {
        let programs = own::of_kind("bpf-prog")?;
        let null = File::open("/dev/null")?;
        let mut hooks = Vec::new();
        for link in own::of_kind("bpf_link")? {
            hooks.push(Hook::of(&link, &programs)?);
            link.replace(&null)?;
        }
        if hooks.is_empty() || !own::of_kind("[perf_event]")?.is_empty() {
            bail!("the hooks of this kernel's plan cannot be switched (kprobes, before 5.15)");
        }
        Ok(Self(hooks))
    }

    /// An empty program for each place.
    pub(crate) fn twins(&self) -> Result<Self> {
        let twin = |hook: &Hook| {
            let btf_id = bpf::info(hook.program.as_fd())?.btf_id;
            let program = bpf::load_empty(hook.attach_type, btf_id)
                .with_context(|| format!("an empty program for {}", hook.name))?;
            Ok(Hook { name: hook.name.clone(), program, link: None, ..*hook })
        };
        self.0.iter().map(twin).collect::<Result<_>>().map(Self)
    }

    /// Attaches all, ends before beginnings, as the session had them.
    pub(crate) fn attach(&mut self) -> Result<()> {
        for hook in &mut self.0 {
            let link = bpf::attach(hook.program.as_fd())
                .with_context(|| format!("attaching {}", hook.name))?;
            hook.link = Some(link);
        }
        Ok(())
    }

    /// Detaches all.
    pub(crate) fn detach(&mut self) {
        for hook in &mut self.0 {
            hook.link = None;
        }
    }

    /// Each hook's name, the ns of its runs so far, and the runs.
    pub(crate) fn stats(&self) -> Result<Vec<(&str, u64, u64)>> {
        let stats = |hook: &'_ Hook| -> Result<(u64, u64)> {
            let info = bpf::info(hook.program.as_fd())?;
            Ok((info.ns, info.runs))
        };
        self.0
            .iter()
            .map(|hook| stats(hook).map(|(ns, runs)| (hook.name.as_str(), ns, runs)))
            .collect()
    }
}

impl Hook {
    /// The hook behind a link.
    fn of(link: &Own, programs: &[Own]) -> Result<Self> {
        let id = link.field("prog_id").context("a link without a program")?;
        let program = programs
            .iter()
            .find(|program| program.field("prog_id") == Some(id))
            .with_context(|| format!("program {id} is not held"))?
            .duplicate()?;
        let (name, attach_type) = match link.field("link_type") {
            Some("raw_tracepoint") => (link.field("tp_name").map(str::to_owned), bpf::RAW_TP),
            Some("tracing") => {
                let ty = link.field("attach_type").context("a link without a type")?.parse()?;
                let name = bpf::info(program.as_fd())?.name;
                (Some(name.trim_start_matches("f_").to_owned()), ty)
            }
            other => bail!("cannot switch a link of type {}", other.unwrap_or("unknown")),
        };
        Ok(Self { name: name.context("a link without a name")?, program, attach_type, link: None })
    }
}
