//! The benchmark's hands: what has to be done inside a process that traces.
//!
//! It drives the same library, with the same options, as `tracer live` does. What the library has
//! no use for (hooks that come and go, the ring's raw bytes, an iterator without its ring) it
//! does to the descriptors that the library's session holds in this process: the product carries
//! no code for its benchmark. Recordings are measured from within, too: there a second program's
//! start would be most of the time.

mod bpf;
mod follow;
mod grow;
mod hooks;
mod own;
mod rates;
mod records;
mod replay;
mod ring;
mod rules;
mod seek;
mod sweep;
mod switch;

use std::process::ExitCode;

/// What this program understands.
const USAGE: &str = "usage: gauge switch [--stats]   hooks on and off, as standard input says
       gauge replay ROUNDS         user space's CPU time per event
       gauge sweep ROUNDS          the iterator's time per task, and /proc's per process
       gauge sweep ROUNDS --stats  the iterator's program alone
       gauge grow FILE OUT EVENTS  a recording of so many events, from the storm in another
       gauge content FILE          what is in a recording
       gauge rates FILE ROUNDS     CPU time of packing, unpacking and replaying a recording
       gauge ahead FILE ROUNDS     time of replaying it while a second thread unpacks
       gauge rules FILE ROUNDS     CPU time of judging it by all rules
       gauge peak FILE             most memory while replaying it
       gauge seek FILE COUNT       time of opening it and having the tables at a random time";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let rounds =
        |text: &str| text.parse::<u32>().map_err(|_not_a_number| anyhow::anyhow!("{USAGE}"));
    let done = match args.as_slice() {
        ["switch"] => switch::run(false),
        ["switch", "--stats"] => switch::run(true),
        ["replay", text] => rounds(text).and_then(replay::run),
        ["sweep", text] => rounds(text).and_then(|rounds| sweep::run(rounds, false)),
        ["sweep", text, "--stats"] => rounds(text).and_then(|rounds| sweep::run(rounds, true)),
        ["grow", file, out, events] => {
            rounds(events).and_then(|events| grow::run(file.as_ref(), out.as_ref(), events.into()))
        }
        ["content", file] => rates::content(file.as_ref()),
        ["rates", file, text] => rounds(text).and_then(|rounds| rates::run(file.as_ref(), rounds)),
        ["ahead", file, text] => {
            rounds(text).and_then(|rounds| rates::ahead(file.as_ref(), rounds))
        }
        ["rules", file, text] => rounds(text).and_then(|rounds| rules::run(file.as_ref(), rounds)),
        ["peak", file] => rates::peak(file.as_ref()),
        ["seek", file, text] => rounds(text).and_then(|count| seek::run(file.as_ref(), count)),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauge: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// One measurement for the benchmark to read.
fn sample(name: &str, value: f64) {
    println!("sample {name} {value}");
}

/// A part of a sum, as a fraction.
#[expect(clippy::cast_precision_loss, reason = "ns and counts of a run of minutes")]
fn each(sum: u64, count: usize) -> f64 {
    sum as f64 / count as f64
}

/// CPU time of this thread, ns.
fn cpu() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
