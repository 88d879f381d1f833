//! What a rule sees when it is tested.

use super::{Rule, book::Book, tables::Tables, violation::Finding};
use crate::event::Event;

/// An event, the tables, and the book that the tests go into.
pub(super) struct Cx<'a> {
    /// The tables: before the event in `before`, with it in `after`.
    pub(super) world: &'a Tables<'a>,
    /// The event.
    pub(super) event: &'a Event,
    /// What came of the tests.
    pub(super) book: &'a mut Book,
}

impl Cx<'_> {
    /// One test of a rule: whether it holds, and if not, what is wrong. While the tables are in
    /// doubt a failed test is no violation.
    #[inline]
    pub(super) fn test(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.book.test(rule, holds, finding);
    }

    /// One test of what a record says by itself, or of the stream: it needs no tables.
    #[inline]
    pub(super) fn test_alone(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.book.test_alone(rule, holds, finding);
    }

    /// The tables can be relied upon: a sweep has completed that no loss has followed.
    #[inline]
    pub(super) fn is_certain(&self) -> bool {
        self.book.certain
    }

    /// Whether a rule is judged as it stands, and not in its weaker form.
    #[inline]
    pub(super) fn is_full(&self, rule: &Rule) -> bool {
        self.book.is_full(rule)
    }
}
