//! `tracer replay`: what `live` showed, or would have shown, from recordings.

mod order;
mod pace;

use std::{ops::ControlFlow, process::ExitCode};

use tracer::{
    event::Event,
    model::{Change, World},
    recording::{Damage, Note, Visitor},
};

use super::{
    fault::Fault,
    file::Damages,
    follow::{Follow, Form, Output},
    out, select,
    signals::Signals,
};
use crate::cli;
pub(super) use order::{end, open, replay};
use pace::Pace;

/// Replays files as one history.
pub(super) fn run(args: &cli::Replay) -> Result<ExitCode, Fault> {
    let files = open(&args.files)?;
    let Some((_, first)) = files.first() else { return Ok(ExitCode::SUCCESS) };
    let header = first.header().clone();
    let mut filter = select::filter(&args.selection)?;
    let end = end(&args.files, &args.events)?;
    select::narrow(&mut filter, &args.events, &header.host, header.start, end);
    let until = filter.until;

    // A command's recording is shown as `live` shows the command, unless something else is asked.
    let follows = header.command && !args.all && !select::is_any(&args.selection);
    let form = Form { shown: args.shown, start: header.start, muted: follows };
    let follow = Follow::new(form, &header.host, filter, Output::stdout(Signals::catch()?));
    let damages = Damages::new(args.strict);
    let mut show = Show {
        follow,
        damages,
        pace: Pace::new(args.speed),
        until,
        follows,
        started: false,
        fault: None,
    };
    show.follow.head(first.coverage());

    let (replay, _flow) = replay(files, &mut show, |show, path| show.damages.file(path))?;
    if let Some(fault) = show.fault {
        return Err(fault);
    }
    show.follow.finish(replay.world())?;
    show.damages.code()
}

/// Shows what a replay finds.
struct Show {
    follow: Follow,
    damages: Damages,
    pace: Pace,
    /// Nothing is shown behind it.
    until: Option<u64>,
    /// The command's subtree is shown.
    follows: bool,
    /// It was told of.
    started: bool,
    fault: Option<Fault>,
}

impl Show {
    fn flush(&mut self) -> ControlFlow<()> {
        if let Err(fault) = self.follow.flush() {
            self.fault = Some(fault);
            return ControlFlow::Break(());
        }
        let over = self.follow.is_closed() || self.follow.signals().asked().is_some();
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Visitor for Show {
    fn before(&mut self, _world: &World, event: &Event) -> ControlFlow<()> {
        if self.until.is_some_and(|until| event.header.ts > until.saturating_add(SLACK)) {
            return ControlFlow::Break(());
        }
        if self.pace.is_early(event.header.ts) {
            self.flush()?;
            while self.pace.wait(event.header.ts) {
                self.flush()?;
            }
        }
        ControlFlow::Continue(())
    }

    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        self.follow.take(world, event, change);
        if self.follow.is_full() { self.flush() } else { ControlFlow::Continue(()) }
    }

    fn note(&mut self, _world: &World, note: &Note) {
        match note {
            // Each rotated file tells of it again.
            Note::Command { .. } if self.started => {}
            Note::Command { pid, start, .. } if self.follows => {
                self.started = true;
                self.follow.root(*pid, *start);
            }
            Note::Command { words, .. } => {
                self.started = true;
                let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
                let line = tracer::view::text::made(|out| {
                    tracer::view::escape::terminal(&words.join(&b' '), out);
                });
                out::note(&format!("the command starts: {line}"));
            }
            Note::Ended { status } => self.follow.ended(*status),
            Note::Changed(how) => out::note(&tracer::view::text::made(|out| {
                tracer::view::escape::terminal(how, out);
            })),
        }
    }

    fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        self.damages.gap(missing)
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.damages.note(damage)
    }
}

/// The CPUs' records are in the ring's order, not in that of their times: an event that is asked
/// for may stand behind one that is later by this much, ns.
const SLACK: u64 = 10_000_000_000;
