//! `tracer simulate`: recordings of hosts that do not exist, from a seed.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tracer::{
    event::{Body, Event},
    model::{Change, World},
    recording::{Files, Header, Recorder, Settings, Sync},
    simulate::{Config, Simulator},
    stream,
};

use super::{fault::Fault, file, out};
use crate::cli;

/// Writes the recordings.
pub(super) fn run(args: &cli::Simulate) -> Result<ExitCode, Fault> {
    let hosts = u64::from(args.hosts.get());
    let paths: Vec<_> = (0..hosts).map(|host| path(&args.output, host, hosts > 1)).collect();
    // Before the first one is made: all of them, or none.
    for path in &paths {
        if path.symlink_metadata().is_ok() {
            return Err(cannot(path, &io::ErrorKind::AlreadyExists.into()));
        }
    }
    for (host, path) in paths.iter().enumerate() {
        let config = Config {
            seed: args.seed.wrapping_add(host as u64),
            plan: args.plan.into(),
            kernel: args.kernel,
            cpus: args.cpus.get(),
            pid_max: args.pid_max,
            lose: args.lose / 100.0,
            sweep_every: args.sweep_every,
            tasks: args.tasks as usize,
            ..Config::default()
        };
        simulate(config, args, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of one host of several.
fn path(output: &Path, host: u64, several: bool) -> PathBuf {
    if !several {
        return output.to_owned();
    }
    let mut name = OsString::from(output.file_stem().unwrap_or_default());
    name.push(format!("-{}", host + 1));
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    output.with_file_name(name)
}

fn cannot(path: &Path, error: &io::Error) -> Fault {
    file::cannot_make(format!("cannot write {}", path.display()), error)
}

/// One host's history, written as a live trace would have been.
fn simulate(config: Config, args: &cli::Simulate, path: &Path) -> Result<(), Fault> {
    let mut simulator = Simulator::new(config);
    let tables = simulator.tables();
    let header = Header {
        host: simulator.host(),
        start: simulator.start(),
        run: simulator.run_id(),
        history: tables.history as u32,
        ..Header::default()
    };
    let settings = Settings { header, coverage: simulator.coverage(), codec: args.codec.into() };
    let files = Files::new(path.to_owned(), false, None, Sync::None);
    let recorder = Recorder::start(settings, files).map_err(|error| cannot(path, &error))?;
    let world = World::with(tables);
    let mut tape = Tape { recorder, world, change: Change::default(), bytes: Vec::new() };
    let mut events = Vec::new();
    while tape.recorder.events() < args.events {
        simulator.step(&mut events);
        tape.take(&mut events);
        if let Some(failure) = tape.recorder.failure() {
            return Err(failed(path, &failure.error));
        }
    }
    simulator.settle(&mut events);
    tape.take(&mut events);
    let count = tape.recorder.events();
    let (progress, failure) = tape.recorder.end(&tape.world);
    if let Some(failure) = failure {
        return Err(failed(path, &failure.error));
    }
    let bytes = progress.bytes;
    out::note(&format!("{count} events in {}: {bytes} bytes", path.display()));
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Fault {
    Fault::Failed(anyhow::anyhow!("cannot write {}: {error}", path.display()))
}

/// A recording in the making, with the tables that it leads to.
struct Tape {
    recorder: Recorder,
    world: World,
    change: Change,
    bytes: Vec<u8>,
}

impl Tape {
    fn take(&mut self, events: &mut Vec<Event>) {
        for event in events.drain(..) {
            self.world.apply_to(&event, &mut self.change);
            self.bytes.clear();
            stream::record(&event, &mut self.bytes);
            self.recorder.push(&self.bytes, &self.world);
            if matches!(event.body, Body::SnapshotEnd(_)) {
                // Whole tables: reading may begin here, also where everything before was lost.
                self.recorder.keyframe(&self.world);
            } else {
                self.recorder.settle(&self.world);
            }
        }
    }
}
