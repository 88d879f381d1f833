//! Load for the benchmark: one operation over and over, as fast as it goes, or at a rate.
//!
//! Nothing here knows of a tracer. The benchmark switches tracers between blocks of operations
//! that this one process does, so that what differs between two neighbouring blocks is the tracer.

mod launch;
mod operation;
mod sleep;

use std::{
    io::{self, BufRead},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use operation::{Operation, Room};

/// What this program understands.
const USAGE: &str =
    "usage: storm OPERATION COUNT     does it COUNT times, and prints the ns that took
       storm OPERATION COUNT --blocks   the same for each line on standard input
       storm OPERATION COUNT --rate N   does it COUNT times, N times a second
       storm children COUNT             sleeping children, until standard input ends
       storm pin CPU COMMAND...         runs a command on one CPU
       storm cost COMMAND...            runs a command, and prints the time and memory that took
operations: vfork fork thread mix exec rename setpgid getppid";

/// How often a storm with a rate looks at the clock.
const SLICE: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["pin", cpu, program, rest @ ..] => launch::pin(cpu, program, rest),
        ["cost", program, rest @ ..] => launch::cost(program, rest),
        ["children", count] => number(count).and_then(sleep::children),
        [operation, count] => number(count).and_then(|count| once(operation, count)),
        [operation, count, "--blocks"] => number(count).and_then(|count| blocks(operation, count)),
        [operation, count, "--rate", rate] => {
            number(count).and_then(|count| at_rate(operation, count, number(rate)?))
        }
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storm: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse().with_context(|| format!("{text} is no number\n{USAGE}"))
}

/// Turns the C convention of -1 and errno into a result.
fn check(value: impl Into<i64>) -> io::Result<i64> {
    let value = value.into();
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

/// Does an operation `count` times; the ns that took.
fn run(operation: Operation, count: u32, room: &mut Room) -> Result<u128> {
    let started = Instant::now();
    for _ in 0..count {
        operation(room)?;
    }
    Ok(started.elapsed().as_nanos())
}

fn once(name: &str, count: u32) -> Result<()> {
    let operation = operation::find(name)?;
    operation::rename()?;
    println!("{}", run(operation, count, &mut Room::new())?);
    Ok(())
}

fn blocks(name: &str, count: u32) -> Result<()> {
    let operation = operation::find(name)?;
    operation::rename()?;
    let mut room = Room::new();
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", run(operation, count, &mut room)?);
    }
    Ok(())
}

/// In small bursts: the rate holds over milliseconds, and what was late is made up for.
fn at_rate(name: &str, count: u32, rate: u32) -> Result<()> {
    ensure!(rate > 0, "a rate of 0 never ends");
    let operation = operation::find(name)?;
    operation::rename()?;
    let (mut room, mut done) = (Room::new(), 0);
    let started = Instant::now();
    while done < count {
        let due = started.elapsed().as_micros() * u128::from(rate) / 1_000_000;
        let due = u32::try_from(due).unwrap_or(u32::MAX).min(count);
        run(operation, due.saturating_sub(done), &mut room)?;
        done = due;
        std::thread::sleep(SLICE);
    }
    println!("{}", started.elapsed().as_nanos());
    Ok(())
}
