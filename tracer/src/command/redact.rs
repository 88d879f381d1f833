//! `tracer redact`: a copy of a recording without arguments, file names and the host's name.

use std::{fs, os::unix::fs::OpenOptionsExt, process::ExitCode};

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
    let what = || format!("cannot write {}", args.output.display());
    let mut options = fs::OpenOptions::new();
    let output = options.write(true).create_new(true).mode(0o600).open(&args.output);
    let output = output.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Fault::unable(
            what(),
            "the file exists, and a recording is never overwritten",
            "choose another name with -o, or remove it first",
        ),
        _ => Fault::Failed(anyhow::anyhow!("{}: {error}", what())),
    })?;
    let mut damages = Damages::new(false);
    damages.file(&args.file);
    let copied = redact::copy(&mut reader, &output, &mut |damage| {
        damages.note(damage);
    });
    if let Err(error) = copied.and_then(|()| output.sync_data()) {
        // A part of a copy is of no use; the recording itself is untouched.
        let _gone = fs::remove_file(&args.output);
        return Err(Fault::Failed(anyhow::anyhow!("{}: {error}", what())));
    }
    out::note(&format!("{} has no arguments, file names and host name", args.output.display()));
    damages.code()
}
