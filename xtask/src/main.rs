//! Automation of the project, `cargo xtask VERB`: all verbs on one page.

mod bench;
mod debian;
mod dist;
mod fail;
mod fixture;
mod fuzz;
mod guided;
mod kernels;
mod live;
mod matrix;
mod mutate;
mod place;
mod programs;
mod run;
mod say;
mod setup;
mod soak;
mod test;
mod tidy;
mod vm;

use std::process::ExitCode;

use clap::Parser;

/// Sets up, builds, runs and tests tracer.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, max_term_width = 100)]
enum Verb {
    /// Installs what building (--bpf) and testing (--tests) need; says what and why; nothing when
    /// all is there
    Setup(setup::Options),
    /// Sets up, builds, and runs `tracer live` with the arguments that follow
    #[command(disable_help_flag = true)]
    Live(live::Options),
    /// Fetches stock Debian cloud kernels into target/kernels
    Kernels(kernels::Options),
    /// Boots a kernel in a virtual machine, and runs the scenarios or a command there
    Vm(vm::Options),
    /// Runs the scenarios on every kernel: kernel × plan × scenario
    Matrix(matrix::Options),
    /// Cuts the kernels' BTF down to tests/btf/*.btf
    Fixture(fixture::Options),
    /// Everything that CI checks
    Test(test::Options),
    /// What tracing costs, against the targets: a table of medians, also as target/bench.json
    Bench(bench::Options),
    /// A static program and a Debian package, tried in a virtual machine
    Dist(dist::Options),
    /// Bytes that nobody wrote, for everything that reads bytes of others
    Fuzz(fuzz::Options),
    /// The daemon in a storm of forks with questions: nothing wrong, nothing lost unsaid, no growth
    Soak(soak::Options),
    /// Faults in legal histories, and how many of them the checks find
    Mutate(mutate::Options),
    /// The rules of the architecture, as tests
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Verb::parse() {
        Verb::Setup(options) => setup::verb(&options),
        Verb::Live(_) => live::verb(),
        Verb::Kernels(options) => kernels::verb(&options),
        Verb::Vm(options) => vm::verb(&options),
        Verb::Matrix(options) => matrix::verb(&options),
        Verb::Fixture(options) => fixture::verb(&options),
        Verb::Test(options) => test::verb(&options),
        Verb::Bench(options) => bench::verb(&options),
        Verb::Dist(options) => dist::verb(&options),
        Verb::Fuzz(options) => fuzz::verb(&options),
        Verb::Soak(options) => soak::verb(&options),
        Verb::Mutate(options) => mutate::verb(&options),
        Verb::Tidy => tidy::verb(),
    };
    outcome.unwrap_or_else(|error| fail::report(&error))
}
