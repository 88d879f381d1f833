//! Writes the smallest recording that still shows a violation.

use std::{
    fs::{self, File},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tracer::{
    check::{
        Report, Severity, Violation,
        shrink::{self, Budget, Records, Setting, Shrunk},
    },
    coverage::Coverage,
    event::Header as Head,
    model::World,
    recording::{self, Adapter, Block, Codec, Encoder, Ending, Header, Item, Note, Writer},
    stream,
};
use tracer_ebpf::wire::{Wire, kind};

use crate::{
    cli,
    command::{fault::Fault, file, out, replay},
};

/// Bytes of records that are held at most.
const HELD: usize = 256 << 20;

/// How often a terminal shows how far it is.
const EVERY: Duration = Duration::from_millis(200);

/// Whether a recording could be shrunk, as far as can be told before anything is checked.
pub(super) fn check(args: &cli::Check) -> Result<(), Fault> {
    let Some(path) = &args.evidence.shrink else { return Ok(()) };
    let what = || format!("cannot shrink to {}", path.display());
    if args.files.is_empty() && args.evidence.record.is_none() {
        let help = "name a new file for it too: --record FILE";
        return Err(Fault::unable(what(), "there is no recording to shrink", help));
    }
    if args.files.iter().any(|file| file == Path::new("-")) {
        let why = "standard input can be read only once";
        return Err(Fault::unable(what(), why, "give the recording by its name"));
    }
    if path.symlink_metadata().is_ok() {
        return Err(file::cannot_make(what(), &io::ErrorKind::AlreadyExists.into()));
    }
    Ok(())
}

/// Shrinks the recordings to the violation that is asked for, if there is one.
pub(super) fn run(args: &cli::Check, files: &[PathBuf], report: &Report) -> Result<(), Fault> {
    let Some(path) = &args.evidence.shrink else { return Ok(()) };
    let Some(goal) = goal(args, report) else {
        out::note(&format!("nothing to shrink to: {} is not written", path.display()));
        return Ok(());
    };
    let Some(history) = History::read(files, goal)? else {
        out::note("not shrunk: there are too many records before the violation");
        return Ok(());
    };
    let setting = Setting {
        host: &history.header.host,
        coverage: &history.coverage,
        config: recording::config_of(&history.header, &history.coverage),
    };
    let mut progress = Progress::new();
    let shrunk =
        shrink::shrink(&history.records, &setting, goal, Budget::default(), &mut |left, tries| {
            progress.show(left, tries);
        });
    progress.clear();
    let Some(shrunk) = shrunk else {
        out::note(
            "not shrunk: the records alone, without the keyframes, do not show the violation",
        );
        return Ok(());
    };
    let how = how(&shrunk, &history, goal);
    write(path, &history, &shrunk, &how)?;
    out::note(&format!("{}: {how}", path.display()));
    Ok(())
}

/// The violation that is shrunk to.
fn goal<'r>(args: &cli::Check, report: &'r Report) -> Option<&'r Violation> {
    let wanted = |found: &&Violation| match args.evidence.shrink_rule {
        Some(rule) => found.rule.number == rule.number,
        None => args.rules.soft_is_error || found.rule.severity == Severity::Strict,
    };
    report.violations.iter().find(wanted)
}

/// What was done, in a sentence.
fn how(shrunk: &Shrunk, history: &History, goal: &Violation) -> String {
    let Shrunk { kept, renumbered, minimal, tries } = shrunk;
    let least = if *minimal { "none of them can be left out" } else { "fewer may do" };
    let numbers = if *renumbered {
        "; the CPUs' sequence numbers are given anew, so that what is left out is no loss"
    } else {
        ""
    };
    format!(
        "{} of {} records, that violate {} ({least}; {tries} tries){numbers}",
        kept.len(),
        history.count,
        goal.rule.id
    )
}

/// The records up to a violation.
struct History {
    header: Header,
    coverage: Coverage,
    records: Records,
    /// How many there were.
    count: u64,
}

impl History {
    /// Reads files as one history, up to a while behind the violation; `None` if it is too long.
    fn read(paths: &[PathBuf], goal: &Violation) -> Result<Option<Self>, Fault> {
        let files = replay::open(paths)?;
        let Some((_, first)) = files.first() else { return Ok(None) };
        let (header, coverage) = (first.header().clone(), first.coverage().clone());
        let mut history = Self { header, coverage, records: Records::default(), count: 0 };
        let mut sweep = Sweep::default();
        let (mut block, mut adapted) = (Block::new(), Vec::new());
        for (path, mut reader) in files {
            let adapter = reader.adapter().cloned();
            while let Some(item) =
                reader.next(&mut block).map_err(|error| file::cannot_read(&path, &error))?
            {
                let Item::Records(_) = item else { continue };
                for bytes in block.records() {
                    let record = Adapter::present(adapter.as_ref(), bytes, &mut adapted);
                    history.take(record, goal, &mut sweep);
                }
                if history.records.size() > HELD {
                    return Ok(None);
                }
            }
        }
        Ok(Some(history))
    }

    /// Holds a record, and makes room where that is needed: with a whole sweep the tables begin anew.
    fn take(&mut self, record: &[u8], goal: &Violation, sweep: &mut Sweep) {
        self.count += 1;
        let found = sweep.seen;
        if let Some(head) = Head::read(record) {
            let last = goal.events.last();
            sweep.seen |= last.is_some_and(|last| {
                (head.ts, head.cpu, head.seq, head.kind) == (last.ts, last.cpu, last.seq, last.kind)
            });
            match head.kind {
                kind::SNAPSHOT_BEGIN => sweep.begun = Some(self.records.len()),
                kind::SNAPSHOT_END => sweep.whole = sweep.begun.or(sweep.whole),
                _ => {}
            }
        }
        // Behind the violation nothing more is needed, once there is too much.
        if found && self.records.size() + record.len() > HELD {
            return;
        }
        if self.records.size() + record.len() > HELD
            && let Some(whole) = sweep.whole.take()
        {
            self.records.forget(whole);
            sweep.begun = sweep.begun.and_then(|begun| begun.checked_sub(whole));
        }
        self.records.push(record);
    }
}

/// Where the latest sweeps are among the records.
#[derive(Default)]
struct Sweep {
    begun: Option<usize>,
    whole: Option<usize>,
    /// The violation was found.
    seen: bool,
}

/// Writes the recording: header, coverage and host stay.
fn write(path: &Path, history: &History, shrunk: &Shrunk, how: &str) -> Result<(), Fault> {
    let output = file::create(path)?;
    let written = put(&output, history, shrunk, how).and_then(|()| output.sync_data());
    written.map_err(|error| {
        let _gone = fs::remove_file(path);
        Fault::Failed(anyhow::anyhow!("cannot write {}: {error}", path.display()))
    })
}

fn put(output: &File, history: &History, shrunk: &Shrunk, how: &str) -> io::Result<()> {
    let mut header = Header { part: 0, first_seq: 0, command: false, ..history.header.clone() };
    // It is another history than the one that it was taken from.
    header.run.iter_mut().for_each(|byte| *byte = !*byte);
    let mut world = World::with(recording::config_of(&header, &history.coverage));
    let mut writer = Writer::create(output, &header, &history.coverage)?;
    writer.note(&Note::Changed(how.as_bytes().to_vec()))?;
    let mut encoder = Encoder::new(Codec::default());
    let records = shrunk.records(&history.records);
    let mut ts = header.start;
    for index in 0..records.len() {
        let record = records.get(index);
        if encoder.push(record).is_err() {
            writer.block(&mut encoder, world.losses(), ts)?;
            let _taken = encoder.push(record);
        }
        let event = stream::event(record);
        ts = ts.max(event.header.ts);
        world.apply(&event);
    }
    writer.block(&mut encoder, world.losses(), ts)?;
    writer.end(Ending::Ended, world.digest())
}

/// One line that is written over and over; nothing on a pipe.
struct Progress {
    terminal: bool,
    shown: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), shown: Instant::now() }
    }

    fn show(&mut self, left: usize, tries: u32) {
        if self.terminal && self.shown.elapsed() >= EVERY {
            let line = format!("shrinking: {left} records left after {tries} tries");
            let _unread = write!(io::stderr().lock(), "\r\x1b[K{line}");
            self.shown = Instant::now();
        }
    }

    fn clear(&self) {
        if self.terminal {
            let _unread = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
