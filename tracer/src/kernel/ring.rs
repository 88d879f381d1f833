//! Draining the ring.

use std::{
    os::fd::{AsRawFd, BorrowedFd},
    time::Duration,
};

use anyhow::{Context as _, bail};
use aya::{
    Ebpf,
    maps::{Map, MapData, RingBuf},
};
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

use crate::{
    event::{Body, Event},
    stream::{Gaps, Liar, Lie, Sink, encode, event_into},
};

/// A liar lies about one in so many records.
const LIES: u64 = 5;

/// The ring, and what is needed to wait for it.
pub(super) struct Ring {
    buffer: RingBuf<MapData>,
    /// Bytes that it holds at most.
    size: u64,
    epoll: rustix::fd::OwnedFd,
    /// Whatever is written to it ends a wait.
    bell: rustix::fd::OwnedFd,
    told: Told,
    /// Corrupts what comes, to test the checks.
    liar: Option<Liar>,
    /// Most bytes that were read at once since somebody asked.
    peak: u64,
}

/// Bytes in front of each record in the ring (`BPF_RINGBUF_HDR_SZ`).
const FRONT: u64 = 8;

/// Ends a wait for the ring, from any thread.
#[derive(Debug)]
pub struct Bell(rustix::fd::OwnedFd);

impl Bell {
    /// Ends the present wait, or the next one if there is none.
    pub fn ring(&self) {
        // It fails only where the count would overflow: then it has been rung often enough.
        let _overflow = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// What was told so far.
#[derive(Default)]
struct Told {
    gaps: Gaps,
    /// The latest event: kept for its memory.
    event: Event,
}

impl Told {
    /// Hands on a record, behind the losses that it makes certain.
    fn take(&mut self, record: &[u8], sink: &mut Sink<'_>) {
        event_into(record, &mut self.event);
        let event = &self.event;
        if !matches!(event.body, Body::Lost(_)) {
            self.gaps.note(&event.header, |lost| add(&lost, sink));
        }
        sink(record, event);
    }
}

impl Ring {
    pub(super) fn open(ebpf: &mut Ebpf, lie: Option<Lie>) -> anyhow::Result<Self> {
        let map = ebpf.take_map("EVENTS").context("the object has no ring")?;
        let Map::RingBuf(data) = &map else { bail!("its ring is none") };
        let size = u64::from(data.info()?.max_entries());
        let buffer = RingBuf::try_from(map)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // Edge-triggered: data that lies there already is no reason to wake up at once; the
        // programs wake us when much has gathered, the caller's timer does otherwise.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, borrowed(&buffer), epoll::EventData::new_u64(0), flags)?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &bell, epoll::EventData::new_u64(1), flags)?;
        let liar = lie.map(|lie| Liar::new(lie, LIES));
        Ok(Self { buffer, size, epoll, bell, told: Told::default(), liar, peak: 0 })
    }

    /// Waits until much has gathered, or the time is over, or a signal came.
    pub(super) fn wait(&self, timeout: Duration) -> anyhow::Result<()> {
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let mut events = [epoll::Event {
            flags: epoll::EventFlags::empty(),
            data: epoll::EventData::new_u64(0),
        }];
        match epoll::wait(&self.epoll, events.as_mut_slice(), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("waiting for the ring"),
        }
    }

    /// What ends a wait, from another thread.
    pub(super) fn bell(&self) -> anyhow::Result<Bell> {
        Ok(Bell(self.bell.try_clone().context("the ring's bell")?))
    }

    /// Hands on every record that is there now. What comes meanwhile may have to wait: where more
    /// comes all the time than can be read, there would be no end.
    pub(super) fn drain(&mut self, sink: &mut Sink<'_>) -> usize {
        let (mut count, mut bytes) = (0, 0);
        while bytes < self.size
            && let Some(record) = self.buffer.next()
        {
            count += 1;
            bytes += FRONT + record.len() as u64;
            match &mut self.liar {
                None => self.told.take(&record, sink),
                Some(liar) => liar.take(&record, &mut |record| self.told.take(record, sink)),
            }
        }
        self.peak = self.peak.max(bytes);
        count
    }

    /// Most bytes that were read at once since this was asked last.
    pub(super) fn peak(&mut self) -> u64 {
        std::mem::take(&mut self.peak)
    }

    /// Whether the first `count` records of a CPU were read.
    pub(super) fn has_read(&self, cpu: usize, count: u32) -> bool {
        self.told.gaps.has_come(cpu, count)
    }

    /// Nothing more will come: what is missing now is lost.
    pub(super) fn settle(&mut self, sink: &mut Sink<'_>) {
        self.told.gaps.settle(|lost| add(&lost, sink));
    }
}

/// Hands on an event that user space adds to the stream.
pub(super) fn add(event: &Event, sink: &mut Sink<'_>) {
    if let Some(record) = encode(event) {
        sink(&record, event);
    }
}

fn borrowed(ring: &RingBuf<MapData>) -> BorrowedFd<'_> {
    // SAFETY: the ring owns the descriptor and outlives the borrow.
    unsafe { BorrowedFd::borrow_raw(ring.as_raw_fd()) }
}
