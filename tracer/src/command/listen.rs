//! `tracer live` where a daemon runs: it traces already, and tells what it sees.

mod message;

use std::{
    io::{self, Read as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use clap::{ArgMatches, parser::ValueSource};
use tracer::{filter::Types, kernel, view::Type};

use super::{
    ask,
    fault::Fault,
    follow::Output,
    out,
    signals::Signals,
    trace::{End, now},
};
use crate::cli;
use message::{Message, Messages};

/// Options about how the kernel is traced: who types one of them wants to trace.
const OWN: [&str; 6] = ["plan", "ring", "no_args", "log", "verifier_log", "record"];

/// How often signals are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long the daemon may take for an answer, and for the sum at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a daemon that has gone is waited for.
const RETURN: Duration = Duration::from_secs(10);

/// Who has told what happened.
pub(super) enum Heard {
    /// The daemon, to the end.
    All(ExitCode),
    /// Nobody: the kernel has to be traced.
    Nobody(Signals),
}

/// Shows what the daemon tells, if there is one and it can be asked for this.
pub(super) fn run(args: &cli::Live, signals: Signals) -> Result<Heard, Fault> {
    let Some(path) = path(args) else { return Ok(Heard::Nobody(signals)) };
    let mut live = Live {
        args,
        path: path + &ask::form(args.shown.output) + &ask::time(args.shown) + &start(now()),
        output: Output::stdout(signals),
        end: end(args),
        last: None,
        asked: None,
        seen: Seen::default(),
    };
    match live.connect()? {
        Some(stream) => live.listen(stream).map(Heard::All),
        None => Ok(Heard::Nobody(live.output.into_signals())),
    }
}

/// What is asked, if the daemon can be asked for it: it has been tracing for long, in its own way, and
/// knows no command's first instruction.
fn path(args: &cli::Live) -> Option<String> {
    if args.asked.no_daemon || !args.command.is_empty() {
        return None;
    }
    // Who was there already is told by a sweep, and the daemon's is over.
    let types = args.events.types.unwrap_or(Types::LIVE);
    if types.union(Types::NONE.with(Type::Snapshot)) == types {
        return None;
    }
    let typed =
        |typed: &ArgMatches, id: &str| typed.value_source(id) == Some(ValueSource::CommandLine);
    ask::typed_path(|matches| !OWN.iter().any(|id| typed(matches, id)))
}

fn start(ns: u64) -> String {
    format!("&start={ns}")
}

fn end(args: &cli::Live) -> End {
    let now = now();
    let until = args.events.until.map(|spec| spec.resolve(&kernel::host(), now, now));
    End::new(args.duration, until)
}

/// What was told so far.
#[derive(Default)]
struct Seen {
    head: bool,
    sum: bool,
    /// It was another daemon in between.
    anew: bool,
}

/// A stream that is shown.
struct Live<'a> {
    args: &'a cli::Live,
    path: String,
    output: Output,
    end: End,
    /// The id of the last event.
    last: Option<String>,
    /// When the daemon was asked for the sum.
    asked: Option<Instant>,
    seen: Seen,
}

/// Why nothing is read any more.
enum Over {
    /// The stream has come to its proper end.
    Sum,
    /// The daemon has gone.
    Gone,
    /// Nobody reads what is shown, or waits for the end.
    Enough,
}

impl Live<'_> {
    /// Shows the stream to its end, across restarts of the daemon.
    fn listen(&mut self, mut stream: Stream) -> Result<ExitCode, Fault> {
        loop {
            match self.follow(&mut stream)? {
                Over::Sum | Over::Enough => return self.finish(),
                Over::Gone if self.asked.is_some() => return Err(self.lost("before the sum")),
                Over::Gone => {}
            }
            self.output.flush()?;
            out::note("the daemon has gone; waiting for it to come back");
            stream = match self.reconnect()? {
                Some(stream) => stream,
                None if self.is_over() => return Err(self.lost("before the end")),
                None => return Err(self.lost("and does not come back")),
            };
        }
    }

    fn lost(&self, when: &str) -> Fault {
        let socket = self.args.asked.socket.display();
        Fault::Failed(anyhow::anyhow!(
            "the daemon at {socket} has gone, {when}: what it told until then is shown"
        ))
    }

    fn is_over(&self) -> bool {
        self.output.signals().asked().is_some() || self.output.is_closed()
    }

    fn finish(&mut self) -> Result<ExitCode, Fault> {
        self.output.flush()?;
        if self.output.is_cut() {
            out::note("the reader was too slow: the end of the trace was dropped");
        }
        if self.seen.anew {
            out::note("the daemon was started anew meanwhile: the sum is of what came after that");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks; `None` where nobody answers.
    fn connect(&self) -> Result<Option<Stream>, Fault> {
        let since = self.last.as_ref().map(|id| format!("&since={id}")).unwrap_or_default();
        let path = format!("{}{since}", self.path);
        let Ok(stream) = ask::send(&self.args.asked.socket, &path, PATIENCE) else {
            return Ok(None);
        };
        Stream::open(stream)
    }

    /// Waits until the daemon is there again.
    fn reconnect(&mut self) -> Result<Option<Stream>, Fault> {
        let begun = Instant::now();
        while begun.elapsed() < RETURN && !self.is_over() {
            if let Some(stream) = self.connect()? {
                return Ok(Some(stream));
            }
            sleep(LOOK);
            self.output.flush()?;
        }
        Ok(None)
    }

    /// Shows what comes.
    fn follow(&mut self, stream: &mut Stream) -> Result<Over, Fault> {
        let mut bytes = vec![0; 64 << 10];
        loop {
            while let Some(message) = stream.messages.next() {
                self.show(&message);
            }
            self.output.flush()?;
            if self.seen.sum {
                return Ok(Over::Sum);
            }
            if self.output.is_closed() || self.output.signals().insists() {
                return Ok(Over::Enough);
            }
            if self.asked.is_some_and(|asked| asked.elapsed() > PATIENCE) {
                return Err(self.lost("or is too slow to tell the sum"));
            }
            let over = self.end.is_reached_once() || self.output.signals().asked().is_some();
            if over && self.asked.is_none() {
                self.asked = Some(Instant::now());
                // That nothing more is asked is how the sum is asked for.
                let _gone = stream.socket.shutdown(Shutdown::Write);
            }
            match stream.socket.read(&mut bytes) {
                Ok(0) => return Ok(Over::Gone),
                Ok(read) => stream.messages.push(bytes.get(..read).unwrap_or_default()),
                Err(error) if is_patient(&error) => {}
                Err(_broken) => return Ok(Over::Gone),
            }
        }
    }

    /// Shows a message.
    fn show(&mut self, message: &Message) {
        if let Some(id) = &message.id {
            let run = |id: &str| id.split('-').next().map(str::to_owned);
            self.seen.anew |= self.last.as_ref().is_some_and(|last| run(last) != run(id));
            self.last = Some(id.clone());
        }
        let json = self.args.shown.output.json;
        match message.kind.as_str() {
            "about" if self.seen.head => return,
            "about" => return out::note(&message.data),
            "header" if std::mem::replace(&mut self.seen.head, true) => return,
            // The daemon ends; whether it comes back is seen then.
            "end" => return,
            // That of a stream that was broken off is not the last.
            "summary" if self.asked.is_none() => return,
            "summary" => {
                self.seen.sum = true;
                if !json {
                    // Behind everything on standard output.
                    let _closed = self.output.flush();
                    return out::complain(&message.data);
                }
            }
            _ => {}
        }
        self.output.text.push_str(&message.data);
        self.output.text.push('\n');
        self.output.relieve();
    }
}

/// What comes from the daemon.
struct Stream {
    socket: UnixStream,
    messages: Messages,
}

impl Stream {
    /// Reads the head of the answer; `None` if it is none, or comes to nothing now.
    fn open(mut socket: UnixStream) -> Result<Option<Self>, Fault> {
        let mut answer = Vec::new();
        let mut bytes = [0; 4096];
        let status = loop {
            if let Some((status, ..)) = ask::head(&answer) {
                break status;
            }
            match socket.read(&mut bytes) {
                Ok(0) | Err(_) => return Ok(None),
                Ok(read) => answer.extend_from_slice(bytes.get(..read).unwrap_or_default()),
            }
        };
        if status >= 400 {
            let _cut = socket.read_to_end(&mut answer);
        }
        let body = ask::head(&answer).map(|(_, _, body)| body).unwrap_or_default();
        match status {
            200 => {}
            400..=499 => return Err(ask::refused(status, body)),
            _ => return Ok(None),
        }
        let mut messages = Messages::default();
        messages.push(body);
        if socket.set_read_timeout(Some(LOOK)).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { socket, messages }))
    }
}

/// Whether an error means that nothing has come yet.
fn is_patient(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
