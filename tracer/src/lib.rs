//! The parts of `tracer`, from the kernel's hooks to what a user reads.
//!
//! ```text
//! hooks ─┐                                        ┌─ views (lines, tables, tree, JSON)
//!        ├─ ring ── records ── decode ── Event ── World::apply ── Change
//! iter ──┘
//! ```
//!
//! - [`stream`]: from a ring's bytes to [`event::Event`]s: decoding, and the gaps that losses leave.
//! - [`event`]: the closed set of events, in kernel terms.
//! - [`model`]: the kernel's tables, rebuilt.
//! - [`container`]: which container a cgroup belongs to.
//! - [`coverage`], [`host`]: which facts can be seen on this kernel, and which host it is.
//! - [`filter`], [`view`]: what a user asks to see, and how it is shown.
//! - [`check`]: the kernel's invariants, and a verdict on each.
//! - [`past`]: questions about what has been: histories, lifetimes, differences, totals.
//! - [`kernel`]: everything that touches a running kernel; feature `kernel`.
//!
//! Invariants of the architecture: `event`, `model`, `check`, `filter`, `past` and `view` do no I/O and read
//! no clock; nothing behind the decoder can fail; no kernel address is ever in a record; a fact that
//! no hook could see is unknown, never assumed.

pub mod btf;
pub mod check;
pub mod container;
pub mod coverage;
pub mod event;
pub mod filter;
pub mod host;
#[cfg(feature = "kernel")]
pub mod kernel;
pub mod model;
pub mod past;
pub mod recording;
pub mod simulate;
pub mod stream;
pub mod view;
