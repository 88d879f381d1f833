//! What holds the daemon back once everything is attached: each of its threads keeps only what its
//! own work needs.
//!
//! - The *keeper* has the tables: it makes the iterators of sweeps, reads `/proc`, prunes recordings.
//! - The *scribe* writes recordings, and touches nothing else.
//! - The *readers* read recordings, for those who ask what was.
//! - The *clerk* talks with clients, who may be hostile: it has no capability and opens no file.
//!
//! Threads of one process share their memory, so this is no wall between them; it is what the kernel
//! refuses to each, and a hole in one has to be widened to another before it is of use.
//! Where the kernel knows one of the means not, the others hold, and what was reached is told.

pub(in crate::command) mod capability;
mod files;
mod syscalls;
pub(super) mod user;

use std::path::{Path, PathBuf};

use rustix::thread::{CapabilitySet, set_no_new_privs};

use capability::Kept;

/// What was reached for a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Confined {
    /// It can never get more privileges than it has.
    pub(in crate::command) no_new_privs: bool,
    /// The capabilities that it has.
    pub(in crate::command) capabilities: Vec<&'static Kept>,
    /// Most system calls are refused, or why not.
    pub(in crate::command) seccomp: Result<(), String>,
    /// Most files are out of reach: how well, or why not.
    pub(in crate::command) landlock: Result<String, String>,
}

/// Which files the keeper and the scribe need.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Where recordings lie.
    pub(super) dir: Option<PathBuf>,
    /// The socket, which goes when we go.
    pub(super) socket: PathBuf,
    /// Files that are read anew on request.
    pub(super) settings: Vec<PathBuf>,
}

/// Confines this thread, which keeps the tables. Where the iterator `hides` tasks, they are read from
/// `/proc`: with a capability, and without Landlock, under which nobody may look at others' namespaces.
pub(super) fn keeper(places: &Places, hides: bool) -> Confined {
    let mut caps = capability::now() & CapabilitySet::BPF;
    // Before 5.8's split, and where only the big one was given, it stands in.
    if caps.is_empty() {
        caps = capability::now() & CapabilitySet::SYS_ADMIN;
    }
    if hides {
        caps |= capability::now() & CapabilitySet::SYS_PTRACE;
    }
    if let Some(dir) = &places.dir {
        caps |= capability::for_files(dir);
    }
    let refused = "the iterator hides tasks here, and their namespaces are read from /proc";
    let landlock = || if hides { Err(refused.into()) } else { files::keeper(places) };
    apply(caps, syscalls::keeper, landlock)
}

/// Confines this thread, and those that it starts: they write recordings into a directory.
pub(super) fn scribe(dir: &Path) -> Confined {
    apply(capability::for_files(dir), syscalls::scribe, || files::scribe(dir))
}

/// Confines this thread, and those that it starts: they read recordings in a directory.
pub(super) fn reader(dir: &Path) -> Confined {
    apply(capability::for_files(dir), syscalls::scribe, || files::reader(dir))
}

/// Confines this thread, which talks with clients.
pub(in crate::command) fn clerk() -> Confined {
    apply(CapabilitySet::empty(), syscalls::clerk, files::none)
}

/// In this order: each step needs system calls that the last one refuses.
fn apply(
    caps: CapabilitySet,
    syscalls: impl FnOnce() -> Result<(), String>,
    landlock: impl FnOnce() -> Result<String, String>,
) -> Confined {
    let no_new_privs = set_no_new_privs(true).is_ok();
    let landlock = landlock();
    let kept = capability::keep(caps);
    let seccomp = syscalls();
    Confined { no_new_privs, capabilities: kept, seccomp, landlock }
}

impl Confined {
    /// In one line.
    pub(in crate::command) fn text(&self) -> String {
        let caps: Vec<_> = self.capabilities.iter().map(|kept| kept.name).collect();
        let caps = if caps.is_empty() { "no capability".into() } else { caps.join(", ") };
        let privileges = if self.no_new_privs { "no new privileges" } else { "new privileges" };
        let seccomp = match &self.seccomp {
            Ok(()) => "seccomp".into(),
            Err(why) => format!("no seccomp ({why})"),
        };
        let landlock = match &self.landlock {
            Ok(how) => format!("Landlock ({how})"),
            Err(why) => format!("no Landlock ({why})"),
        };
        format!("{caps}; {privileges}; {seccomp}; {landlock}")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        io::ErrorKind,
        net::{TcpStream, UdpSocket},
        process::Command,
        thread,
    };

    use super::*;

    /// What comes of something in a thread of its own, which is lost afterwards.
    fn in_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| scope.spawn(work).join()).unwrap()
    }

    #[test]
    fn a_clerk_can_neither_open_nor_connect_nor_start_anything() {
        let denied = in_a_thread(|| {
            let confined = clerk();
            assert_eq!(confined.seccomp, Ok(()), "{confined:?}");
            assert!(confined.no_new_privs && confined.capabilities.is_empty(), "{confined:?}");
            [
                File::open("/etc/passwd").err(),
                File::create("/tmp/tracer-clerk").err(),
                fs::remove_file("/nonexistent").err(),
                TcpStream::connect("127.0.0.1:9").err(),
                UdpSocket::bind("127.0.0.1:0").err(),
                Command::new("true").status().err(),
                thread::Builder::new().spawn(|| ()).err(),
            ]
            .map(|error| error.map(|error| error.kind()))
        });
        assert_eq!(denied, [Some(ErrorKind::PermissionDenied); 7]);
        // Only that thread was held back.
        assert!(File::open("/etc/passwd").is_ok());
    }

    #[test]
    fn a_scribe_writes_in_its_directory_only() {
        let base = std::env::temp_dir().join(format!("tracer-scribe-{}", std::process::id()));
        let dir = base.join("kept");
        fs::create_dir_all(&dir).unwrap();
        let (landlock, inside, outside, others) = in_a_thread(|| {
            let confined = scribe(&dir);
            assert_eq!(confined.seccomp, Ok(()), "{confined:?}");
            // What it starts is held back alike.
            let inside = in_a_thread(|| {
                fs::write(dir.join("a"), b"x")?;
                fs::rename(dir.join("a"), dir.join("b"))?;
                fs::remove_file(dir.join("b"))
            });
            let outside = fs::write(base.join("c"), b"x");
            let others = [
                UdpSocket::bind("127.0.0.1:0").err(),
                Command::new("true").status().err(),
                std::os::unix::net::UnixDatagram::unbound().err(),
            ];
            (confined.landlock, inside, outside, others.map(|error| error.map(|it| it.kind())))
        });
        fs::remove_dir_all(&base).unwrap();
        assert!(inside.is_ok(), "{inside:?}");
        assert_eq!(others, [Some(ErrorKind::PermissionDenied); 3]);
        match landlock {
            Ok(_) => assert_eq!(outside.unwrap_err().kind(), ErrorKind::PermissionDenied),
            Err(why) => eprintln!("skipped: {why}"),
        }
    }

    #[test]
    fn a_keeper_reads_the_kernels_files_and_starts_threads_but_no_program() {
        let places = Places { socket: "/run/none/socket".into(), ..Places::default() };
        let (landlock, proc, thread, program, outside) = in_a_thread(|| {
            let confined = keeper(&places, false);
            assert_eq!(confined.seccomp, Ok(()), "{confined:?}");
            let thread = thread::Builder::new().spawn(|| 7).map(|it| it.join().unwrap());
            let outside = fs::write(std::env::temp_dir().join("tracer-keeper"), b"x");
            let proc = fs::read_to_string("/proc/self/stat");
            (confined.landlock, proc, thread, Command::new("true").status(), outside)
        });
        assert!(proc.is_ok(), "{proc:?}");
        assert_eq!(thread.unwrap(), 7);
        assert_eq!(program.unwrap_err().kind(), ErrorKind::PermissionDenied);
        if landlock.is_ok() {
            assert_eq!(outside.unwrap_err().kind(), ErrorKind::PermissionDenied);
        } else {
            let _gone = fs::remove_file(std::env::temp_dir().join("tracer-keeper"));
        }
    }
}
