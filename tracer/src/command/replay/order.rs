//! Several files as one history: opened, and put in order.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use tracer::{
    recording::{Ahead, Reader, Replay, Visitor},
    view::TimeSpec,
};

use super::super::{
    fault::Fault,
    file::{self, Source},
};
use crate::cli::EventSelection;

/// Opens the files, in the order of their time.
pub(in crate::command) fn open(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Reader<Source>)>, Fault> {
    let mut files = Vec::new();
    for path in paths {
        files.push((path.clone(), file::open(path)?));
    }
    files.sort_by_key(|(_, reader)| {
        let header = reader.header();
        (header.start, header.run, header.part)
    });
    let boot = |(_, reader): &(PathBuf, Reader<Source>)| reader.header().host.boot_id.clone();
    let mut last: Option<(String, &Path)> = None;
    for file in &files {
        let boot = boot(file);
        if let Some((before, path)) = &last
            && *before != boot
        {
            return Err(Fault::unable(
                format!("cannot replay {} and {} as one history", path.display(), file.0.display()),
                "they were recorded on different boots: no task lived in both",
                "replay them one by one",
            ));
        }
        last = Some((boot, &file.0));
    }
    let same = files.windows(2).find(|pair| match pair {
        [(_, left), (_, right)] => {
            let (left, right) = (left.header(), right.header());
            (left.run, left.part) == (right.run, right.part)
        }
        _ => false,
    });
    if let Some([left, right]) = same {
        return Err(Fault::unable(
            format!("cannot replay {} and {}", left.0.display(), right.0.display()),
            "they are the same part of the same recording",
            "give each file once",
        ));
    }
    Ok(files)
}

/// The end of the last file, where a time counts back from it.
pub(in crate::command) fn end(paths: &[PathBuf], events: &EventSelection) -> Result<u64, Fault> {
    let back = |spec: Option<TimeSpec>| matches!(spec, Some(TimeSpec::Ago(_)));
    if !back(events.since) && !back(events.until) {
        return Ok(0);
    }
    let mut end = 0;
    for path in paths {
        let last = file::seekable(path)?.last_ts();
        end = end.max(last.map_err(|error| file::cannot_read(path, &error))?);
    }
    Ok(end)
}

/// Replays files, in the order in which they were opened, to their end or until the visitor breaks
/// off. `begin` is told of each one.
pub(in crate::command) fn replay<V: Visitor>(
    files: Vec<(PathBuf, Reader<Source>)>,
    to: &mut V,
    mut begin: impl FnMut(&mut V, &Path),
) -> Result<(Replay, ControlFlow<()>), Fault> {
    let mut replay = Replay::new();
    for (path, reader) in files {
        begin(to, &path);
        let flow = Ahead::start(reader).and_then(|mut ahead| replay.run(&mut ahead, to));
        let flow = flow.map_err(|error| file::cannot_read(&path, &error))?;
        if flow.is_break() {
            return Ok((replay, flow));
        }
    }
    Ok((replay, ControlFlow::Continue(())))
}
