//! The programs' own diagnostics: rare, and off unless asked for.

use aya::Ebpf;
use aya_log::EbpfLogger;
use log::{Log, Metadata, Record};

/// Writes what the programs say to standard error.
#[derive(Debug)]
pub(super) struct Stderr;

impl Log for Stderr {
    // The level was frozen into the programs: what comes is wanted.
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = record.level().as_str().to_ascii_lowercase();
        // A closed standard error is no reason to stop tracing.
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("tracer: the BPF programs say ({level}): {}\n", record.args()),
        );
    }

    fn flush(&self) {}
}

/// Opens the programs' log, where a level was asked for.
pub(super) fn open(ebpf: &mut Ebpf, level: u8) -> anyhow::Result<Option<EbpfLogger<Stderr>>> {
    if level == 0 {
        return Ok(None);
    }
    Ok(Some(EbpfLogger::init_with_logger(ebpf, Stderr)?))
}
