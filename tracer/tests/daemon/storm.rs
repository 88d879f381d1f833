//! More than the daemon can take: what is lost is repaired, what is short is shed, what lives stays.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    os::unix::{net::UnixStream, process::CommandExt as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{house::House, resident, run::can_trace, sleeper, tasks};

/// How long a repair may take here: a second, and what a build without optimization on a busy machine
/// adds. The test prints how long it took.
const REPAIR: Duration = Duration::from_secs(5);

/// Forks so many times, one after another.
pub(crate) fn storm(forks: u32) {
    let loop_of_forks = format!("i=0; while [ $i -lt {forks} ]; do (:); i=$((i+1)); done");
    assert!(Command::new("sh").args(["-c", &loop_of_forks]).status().unwrap().success());
}

/// All threads that `/proc` shows.
fn in_proc() -> BTreeSet<i32> {
    let numbers = |dir: &str| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect::<Vec<i32>>()
    };
    numbers("/proc").iter().flat_map(|tgid| numbers(&format!("/proc/{tgid}/task"))).collect()
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_was_lost_is_repaired_within_a_second_and_answers_say_so() {
    if !can_trace() {
        return;
    }
    let house = House::new("loss", &["--ring", "1M", "--audit-interval", "1h"]);
    let before = sleeper();
    let gone = before.id() as i32;
    house.until("it is known", || house.ask(&format!("/v1/pid/{gone}")).unwrap().status == 200);

    house.signal(Signal::STOP);
    storm(1500);
    end(before);
    let born = sleeper();
    let there = born.id() as i32;
    storm(1500);
    house.signal(Signal::CONT);
    let begun = Instant::now();
    let mut doubted = 0;
    let (mut repaired, mut strangers) = (None, None::<BTreeSet<i32>>);
    // Other programs are born and end between two looks; who is shown each time and never there is
    // wrong.
    while strangers.as_ref().is_none_or(|some| !some.is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{strangers:?} {}", house.log());
        let first = in_proc();
        let answer = house.ask("/v1/ps?threads=1").unwrap();
        if answer.head.contains("tracer-certain: no") {
            doubted += 1;
            continue;
        }
        repaired.get_or_insert_with(|| begun.elapsed());
        let shown: BTreeSet<i32> =
            tasks(&answer.body).iter().map(|task| task["tid"].as_i64().unwrap() as i32).collect();
        let second = in_proc();
        let missing: Vec<_> =
            first.intersection(&second).filter(|it| !shown.contains(it)).collect();
        assert!(missing.is_empty() && !shown.contains(&gone), "certain, and wrong: {missing:?}");
        assert!(shown.contains(&there));
        let extra = shown.iter().filter(|it| !first.contains(it) && !second.contains(it));
        let before = strangers.take();
        let still = extra.filter(|it| before.as_ref().is_none_or(|some| some.contains(it)));
        strangers = Some(still.copied().collect());
    }
    let repaired = repaired.unwrap();
    let lost = house.metric("tracer_events_lost_total{where=\"ringbuf\"}");
    eprintln!("{lost} records were lost, {doubted} answers doubted; repaired after {repaired:?}");
    assert!(lost > 0.0);
    assert!(repaired < REPAIR, "{repaired:?}");
    assert!(house.metric("tracer_resyncs_total{reason=\"loss\"}") > 0.0);
    assert_eq!(house.ask("/healthz").unwrap().status, 200);
    end(born);
}

/// A shell with sleeping children, which end with this.
struct Crowd(Child);

impl Crowd {
    fn new(children: u32) -> Self {
        let script = format!(
            "i=0; while [ $i -lt {children} ]; do sleep 1000 & i=$((i+1)); done; echo; wait"
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut shell = shell.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        shell.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        Self(shell)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.0.id() as i32).unwrap();
        let _gone = kill_process_group(group, Signal::KILL);
        let _reaped = self.0.wait();
    }
}

#[test]
fn memory_stays_below_its_limit_and_what_lives_is_all_there() {
    if !can_trace() {
        return;
    }
    let plain = House::new("plain", &["--ring", "1M"]);
    let limit = (resident(plain.pid()) >> 20) + 24;
    drop(plain);
    let house = House::new("short", &["--ring", "1M", "--max-memory", &format!("{limit}M")]);

    // Many live ones, and a storm of others.
    let crowd = Crowd::new(1500);
    storm(1000);
    // Clients who ask for all of it, and never read.
    let mut deaf = Vec::new();
    let mut most = 0;
    for _ in 0..150 {
        let Ok(mut stream) = UnixStream::connect(house.path("socket")) else { continue };
        let _hung_up = stream.write_all(b"GET /v1/ps?threads=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        deaf.push(stream);
        most = most.max(resident(house.pid()));
    }
    house.until("answers are refused", || {
        most = most.max(resident(house.pid()));
        house.metric("tracer_shed_total{what=\"answers\"}") > 0.0
    });
    eprintln!("at most {} MiB of {limit}", most >> 20);
    assert!(most <= limit << 20, "{most} bytes of {limit} MiB");
    let refused = house.ask("/v1/ps").unwrap();
    assert!(refused.status == 503 && refused.body.contains("memory is short"), "{refused:?}");
    assert!(house.metric("tracer_shed_total{what=\"history\"}") > 0.0);
    assert!(house.ask("/healthz").unwrap().body.contains("shed: "));
    assert!(house.log().contains("--max-memory"), "{}", house.log());
    let crowd_pid = crowd.0.id();
    assert_eq!(house.ask(&format!("/v1/pid/{crowd_pid}")).unwrap().status, 200);
    assert!(house.metric("tracer_tasks{state=\"live\"}") > 1500.0);

    drop(deaf);
    house.until("it gives all of it again", || {
        house
            .ask(&format!("/v1/ps?tree={crowd_pid}"))
            .is_some_and(|answer| answer.status == 200 && tasks(&answer.body).len() == 1501)
    });
}
