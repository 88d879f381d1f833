//! How the tables' entries are read and changed: what a row links to, what lies apart, and what is
//! shared.

mod cold;
mod look;
mod pid;
mod process;
mod task;
