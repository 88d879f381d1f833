//! From recordings to what a live trace would have handed on: events, tables and their changes.

use std::{io, ops::ControlFlow};

use tracer_ebpf::wire::kind;

use super::{self as recording, Adapter, Block, Damage, End, Flaw, Item, Keyframe, Note, Source};
use crate::{
    coverage::{Coverage, Fact},
    event::{Body, Event, Header, Lost, NO_CPU},
    model::{Change, Config, Sees, World},
    stream,
};

/// Takes what a replay finds.
pub trait Visitor {
    /// An event, which the tables have taken in.
    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()>;

    /// An event, before the tables take it in.
    fn before(&mut self, _world: &World, _event: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Something about the run.
    fn note(&mut self, _world: &World, _note: &Note) {}

    /// Something that cannot be used, or is missing.
    fn damage(&mut self, _damage: &Damage) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A file does not go on where the one before ended: so many records are missing, or it is of
    /// another run.
    fn gap(&mut self, _missing: Option<u64>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A keyframe at this place. `world` is as the events have made it.
    fn keyframe(&mut self, _world: &World, _keyframe: &Keyframe) {}

    /// A file's proper end.
    fn end(&mut self, _world: &World, _end: &End) {}
}

/// The tables' settings that a recording was made with.
pub fn config(source: &impl Source) -> Config {
    config_of(source.header(), source.coverage())
}

/// [`config`], by what the file's front says.
pub fn config_of(header: &recording::Header, coverage: &Coverage) -> Config {
    Config { history: header.history as usize, sees: sees(coverage) }
}

/// Which ends the hooks saw.
pub fn sees(coverage: &Coverage) -> Sees {
    Sees {
        release: coverage.sees(Fact::Release),
        free_pid: coverage.sees(Fact::FreePid),
        ns_dying: coverage.sees(Fact::NsDying),
        ns_destroy: coverage.sees(Fact::NsDestroy),
    }
}

/// Replays files, one after the other.
#[derive(Default)]
pub struct Replay {
    world: World,
    change: Change,
    /// The latest event: kept for its memory.
    event: Event,
    block: Block,
    /// The run and the number that the next file has to go on with.
    next: Option<([u8; 16], u64)>,
    /// The latest time so far.
    ts: u64,
    /// The tables are not to be trusted until a keyframe or a sweep makes them whole.
    torn: bool,
    adapted: Vec<u8>,
}

impl Replay {
    /// Nothing replayed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from tables that a keyframe gave.
    pub fn from(world: World, source: &impl Source, ts: u64) -> Self {
        let next = Some((source.header().run, source.seq()));
        Self { world, next, ts, ..Self::default() }
    }

    /// The tables.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The tables, to keep.
    pub fn into_world(self) -> World {
        self.world
    }

    /// The latest time so far, ns since boot.
    pub fn ts(&self) -> u64 {
        self.ts
    }

    /// Replays a file to its end, or until the visitor breaks off.
    pub fn run(
        &mut self,
        source: &mut impl Source,
        to: &mut dyn Visitor,
    ) -> io::Result<ControlFlow<()>> {
        if self.begin(source, to).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        loop {
            let mut block = std::mem::take(&mut self.block);
            let item = source.next(&mut block)?;
            let flow = match item {
                Some(Item::Records(_)) => self.records(&block, source.adapter(), to),
                Some(item) => self.item(item, to),
                None => {
                    self.next = Some((source.header().run, source.seq()));
                    return Ok(ControlFlow::Continue(()));
                }
            };
            self.block = block;
            if flow.is_break() {
                return Ok(flow);
            }
        }
    }

    /// Whether a file goes on where the last one ended.
    fn begin(&mut self, source: &impl Source, to: &mut dyn Visitor) -> ControlFlow<()> {
        let (run, seq) = (source.header().run, source.seq());
        match self.next {
            Some(next) if next == (run, seq) => ControlFlow::Continue(()),
            Some((before, expected)) if before == run && seq > expected => {
                to.gap(Some(seq - expected))?;
                self.lose(seq - expected, 0, to)
            }
            before => {
                // Another run has other keys: nothing that is known goes on.
                self.world = World::with(config(source));
                self.torn = source.header().part > 0;
                if before.is_none() {
                    return ControlFlow::Continue(());
                }
                to.gap(None)?;
                self.lose(1, 0, to)
            }
        }
    }

    fn records(
        &mut self,
        block: &Block,
        adapter: Option<&Adapter>,
        to: &mut dyn Visitor,
    ) -> ControlFlow<()> {
        let mut event = std::mem::take(&mut self.event);
        let flow = block.records().try_for_each(|record| {
            let record = Adapter::present(adapter, record, &mut self.adapted);
            stream::event_into(record, &mut event);
            self.event(&event, to)
        });
        self.event = event;
        flow
    }

    fn event(&mut self, event: &Event, to: &mut dyn Visitor) -> ControlFlow<()> {
        to.before(&self.world, event)?;
        self.ts = self.ts.max(event.header.ts);
        self.world.apply_to(event, &mut self.change);
        to.event(&self.world, event, &self.change)
    }

    /// Records are missing in the file: for the tables a loss like any other.
    fn lose(&mut self, count: u64, until: u64, to: &mut dyn Visitor) -> ControlFlow<()> {
        self.torn = true;
        let (since, ts) = (self.ts, until.max(self.ts));
        let header = Header { ts, cpu: NO_CPU, kind: kind::LOST, ..Header::default() };
        let body = Body::Lost(Lost { cpu: NO_CPU, count, since });
        self.event(&Event { header, body }, to)
    }

    fn item(&mut self, item: Item, to: &mut dyn Visitor) -> ControlFlow<()> {
        match item {
            Item::Missing { count, until, offset } => {
                to.damage(&Damage::missing(count, offset))?;
                return self.lose(count, until, to);
            }
            Item::Damage(damage) => {
                let flow = to.damage(&damage);
                self.torn |= damage.flaw != Flaw::NoEnd;
                return flow;
            }
            Item::Keyframe(keyframe) => {
                to.keyframe(&self.world, &keyframe);
                if self.torn
                    && let Ok(world) = World::restore(&keyframe.state)
                {
                    self.world = world;
                    self.torn = false;
                }
            }
            Item::Note(note) => to.note(&self.world, &note),
            Item::End(end) => to.end(&self.world, &end),
            Item::Records(_) => {}
        }
        ControlFlow::Continue(())
    }
}
