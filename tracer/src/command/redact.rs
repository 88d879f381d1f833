//! `tracer redact`: a copy of a recording without arguments, file names and the host's name.

use std::{fs, process::ExitCode};

use tracer::recording::redact;

use super::{
    fault::Fault,
    file::{self, Damages},
    out,
};
use crate::cli;

/// Writes the copy.
pub(super) fn run(args: &cli::Redact) -> Result<ExitCode, Fault> {
    let mut reader = file::open(&args.file)?;
    let output = file::create(&args.output)?;
    let mut damages = Damages::new(false);
    damages.file(&args.file);
    let copied = redact::copy(&mut reader, &output, &mut |damage| {
        // What is damaged is left out of the copy, and said.
        let _ = damages.note(damage);
    });
    if let Err(error) = copied.and_then(|()| output.sync_data()) {
        // A part of a copy is of no use; the recording itself is untouched.
        let _gone = fs::remove_file(&args.output);
        return Err(Fault::Failed(anyhow::anyhow!(
            "cannot write {}: {error}",
            args.output.display()
        )));
    }
    out::note(&format!("{} has no arguments, file names and host name", args.output.display()));
    damages.code()
}
