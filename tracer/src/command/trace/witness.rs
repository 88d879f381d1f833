//! `/proc` as a witness, while the hooks are attached.

use tracer::{check::View, kernel};

use super::{ROUND, Sink, Trace, audit::DRAIN};
use crate::command::fault::Fault;

/// How many rounds pass between two looks at `/proc`; more where they contradict the tables: a birth
/// may be under way for long where the machine has more to do than it can.
const ROUNDS: [usize; 3] = [1, DRAIN, 2 * DRAIN];

impl Trace {
    /// Holds what `/proc` shows against the tables, each read before and after the other.
    pub(super) fn witness(&mut self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        if self.tables.judge.is_none() {
            return Ok(());
        }
        self.drain(1, sink)?;
        let before = self.world().shown();
        let first = kernel::witness();
        let (mut after, mut second) = (View::new(), View::new());
        for rounds in ROUNDS {
            self.drain(rounds, sink)?;
            second = kernel::witness();
            self.drain(1, sink)?;
            after = self.world().shown();
            let (tables, proc) = ([&before, &after], [&first, &second]);
            if !self.judged().is_some_and(|it| it.contradicts(self.world(), tables, proc)) {
                break;
            }
        }
        if let Some(judge) = &mut self.tables.judge {
            judge.witness(&self.tables.world, [&before, &after], [&first, &second]);
        }
        Ok(())
    }

    /// What comes in so many rounds.
    fn drain(&mut self, rounds: usize, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let Self { session, tables, .. } = self;
        for _ in 0..rounds {
            session.poll(ROUND, &mut |record, event| tables.take(record, event, sink))?;
        }
        Ok(())
    }
}
