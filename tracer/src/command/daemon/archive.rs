//! What the daemon's own recordings tell of a number: `/v1/history/…`.
//!
//! They are read on threads of their own, few at a time and not for ever, so that nothing else waits
//! for that. The file that is being written is read as far as it has got.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::timeout};
use tracer::{
    coverage::Coverage,
    event::Event,
    host::Host,
    kernel,
    model::{Change, World},
    past::History,
    recording::{Ahead, Damage, Flaw, Header, Replay, Visitor},
    view::{self, Json, Report, Summary},
};

use super::{
    answer::{self, Answer, JSON, LINES, Said, TEXT},
    confine,
    question::Form,
    store,
};
use crate::{
    cli,
    command::{fault::Fault, file},
};

/// Requests that are read for at a time: each keeps a processor busy.
const READERS: usize = 2;

/// How long reading may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a client waits, for its turn too.
const WAIT: Duration = Duration::from_secs(90);

/// Events between two looks at the clock.
const LOOK: u32 = 1 << 14;

/// Requests that wait for their turn.
const LINE: usize = 16;

/// The daemon's recordings, and those who read them.
pub(super) struct Archive {
    jobs: SyncSender<Job>,
}

/// A request, and where its answer goes.
struct Job {
    asked: Box<cli::History>,
    form: Form,
    reply: oneshot::Sender<Answer>,
}

impl Archive {
    /// Those in a directory, of this boot: before it, a number meant somebody else. The threads that
    /// read them are to be `confined` to that.
    pub(super) fn start(dir: &Path, host: &Host, confined: bool) -> io::Result<Self> {
        let (jobs, todo) = sync_channel::<Job>(LINE);
        let todo = Arc::new(Mutex::new(todo));
        let (ready, readers) = sync_channel(READERS);
        for _ in 0..READERS {
            let (todo, ready) = (Arc::clone(&todo), ready.clone());
            let shelf = Shelf { dir: dir.to_owned(), boot_id: host.boot_id.clone() };
            thread::Builder::new().name("reader".into()).spawn(move || {
                // What is asked for now comes first.
                let _unchanged = rustix::process::nice(10);
                if confined {
                    confine::reader(&shelf.dir);
                }
                let _left = ready.send(());
                while let Some(job) = next(&todo) {
                    // Whoever has left meanwhile needs no answer.
                    if !job.reply.is_closed() {
                        let _left = job.reply.send(shelf.read(&job.asked, job.form));
                        // The tables of the past took as much memory as those of now.
                        kernel::give_back();
                    }
                }
            })?;
        }
        drop(ready);
        // Nobody is served before they have given up what they do not need.
        readers.iter().take(READERS).for_each(drop);
        Ok(Self { jobs })
    }

    /// The lives of a number.
    pub(super) async fn answer(&self, asked: Box<cli::History>, form: Form) -> Answer {
        let (reply, answer) = oneshot::channel();
        if self.jobs.try_send(Job { asked, form, reply }).is_err() {
            return Read::default().dated(busy("too many ask for the past"));
        }
        match timeout(WAIT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panicked)) => Read::default().dated(busy("reading has failed")),
            Err(_late) => Read::default().dated(busy("reading takes too long")),
        }
    }
}

/// The next request; `None` when there will be none.
fn next(todo: &Mutex<Receiver<Job>>) -> Option<Job> {
    todo.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Where the recordings lie.
struct Shelf {
    dir: PathBuf,
    boot_id: String,
}

impl Shelf {
    fn read(&self, asked: &cli::History, form: Form) -> Answer {
        let mut read = Read { history: Some(History::new(asked.pid)), ..Read::default() };
        let mut replay = Replay::new();
        let mut first = None;
        let files = match self.files() {
            Ok(files) => files,
            Err(error) => return read.dated(answer::refused(error)),
        };
        read.begun = Some(Instant::now());
        for path in files {
            // It may have been removed for its age meanwhile.
            let Ok(reader) = file::open(&path) else { continue };
            first.get_or_insert_with(|| (reader.header().clone(), reader.coverage().clone()));
            let flow = Ahead::start(reader).and_then(|mut ahead| replay.run(&mut ahead, &mut read));
            match flow {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    let what = format!("the recordings are too long to be read in {PATIENCE:?}");
                    return read.dated(busy(&what));
                }
                Err(_broken) => read.damaged = true,
            }
        }
        read.ts = replay.ts();
        let Some((header, coverage)) = first else {
            return read.dated(absent("nothing was recorded yet"));
        };
        let said = read.say(replay.world(), &header, &coverage, form);
        read.dated(said)
    }

    /// The files of this boot, in the order of their time.
    fn files(&self) -> Result<Vec<PathBuf>, Fault> {
        let all =
            store::recordings(&self.dir).map_err(|error| file::cannot_read(&self.dir, &error))?;
        let mut files = Vec::new();
        for path in all {
            let Ok(reader) = file::open(&path) else { continue };
            let header = reader.header();
            if header.host.boot_id == self.boot_id {
                files.push(((header.start, header.run, header.part), path));
            }
        }
        files.sort();
        // A copy tells nothing new.
        files.dedup_by(|one, other| one.0 == other.0);
        Ok(files.into_iter().map(|(_, path)| path).collect())
    }
}

/// What is being read.
#[derive(Default)]
struct Read {
    history: Option<History>,
    reports: Vec<Report>,
    begun: Option<Instant>,
    events: u32,
    /// The latest time, ns since boot.
    ts: u64,
    /// Something is missing, or could not be read.
    damaged: bool,
}

impl Read {
    fn say(&mut self, world: &World, header: &Header, coverage: &Coverage, form: Form) -> Said {
        let Some(mut history) = self.history.take() else { return busy("nothing was read") };
        history.finish(world, self.ts);
        if history.lives().is_empty() {
            let nr = history.spec().nr;
            return absent(&format!("nobody had the PID {nr} in what is recorded of this boot"));
        }
        let mut text = String::new();
        if let Some(form) = form.text(&header.host, header.start) {
            view::past::history(&form.lines, &history, &mut text);
            return (200, TEXT, text);
        }
        let json = Json::new(&header.host);
        json.header(coverage, &mut text);
        json.history(&history, &mut text);
        json.summary(world, &Summary::default(), &mut text);
        (200, LINES, text)
    }

    /// An answer, as of the latest event that was read.
    fn dated(&self, (status, media, body): Said) -> Answer {
        Answer { status, media, body, event: None, ts: self.ts, certain: !self.damaged }
    }
}

impl Visitor for Read {
    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        if let Some(history) = &mut self.history {
            self.reports.clear();
            view::reports(world, event, change, &mut self.reports);
            history.add(world, event, change, &self.reports);
        }
        self.events = self.events.wrapping_add(1);
        let late = self.events.is_multiple_of(LOOK)
            && self.begun.is_some_and(|begun| begun.elapsed() > PATIENCE);
        if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        // The one that is being written has no end yet, and perhaps half a frame.
        self.damaged |= !matches!(damage.flaw, Flaw::NoEnd | Flaw::Cut);
        ControlFlow::Continue(())
    }

    fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        self.damaged |= missing.is_some();
        ControlFlow::Continue(())
    }
}

fn absent(what: &str) -> Said {
    let help = "what has just happened is there after a second; older files go with --keep";
    (404, JSON, answer::error(what, help))
}

fn busy(what: &str) -> Said {
    let help = "ask again later, or read the files yourself: tracer history FILE… PID";
    (503, JSON, answer::error(what, help))
}
