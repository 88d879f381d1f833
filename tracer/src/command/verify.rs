//! `tracer verify`: whether a recording still gives the tables that it was made with.

use std::{ops::ControlFlow, process::ExitCode};

use tracer::{
    event::Event,
    model::{Change, World},
    recording::{Damage, End, Ending, Keyframe, Visitor},
};

use super::{fault::Fault, file::Damages, out, replay, signals::Signals};
use crate::cli;

/// How many events pass between two looks at the signals.
const LOOK: u64 = 1 << 16;

/// Replays the files and recomputes every digest.
pub(super) fn run(args: &cli::Verify) -> Result<ExitCode, Fault> {
    let files = replay::open(&args.files)?;
    let mut verify = Verify {
        damages: Damages::new(args.strict),
        signals: Signals::catch()?,
        events: 0,
        lost: 0,
        keyframes: 0,
        ends: 0,
        torn: false,
        differs: None,
    };
    let (replay, _flow) =
        replay::replay(files, &mut verify, |verify, path| verify.damages.file(path))?;
    if let Some(differs) = &verify.differs {
        return Err(Fault::Failed(anyhow::anyhow!("{differs}")));
    }
    if verify.signals.asked().is_some() {
        return Ok(ExitCode::from(130));
    }
    let code = verify.damages.code()?;
    verify.say(replay.world(), args.output.json)?;
    Ok(code)
}

struct Verify {
    damages: Damages,
    signals: Signals,
    events: u64,
    lost: u64,
    keyframes: u64,
    ends: u64,
    /// The tables are not those of the recorder since a damage, until the next keyframe.
    torn: bool,
    differs: Option<String>,
}

impl Verify {
    /// Compares digests; says which frame is the first that differs.
    fn compare(&mut self, at: &str, found: u64, recorded: u64) {
        if found != recorded && self.differs.is_none() {
            self.differs = Some(format!(
                "{}: the tables differ at {at}: their digest is {found:016x}, recorded was \
                 {recorded:016x}",
                self.damages.path().display()
            ));
        }
    }

    fn say(&self, world: &World, json: bool) -> Result<(), Fault> {
        let Self { events, lost, keyframes, ends, .. } = self;
        let digest = world.digest();
        let text = if json {
            format!(
                "{{\"type\":\"verify\",\"events\":{events},\"lost\":{lost},\"keyframes\":{keyframes},\
                 \"ends\":{ends},\"digest\":\"{digest:016x}\"}}\n"
            )
        } else {
            format!(
                "{events} events, {lost} lost: the tables are as they were at {keyframes} keyframes \
                 and {ends} ends; digest {digest:016x}\n"
            )
        };
        Ok(out::print(text)?)
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.differs.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Visitor for Verify {
    fn event(&mut self, world: &World, _event: &Event, _change: &Change) -> ControlFlow<()> {
        self.events += 1;
        self.lost = world.losses();
        if self.events.is_multiple_of(LOOK) && self.signals.asked().is_some() {
            return ControlFlow::Break(());
        }
        self.go_on()
    }

    fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        self.torn = true;
        self.damages.gap(missing)
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.torn = true;
        self.damages.note(damage)
    }

    fn keyframe(&mut self, world: &World, keyframe: &Keyframe) {
        let Keyframe { offset, digest, state, .. } = keyframe;
        let at = format!("the keyframe at byte {offset}");
        match World::restore(state) {
            Ok(restored) => self.compare(&at, restored.digest(), *digest),
            Err(bad) => {
                let path = self.damages.path().display();
                self.differs.get_or_insert(format!("{path}: {at} cannot be used: {bad}"));
            }
        }
        // Behind a damage the tables are the keyframe's, and a file may begin with one.
        let begins = world.tasks().next().is_none();
        if !std::mem::take(&mut self.torn) && !begins {
            self.compare(&at, world.digest(), *digest);
        }
        self.keyframes += 1;
    }

    fn end(&mut self, world: &World, end: &End) {
        if end.why != Ending::Failed && !self.torn {
            self.compare("the end", world.digest(), end.digest);
        }
        self.ends += 1;
    }
}
