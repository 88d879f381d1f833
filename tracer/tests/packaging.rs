//! What is packaged beside the program fits it. What needs a tool or rights that are not here is
//! skipped, and says so.
#![cfg(feature = "kernel")]

#[path = "daemon/house.rs"]
#[expect(dead_code, reason = "the tests of the daemon need more of it")]
mod house;
#[path = "live/run.rs"]
#[expect(dead_code, reason = "the tests of live need more of it")]
mod run;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use house::House;
use run::{TRACER, can_trace, complaint};

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

fn read(name: &str) -> String {
    fs::read_to_string(packaging().join(name)).unwrap()
}

/// The metrics that a text names.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("tracer_")).map(str::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("metrics");
    let dir = house.path("kept").display().to_string();
    house.start(&["--dir", &dir]);
    let page = house.ask("/metrics").unwrap().body;
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let known: BTreeSet<&str> =
        samples.map(|line| line.split(['{', ' ']).next().unwrap()).collect();
    for file in ["grafana-dashboard.json", "alerts.yml", "alerts.test.yml"] {
        let named = metrics(&read(file));
        assert!(named.len() >= 5, "{file}: {named:?}");
        let strange: Vec<_> = named.iter().filter(|name| !known.contains(name.as_str())).collect();
        assert!(strange.is_empty(), "{file}: {strange:?} are not among {known:?}");
    }
}

#[test]
fn the_dashboard_has_panels_with_a_question_each() {
    let board: serde_json::Value = serde_json::from_str(&read("grafana-dashboard.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.len() >= 8);
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let asked = panel["targets"][0]["expr"].as_str().unwrap();
        assert!(asked.contains("tracer_") && asked.contains("$instance"), "{asked}");
    }
}

#[test]
fn the_alerts_are_raised_when_they_should_be() {
    let check = |words: &[&str]| {
        let out = Command::new("promtool").args(words).current_dir(packaging()).output();
        let Ok(out) = out else {
            eprintln!("skipped: promtool is not installed");
            return;
        };
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{said}{}", complaint(&out));
    };
    check(&["check", "rules", "alerts.yml"]);
    check(&["test", "rules", "alerts.test.yml"]);
    let names = read("alerts.yml");
    for alert in ["Gone", "LosesEvents", "Violated", "ZombiesGrow", "PidSpaceNearlyFull"] {
        assert!(names.lines().any(|line| line.contains("alert:") && line.contains(alert)));
        assert!(read("alerts.test.yml").contains(alert), "{alert} is not tried");
    }
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_hard() {
    let dir = std::env::temp_dir().join(format!("tracer-unit-{}", std::process::id()));
    fs::create_dir(&dir).unwrap();
    let unit = dir.join("tracer.service");
    // The program is not where the package puts it.
    fs::write(&unit, read("tracer.service").replace("/usr/bin/tracer", TRACER)).unwrap();
    let analyze = |words: &[&str]| {
        let out = Command::new("systemd-analyze").args(words).arg(&unit).output();
        let Ok(out) = out else {
            eprintln!("skipped: systemd-analyze is not installed");
            return;
        };
        let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{words:?}: {said}");
        let strange = ["Unknown key", "Failed to parse", "Invalid"];
        assert!(!strange.iter().any(|word| said.contains(word)), "{words:?}: {said}");
    };
    analyze(&["verify", "--man=no"]);
    // Tenths: what a service that traces the kernel as root can come to.
    analyze(&["security", "--offline=true", "--threshold=35"]);
    fs::remove_dir_all(&dir).unwrap();
}
