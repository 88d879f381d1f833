//! The contract between the BPF programs and user space.
//!
//! One ring carries every record; each starts with a [`wire::Header`] and has a kind of
//! [`wire::kind`]. The records are plain integers and byte arrays in the machine's (little) endian,
//! without implicit padding, enums, booleans or pointers: an address never leaves the kernel, only
//! a *cookie* (the address mixed with a secret of the run) does.
#![no_std]
#![forbid(unsafe_code)]

pub mod layout;
pub mod target;
pub mod wire;
