//! Development: judges recordings by all rules. `judge [--rule ID] FILE…`

use std::{env, fs::File, io::BufReader, ops::ControlFlow};

use tracer::{
    check::{Checker, Options},
    event::Event,
    model::{Change, World},
    recording::{Reader, Replay, Visitor},
};

struct Judge(Checker);

impl Visitor for Judge {
    fn before(&mut self, world: &World, event: &Event) -> ControlFlow<()> {
        self.0.before(world, event);
        ControlFlow::Continue(())
    }

    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        self.0.after(world, event, change);
        ControlFlow::Continue(())
    }
}

fn main() {
    for path in env::args().skip(1) {
        let mut reader = Reader::open(BufReader::new(File::open(&path).unwrap())).unwrap();
        let (host, coverage) = (reader.header().host.clone(), reader.coverage().clone());
        let mut judge = Judge(Checker::new(&host, &coverage, &Options::default()));
        let mut replay = Replay::new();
        let started = std::time::Instant::now();
        let _ = replay.run(&mut reader, &mut judge).unwrap();
        let report = judge.0.finish(replay.world());
        println!(
            "{path}: {} events, {} lost, {} violations, {:?}",
            report.events,
            report.lost,
            report.violations.len(),
            started.elapsed()
        );
        for found in report.violations.iter().take(20) {
            println!(
                "  {} {:?} expected {}, observed {}, at {:?}",
                found.rule.id, found.subject, found.expected, found.observed, found.events
            );
        }
        if env::var_os("ROWS").is_some() {
            for row in &report.rows {
                println!(
                    "  {:>2} {:<24} {:?} tested {} doubted {}",
                    row.rule.number, row.rule.id, row.verdict, row.tested, row.doubted
                );
            }
        }
    }
}
