//! Recordings.

mod damage;
mod forge;
mod look;
mod order;
