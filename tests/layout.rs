//! What loading asks of a kernel's BTF, on the kernels of the matrix and one between them:
//! `btf/*.btf`, cut by `cargo xtask fixture`.

use tracer::btf::{Btf, layout};
use tracer_ebpf::{
    layout::{ABSENT, MEMBERS, Want},
    target::{FUNCTIONS, TRACEPOINTS},
};

/// The kernels, oldest first.
const KERNELS: [(&str, &[u8]); 5] = [
    ("5.10", include_bytes!("btf/5.10.btf")),
    ("6.1", include_bytes!("btf/6.1.btf")),
    ("6.12", include_bytes!("btf/6.12.btf")),
    ("6.18", include_bytes!("btf/6.18.btf")),
    ("7.x", include_bytes!("btf/7.x.btf")),
];

/// Does something with every kernel's BTF.
fn each<T>(mut look: impl FnMut(&str, &Btf<'_>) -> T) -> Vec<T> {
    KERNELS.iter().map(|(name, bytes)| look(name, &Btf::parse(bytes).unwrap())).collect()
}

/// The value of a constant on every kernel.
fn constant(symbol: &str) -> Vec<u32> {
    each(|_, btf| {
        let all = layout::constants(btf).unwrap();
        all.iter().find(|constant| constant.symbol == symbol).unwrap().value
    })
}

#[test]
fn every_member_is_looked_up_and_the_required_ones_are_found() {
    each(|kernel, btf| {
        let found = layout::constants(btf).unwrap_or_else(|unfit| panic!("{kernel}: {unfit}"));
        assert_eq!(found.len(), MEMBERS.len());
        for (constant, member) in found.iter().zip(MEMBERS) {
            assert_eq!(constant.symbol, member.symbol);
            if member.want == Want::Offset {
                assert_ne!(constant.value, ABSENT, "{kernel}: {}", member.path);
            }
        }
    });
}

#[test]
fn members_lie_where_a_running_kernel_had_them() {
    assert_eq!(constant("TASK_PID"), [2232, 2416, 2432, 1264, 2872]);
    assert_eq!(constant("TASK_THREAD_PID"), [2336, 2520, 2536, 1368, 2976]);
    assert_eq!(constant("PID_NUMBERS"), [96, 96, 112, 144, 128]);
}

#[test]
fn optional_members_are_there_since_their_kernels() {
    let present =
        |symbol| constant(symbol).iter().map(|&value| value != ABSENT).collect::<Vec<_>>();
    // 6.9, and Debian's cloud kernels have pidfs.
    assert_eq!(present("PID_INO"), [false, false, true, true, true]);
    // 6.18, directly in `ns_common`; 7.0 moved it into `ns_common.ns_tree`.
    assert_eq!(present("NS_ID"), [false, false, false, true, true]);
    // 6.14 gave each PID namespace its own.
    assert_eq!(present("PIDNS_MAX"), [false, false, false, true, true]);
    for symbol in ["NSPROXY_TIME", "NSPROXY_TIME_CHILDREN", "TIME_NS", "CLONE_ARGS_FLAGS"] {
        assert_eq!(present(symbol), [true; 5], "{symbol}");
    }
    for symbol in ["TASK_CGROUPS", "CSS_SET_DFL", "CGROUP_KN", "KERNFS_ID", "REGS_NR"] {
        assert_eq!(present(symbol), [true; 5], "{symbol}");
    }
}

#[test]
fn bits_are_found_as_bit_fields_and_as_bools() {
    // The newest kernel made each a `bool`: the bit is then the lowest of its byte.
    assert_eq!(constant("SIGNAL_SUBREAPER"), [960, 1024, 1024, 1024, 1024]);
    assert_eq!(constant("SIGNAL_HAS_SUBREAPER"), [961, 1025, 1025, 1025, 1032]);
}

#[test]
fn every_function_has_a_number_of_parameters_that_is_known() {
    each(|kernel, btf| {
        for function in FUNCTIONS {
            let name = function.names.iter().find(|name| btf.arity(name).is_some());
            let name = name.unwrap_or_else(|| panic!("{kernel} lacks {}", function.program));
            let arity = btf.arity(name).unwrap();
            assert!(function.arities.contains(&arity), "{kernel}: {name} takes {arity}");
        }
        for tracepoint in TRACEPOINTS {
            let name = tracepoint.name;
            let arity = btf.tracepoint_arity(name);
            let known = arity.is_some_and(|arity| tracepoint.arities.contains(&arity));
            assert!(known, "{kernel}: {name} passes {arity:?}");
        }
    });
}

#[test]
fn what_changed_between_kernels_is_seen() {
    let arity = |name: &str| each(|_, btf| btf.arity(name));
    // Since 7.0 `change_pid` has a list of the pids to free as its first parameter; see
    // CHANGE_PID_SHIFT.
    assert_eq!(arity("change_pid"), [3, 3, 3, 4, 4].map(Some));
    assert_eq!(arity("alloc_pid"), [Some(3); 5]);
    assert_eq!(arity("cgroup_release"), [Some(1), Some(1), Some(1), Some(1), None]);
    assert_eq!(arity("cgroup_task_release"), [None, None, None, None, Some(1)]);
    let group_dead = each(|_, btf| btf.tracepoint_arity("sched_process_exit"));
    assert_eq!(group_dead, [1, 1, 1, 2, 2].map(Some));
}

#[test]
fn a_kernel_that_lacks_members_is_told_with_its_own_spelling() {
    let (_, bytes) = KERNELS[2];
    let rename = |bytes: &mut Vec<u8>, from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to);
    };
    let mut changed = bytes.to_vec();
    rename(&mut changed, b"\0thread_pid\0", b"\0thread_qid\0");
    rename(&mut changed, b"\0upid\0", b"\0xpid\0");
    let said = layout::constants(&Btf::parse(&changed).unwrap()).unwrap_err().to_string();
    assert!(said.starts_with("its BTF lacks task_struct.thread_pid (struct task_struct has "));
    assert!(said.contains(" thread_qid "), "{said}");

    let mut changed = bytes.to_vec();
    rename(&mut changed, b"\0upid\0", b"\0xpid\0");
    let said = layout::constants(&Btf::parse(&changed).unwrap()).unwrap_err().to_string();
    assert_eq!(said, "its struct upid has another shape");

    let mut changed = bytes.to_vec();
    rename(&mut changed, b"\0nsproxy\0", b"\0nsproxi\0");
    let said = layout::constants(&Btf::parse(&changed).unwrap()).unwrap_err().to_string();
    assert!(said.contains("(there is no struct nsproxy)"), "{said}");
}
