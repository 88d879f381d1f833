//! `tracer show`: one task as the kernel holds it.

use std::process::ExitCode;

use tracer::{
    event::Detail,
    model::PidId,
    view::{self, Style},
};

use super::{ask, fault::Fault, moment::Moment, select, settings, tables::Tables};
use crate::cli::Show;

/// Draws the task.
pub(super) fn run(args: &Show) -> Result<ExitCode, Fault> {
    if let Some(code) = ask::print(&args.moment, args.output)? {
        return Ok(code);
    }
    #[cfg_attr(
        not(feature = "kernel"),
        expect(unused_mut, reason = "only the kernel is asked again")
    )]
    let mut now = Tables::read_for_detail(&args.moment, &args.loading)?;
    let pid = select::pid(&now.world, args.pid)?;
    // Read once more, so that the drawing is of one instant.
    #[cfg(feature = "kernel")]
    let detail = now.detail(now.world.pid(pid).nr())?;
    #[cfg(not(feature = "kernel"))]
    let detail: Option<Detail> = None;
    let json = args.output.json;
    now.print(&say(&now.moment(), pid, detail.as_ref(), json, settings::style(args.output))?)
}

/// One task, with what was read of it alone where that could be.
pub(super) fn say(
    now: &Moment<'_>,
    pid: PidId,
    detail: Option<&Detail>,
    json: bool,
    style: Style,
) -> Result<String, Fault> {
    let nr = now.world.pid(pid).nr();
    let task = now.world.find_task(nr).ok_or_else(|| Fault::Absent {
        what: format!("no task has PID {nr} (any more)"),
        help: format!("a process group or session may still use it: `tracer pid {nr}` tells"),
    })?;
    if json {
        return Ok(now.json(|json, text| {
            json.task(now.world, task, text);
            json.pid(now.world, pid, text);
        }));
    }
    Ok(view::text::made(|text| view::show(now.world, task, detail, style, text)))
}
