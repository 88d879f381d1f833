//! The frozen constants: offsets of members, and facts about this kernel and run.
//!
//! User space sets each before loading; the verifier then sees a known scalar.

use aya_ebpf::Global;
use tracer_ebpf::layout::ABSENT;

macro_rules! statics {
    ($($symbol:ident: $want:ident $path:literal;)*) => {$(
        #[doc = concat!("`", $path, "`")]
        #[unsafe(no_mangle)]
        pub(crate) static $symbol: Global<u32> = Global::new(0);
    )*};
}
tracer_ebpf::layout!(statics);

/// `sched_process_exit` passes `group_dead` as its second argument.
#[unsafe(no_mangle)]
pub(crate) static HAS_GROUP_DEAD: Global<u32> = Global::new(0);
/// `change_pid` takes `struct pid **pids` first.
#[unsafe(no_mangle)]
pub(crate) static CHANGE_PID_SHIFT: Global<u32> = Global::new(0);
/// File names and arguments of exec are wanted.
#[unsafe(no_mangle)]
pub(crate) static EXEC_ARGS: Global<u32> = Global::new(1);
/// Bytes in the ring from which on a record wakes the reader.
#[unsafe(no_mangle)]
pub(crate) static WATERMARK: Global<u64> = Global::new(0);
/// Index of the controller in whose hierarchy the tasks' cgroups are.
#[unsafe(no_mangle)]
pub(crate) static CGROUP_SUBSYS: Global<u32> = Global::new(ABSENT);
/// Number of that hierarchy.
#[unsafe(no_mangle)]
pub(crate) static CGROUP_HIERARCHY: Global<u32> = Global::new(0);
/// First secret of the run's cookies.
#[unsafe(no_mangle)]
pub(crate) static SECRET0: Global<u64> = Global::new(0);
/// Second secret, odd.
#[unsafe(no_mangle)]
pub(crate) static SECRET1: Global<u64> = Global::new(1);

/// Whether the kernel has an optional member.
#[inline(always)]
pub(crate) fn has(member: &Global<u32>) -> bool {
    member.load() != ABSENT
}
