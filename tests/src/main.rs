//! Programs that do one thing to the kernel's tables and know exactly what, and the verifier that
//! compares what they know with what the tracer says.

mod cgroup;
mod init;
mod proc;
mod programs;
mod scenario;
mod sys;
mod task;
mod truth;
mod verify;

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::sys::Ended;

/// What this program understands.
const USAGE: &str = "usage: scenarios list [--long] | run NAME | hold NAME | try [NAME...]
       scenarios verify [--tracer PATH] [--plan PLAN]... [--only NAME,...] [--short] [--keep DIR]
       scenarios programs list
       scenarios programs [--tracer PATH] [--plan PLAN]... [--only NAME,...] [--short] [--keep DIR]
       scenarios all [--tracer PATH] [--plan PLAN]... [--short] [--keep DIR]";

fn main() -> ExitCode {
    if std::process::id() == 1 {
        init::main();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["list"] => return list(false),
        ["list", "--long"] => return list(true),
        ["run", name] => run(name, false),
        ["hold", name] => run(name, true),
        // What scenarios exec: it has nothing to say.
        ["become", code] => return code.parse::<u8>().map_or(ExitCode::FAILURE, ExitCode::from),
        ["try", names @ ..] => try_all(names),
        ["verify", rest @ ..] => verify::main(rest),
        ["programs", "list"] => return programs::list(),
        ["programs", rest @ ..] => programs::main(rest),
        // What the tracer runs for `programs`.
        ["perform", name, folder] => programs::perform(name, folder),
        ["all", rest @ ..] => all(rest),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    done.unwrap_or_else(|error| {
        eprintln!("scenarios: {error:#}");
        ExitCode::from(2)
    })
}

/// `all`: our own programs, then those of others. The worse of the two endings is ours.
fn all(args: &[&str]) -> Result<ExitCode> {
    let scenarios = verify::main(args)?;
    let programs = programs::main(args)?;
    Ok(if scenarios == ExitCode::SUCCESS { programs } else { scenarios })
}

/// `list`.
fn list(long: bool) -> ExitCode {
    for scenario in scenario::ALL {
        if long {
            println!("{:<26} {}", scenario.name, scenario.about);
        } else {
            println!("{}", scenario.name);
        }
    }
    ExitCode::SUCCESS
}

/// `try`: runs each scenario without a tracer, to see that it can be done here.
fn try_all(names: &[&str]) -> Result<ExitCode> {
    let mut failed = 0;
    for scenario in scenario::ALL {
        let name = scenario.name;
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        for verb in ["run", "hold"].into_iter().take(1 + usize::from(scenario.holds)) {
            let mut command = Command::new(task::program()?);
            command.args([verb, name]).stdin(Stdio::null()).env_remove(truth::FILE);
            let output = command.output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            let skipped = text.lines().any(|line| line.starts_with("{\"skip\""));
            let word = if !output.status.success() {
                "fail"
            } else if skipped {
                "skip"
            } else {
                "pass"
            };
            failed += u32::from(word == "fail");
            println!("{verb} {name} {word} {}", String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// `run` and `hold`.
fn run(name: &str, hold: bool) -> Result<ExitCode> {
    let scenario = scenario::find(name).with_context(|| format!("no scenario {name}"))?;
    if hold && !scenario.holds {
        bail!("{name} has no state to hold");
    }
    let me = truth::open(hold)?;
    truth::tell(&json!({ "root": { "pid": me.pid, "ns_pids": me.ns_pid, "comm": me.comm } }))?;
    let args: Vec<String> = std::env::args().collect();
    truth::see(&json!({
        "type": "exec", "pid": me.pid, "tid": me.tid, "ns_pids": me.ns_pid,
        "filename": task::program()?, "args": args, "absent": ["old_tid"],
    }))?;
    if let Err(error) = (scenario.run)() {
        // Children wait for each other, not for us: nobody may stay behind.
        for pid in proc::descendants(me.pid)? {
            sys::kill(pid, libc::SIGKILL).ok();
        }
        return Err(error.context(format!("scenario {name}")));
    }
    truth::ended(me.pid, me.tid, &me.ns_pid, Ended::Code(0))?;
    truth::tell(&json!({ "done": true }))?;
    Ok(ExitCode::SUCCESS)
}
