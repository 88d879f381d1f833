//! Programs that nobody here wrote, watched by the tracer: what it says of them must hold, whatever
//! they do.

mod perform;
mod prepare;
mod table;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::sys;
use crate::verify::tool::{self, Tool};
pub(crate) use perform::perform;
use table::Program;
use watch::{Seen, Watcher};

/// What was asked for.
#[derive(Debug)]
struct Options {
    /// The tracer.
    tracer: PathBuf,
    /// The plans to try.
    plans: Vec<String>,
    /// The programs to run.
    programs: Vec<&'static Program>,
    /// Under all plans but the first only [`EVERYWHERE`].
    short: bool,
    /// Where recordings and streams are kept.
    keep: Option<PathBuf>,
}

/// What a quick look has under every plan: forks in a row, and namespaces of every kind.
const EVERYWHERE: [&str; 2] = ["stress-fork", "bwrap"];

/// `programs`.
pub(crate) fn main(args: &[&str]) -> Result<ExitCode> {
    let options = parse(args)?;
    // What a program leaves behind comes to us, and ends with its run.
    sys::become_subreaper()?;
    let tool = Tool::new(&options.tracer, options.keep.as_deref())?;
    let doctor = tool.doctor()?;
    let watcher = Watcher::of(&tool);
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for plan in &options.plans {
        let refusal = tool::refusal(&doctor, plan);
        let whole = !options.short || Some(plan) == options.plans.first();
        let programs = options.programs.iter();
        for program in programs.filter(|it| whole || EVERYWHERE.contains(&it.name)) {
            let absent = refusal.clone().or_else(|| perform::absent(program));
            let seen = match absent {
                Some(reason) => Seen::Unknown(reason),
                None => watcher
                    .watch(&tool, plan, program)
                    .unwrap_or_else(|error| Seen::Wrong(vec![format!("{error:#}")])),
            };
            let (word, detail, rest) = match seen {
                Seen::Holds(detail) => ("pass", detail, Vec::new()),
                Seen::Unknown(reason) => ("skip", reason, Vec::new()),
                Seen::Wrong(list) => ("fail", format!("{} complaints", list.len()), list),
            };
            match word {
                "pass" => passed += 1,
                "skip" => skipped += 1,
                _ => failed += 1,
            }
            println!("result {plan} {} {word} {detail}", program.name);
            for line in rest.iter().flat_map(|text| text.lines()) {
                println!("    {line}");
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// `programs list`.
pub(crate) fn list() -> ExitCode {
    for program in table::ALL {
        println!("{:<22} {}", program.name, program.about);
    }
    ExitCode::SUCCESS
}

/// Reads the arguments.
fn parse(args: &[&str]) -> Result<Options> {
    let mut tracer = PathBuf::from("tracer");
    let (mut plans, mut only, mut keep, mut short) = (Vec::new(), Vec::new(), None, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match *arg {
            "--tracer" => tracer = PathBuf::from(value()?),
            "--short" => short = true,
            "--plan" => plans.push((*value()?).to_owned()),
            "--only" => only.extend(value()?.split(',')),
            "--keep" => keep = Some(PathBuf::from(value()?)),
            _ => bail!("programs does not know {arg}\n{}", crate::USAGE),
        }
    }
    if plans.is_empty() {
        plans.push("auto".to_owned());
    }
    let mut programs: Vec<&Program> = table::ALL.iter().filter(|it| it.short || !short).collect();
    if !only.is_empty() {
        let find = |name: &&str| table::find(name).with_context(|| format!("no program {name}"));
        programs = only.iter().map(find).collect::<Result<_>>()?;
    }
    Ok(Options { tracer, plans, programs, short, keep })
}
