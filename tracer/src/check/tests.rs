//! Tests of the book, and the small kernel that the rules' own tests are written with.

pub(in crate::check) mod script;
