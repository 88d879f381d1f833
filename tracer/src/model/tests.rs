//! The rules of the model, one by one.

mod arbitrary;
mod birth;
mod end;
mod exec;
mod family;
mod group;
mod kernel;
mod memory;
mod namespace;
mod query;
mod race;
mod save;
mod shortcut;
mod sweep;
