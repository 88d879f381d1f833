//! The directory of recordings: what is kept of it.

use std::{
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tracer::recording::{Files, Sync};

use crate::cli::{Rotate, User};

/// How the names of recordings end.
const EXTENSION: &str = "tracer";

/// Makes the directory, if it is not there, as that of the user who will write into it.
pub(super) fn create(dir: &Path, user: Option<User>) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    match user {
        Some(user) => chown(dir, Some(user.uid), Some(user.gid)),
        None => Ok(()),
    }
}

/// Removes the oldest recordings beyond what is to be kept, but never the newest, which may be the
/// one that is written, nor anything that is no recording by its name; how many. A file that is gone
/// is no error: somebody else removed it.
pub(super) fn prune(dir: &Path, keep: Rotate, now: SystemTime) -> io::Result<usize> {
    let mut removed = 0;
    for path in beyond(list(dir)?, keep, now) {
        match fs::remove_file(&path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// A path in the directory for recordings of that name which no others have: a daemon that is
/// started again within a second would meet those of the one before it.
pub(super) fn fresh(dir: &Path, name: &Path) -> PathBuf {
    let stem = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut path = dir.join(name);
    for next in 2..1000 {
        let first = Files::new(path.clone(), true, None, Sync::default()).path();
        if first.symlink_metadata().is_err() {
            break;
        }
        path = dir.join(format!("{stem}-{next}.{EXTENSION}"));
    }
    path
}

/// The recordings in a directory.
pub(super) fn recordings(dir: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(list(dir)?.into_iter().map(|(path, ..)| path).collect())
}

/// A recording: its path, size, and when it was written last.
type Found = (PathBuf, u64, SystemTime);

fn list(dir: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        let is = path.extension().is_some_and(|extension| extension == EXTENSION);
        if let Ok(about) = entry.metadata()
            && is
            && about.is_file()
        {
            found.push((path, about.len(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH)));
        }
    }
    Ok(found)
}

/// Those to be removed.
fn beyond(mut found: Vec<Found>, keep: Rotate, now: SystemTime) -> Vec<PathBuf> {
    // The newest first; of those of one moment, the last by name.
    found.sort_by(|one, other| (other.2, &other.0).cmp(&(one.2, &one.0)));
    let mut sum = 0_u64;
    let over = |(path, size, written): &Found| {
        sum = sum.saturating_add(*size);
        let over = match keep {
            Rotate::Size(bytes) => sum > bytes,
            Rotate::Time(age) => now.duration_since(*written).unwrap_or(Duration::ZERO) > age,
        };
        over.then(|| path.clone())
    };
    let mut gone: Vec<PathBuf> = found.iter().filter_map(over).collect();
    if let Some((newest, ..)) = found.first() {
        gone.retain(|path| path != newest);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, size: u64, age: u64) -> Found {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        (PathBuf::from(name), size, now - Duration::from_secs(age))
    }

    fn removed(keep: Rotate) -> Vec<String> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let all =
            vec![found("a", 10, 300), found("b", 10, 200), found("c", 10, 100), found("d", 10, 0)];
        let gone = beyond(all, keep, now);
        gone.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_oldest_go_and_the_newest_stays() {
        assert_eq!(removed(Rotate::Size(25)), ["b", "a"]);
        assert_eq!(removed(Rotate::Size(1)), ["c", "b", "a"]);
        assert_eq!(removed(Rotate::Size(100)), [""; 0]);
        assert_eq!(removed(Rotate::Time(Duration::from_secs(150))), ["b", "a"]);
    }

    #[test]
    fn nobody_else_has_a_fresh_name() {
        let dir = std::env::temp_dir().join(format!("tracer-fresh-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let name = Path::new("h-20261122T081500Z.tracer");
        assert_eq!(fresh(&dir, name), dir.join(name));
        fs::write(dir.join("h-20261122T081500Z-00000.tracer"), "").unwrap();
        assert_eq!(fresh(&dir, name), dir.join("h-20261122T081500Z-2.tracer"));
        fs::write(dir.join("h-20261122T081500Z-2-00000.tracer"), "").unwrap();
        assert_eq!(fresh(&dir, name), dir.join("h-20261122T081500Z-3.tracer"));
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn only_recordings_are_touched() {
        let dir = std::env::temp_dir().join(format!("tracer-store-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        for name in ["a.tracer", "b.tracer", "notes.txt"] {
            fs::write(dir.join(name), [0; 100]).unwrap();
        }
        let gone = prune(&dir, Rotate::Size(0), SystemTime::now()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(&dir).unwrap().map(|it| it.unwrap().file_name()).collect();
        left.sort();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!((gone, left), (1, vec!["b.tracer".into(), "notes.txt".into()]));
        assert!(prune(&dir, Rotate::Size(0), SystemTime::now()).is_err());
    }
}
