//! `tracer show`: one task as the kernel holds it.

use std::process::ExitCode;

use tracer::view;

use super::{fault::Fault, select, settings, tables::Tables};
use crate::cli::Show;

/// Draws the task.
pub(super) fn run(args: &Show) -> Result<ExitCode, Fault> {
    #[cfg_attr(
        not(feature = "kernel"),
        expect(unused_mut, reason = "only the kernel is asked again")
    )]
    let mut now = Tables::read_for_detail(&args.moment, &args.loading)?;
    let pid = select::pid(&now.world, args.pid)?;
    let nr = now.world.pid(pid).nr();
    let ended = || Fault::Absent {
        what: format!("no task has PID {nr} (any more)"),
        help: format!("a process group or session may still use it: `tracer pid {nr}` tells"),
    };

    // Read once more, so that the drawing is of one instant.
    #[cfg(feature = "kernel")]
    let detail = now.detail(nr)?;
    #[cfg(not(feature = "kernel"))]
    let detail: Option<tracer::event::Detail> = None;
    let task = now.world.find_task(nr).ok_or_else(ended)?;
    if args.output.json {
        return now.json(|json, text| {
            json.task(&now.world, task, text);
            json.pid(&now.world, pid, text);
        });
    }
    now.text(|text| {
        view::show(&now.world, task, detail.as_ref(), settings::style(args.output), text);
    })
}
