//! What one client is still to be sent: filled by the tables' thread, emptied by the server's.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Bytes that may wait for a client; where a larger backlog is kept, more.
pub(super) const ROOM: usize = 4 << 20;

/// What one client is still to be sent.
#[derive(Debug)]
pub(in crate::command::daemon) struct Queue {
    state: Mutex<State>,
    empty: Condvar,
}

#[derive(Debug)]
struct State {
    text: String,
    /// Nothing comes any more.
    closed: bool,
    /// The client has hung up, or has said that it will not ask for more.
    left: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new() -> Self {
        let state = State { text: String::new(), closed: false, left: false, waker: None };
        Self { state: Mutex::new(state), empty: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what has gathered; how many bytes wait now, and whether the client still listens.
    pub(super) fn push(&self, more: &mut String) -> (usize, bool) {
        let mut state = self.lock();
        if state.text.is_empty() {
            std::mem::swap(&mut state.text, more);
        } else {
            state.text.push_str(more);
        }
        more.clear();
        if !state.text.is_empty()
            && let Some(waker) = state.waker.take()
        {
            waker.wake();
        }
        (state.text.len(), !state.left)
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.lock().text.len()
    }

    /// Nothing comes any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Waits until everything was taken, or for so long.
    pub(super) fn drained(&self, until: Instant) {
        let state = self.lock();
        let patience = until.saturating_duration_since(Instant::now());
        let waits = |state: &mut State| !state.text.is_empty() && !state.left;
        let _drained = self.empty.wait_timeout_while(state, patience, waits);
    }

    /// What is to be sent next; `None` at the end.
    pub(in crate::command::daemon) fn poll(&self, cx: &Context<'_>) -> Poll<Option<String>> {
        let mut state = self.lock();
        if !state.text.is_empty() {
            self.empty.notify_all();
            return Poll::Ready(Some(std::mem::take(&mut state.text)));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The client asks for no more: it is told the sum, if it still reads.
    pub(in crate::command::daemon) fn leave(&self) {
        self.lock().left = true;
        self.empty.notify_all();
    }
}
