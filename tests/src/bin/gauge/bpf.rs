//! The few bpf(2) commands that the library has no use for.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

// Commands (include/uapi/linux/bpf.h).
const PROG_LOAD: libc::c_long = 5;
const OBJ_GET_INFO_BY_FD: libc::c_long = 15;
const RAW_TRACEPOINT_OPEN: libc::c_long = 17;
const LINK_CREATE: libc::c_long = 28;
const ENABLE_STATS: libc::c_long = 32;
const ITER_CREATE: libc::c_long = 33;

/// `BPF_PROG_TYPE_TRACING`.
const TRACING: u32 = 26;
/// `BPF_TRACE_RAW_TP`: a `tp_btf` program.
pub(crate) const RAW_TP: u32 = 23;
/// `BPF_TRACE_ITER`.
const ITER: u32 = 28;

/// `r0 = 0; exit`.
const EMPTY: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];

/// bpf(2). A shorter attribute is as good as one with zeroes behind.
fn bpf<T>(command: libc::c_long, attribute: &mut T) -> io::Result<i32> {
    // SAFETY: the kernel reads (and for some commands writes) as many bytes as the attribute has;
    // pointers within it are to what the callers below keep alive.
    let answer = unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attribute), size_of::<T>())
    };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer as i32) }
}

/// A command whose answer is a new descriptor.
fn open<T>(command: libc::c_long, attribute: &mut T) -> io::Result<OwnedFd> {
    let fd = bpf(command, attribute)?;
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has the kernel take the time of every program's runs, until the answer is dropped. It changes
/// no setting of the host.
pub(crate) fn enable_stats() -> io::Result<OwnedFd> {
    open(ENABLE_STATS, &mut 0_u32)
}

/// What `BPF_PROG_LOAD` is told, as far as needed here.
#[repr(C)]
struct Load {
    ty: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log: [u64; 2],
    kern_version: u32,
    flags: u32,
    name: [u8; 16],
    ifindex: u32,
    attach_type: u32,
    func_and_line_info: [u64; 4],
    line_info_cnt: u32,
    attach_btf_id: u32,
}
const _: () = assert!(std::mem::offset_of!(Load, attach_btf_id) == 108);

/// An empty program for the same place as one whose function the kernel's BTF has as `btf_id`.
pub(crate) fn load_empty(attach_type: u32, btf_id: u32) -> io::Result<OwnedFd> {
    let mut load = Load {
        ty: TRACING,
        insn_cnt: EMPTY.len() as u32,
        insns: EMPTY.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log: [0; 2],
        kern_version: 0,
        flags: 0,
        name: *b"empty\0\0\0\0\0\0\0\0\0\0\0",
        ifindex: 0,
        attach_type,
        func_and_line_info: [0; 4],
        line_info_cnt: 0,
        attach_btf_id: btf_id,
    };
    open(PROG_LOAD, &mut load)
}

/// Attaches a tracepoint or trampoline program to where it was loaded for.
pub(crate) fn attach(program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    open(RAW_TRACEPOINT_OPEN, &mut [0, program.as_raw_fd() as u64])
}

/// A new run of an iterator program, to be read.
pub(crate) fn iterate(program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let fd = program.as_raw_fd() as u32;
    let link = open(LINK_CREATE, &mut [fd, 0, ITER, 0])?;
    open(ITER_CREATE, &mut [link.as_raw_fd() as u32, 0])
}

/// What the kernel knows of a program.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    /// Its name, cut after 15 bytes.
    pub(crate) name: String,
    /// BTF's number of what it was loaded for.
    pub(crate) btf_id: u32,
    /// ns that its runs took, counted while statistics are enabled.
    pub(crate) ns: u64,
    /// Its runs, likewise.
    pub(crate) runs: u64,
}

/// What `BPF_OBJ_GET_INFO_BY_FD` is told.
#[repr(C)]
struct Ask {
    fd: u32,
    len: u32,
    info: u64,
}

/// Asks the kernel about a program.
pub(crate) fn info(program: BorrowedFd<'_>) -> io::Result<Info> {
    // `struct bpf_prog_info` up to `attach_btf_id` (5.18).
    const NAME: usize = 64;
    const RUN_TIME_NS: usize = 192;
    const RUN_CNT: usize = 200;
    const ATTACH_BTF_ID: usize = 224;
    let mut info = [0_u64; 29];
    let mut ask = Ask {
        fd: program.as_raw_fd() as u32,
        len: size_of_val(&info) as u32,
        info: info.as_mut_ptr() as u64,
    };
    bpf(OBJ_GET_INFO_BY_FD, &mut ask)?;
    let bytes: Vec<u8> = info.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let name = bytes[NAME..NAME + 16].split(|&byte| byte == 0).next().unwrap_or_default();
    Ok(Info {
        name: String::from_utf8_lossy(name).into_owned(),
        btf_id: info[ATTACH_BTF_ID / 8] as u32,
        ns: info[RUN_TIME_NS / 8],
        runs: info[RUN_CNT / 8],
    })
}
