//! What several test programs share: recordings that are made, numbers from a seed, and what is
//! fuzzed. The scenarios use nothing of it.
#![expect(clippy::missing_panics_doc, reason = "a test panics where something is wrong")]

pub mod fuzz;
pub mod made;
pub mod mutate;
pub mod random;
