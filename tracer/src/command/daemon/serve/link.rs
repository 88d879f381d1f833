//! A connection: how long it may last, and what it means that its client stops sending.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};

use super::Desk;
use crate::command::daemon::feed::Queue;

/// How many times its patience a connection may last in all, however slowly it reads; one that listens
/// to events lasts as long as it reads.
const LIFETIME: u32 = 4;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What is known of a connection.
pub(super) struct Link {
    desk: Arc<Desk>,
    /// What it listens to, if it does.
    queue: OnceLock<Arc<Queue>>,
    /// Since when its client takes nothing of what waits for it.
    deaf: Mutex<Option<Instant>>,
    /// Its client waits for an answer, and the answer is made.
    asked: AtomicBool,
    made: AtomicBool,
}

impl Link {
    pub(super) fn new(desk: Arc<Desk>) -> Arc<Self> {
        let (queue, deaf) = (OnceLock::new(), Mutex::new(None));
        Arc::new(Self { desk, queue, deaf, asked: false.into(), made: false.into() })
    }

    /// It listens to events from now on, to its end.
    pub(super) fn listen(&self, queue: &Arc<Queue>) {
        let _once = self.queue.set(Arc::clone(queue));
    }

    /// Waits until it has lasted too long.
    pub(super) async fn over(&self) {
        let (begun, patience) = (Instant::now(), self.desk.patience);
        loop {
            sleep(LOOK).await;
            let deaf = *self.deaf.lock().unwrap_or_else(PoisonError::into_inner);
            let is_deaf = deaf.is_some_and(|since| since.elapsed() > patience);
            let listens = self.queue.get().is_some();
            if is_deaf || (!listens && begun.elapsed() > patience * LIFETIME) {
                return;
            }
        }
    }

    /// Its client is owed an answer that may take a moment.
    pub(super) fn ask(&self) {
        self.asked.store(true, Relaxed);
    }

    /// The answer is made; what is written next is it.
    pub(super) fn answer(&self) {
        self.made.store(true, Relaxed);
    }

    /// All was written: whether that was an answer.
    fn wrote(&self) -> bool {
        let made = self.made.swap(false, Relaxed);
        made && self.asked.swap(false, Relaxed)
    }

    /// Its client has taken something, or there was no room for more.
    fn offered(&self, taken: bool) {
        let mut deaf = self.deaf.lock().unwrap_or_else(PoisonError::into_inner);
        *deaf = if taken { None } else { deaf.or_else(|| Some(Instant::now())) };
    }

    /// The client will not send more: it has hung up, or it wants the sum of what it was told.
    fn hung_up(&self) -> bool {
        let Some(queue) = self.queue.get() else { return false };
        queue.leave();
        self.desk.bell.ring();
        true
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.hung_up();
    }
}

/// The bytes of a connection. Where its client listens to events, the end of what it sends ends the
/// stream, not the connection; where it is owed an answer, that comes first.
pub(super) struct Bytes<S> {
    pub(super) stream: S,
    pub(super) link: Arc<Link>,
    /// Who is to learn of the end later.
    pub(super) reader: Option<Waker>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        let ended = matches!(read, Poll::Ready(Ok(()))) && into.filled().len() == before;
        if !ended || into.remaining() == 0 {
            return read;
        }
        if self.link.asked.load(Relaxed) {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.link.hung_up() { Poll::Pending } else { read }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.link.offered(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_ready()
            && self.link.wrote()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
