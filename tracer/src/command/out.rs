//! Standard output and standard error, for verbs that print once.

use std::{
    fmt::Display,
    io::{self, Write},
};

use tracer::{
    coverage::Coverage,
    host::Host,
    model::World,
    view::{Json, Summary},
};

/// Prints a result on standard output.
pub(super) fn print(text: impl AsRef<[u8]>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_ref())?;
    stdout.flush()
}

/// Prints one answer as JSON: a header, what `body` writes, a summary.
pub(super) fn json(
    host: &Host,
    coverage: &Coverage,
    world: &World,
    body: impl FnOnce(&Json, &mut String),
) -> io::Result<()> {
    let json = Json::new(host);
    let mut text = String::new();
    json.header(coverage, &mut text);
    body(&json, &mut text);
    json.summary(world, &Summary::default(), &mut text);
    print(text)
}

/// Prints a line on standard error. That it cannot be read by anybody stops nothing.
pub(super) fn complain(line: impl Display) {
    let _unread = writeln!(io::stderr().lock(), "{line}");
}

/// One line on standard error, between those of others.
pub(super) fn note(line: &str) {
    complain(format_args!("# {line}"));
}
