//! Drawings, against their properties.

use super::*;
use crate::event::Detail;
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, Stage, Who};

fn detail() -> Detail {
    let mut rlim_cur = [u64::MAX; 16];
    let mut rlim_max = [u64::MAX; 16];
    (rlim_cur[3], rlim_cur[7], rlim_max[7]) = (8 << 20, 1024, 524_288);
    (rlim_cur[6], rlim_max[6]) = (31_000, 31_000);
    Detail {
        utime: 1_500_000,
        stime: 300_000,
        nvcsw: 12,
        nivcsw: 3,
        mm: 7,
        nsproxy: 9,
        cpus: 3,
        nr_cpus: 2,
        exec_id: 1,
        rlim_cur,
        rlim_max,
        prio: 120,
        static_prio: 120,
        normal_prio: 120,
        nr_threads: 1,
        pid_count: 4,
        euid: 1000,
        egid: 100,
        suid: 1000,
        sgid: 100,
        nsproxy_count: 3,
        cap_lo: 0x3fff,
        ..Detail::default()
    }
}

fn drawn(stage: &Stage, who: Who, detail: Option<&Detail>, ascii: bool) -> String {
    let mut out = String::new();
    show(&stage.world, stage.task(who), detail, Style { color: false, ascii }, &mut out);
    out
}

#[test]
fn a_drawing_fits_and_names_the_kernels_members() {
    let mut stage = Stage::nested();
    for tid in 7000..7100 {
        stage.fork(BASH, Who(tid, tid, 6401, 0), b"a name of 15 by", 0);
    }
    for (who, detail) in [(CHILD, Some(detail())), (BASH, Some(detail())), (INIT, None)] {
        for ascii in [false, true] {
            let text = drawn(&stage, who, detail.as_ref(), ascii);
            println!("{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
            assert!(!ascii || text.is_ascii());
        }
    }
    let text = drawn(&stage, CHILD, Some(&detail()), false);
    for part in [
        "numbers[0] = { nr = 6430, ns = pid:[4026531836] level 0 }",
        "numbers[1] = { nr =    2, ns = pid:[4026532398] level 1 }",
        "tasks[PIDTYPE_TGID] → 6430 (sleep)",
        "tasks[PIDTYPE_SID ] → empty",
        "STACK 8388608:unlimited, NPROC 31000, NOFILE 1024:524288",
        "pid_ns_for_children → pid:[4026532398] 2 tasks",
        "SCHED_NORMAL",
        "(nice 0)",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains(&NESTED.to_string()));
}

#[test]
fn long_lists_are_counted_not_dropped_in_silence() {
    let mut stage = Stage::bare();
    for tid in 7000..7100 {
        stage.fork(BASH, Who(tid, tid, 6401, 0), b"worker", 0);
    }
    let text = drawn(&stage, BASH, None, false);
    assert!(text.contains("… and "), "{text}");
}

#[test]
fn a_zombie_has_no_nsproxy_but_still_its_pid() {
    let mut stage = Stage::nested();
    stage.exit(CHILD, 9, 1);
    let text = drawn(&stage, CHILD, None, true);
    assert!(text.contains("EXIT_ZOMBIE, exit signal 9 (KILL)"), "{text}");
    assert!(text.contains("struct pid"));
}
