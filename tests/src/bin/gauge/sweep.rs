//! `sweep`: what the iterator pays for a task, and what `/proc` asks for the same tasks.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::AsFd,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tracer::{
    event::Body,
    kernel::{Options, Session},
};

use crate::{bpf, cpu, each, follow::Follow, own, sample};

/// The namespaces that a record tells.
const NAMESPACES: [&str; 8] = ["user", "mnt", "uts", "ipc", "net", "pid", "cgroup", "time"];

/// Measures.
pub(crate) fn run(rounds: u32, stats: bool) -> Result<()> {
    // Apart, as taking the program's time takes time.
    let _stats = stats.then(bpf::enable_stats).transpose().context("enabling BPF statistics")?;
    let mut session = Session::start(&Options { snapshot_only: true, ..Options::default() })?;
    let program = iterator()?;
    for _ in 0..rounds {
        let before = bpf::info(program.as_fd())?;
        let begun = cpu();
        let tasks = iterate(bpf::iterate(program.as_fd())?)?;
        let iterator = cpu() - begun;
        let after = bpf::info(program.as_fd())?;
        let mut shown = 0;
        session.poll(Duration::ZERO, &mut |_record, event| {
            shown += usize::from(matches!(event.body, Body::Snapshot { .. }));
        })?;
        // A task may end between its record and its row.
        ensure!(shown.abs_diff(tasks.len()) < 10, "{} tasks, but {shown} records", tasks.len());

        if stats {
            let (ns, runs) = (after.ns - before.ns, after.runs - before.runs);
            sample("program", each(ns, runs as usize));
            continue;
        }

        let by_proc = |facts: &[&str]| -> Result<f64> {
            let begun = cpu();
            let processes = by_proc(facts)?;
            Ok(each(cpu() - begun, processes))
        };
        let proc = by_proc(&["status"])?;
        let facts = by_proc(&["status", "stat", "cgroup"])?;
        let mut follow = Follow::new(session.coverage());
        let begun = cpu();
        session.sweep(&mut |_record, event| follow.take(event))?;
        let whole = each(cpu() - begun, tasks.len());

        let iterator = each(iterator, tasks.len());
        sample("tasks", each(tasks.len() as u64, 1));
        sample("iterator", iterator);
        sample("proc", proc);
        sample("facts", facts);
        sample("ratio", proc / iterator);
        sample("whole", whole);
    }
    Ok(())
}

/// The session's iterator program.
fn iterator() -> Result<std::os::fd::OwnedFd> {
    for program in own::of_kind("bpf-prog")? {
        if bpf::info(program.borrow())?.name == "iter_task" {
            return Ok(program.duplicate()?);
        }
    }
    anyhow::bail!("the session holds no iterator")
}

/// Reads an iterator to its end; each task's tid and tgid.
fn iterate(iterator: std::os::fd::OwnedFd) -> io::Result<Vec<(u32, u32)>> {
    let mut file = File::from(iterator);
    let mut rows = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => rows.extend_from_slice(&buffer[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let word = |at: &[u8]| u32::from_ne_bytes([at[0], at[1], at[2], at[3]]);
    Ok(rows.chunks_exact(8).map(|row| (word(row), word(&row[4..]))).collect())
}

/// Reads these files of every process, as `cat /proc/[0-9]*/status` would, and for more than one of
/// them the links to its namespaces too; how many processes there are.
fn by_proc(files: &[&str]) -> Result<usize> {
    let mut buffer = [0; 4096];
    let mut processes = 0;
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let folder = entry.path();
        // What has ended meanwhile has cost its look-up.
        for name in files {
            if let Ok(mut file) = File::open(folder.join(name)) {
                let read = file.read(&mut buffer)?;
                std::hint::black_box(&buffer[..read]);
            }
        }
        if files.len() > 1 {
            for kind in NAMESPACES {
                let _ = std::hint::black_box(std::fs::read_link(folder.join("ns").join(kind)));
            }
        }
        processes += 1;
    }
    Ok(processes)
}
