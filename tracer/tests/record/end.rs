//! How a recording ends: properly, by a kill, on a full disk.

use std::{collections::BTreeMap, process::Command};

use tracer_ebpf::wire::kind;

use super::{
    place::{Dir, Storm, ends, headers, of, said, size, verb},
    run::{Run, can_trace, wait},
};

/// What an empty recording takes: more is records.
const FRONT: u64 = 16 << 10;

/// What a kill may cost, ns: what waits for the next second, and the way to the disk.
const LOSS: u64 = 1_500_000_000;

#[test]
fn signals_end_a_recording_properly() {
    if !can_trace() {
        return;
    }
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let dir = Dir::new(&format!("signal-{signal}"));
        let file = dir.path("x.tracer");
        let run = Run::start(verb("record").arg("-o").arg(&file));
        wait("it records", || size(&file) > 0);
        run.signal(signal);
        let (status, told) = run.end();
        assert_eq!(status.code(), Some(0), "{told}");
        assert!(told.contains("nothing lost"), "{told}");
        ends(&of(&["verify"], [&file]), 0);
        ends(&of(&["replay", "--strict"], [&file]), 0);
    }
}

#[test]
fn a_signal_ends_the_command_and_the_recording() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("command");
    let file = dir.path("x.tracer");
    let mut command = verb("record");
    command.arg("-o").arg(&file).args(["--", "sh", "-c", "echo pid=$$ >&2; exec sleep 600"]);
    let mut run = Run::start(&mut command);
    run.told("pid=");
    run.signal(libc::SIGTERM);
    let (status, told) = run.end();
    assert_eq!(status.code(), Some(0), "{told}");
    ends(&of(&["verify"], [&file]), 0);
    let replayed = of(&["replay"], [&file]);
    ends(&replayed, 0);
    assert!(said(&replayed).contains("command ended"), "{}", said(&replayed));
}

#[test]
fn a_kill_costs_the_last_second_and_nothing_else() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("kill");
    let file = dir.path("x.tracer");
    let run = Run::start(verb("record").arg("-o").arg(&file));
    wait("it records", || size(&file) > 0);
    let storm = Storm::start();
    wait("the storm is recorded", || size(&file) > FRONT);
    let before = headers(&file);
    wait("more of it is", || headers(&file).len() > before.len());
    run.signal(libc::SIGKILL);
    let killed = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let killed = killed.tv_sec as u64 * 1_000_000_000 + killed.tv_nsec as u64;
    run.end();
    drop(storm);

    let verified = of(&["verify"], [&file]);
    ends(&verified, 4);
    assert!(said(&verified).contains("its recorder was killed"), "{}", said(&verified));
    let replayed = of(&["replay", "--type=all"], [&file]);
    ends(&replayed, 4);

    let headers = headers(&file);
    assert!(headers.len() > before.len() && headers[..before.len()] == before, "it was changed");
    let last = headers.iter().map(|header| header.ts).max().unwrap();
    assert!(last + LOSS > killed, "{} ms are lost", (killed - last) / 1_000_000);
    // Nothing is missing before the cut: each CPU's numbers go up by one. An interrupt's records
    // may lie before the one it interrupted, which had its number but no place yet; so may the cut.
    let mut of_cpus = BTreeMap::<u32, Vec<u32>>::new();
    for header in headers
        .iter()
        .filter(|header| ![kind::LOST, kind::PROC, kind::CENSUS].contains(&header.kind))
    {
        of_cpus.entry(header.cpu.into()).or_default().push(header.seq);
    }
    for (cpu, mut seqs) in of_cpus {
        let swapped = seqs.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!(swapped * 100 < seqs.len(), "CPU {cpu}: {swapped} out of order");
        seqs.sort_unstable();
        let certain = &seqs[..seqs.len().saturating_sub(4)];
        let gap = certain.windows(2).find(|pair| pair[0] + 1 != pair[1]);
        assert!(gap.is_none(), "CPU {cpu}: a gap in {gap:?}");
    }
    assert!(!headers.iter().any(|header| header.kind == kind::LOST));
}

#[test]
fn a_full_disk_ends_a_recording_with_what_fitted() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("full");
    let script = r#"mount -t tmpfs -o size=300k none "$1" || exit 77
        sh -c 'while :; do (:); done' & storm=$!
        "$2" record --codec=lz4 -o "$1/x.tracer"
        echo "record=$?"
        kill $storm
        "$2" verify "$1/x.tracer" >&2
        echo "verify=$?"
        "$2" replay --strict --json --type=all "$1/x.tracer" | grep -c '"type":"fork"'"#;
    let mut inside = Command::new("unshare");
    inside.args(["-m", "sh", "-c", script, "sh"]).arg(dir.as_ref()).arg(super::run::TRACER);
    let output = inside.output().unwrap();
    let told = said(&output);
    if output.status.code() == Some(77) || told.contains("unshare") {
        return eprintln!("skipped: no file system can be mounted here: {told}");
    }
    assert!(told.contains("stopped: the disk is full; the"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.contains("record=1\n"), "{out}{told}");
    assert!(out.contains("verify=0\n") || out.contains("verify=4\n"), "{out}{told}");
    let forks: u64 = out.lines().last().unwrap().parse().unwrap();
    assert!(forks > 100, "{out}{told}");
}
