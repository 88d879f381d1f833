//! A long storm of forks, with questions all the while. `cargo xtask soak` makes it longer.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    house::{Answer, House},
    run::{TRACER, can_trace, complaint, wait},
    storm::{Storm, forks},
    tables::{differences, metric, own_memory},
};

/// How long it lasts, seconds.
const SECONDS: &str = "TRACER_SOAK_SECONDS";

/// Storms in that time; between two of them the tables are held against `/proc`.
const STORMS: u32 = 4;

/// What the daemon's own memory may grow by after the first two storms, bytes.
const GROWTH: u64 = 8 << 20;

#[test]
fn after_a_storm_of_forks_and_questions_the_tables_are_right_and_nothing_has_grown() {
    if !can_trace() {
        return;
    }
    let seconds = env::var(SECONDS).map_or(16, |text| text.parse().unwrap());
    let length = Duration::from_secs(seconds) / STORMS;
    let mut house = House::empty("soak");
    let dir = house.path("kept").display().to_string();
    house.start(&["--dir", &dir, "--rotate", "4M", "--keep", "64M", "--audit-interval", "5s"]);
    let questions = Questions::default();
    let mut memory = Vec::new();
    for number in 1..=STORMS {
        let (before, begun) = (forks(), Instant::now());
        storm(&house, &questions, length);
        let rate = u128::from(forks() - before) * 1000 / begun.elapsed().as_millis().max(1);
        wait("the tables are certain", || {
            house.ask("/v1/ps").is_some_and(|it| it.head.contains("tracer-certain: yes"))
        });
        let mut wrong = Vec::new();
        wait("the tables are those of /proc", || {
            wrong = differences(&house);
            wrong.is_empty()
        });
        memory.push(own_memory(house.pid()));
        println!(
            "storm {number}: {rate} forks/s, {} questions, {} records lost, {} KiB",
            questions.asked.load(Relaxed),
            metric(&house, "tracer_events_lost_total"),
            memory.last().unwrap() >> 10,
        );
    }
    let health = house.ask("/healthz").unwrap();
    assert_eq!(health.status, 200, "{}", house.ask("/v1/check?format=text").unwrap().body);
    assert!(questions.asked.load(Relaxed) > 100, "{questions:?}");
    // Once it is calm, the allocator gives back what the storms have left.
    wait(&format!("memory is that of the second storm again: {memory:?}"), || {
        own_memory(house.pid()) < memory[1] + GROWTH
    });
    assert_eq!(house.end(Signal::TERM).code(), Some(0), "{}", house.log());
    assert!(!house.log().contains("panicked"), "{}", house.log());
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let verified = Command::new(TRACER).arg("verify").arg(&path).output().unwrap();
        assert_eq!(verified.status.code(), Some(0), "{}: {}", path.display(), complaint(&verified));
    }
}

/// What is asked meanwhile.
#[derive(Debug, Default)]
struct Questions {
    asked: AtomicU64,
}

/// One storm, and what is asked in it.
fn storm(house: &House, questions: &Questions, length: Duration) {
    let over = AtomicBool::new(false);
    let _storm = Storm::start(thread::available_parallelism().map_or(1, usize::from));
    thread::scope(|scope| {
        scope.spawn(|| all_sorts(house, questions, &over));
        scope.spawn(|| births_and_deaths(house, questions, &over));
        // The time itself is what is waited for.
        thread::sleep(length);
        over.store(true, Relaxed);
    });
}

/// Asks everything that may be asked, one after the other.
fn all_sorts(house: &House, questions: &Questions, over: &AtomicBool) {
    let paths = [
        "/v1/ps",
        "/v1/tree",
        "/v1/ns",
        "/v1/containers",
        "/v1/check",
        "/v1/coverage",
        "/metrics",
        "/v1/ps?format=text&threads=1",
        "/v1/task/1",
    ];
    for path in paths.into_iter().cycle().take_while(|_| !over.load(Relaxed)) {
        let answer = house.ask(path).unwrap_or_else(|| panic!("{path}: {}", house.log()));
        // Without optimization it may be slower than the storm, and says so.
        let late = cfg!(debug_assertions) && answer.status == 503;
        assert!(answer.status == 200 || late, "{path}: {answer:?}");
        questions.asked.fetch_add(1, Relaxed);
    }
}

/// Asks for a process that lives, and for the same when it is gone.
fn births_and_deaths(house: &House, questions: &Questions, over: &AtomicBool) {
    while !over.load(Relaxed) {
        let mut child = sleeper();
        let path = format!("/v1/pid/{}", child.id());
        let ask = || {
            let answer = house.ask(&path).unwrap_or_else(|| panic!("{}", house.log()));
            questions.asked.fetch_add(1, Relaxed);
            answer
        };
        let born = ask();
        // Where records are missing, an answer says that it may be wrong.
        let certain = |answer: &Answer| answer.head.contains("tracer-certain: yes");
        assert!(born.status == 200 || !certain(&born), "it lives: {born:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = ask();
        // The storm goes through all numbers within seconds: another one may have it by now.
        let another = gone.status == 200 && process_id(&gone) != process_id(&born);
        assert!(gone.status == 404 || another || !certain(&gone), "it is gone: {gone:?}");
    }
}

/// Who it is, whatever its number.
fn process_id(answer: &Answer) -> Option<&str> {
    answer.body.split_once("\"process_id\":\"")?.1.split('"').next()
}

fn sleeper() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}
