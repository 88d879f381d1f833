//! The init of a virtual machine: mounts what a host has, runs one command, says how it ended, and
//! powers off.

use std::ffi::{CStr, CString};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// What is mounted where; the first column is the file system.
const MOUNTS: [(&str, &str); 12] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("devpts", "/dev/pts"),
    ("tmpfs", "/dev/shm"),
    ("cgroup2", "/sys/fs/cgroup"),
    ("tracefs", "/sys/kernel/tracing"),
    ("debugfs", "/sys/kernel/debug"),
    ("securityfs", "/sys/kernel/security"),
    ("bpf", "/sys/fs/bpf"),
    ("tmpfs", "/tmp"),
    ("tmpfs", "/run"),
];

/// The life of PID 1. Whatever happens, it ends with a status line and the power off.
pub(crate) fn main() -> ! {
    let status = std::panic::catch_unwind(|| {
        live().unwrap_or_else(|error| {
            eprintln!("init: {error:#}");
            126
        })
    });
    power_off(status.unwrap_or(125));
}

/// Sets the machine up and runs the command; gives its exit status.
fn live() -> Result<i32> {
    if let Err(error) = leave_rootfs() {
        eprintln!("init: / stays the initramfs: {error}");
    }
    for (kind, target) in MOUNTS {
        fs::create_dir_all(target).ok();
        if let Err(error) = mount(kind, target) {
            eprintln!("init: {kind} is not mounted on {target}: {error}");
        }
        if kind == "devtmpfs" {
            console().ok();
        }
    }
    fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+pids").ok();
    if let Err(error) = loopback_up() {
        eprintln!("init: lo stays down: {error}");
    }
    let args = fs::read_to_string("/args").context("cannot read /args")?;
    let mut args = args.lines();
    let program = args.next().context("/args is empty")?;
    let mut command = Command::new(program);
    command.args(args).env_clear();
    command.env("PATH", "/bin:/sbin:/usr/bin:/usr/sbin").env("HOME", "/tmp");
    command.env("TMPDIR", "/tmp").env("SCENARIO_VM", "1").current_dir("/tmp");
    // SAFETY: setsid is safe between fork and exec.
    unsafe { command.pre_exec(|| crate::sys::setsid().map(drop)) };
    let child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let status = reap_until(child.id() as i32)?;
    hand_out()?;
    Ok(status)
}

/// Writes what lies in /out to the disk, if this machine has one: the host unpacks it.
fn hand_out() -> Result<()> {
    const DISK: &str = "/dev/nvme0n1";
    // A device on the bus comes up by and by: a short command may be over before its disk is there.
    let expected = Path::new("/sys/class/nvme/nvme0").exists();
    for _ in 0..100 {
        if !expected || Path::new(DISK).exists() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    if !Path::new(DISK).exists() {
        return Ok(());
    }
    let tar = Command::new("/bin/tar").args(["-cf", DISK, "-C", "/out", "."]).status();
    let written = tar.context("cannot run tar")?;
    anyhow::ensure!(written.success(), "what is in /out does not fit on the disk: {written}");
    Ok(())
}

/// Reaps everything, as an init must, until `child` has ended.
fn reap_until(child: i32) -> Result<i32> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is writable.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, 0) };
        if pid < 0 {
            return Err(io::Error::last_os_error()).context("waitpid failed");
        }
        if pid == child {
            let status = ExitStatus::from_raw(status);
            return Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        }
    }
}

/// Covers the initramfs with a mount of itself, as every host's root is one: what lies under all
/// mounts cannot be pivoted away from, and sandboxes and containers do that.
fn leave_rootfs() -> io::Result<()> {
    const COVER: &CStr = c"/run";
    const ROOT: &CStr = c"/";
    let done = |value: i32| if value < 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    let none = std::ptr::null();
    let move_mount = |from: &CStr, to: &CStr, how| {
        // SAFETY: two NUL-terminated strings; these kinds of mount read no others.
        done(unsafe { libc::mount(from.as_ptr(), to.as_ptr(), none, how, none.cast()) })
    };
    move_mount(ROOT, COVER, libc::MS_BIND)?;
    std::env::set_current_dir("/run")?;
    move_mount(COVER, ROOT, libc::MS_MOVE)?;
    // SAFETY: a NUL-terminated string.
    done(unsafe { libc::chroot(c".".as_ptr()) })?;
    std::env::set_current_dir("/")
}

/// Mounts one file system.
fn mount(kind: &str, target: &str) -> io::Result<()> {
    let (kind, target) = (CString::new(kind)?, CString::new(target)?);
    // SAFETY: three NUL-terminated strings and no data.
    let done =
        unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), 0, std::ptr::null()) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Makes the console our input and output: an initramfs without the device gives none.
fn console() -> io::Result<()> {
    let console = OpenOptions::new().read(true).write(true).open("/dev/console")?;
    for fd in 0..3 {
        // SAFETY: both are descriptors; the old one of this number is replaced on purpose.
        unsafe { libc::dup2(console.as_raw_fd(), fd) };
    }
    if console.as_raw_fd() < 3 {
        // It is one of them now.
        std::mem::forget(console);
    }
    Ok(())
}

/// Brings up the loopback interface.
fn loopback_up() -> io::Result<()> {
    // SAFETY: takes integers.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
    // SAFETY: `ifreq` is plain data, for which zero is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the kernel reads an ifreq with a name and flags.
    let done = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request) };
    let result = if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    // SAFETY: the socket is ours.
    unsafe { libc::close(socket) };
    result
}

/// Says how it went, and switches the machine off.
fn power_off(status: i32) -> ! {
    println!("\nexit-status: {status}");
    io::stdout().flush().ok();
    // SAFETY: waits for the console's output; takes an integer.
    unsafe { libc::tcdrain(1) };
    // SAFETY: takes nothing.
    unsafe { libc::sync() };
    for how in [libc::RB_POWER_OFF, libc::RB_AUTOBOOT] {
        // SAFETY: this is what we are here for. A machine that cannot power off restarts.
        unsafe { libc::reboot(how) };
    }
    panic!("the machine does not go off");
}
