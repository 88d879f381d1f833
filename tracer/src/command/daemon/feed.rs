//! What happens, told to whoever listens: `/v1/events`.
//!
//! ```text
//! tables' thread: events ── filter, words ── queue ── server's thread ── client
//!                        └─ backlog ─ (a client that comes back) ─┘
//! ```
//!
//! Where nobody listens this costs a comparison an event. Where somebody does, each filter is asked
//! once an event, and the words are found once for all who want JSON. A queue has a bound: a client
//! that is slower than the events is told how many it has missed, and holds nobody up.

mod backlog;
mod gap;
mod id;
mod queue;
mod subscriber;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tracer::{
    event::Event,
    model::{Change, World},
    view::{self, Json, Report},
};

use super::question::{Form, Listen};
use crate::command::{fault::Fault, moment::Moment, select};
use backlog::Backlog;
use gap::Gap;
use id::Run;
pub(super) use id::Since;
pub(super) use queue::Queue;
use subscriber::{Shared, Subscriber};

/// Clients at a time.
const CLIENTS: usize = 16;

/// How long recent events are kept for a client that comes back, when nobody listens any more.
const LINGER: Duration = Duration::from_mins(1);

/// Whoever listens, and what they are told.
pub(super) struct Feed {
    run: Run,
    /// Events that the tables have taken in.
    seq: u64,
    clients: Vec<Subscriber>,
    backlog: Option<Backlog>,
    /// Bytes of the backlog at most.
    most: usize,
    /// When somebody listened last.
    heard: Instant,
    shared: Shared,
    /// What the latest event means to users: kept for its memory.
    reports: Vec<Report>,
}

/// Why nobody listens more.
pub(super) enum Refused {
    /// Too many do.
    Full,
    /// What is asked for cannot be had.
    Fault(Fault),
}

impl Feed {
    /// Nobody listens yet. `begun` is when this run began, ns since boot; `most` the backlog's bytes.
    pub(super) fn new(host: &tracer::host::Host, begun: u64, most: u64) -> Self {
        Self {
            run: Run::new(&host.boot_id, begun),
            seq: 0,
            clients: Vec::new(),
            backlog: None,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            heard: Instant::now(),
            shared: Shared::new(Json::new(host)),
            reports: Vec::new(),
        }
    }

    /// Whether anybody listens: then events are wanted soon.
    pub(super) fn is_heard(&self) -> bool {
        !self.clients.is_empty()
    }

    /// Clients that listen, and the bytes that wait for them.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.clients.len(), self.clients.iter().map(|client| client.queue().bytes()).sum())
    }

    /// Forgets what is kept for those who come back; how many events.
    pub(super) fn forget(&mut self) -> u64 {
        self.backlog.take().map_or(0, |backlog| backlog.len() as u64)
    }

    /// Takes an event, which the tables have taken in.
    #[inline]
    pub(super) fn take(&mut self, world: &World, event: &Event, change: &Change) {
        self.seq += 1;
        if self.backlog.is_some() || !self.clients.is_empty() {
            self.tell(world, event, change);
        }
    }

    fn tell(&mut self, world: &World, event: &Event, change: &Change) {
        if let Some(backlog) = &mut self.backlog {
            backlog.push(event);
        }
        if self.clients.is_empty() {
            return;
        }
        self.reports.clear();
        view::reports(world, event, change, &mut self.reports);
        let many = self.reports.len();
        for (index, report) in self.reports.iter().enumerate() {
            let id = self.run.id(self.seq, index, many);
            self.shared.forget();
            for client in &mut self.clients {
                client.take(world, report, id, &mut self.shared);
            }
        }
    }

    /// Between two rounds: hands on what has gathered.
    pub(super) fn flush(&mut self, world: &World) {
        if self.clients.is_empty() {
            if self.backlog.is_some() && self.heard.elapsed() > LINGER {
                self.backlog = None;
            }
            return;
        }
        self.heard = Instant::now();
        let json = &self.shared.json;
        self.clients.retain_mut(|client| client.flush(world, json));
    }

    /// One more listens, from now on or from where it was.
    pub(super) fn subscribe(
        &mut self,
        now: &Moment<'_>,
        listen: &Listen,
        form: Form,
    ) -> Result<Arc<Queue>, Refused> {
        if self.clients.len() >= CLIENTS {
            return Err(Refused::Full);
        }
        let begun = listen.start.unwrap_or(crate::command::trace::now());
        let typed = &listen.live;
        let mut filter = select::filter(&typed.selection).map_err(Refused::Fault)?;
        select::narrow(&mut filter, &typed.events, now.host, begun, begun);
        let since = listen.since.as_ref().map(|since| since.of(self.run));
        if since.is_none() {
            // Who comes back may ask for what has ended meanwhile.
            select::check(now.world, &filter).map_err(Refused::Fault)?;
        }
        if let Some(Ok(place)) = since
            && place.seq > self.seq
        {
            let what = format!("there is no event {} yet", place.seq);
            return Err(Refused::Fault(Fault::unable("since", what, "")));
        }
        let room = queue::ROOM.max(self.most.saturating_mul(4));
        let mut client = Subscriber::new(filter, form.text(now.host, begun), room);
        client.head(now, self.run.whole(self.seq), &self.shared.json);
        match since {
            None => {}
            Some(Err(())) => client.gap(Gap::OtherRun, self.run.whole(self.seq)),
            Some(Ok(place)) => self.go_on(&mut client, place),
        }
        if self.backlog.is_none() && self.most > 0 {
            self.backlog = Some(Backlog::new(now.world, self.seq, self.most));
        }
        let queue = client.queue();
        client.flush(now.world, &self.shared.json);
        self.clients.push(client);
        Ok(queue)
    }

    /// Tells a client that comes back what it has missed, as far as that is known.
    fn go_on(&mut self, client: &mut Subscriber, place: id::Place) {
        let kept = self.backlog.as_ref().map_or(self.seq, Backlog::before);
        if place.seq < kept {
            let count = kept - place.seq;
            let (from, to) = (self.run.whole(place.seq + 1), self.run.whole(kept));
            client.gap(Gap::TooOld { from, to, count }, to);
        }
        let Self { run, backlog: Some(backlog), shared, .. } = self else { return };
        backlog.replay(|world, seq, reports| {
            for (index, report) in reports.iter().enumerate() {
                let id = run.id(seq, index, reports.len());
                shared.forget();
                if place.is_before(id) {
                    client.take(world, report, id, shared);
                } else {
                    client.see(world, report);
                }
            }
        });
    }

    /// The daemon ends: so does every stream, and says why.
    pub(super) fn end(&mut self, world: &World) {
        for client in &mut self.clients {
            client.end(world, &self.shared.json, Some("the daemon is ending"));
        }
        let patience = Instant::now() + Duration::from_millis(200);
        for client in self.clients.drain(..) {
            client.queue().drained(patience);
        }
    }
}
