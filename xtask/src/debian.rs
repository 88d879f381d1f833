//! Debian's archives, through an apt of our own: packages are fetched and unpacked, never installed.

mod apt;
mod sources;

pub(crate) use apt::{Apt, mirror};
