//! `tracer invariants`: the rules that `check` judges, and what this host can judge of them.

use std::process::ExitCode;

use tracer::{
    check::{self, ALL, Rule},
    coverage::Coverage,
    host::Host,
    view::{Json, check as show},
};

use super::{fault::Fault, out, settings};
use crate::cli;

/// Lists all rules, or explains one.
pub(super) fn run(args: &cli::Invariants) -> Result<ExitCode, Fault> {
    let rules = match &args.rule {
        Some(name) => vec![find(name)?],
        None => ALL.to_vec(),
    };
    let seen = match coverage(&args.tracing) {
        Ok(seen) => Some(seen),
        Err(why) => {
            out::note(&format!("what this host can judge is not known: {why}"));
            None
        }
    };
    let coverage = seen.as_ref().map(|(_, coverage)| coverage);
    let mut text = String::new();
    if args.output.json {
        match &seen {
            Some((host, coverage)) => Json::new(host).header(coverage, &mut text),
            None => Json::bare_header(&mut text),
        }
        Json::invariants(&rules, coverage, &mut text);
    } else {
        let style = settings::style(args.output);
        match (&args.rule, rules.first()) {
            (Some(_), Some(rule)) => show::explain(rule, coverage, style, &mut text),
            _ => show::list(&rules, coverage, style, &mut text),
        }
    }
    out::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> Result<&'static Rule, Fault> {
    check::find(name).ok_or_else(|| {
        let near = check::nearest(name);
        let help = if near.is_empty() {
            "`tracer invariants` lists all".into()
        } else {
            format!("near it are: {} (`tracer invariants` lists all)", near.join(", "))
        };
        Fault::Absent { what: format!("there is no rule {name}"), help }
    })
}

/// What can be seen on this host, by trying; or why that is not known.
#[cfg(feature = "kernel")]
fn coverage(typed: &cli::Tracing) -> Result<(Host, Coverage), String> {
    let session = tracer::kernel::Session::start(&settings::tracing(typed));
    let session = session.map_err(|refused| refused.to_string())?;
    Ok((session.host().clone(), session.coverage().clone()))
}

/// This build reads recordings only.
#[cfg(not(feature = "kernel"))]
fn coverage(_typed: &cli::Tracing) -> Result<(Host, Coverage), String> {
    Err("this build of tracer was made without the feature `kernel`".into())
}
