//! The cgroups that are there already, and in which hierarchy the tasks' cgroups are.

use std::{
    fs,
    os::unix::{ffi::OsStrExt as _, fs::DirEntryExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use tracer_ebpf::wire::{self, CGROUP_PATH, kind};

use super::facts;
use crate::{
    btf::Btf,
    event::{Body, CgroupFacts, Event, Header, NO_CPU},
};

/// Cgroups that are told of at most: a bound for hosts gone mad.
const MOST: usize = 1 << 20;

/// The hierarchy that is told of: the default one (v2), or that of the `pids` controller where it
/// is mounted as one of its own (v1), as container runtimes make theirs in all of those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hierarchy {
    /// Its number; 0 is the default one.
    pub(super) id: u32,
    /// The index of its controller in a `css_set`; `None` for the default one.
    pub(super) subsys: Option<u32>,
}

impl Hierarchy {
    /// Asks `/proc/cgroups`, and the kernel's types for the controller's place.
    pub(super) fn find(types: &Btf<'_>) -> Self {
        let table = fs::read_to_string("/proc/cgroups").unwrap_or_default();
        let subsys = types.enumerator("cgroup_subsys_id", "pids_cgrp_id");
        match (number(&table, "pids"), subsys) {
            (Some(id), Some(subsys)) if id != 0 => Self { id, subsys: Some(subsys) },
            _ => Self::default(),
        }
    }

    /// Where it is mounted.
    fn mount(self) -> Option<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        mounts.lines().find_map(|line| mounted(line, self.id != 0))
    }

    /// Every cgroup of it that is there now, parents first.
    pub(super) fn walk(self, mut found: impl FnMut(&Event)) {
        let Some(root) = self.mount() else { return };
        let mut open = vec![(root.clone(), 0)];
        let mut told = 0;
        while let Some((folder, level)) = open.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            if level == 0
                && let Ok(root) = fs::metadata(&folder)
            {
                found(&event(root.ino(), 0, b"/"));
            }
            for entry in entries.flatten() {
                let path = entry.path();
                if !entry.file_type().is_ok_and(|ty| ty.is_dir()) {
                    continue;
                }
                let inside = path.strip_prefix(&root).unwrap_or(&path);
                let text = Path::new("/").join(inside);
                found(&event(entry.ino(), level + 1, text.as_os_str().as_bytes()));
                told += 1;
                if told == MOST {
                    return;
                }
                open.push((path, level + 1));
            }
        }
    }
}

fn event(cgroup: u64, level: i32, path: &[u8]) -> Event {
    let path: Box<[u8]> = path.get(..path.len().min(CGROUP_PATH)).unwrap_or_default().into();
    let header = Header {
        ts: facts::boottime(),
        cpu: NO_CPU,
        kind: kind::CGROUP_FOUND,
        ..Header::default()
    };
    let facts = wire::Cgroup { header, cgroup, path_len: path.len() as u32, level };
    Event { header, body: Body::CgroupFound(CgroupFacts { facts, path }) }
}

/// The hierarchy's number of a controller: the second word of its line.
fn number(table: &str, controller: &str) -> Option<u32> {
    let mut lines = table.lines().map(str::split_whitespace);
    lines.find_map(|mut words| {
        (words.next() == Some(controller)).then(|| words.next()?.parse().ok())?
    })
}

/// The mount point of a line of mountinfo that is the hierarchy, whole.
fn mounted(line: &str, own: bool) -> Option<PathBuf> {
    let (mount, source) = line.split_once(" - ")?;
    let mut words = mount.split(' ').skip(3);
    let (root, place) = (words.next()?, words.next()?);
    let mut words = source.split(' ');
    let ty = words.next()?;
    let options = words.nth(1)?;
    let is = if own {
        ty == "cgroup" && options.split(',').any(|option| option == "pids")
    } else {
        ty == "cgroup2"
    };
    (is && root == "/").then(|| PathBuf::from(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_told_apart() {
        let unified =
            "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
        let pids = "40 32 0:37 / /sys/fs/cgroup/pids rw shared:18 - cgroup cgroup rw,pids";
        let part = "40 32 0:37 /docker/1 /sys/fs/cgroup rw shared:18 - cgroup2 cgroup rw";
        assert_eq!(mounted(unified, false), Some("/sys/fs/cgroup".into()));
        assert_eq!(mounted(unified, true), None);
        assert_eq!(mounted(pids, true), Some("/sys/fs/cgroup/pids".into()));
        assert_eq!(mounted(pids, false), None);
        assert_eq!(mounted(part, false), None);
        assert_eq!(mounted("", false), None);
    }

    #[test]
    fn a_controllers_hierarchy_is_read_from_its_line() {
        let table =
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t1\t1\npids\t5\t40\t1\n";
        assert_eq!(number(table, "pids"), Some(5));
        assert_eq!(number(table, "net_cls"), None);
        assert_eq!(number("pids", "pids"), None);
    }

    #[test]
    fn our_own_cgroup_is_among_those_that_are_there() {
        let mine = fs::read_to_string("/proc/self/cgroup").unwrap();
        let Some(mine) = mine.lines().find_map(|line| line.strip_prefix("0::")) else { return };
        if (Hierarchy::default()).mount().is_none() {
            return;
        }
        let mut paths = Vec::new();
        Hierarchy::default().walk(|event| {
            let Body::CgroupFound(cgroup) = &event.body else { panic!("{event:?}") };
            paths.push(cgroup.path.clone());
        });
        assert!(paths.iter().any(|path| **path == *mine.as_bytes()), "{mine} {}", paths.len());
    }
}
