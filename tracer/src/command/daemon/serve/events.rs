//! A stream of events as the body of an answer.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Instant, Interval, interval_at};

use crate::command::daemon::feed::Queue;

/// After so much silence a comment is sent, so that nobody between takes the connection for dead.
const ALIVE: Duration = Duration::from_secs(15);

/// What waits for a client, as it comes.
pub(super) struct Events {
    queue: Arc<Queue>,
    alive: Interval,
}

impl Events {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self { queue, alive: interval_at(Instant::now() + ALIVE, ALIVE) }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.queue.poll(cx) {
            Poll::Ready(next) => next,
            Poll::Pending if self.alive.poll_tick(cx).is_ready() => Some(":\n\n".into()),
            Poll::Pending => return Poll::Pending,
        };
        self.alive.reset();
        Poll::Ready(next.map(|text| Ok(Frame::data(Bytes::from(text)))))
    }
}
