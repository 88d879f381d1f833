//! Inode numbers of namespaces (include/linux/proc_ns.h).

/// That of the initial PID namespace.
pub(in crate::check) const ROOT_INUM: u32 = 0xefff_fffc;
/// Those of all initial namespaces, by kind.
pub(in crate::check) const INITIAL: [u32; 8] = [
    0xefff_fffd,
    0xf000_0000,
    0xefff_fffe,
    0xefff_ffff,
    0xf000_0001,
    ROOT_INUM,
    0xefff_fffb,
    0xefff_fffa,
];
/// The first one that is given out later.
pub(in crate::check) const MADE: u32 = 0xf000_0100;
