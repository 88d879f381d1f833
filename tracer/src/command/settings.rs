//! From what was typed to the library's settings.

use std::{env, io, io::IsTerminal};

#[cfg(feature = "kernel")]
use tracer::{
    coverage::{Coverage, Plan},
    kernel::{Options, PlanChoice},
    model::{Config, World},
    recording,
};
use tracer::{
    host::Host,
    view::{Lines, Style, TimeFormat},
};

use crate::cli::{Color, Output, Shown, TimeForm};
#[cfg(feature = "kernel")]
use crate::cli::{Loading, LogLevel, PlanName, Tracing};

/// How to trace.
#[cfg(feature = "kernel")]
pub(super) fn tracing(typed: &Tracing) -> Options {
    Options {
        plan: match typed.plan {
            PlanName::Auto => PlanChoice::Auto,
            PlanName::Trampoline => PlanChoice::Only(Plan::Trampoline),
            PlanName::Kprobe => PlanChoice::Only(Plan::Kprobe),
            PlanName::Tracepoint => PlanChoice::Only(Plan::Tracepoint),
        },
        ring: typed.ring,
        args: !typed.no_args,
        ..loading(&typed.loading)
    }
}

/// How to read the tables once.
#[cfg(feature = "kernel")]
pub(super) fn snapshot(typed: &Loading) -> Options {
    Options { snapshot_only: true, ..loading(typed) }
}

/// How to read the tables once, and one task in detail.
#[cfg(feature = "kernel")]
pub(super) fn detail(typed: &Loading) -> Options {
    Options { detail: true, ..snapshot(typed) }
}

/// How to load programs.
#[cfg(feature = "kernel")]
fn loading(typed: &Loading) -> Options {
    Options {
        log: match typed.log {
            LogLevel::Off => 0,
            LogLevel::Error => 1,
            LogLevel::Warn => 2,
            LogLevel::Info => 3,
            LogLevel::Debug => 4,
            LogLevel::Trace => 5,
        },
        verifier_log: typed.verifier_log.clone(),
        ..Options::default()
    }
}

/// Empty tables that know which ends the hooks can see.
#[cfg(feature = "kernel")]
pub(super) fn world(coverage: &Coverage) -> World {
    World::with(Config { sees: recording::sees(coverage), ..Config::default() })
}

/// How text looks on standard output.
pub(super) fn style(typed: Output) -> Style {
    Style { color: color(typed.color, io::stdout().is_terminal()), ascii: ascii() }
}

/// How text looks on standard error.
pub(super) fn error_style(typed: Output) -> Style {
    Style { color: color(typed.color, io::stderr().is_terminal()), ascii: ascii() }
}

/// How lines show times.
pub(super) fn time(typed: TimeForm) -> TimeFormat {
    match typed {
        TimeForm::Relative => TimeFormat::Relative,
        TimeForm::Wall => TimeFormat::Wall,
        TimeForm::Boot => TimeFormat::Boot,
    }
}

/// What writes lines; `start` is the time that relative times count from, ns since boot.
pub(super) fn lines(shown: Shown, host: &Host, start: u64) -> Lines {
    Lines::new(style(shown.output), time(shown.time), host, start)
}

/// Whether to use colour (<https://no-color.org>).
fn color(when: Color, terminal: bool) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !no_color && env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Whether the locale says that the terminal knows no UTF-8; where it says nothing, it does.
fn ascii() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(env::var_os)
        .find(|value| !value.is_empty())
        .is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            !locale.contains("utf-8") && !locale.contains("utf8")
        })
}
