//! Tasks whose names attack whoever reads them.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::house::House;

/// What they are called: at most 15 bytes, as a comm is, and the first is harmless.
pub(crate) const NAMES: [&[u8]; 13] = [
    b"plain",
    b"a\nevent: x\ndata",
    b"\r\ndata: {}\r\n\r\nx",
    b"\x1b[2J\x1b[31mEVIL",
    b"\"},{\"\\u0041\\\\\"x",
    b"\xff\xfe\x9b31m\xc3(\xed\xa0\x80",
    "\u{202e}gnp.\u{2028}\u{85}x".as_bytes(),
    b"# EOF",
    b"\"} 1\nevil 2\n# T",
    b"<img src=x>&lt;",
    b"') R 1 1 1 (",
    b"=cmd|' C'!A0",
    b"%n%s$(id)`id`;",
];

/// More that stands on each command line.
pub(crate) const ARGS: [&[u8]; 4] = [
    b"id: 0000000000000000-1\nevent: end\ndata: {\"type\":\"end\"}\n\n",
    b"</script><script>alert(1)</script>",
    b"# HELP evil evil\n# TYPE evil counter\nevil_total{pid=\"1\"} 1\n# EOF\n",
    b"\xc0\x80\xf8\x88\x80\x80\x80 \x1b]0;EVIL\x07",
];

/// One of them.
pub(crate) struct Player {
    pub(crate) name: &'static [u8],
    child: Child,
}

impl Player {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The name that its container has.
    pub(crate) fn container(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }
}

/// All of them, each in a cgroup that is called like it, as that of a container.
pub(crate) struct Cast {
    pub(crate) players: Vec<Player>,
    cgroups: Vec<PathBuf>,
}

impl Cast {
    /// They wait until this is dropped.
    pub(crate) fn new(house: &House, stage: &str) -> Self {
        let folder = house.path(stage);
        fs::create_dir(&folder).unwrap();
        let top = hierarchy().join(format!("tracer-hostile-{}-{stage}", std::process::id()));
        fs::create_dir(&top).unwrap();
        let mut cast = Self { players: Vec::new(), cgroups: vec![top.clone()] };
        for name in NAMES {
            let cgroup = top.join(OsStr::from_bytes(&scope(name)));
            fs::create_dir(&cgroup).unwrap();
            cast.cgroups.push(cgroup.clone());
            let program = folder.join(OsStr::from_bytes(name));
            symlink("/bin/sh", &program).unwrap();
            cast.players.push(Player { name, child: start(&program, &cgroup, name) });
        }
        cast
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        for Player { child, .. } in &mut self.players {
            drop(child.stdin.take());
            let _ended = child.wait();
        }
        for cgroup in self.cgroups.iter().rev() {
            let _gone = fs::remove_dir(cgroup);
        }
    }
}

/// A shell that moves itself into the cgroup, and waits for the end of its standard input under
/// another name.
fn start(program: &Path, cgroup: &Path, name: &[u8]) -> Child {
    let mut command = Command::new(program);
    command.arg0("sh").args(["-c", "echo 0 > \"$0\"/cgroup.procs; read line"]).arg(cgroup);
    command.arg(OsStr::from_bytes(name)).args(ARGS.map(OsStr::from_bytes));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// A cgroup's name that makes it a container of this name. A cgroup cannot have a newline or a slash
/// in its name, but systemd's way of writing them.
fn scope(name: &[u8]) -> Vec<u8> {
    let mut scope = b"machine-".to_vec();
    for &byte in name {
        match byte {
            b'\n' | b'/' | b'\\' => scope.extend(format!("\\x{byte:02x}").bytes()),
            byte => scope.push(byte),
        }
    }
    scope.extend(b".scope");
    scope
}

/// Where the hierarchy is mounted whose cgroups are told of.
fn hierarchy() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounted = |is: &dyn Fn(&str, &str) -> bool| {
        mounts.lines().find_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let (kind, options) = (right.split(' ').next()?, right.rsplit(' ').next()?);
            is(kind, options).then(|| PathBuf::from(left.split(' ').nth(4).unwrap()))
        })
    };
    let pids = |options: &str| options.split(',').any(|option| option == "pids");
    let found = mounted(&|kind, options| kind == "cgroup" && pids(options));
    found.or_else(|| mounted(&|kind, _| kind == "cgroup2")).expect("cgroups are mounted")
}
