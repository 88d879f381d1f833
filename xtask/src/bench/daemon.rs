//! The daemon that is always there: what it takes while little happens and in a storm of forks, and
//! how long its answers take then.

mod client;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    Bench, LOAD, READER,
    children::Running,
    number,
    report::{Report, Target},
    stats::quantile,
};
use client::{Client, Echo};

/// Forks a second.
const RATE: u32 = 10_000;

/// How long the daemon may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two requests: a monitor or a person does not ask again at once.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let house = House::open(bench)?;
    let daemon = &house.daemon;
    idle(bench, report, &house)?;
    memory(daemon, report, "idle")?;

    let length = Duration::from_secs(bench.rounds(10, 4).into());
    let rounds = bench.rounds(5, 2);
    let (mut busy, mut rates) = (Vec::new(), Vec::new());
    let mut times = Times::default();
    for _ in 0..rounds {
        let mut storm = Storm::start(bench, length * 2)?;
        let (cpu, begun) = (daemon.cpu_of_threads()?, Instant::now());
        sleep(length);
        busy.push(percent(daemon.cpu_of_threads()? - cpu, begun));
        ensure!(storm.runs()?, "the storm was over too early");
        times.take(&house, &mut storm)?;
        rates.push(storm.rate()?);
    }
    report.add("forks while it is measured", "forks/s", &rates);
    let what = "at that rate, recording and checking, all threads, of one core";
    report.aim(what, "%", &busy, Target::AtMost(10.0));
    report.aim("lost then", "records", &[house.lost()?], Target::AtMost(0.0));
    times.report(report);
    memory(daemon, report, "after that")?;
    house.close()
}

/// What it takes while nobody asks, and what happens on this host meanwhile.
fn idle(bench: &Bench, report: &mut Report, house: &House) -> Result<()> {
    let (mut idle, mut events) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds(3, 1) {
        let before = house.sum("tracer_events_total")?;
        let (cpu, begun) = (house.daemon.cpu_of_threads()?, Instant::now());
        sleep(Duration::from_secs(20));
        idle.push(percent(house.daemon.cpu_of_threads()? - cpu, begun));
        events.push((house.sum("tracer_events_total")? - before) / begun.elapsed().as_secs_f64());
    }
    report.aim("idle, all threads, of one core", "%", &idle, Target::AtMost(0.1));
    // A host on which others work is not idle.
    report.add("what happens on this host meanwhile", "events/s", &events);
    Ok(())
}

/// Its memory. The ring's pages are mapped twice in a row, so that no record is cut; `VmRSS` counts
/// both, and they are no memory of its own.
fn memory(daemon: &Running, report: &mut Report, when: &str) -> Result<()> {
    let megabytes = |kib: f64| kib * 1024.0 / 1e6;
    let pss = megabytes(daemon.proportional()?);
    let limit = Target::AtMost(30.0);
    report.aim(&format!("memory, {when}: each page once (Pss)"), "MB", &[pss], limit);
    for (name, what) in
        [("VmRSS", "resident, the ring counted twice"), ("RssAnon", "its own (RssAnon)")]
    {
        let value = megabytes(daemon.status(name)?);
        report.add(&format!("memory, {when}: {what}"), "MB", &[value]);
    }
    Ok(())
}

/// A daemon with a directory to record into.
struct House {
    daemon: Running,
    socket: PathBuf,
    dir: PathBuf,
}

impl House {
    /// Starts it, and waits until all is well.
    fn open(bench: &Bench) -> Result<Self> {
        let (socket, dir) = (bench.scratch.join("socket"), bench.scratch.join("kept"));
        let mut command = bench.on(READER, &bench.tracer);
        command.args(["daemon", "--socket"]).arg(&socket).arg("--dir").arg(&dir);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let daemon = Running(command.spawn().context("cannot start tracer")?);
        let house = Self { daemon, socket, dir };
        let begun = Instant::now();
        while house.ask("/healthz").is_err() {
            if begun.elapsed() > PATIENCE {
                bail!("the daemon does not become ready");
            }
            sleep(Duration::from_millis(20));
        }
        Ok(house)
    }

    fn ask(&self, path: &str) -> Result<String> {
        let mut client = Client::connect(&self.socket)?;
        client.get(path).map(|(body, _)| body.to_owned())
    }

    /// The sum of a metric, whatever its labels.
    fn sum(&self, name: &str) -> Result<f64> {
        sum(&self.ask("/metrics")?, name)
    }

    /// Records that are missing, as far as it knows.
    fn lost(&self) -> Result<f64> {
        self.sum("tracer_events_lost_total")
    }

    fn close(mut self) -> Result<()> {
        let status = self.daemon.interrupt()?;
        let _ = fs::remove_dir_all(&self.dir);
        ensure!(status.success(), "the daemon failed: {status}");
        Ok(())
    }
}

/// The sum of a metric on a page, whatever its labels. A metric that is not there is a mistake.
fn sum(page: &str, name: &str) -> Result<f64> {
    let rows = page.lines().filter_map(|line| {
        let (of, value) = line.rsplit_once(' ')?;
        (of.split('{').next() == Some(name)).then(|| number(value))
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    ensure!(!rows.is_empty(), "there is no metric {name}");
    Ok(rows.iter().sum())
}

/// Forks at a rate.
struct Storm {
    running: Running,
    count: u32,
}

impl Storm {
    fn start(bench: &Bench, length: Duration) -> Result<Self> {
        let count = RATE * u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
        let mut command: Command = bench.on(LOAD, &bench.storm);
        command.args(["vfork", &count.to_string(), "--rate", &RATE.to_string()]);
        command.stdout(Stdio::piped());
        Ok(Self { running: Running(command.spawn().context("cannot start storm")?), count })
    }

    fn runs(&mut self) -> Result<bool> {
        Ok(self.running.0.try_wait()?.is_none())
    }

    /// Waits for its end; forks a second.
    fn rate(mut self) -> Result<f64> {
        let mut out = String::new();
        let pipe = self.running.0.stdout.as_mut().context("no pipe from storm")?;
        std::io::Read::read_to_string(pipe, &mut out)?;
        let status = self.running.0.wait()?;
        ensure!(status.success(), "storm failed: {status}");
        Ok(f64::from(self.count) * 1e9 / number(out.trim())?)
    }
}

/// Answering times, ms, of each round: of all answers in it, the one that half or all but one of a
/// hundred were faster than.
#[derive(Default)]
struct Times {
    pid: [Vec<f64>; 2],
    metrics: [Vec<f64>; 2],
    echo: [Vec<f64>; 2],
}

impl Times {
    /// One round, as long as the storm lasts.
    fn take(&mut self, house: &House, storm: &mut Storm) -> Result<()> {
        let (mut client, mut echo) = (Client::connect(&house.socket)?, Echo::start()?);
        let path = format!("/v1/pid/{}", std::process::id());
        let (mut pid, mut metrics, mut trips) = (Vec::new(), Vec::new(), Vec::new());
        while storm.runs()? {
            pid.push(millis(client.get(&path)?.1));
            sleep(PAUSE);
            trips.push(millis(echo.trip()?));
            sleep(PAUSE);
            if pid.len().is_multiple_of(4) {
                metrics.push(millis(client.get("/metrics")?.1));
            }
        }
        for (all, [half, most]) in
            [(pid, &mut self.pid), (metrics, &mut self.metrics), (trips, &mut self.echo)]
        {
            let mut all = all;
            all.sort_by(f64::total_cmp);
            half.extend(quantile(&all, 0.5));
            most.extend(quantile(&all, 0.99));
        }
        Ok(())
    }

    fn report(&self, report: &mut Report) {
        report.add("`/v1/pid/N` at that rate, p50", "ms", &self.pid[0]);
        report.aim("`/v1/pid/N` at that rate, p99", "ms", &self.pid[1], Target::AtMost(1.0));
        report.add("`/metrics` at that rate, p50", "ms", &self.metrics[0]);
        report.aim("`/metrics` at that rate, p99", "ms", &self.metrics[1], Target::AtMost(5.0));
        // What the machine's other guests and the storm itself make of any round trip.
        report.add("a thread that answers at once, meanwhile, p50", "ms", &self.echo[0]);
        report.add("a thread that answers at once, meanwhile, p99", "ms", &self.echo[1]);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// CPU time, ns, as a part of the time since.
fn percent(cpu: f64, begun: Instant) -> f64 {
    cpu / begun.elapsed().as_secs_f64() / 1e7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let page =
            "# TYPE a counter\na_total{x=\"1 2\"} 3\na_total{x=\"2\"} 4\na_totals 9\nb{} 1\n";
        assert_eq!(sum(page, "a_total").unwrap().to_string(), "7");
        assert_eq!(sum(page, "b").unwrap().to_string(), "1");
        assert!(sum(page, "c").is_err());
    }
}
