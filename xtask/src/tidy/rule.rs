//! The rules. A rule is a statement and a function from all files to its breaches.

mod code;
mod form;

use super::file::File;

pub(crate) struct Rule {
    pub(crate) statement: &'static str,
    pub(crate) breaches: fn(&[File]) -> Vec<String>,
}

pub(crate) const ALL: [Rule; 6] = [
    Rule { statement: "the top level has four folders", breaches: form::top_level },
    Rule { statement: "no Rust file is longer than 400 lines", breaches: form::length },
    Rule { statement: "every Rust file begins with what it is (//!)", breaches: form::module_doc },
    Rule { statement: "no line ends in white space", breaches: form::trailing_space },
    Rule { statement: "model, check, view, event and past are pure", breaches: code::pure },
    Rule {
        statement: "unsafe code stays where the kernel is touched",
        breaches: code::unsafe_places,
    },
];
