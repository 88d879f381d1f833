//! Records while the kernel is traced: the thread that reads the ring gathers records, another one
//! packs and writes them, so that a slow disk stalls nobody before the ring is full.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{Codec, Encoder, Ending, Files, Header, Note, Output, Writer};
use crate::{coverage::Coverage, model::World};

/// Records in a frame: 4,096 take a quarter more bytes, beyond that little is gained.
const BLOCK: usize = 16_384;

/// Bytes of records in a frame, where they are long: so many that an encoder takes any other.
const BLOCK_BYTES: usize = 31 << 16;

/// Records between two keyframes at least: what a look back has to replay at most.
const KEYFRAME: u64 = 1 << 16;

/// Keyframes take no more than this part of a file, so they are rarer where the tables are large.
const SHARE: u64 = 12;

/// Frames that may wait for the disk: some 70 MB of records at most, and most of a second of the
/// fastest storm.
const QUEUE: usize = 32;

/// How to record.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the header of the first file says; of the next ones part and first number are the
    /// recorder's. A part that is not 0 goes on from tables, which a keyframe in front has to give.
    pub header: Header,
    /// What is attached.
    pub coverage: Coverage,
    /// How records are packed.
    pub codec: Codec,
}

/// What has been written so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes in all files.
    pub bytes: u64,
    /// Bytes in the present file.
    pub file: u64,
    /// Of these, what stands in front of its first record: the tables it goes on from.
    pub front: u64,
    /// Files begun.
    pub files: u64,
    /// Times the ring's reader had to wait for the disk.
    pub waits: u64,
}

/// Why recording stopped.
#[derive(Debug)]
pub struct Failure {
    /// What the system said.
    pub error: io::Error,
    /// The file.
    pub path: PathBuf,
    /// Records that are safely in it (and in the files before).
    pub events: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes of finished files.
    before: AtomicU64,
    file: AtomicU64,
    front: AtomicU64,
    files: AtomicU64,
    waits: AtomicU64,
    /// Bytes of the last keyframe, and where the present file's last keyframe ended.
    keyframe: AtomicU64,
    keyframe_end: AtomicU64,
    failure: Mutex<Option<Failure>>,
}

enum Job {
    /// Records; how many were lost so far, and the latest time.
    Block(Box<Encoder>, u64, u64),
    Keyframe(Vec<u8>, u64),
    Note(Note),
    Tick,
    Rotate(Vec<u8>, u64),
    End(u64),
}

/// Records.
pub struct Recorder {
    gathered: Box<Encoder>,
    codec: Codec,
    jobs: Option<SyncSender<Job>>,
    spare: Receiver<Box<Encoder>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    events: u64,
    since_keyframe: u64,
    /// Latest time so far.
    ts: u64,
}

impl Recorder {
    /// Creates the first file, and starts the writing thread.
    pub fn start(settings: Settings, files: Files) -> io::Result<Self> {
        Self::start_within(settings, files, u64::MAX)
    }

    /// The same, with at most so many bytes of records waiting for the disk, beyond those that are
    /// being gathered and written.
    pub fn start_within(settings: Settings, mut files: Files, bytes: u64) -> io::Result<Self> {
        let queue = usize::try_from(bytes / BLOCK_BYTES as u64).unwrap_or(QUEUE).clamp(1, QUEUE);
        let file = files.create()?;
        let path = file.path().to_owned();
        // A file without a header, on a full disk, would be there for nothing.
        let writer = Writer::create(file, &settings.header, &settings.coverage)
            .inspect_err(|_| drop(fs::remove_file(&path)))?;
        let shared = Arc::new(Shared::default());
        let (jobs, todo) = sync_channel(queue);
        let (done, spare) = channel();
        let (codec, part) = (settings.codec, settings.header.part);
        let mut scribe = Scribe {
            writer,
            files,
            settings,
            shared: Arc::clone(&shared),
            done,
            part,
            command: None,
        };
        scribe.account();
        let thread =
            thread::Builder::new().name("recorder".into()).spawn(move || scribe.run(&todo))?;
        Ok(Self {
            gathered: Box::new(Encoder::new(codec)),
            codec,
            jobs: Some(jobs),
            spare,
            thread: Some(thread),
            shared,
            events: 0,
            since_keyframe: 0,
            ts: 0,
        })
    }

    /// Takes a record; the tables have taken it in.
    pub fn push(&mut self, record: &[u8], world: &World) {
        if self.gathered.push(record).is_err() {
            self.flush(world.losses());
            // An empty encoder takes any record that a ring can hold.
            let _taken = self.gathered.push(record);
        }
        if let Some(ts) = record.first_chunk() {
            self.ts = self.ts.max(u64::from_le_bytes(*ts));
        }
        self.events += 1;
        self.since_keyframe += 1;
    }

    /// The tables have taken in what was pushed: writes what is due.
    pub fn settle(&mut self, world: &World) {
        if self.gathered.len() < BLOCK && self.gathered.raw_bytes() < BLOCK_BYTES {
            return;
        }
        self.flush(world.losses());
        if self.since_keyframe >= KEYFRAME && self.is_worth_a_keyframe() {
            self.keyframe(world);
        }
    }

    /// Writes the tables' state, behind what was pushed.
    pub fn keyframe(&mut self, world: &World) {
        self.flush(world.losses());
        self.since_keyframe = 0;
        self.send(Job::Keyframe(saved(world), world.digest()));
    }

    /// Records so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What has been written so far.
    pub fn progress(&self) -> Progress {
        let file = self.shared.file.load(Relaxed);
        Progress {
            bytes: self.shared.before.load(Relaxed) + file,
            file,
            front: self.shared.front.load(Relaxed),
            files: self.shared.files.load(Relaxed),
            waits: self.shared.waits.load(Relaxed),
        }
    }

    /// Why recording stopped, if it did; said once.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Once a second: hands what was gathered to the disk.
    pub fn tick(&mut self, world: &World) {
        self.flush(world.losses());
        // While the disk was slow more were made than it takes otherwise.
        while self.spare.try_recv().is_ok() {}
        self.send(Job::Tick);
    }

    /// Writes something about the run, behind what was pushed.
    pub fn note(&mut self, world: &World, note: Note) {
        self.flush(world.losses());
        self.send(Job::Note(note));
    }

    /// Goes on in a new file, which stands alone.
    pub fn rotate(&mut self, world: &World) {
        self.flush(world.losses());
        self.since_keyframe = 0;
        self.send(Job::Rotate(saved(world), world.digest()));
    }

    /// Ends the recording properly.
    pub fn end(mut self, world: &World) -> (Progress, Option<Failure>) {
        self.flush(world.losses());
        self.send(Job::End(world.digest()));
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
        (self.progress(), self.failure())
    }

    fn is_worth_a_keyframe(&self) -> bool {
        let end = self.shared.keyframe_end.load(Relaxed);
        let since = self.shared.file.load(Relaxed).saturating_sub(end);
        since / SHARE >= self.shared.keyframe.load(Relaxed)
    }

    fn flush(&mut self, lost: u64) {
        if self.gathered.is_empty() {
            return;
        }
        let fresh =
            self.spare.try_recv().unwrap_or_else(|_none| Box::new(Encoder::new(self.codec)));
        let full = std::mem::replace(&mut self.gathered, fresh);
        self.send(Job::Block(full, lost, self.ts));
    }

    /// Hands over a job; where the disk is slow, this waits, and the ring fills meanwhile.
    fn send(&self, job: Job) {
        let Some(jobs) = &self.jobs else { return };
        if let Err(TrySendError::Full(job)) = jobs.try_send(job) {
            self.shared.waits.fetch_add(1, Relaxed);
            // Fails only if the thread is gone, which its failure says.
            let _gone = jobs.send(job);
        }
    }
}

fn saved(world: &World) -> Vec<u8> {
    let mut state = Vec::new();
    world.save(&mut state);
    state
}

/// The writing thread.
struct Scribe {
    writer: Writer<Output>,
    files: Files,
    settings: Settings,
    shared: Arc<Shared>,
    done: Sender<Box<Encoder>>,
    part: u32,
    /// The command, which every file tells of.
    command: Option<Note>,
}

impl Scribe {
    fn run(&mut self, jobs: &Receiver<Job>) {
        for job in jobs {
            if let Err(error) = self.work(job) {
                self.fail(error);
                return;
            }
            self.account();
        }
    }

    fn work(&mut self, job: Job) -> io::Result<()> {
        match job {
            Job::Block(mut records, lost, ts) => {
                self.writer.block(&mut records, lost, ts)?;
                // Nobody takes it back at the end.
                let _ended = self.done.send(records);
            }
            Job::Keyframe(state, digest) => self.keyframe(&state, digest)?,
            Job::Note(note) => {
                self.writer.note(&note)?;
                if matches!(note, Note::Command { .. }) {
                    self.command = Some(note);
                }
            }
            Job::Tick => self.writer.get_mut().tick()?,
            Job::Rotate(state, digest) => {
                self.writer.end(Ending::Rotated, digest)?;
                self.part += 1;
                let first_seq = self.writer.seq();
                let header = Header { part: self.part, first_seq, ..self.settings.header.clone() };
                let output = self.files.create()?;
                let next = Writer::create(output, &header, &self.settings.coverage)?;
                let mut last = std::mem::replace(&mut self.writer, next);
                self.writer.go_on(&last);
                self.shared.before.fetch_add(last.offset(), Relaxed);
                last.get_mut().tick()?;
                self.keyframe(&state, digest)?;
                if let Some(command) = &self.command {
                    self.writer.note(command)?;
                }
                self.shared.front.store(self.writer.offset(), Relaxed);
            }
            Job::End(digest) => {
                self.writer.end(Ending::Ended, digest)?;
                self.writer.get_mut().tick()?;
            }
        }
        Ok(())
    }

    fn keyframe(&mut self, state: &[u8], digest: u64) -> io::Result<()> {
        let before = self.writer.offset();
        self.writer.keyframe(state, digest)?;
        self.shared.keyframe.store(self.writer.offset() - before, Relaxed);
        self.shared.keyframe_end.store(self.writer.offset(), Relaxed);
        Ok(())
    }

    fn account(&self) {
        self.shared.file.store(self.writer.offset(), Relaxed);
        self.shared.files.store(u64::from(self.part) + 1, Relaxed);
    }

    /// Keeps what is there: cuts off the torn frame, and ends the file if there is room for that.
    fn fail(&mut self, error: io::Error) {
        let whole = self.writer.offset();
        if self.writer.get_mut().cut(whole).is_ok() && self.writer.end(Ending::Failed, 0).is_err() {
            let _kept = self.writer.get_mut().cut(whole);
        }
        let _kept = self.writer.get_mut().force();
        self.account();
        let path = self.writer.get_mut().path().to_owned();
        let failure = Failure { error, path, events: self.writer.seq() };
        *self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }
}
