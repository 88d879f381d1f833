//! The programs of others, one entry each.
//!
//! Short: processors are emulated where the tests run, and each is traced under every plan.

/// One program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program {
    /// Its name.
    pub(super) name: &'static str,
    /// What it exercises.
    pub(super) about: &'static str,
    /// Programs without which it cannot run.
    pub(super) needs: &'static [&'static str],
    /// Its command line; it runs in the folder that `prepare` fills.
    pub(super) argv: &'static [&'static str],
    /// Seconds after which it counts as stuck.
    pub(super) seconds: u32,
    /// One of those for a quick look.
    pub(super) short: bool,
    /// How the stream is made to lie meanwhile, which must be found out.
    pub(super) lie: Option<&'static str>,
}

/// A class of stress-ng with so many operations.
macro_rules! stress {
    ($name:literal, $about:literal, $class:literal, $ops:literal $(, $more:literal)*) => {
        Program {
            name: concat!("stress-", $name),
            about: $about,
            needs: &["stress-ng"],
            argv: &[
                "stress-ng", "--no-rand-seed", "--timeout", "20",
                concat!("--", $class), "1", concat!("--", $class, "-ops"), $ops $(, $more)*
            ],
            seconds: 60,
            short: false,
            lie: None,
        }
    };
}

/// A script for the shell that is named first.
const fn script(
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static str],
    argv: &'static [&'static str],
) -> Program {
    Program { name, about, needs, argv, seconds: 60, short: false, lie: None }
}

/// A lie, told while a shell forks.
const fn lie(name: &'static str, about: &'static str, lie: &'static str) -> Program {
    const FORKS: [&str; 3] =
        ["dash", "-c", "i=0; while [ $i -lt 40 ]; do (true); i=$((i+1)); done"];
    Program { lie: Some(lie), ..short(script(name, about, &["dash"], &FORKS)) }
}

/// Two classes of stress-ng refuse to be root's.
const USER_EXEC: [&str; 13] = [
    "setpriv",
    "--reuid",
    "4711",
    "--clear-groups",
    "stress-ng",
    "--temp-path",
    "/tmp",
    "--exec",
    "1",
    "--exec-ops",
    "24",
    "--exec-max",
    "4",
];
const USER_SPAWN: [&str; 11] = [
    "setpriv",
    "--reuid",
    "4711",
    "--clear-groups",
    "stress-ng",
    "--temp-path",
    "/tmp",
    "--spawn",
    "1",
    "--spawn-ops",
    "20",
];

/// Among those for a quick look.
const fn short(program: Program) -> Program {
    Program { short: true, ..program }
}

/// Every one, in the order of running.
pub(super) const ALL: [Program; 35] = [
    short(stress!("fork", "Forks that exit at once.", "fork", "200")),
    stress!("vfork", "Forks that borrow their parent's memory.", "vfork", "200"),
    stress!("vforkmany", "Chains of vforks, each from the last.", "vforkmany", "100"),
    stress!("forkheavy", "Forks with much open, many alive at once.", "forkheavy", "100"),
    stress!("clone", "clone and clone3 with flags of all sorts.", "clone", "100"),
    stress!("pthread", "Threads, many alive at once.", "pthread", "100", "--pthread-max", "16"),
    script(
        "stress-exec",
        "exec in all its forms, and failures of it.",
        &["stress-ng", "setpriv"],
        &USER_EXEC,
    ),
    stress!("daemon", "Daemons: double forks and orphans.", "daemon", "50"),
    stress!("zombie", "Zombies that are reaped late.", "zombie", "60", "--zombie-max", "20"),
    stress!("kill", "Signals from a process to itself.", "kill", "200"),
    stress!("session", "Children that become leaders of sessions.", "session", "50"),
    stress!("set", "Identities and groups, set and refused.", "set", "20"),
    script("stress-spawn", "posix_spawn.", &["stress-ng", "setpriv"], &USER_SPAWN),
    stress!("wait", "Children stopped, continued and waited for.", "wait", "40"),
    stress!("sigchld", "Children that end, stop and are killed.", "sigchld", "60"),
    stress!("pidfd", "Children held by descriptors.", "pidfd", "60"),
    stress!("ptrace", "A child traced at each of its system calls.", "ptrace", "100"),
    stress!("unshare", "Namespaces of every kind, unshared by children.", "unshare", "10"),
    short(script(
        "bwrap",
        "bubblewrap: a sandbox with namespaces of every kind.",
        &["bwrap", "dash"],
        &[
            "bwrap",
            "--bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--unshare-all",
            "--die-with-parent",
            "dash",
            "-c",
            "echo in | cat; true & (true &); wait",
        ],
    )),
    script(
        "bwrap-nested",
        "bubblewrap in bubblewrap, the inner one as init.",
        &["bwrap", "dash"],
        &[
            "bwrap",
            "--bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--unshare-pid",
            "--cap-add",
            "ALL",
            "bwrap",
            "--bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--unshare-pid",
            "--as-pid-1",
            "dash",
            "-c",
            "echo in | cat; (true &); true",
        ],
    ),
    short(script(
        "crun",
        "A container, from its start to its end.",
        &["crun", "busybox"],
        &["crun", "--root", "state", "run", "--bundle", "short", "short"],
    )),
    script(
        "crun-exec",
        "A container in the background; one joins it, and kills it.",
        &["crun", "busybox", "bash"],
        &[
            "bash",
            "-ec",
            "crun --root $PWD/state run --detach --bundle long long
             crun --root $PWD/state exec long /bin/sh -c 'echo in | cat; true &'
             crun --root $PWD/state kill long KILL
             crun --root $PWD/state delete --force long",
        ],
    ),
    script(
        "unshare-kinds",
        "unshare: each kind alone, then three PID namespaces deep.",
        &["unshare", "bash", "dash"],
        &[
            "bash",
            "-ec",
            "for kind in -n -i -u -C -m -U; do unshare $kind true; done
             unshare -T true || echo 'no time namespaces'
             unshare -Urpf --mount-proc dash -c 'true & (true &); wait'
             unshare -pf unshare -pf unshare -pf --mount-proc dash -c 'echo $$; true & wait'
             unshare -pf --kill-child dash -c 'sleep 60 & true'",
        ],
    ),
    script(
        "nsenter",
        "nsenter: into the namespaces of another, and children there.",
        &["unshare", "nsenter", "pgrep", "bash", "dash"],
        &[
            "bash",
            "-ec",
            "unshare -pfmn --kill-child --mount-proc sleep 60 &
             outer=$!
             until inner=$(pgrep -P $outer); do :; done
             for round in 1 2 3; do
                 nsenter -t $inner -p -m -n dash -c 'true & (true &); echo $$ | cat; wait'
             done
             nsenter -t $inner -p --no-fork dash -c 'true; true'
             kill -KILL $outer $inner; wait || true",
        ],
    ),
    short(script(
        "bash-jobs",
        "A shell's job control without a terminal: stopped, continued, killed.",
        &["bash"],
        &[
            "bash",
            "-c",
            "set -m
             for job in 1 2 3 4; do sleep 0.3 & done
             kill -STOP %1; kill -CONT %1; fg %2
             sleep 60 | cat | cat & kill -TERM %+
             (sleep 0.1; exit 3) & wait $!; [ $? = 3 ] || exit 1
             coproc cat; kill $COPROC_PID
             wait; true",
        ],
    )),
    script(
        "bash-terminal",
        "An interactive shell on a terminal of its own.",
        &["script", "bash"],
        &[
            "script",
            "-qec",
            "bash --norc -ic 'sleep 0.2 & sleep 0.1 | cat & kill -STOP %1; bg %1; jobs; fg %2; wait; true'",
            "/dev/null",
        ],
    ),
    script(
        "dash-pipes",
        "Another shell's pipes, subshells and substitutions.",
        &["dash"],
        &[
            "dash",
            "-ec",
            "i=0
             while [ $i -lt 15 ]; do
                 [ $(echo $i | cat | cat) = $i ]
                 (true) & (exit 0) | true
                 i=$((i + 1))
             done
             wait",
        ],
    ),
    short(script(
        "make-j",
        "make with four jobs at a time, each a pipe.",
        &["make", "dash"],
        &["make", "--silent", "-j4", "SHELL=/usr/bin/dash"],
    )),
    script(
        "time-out",
        "timeout, which kills; nohup and setsid, which let go; flock and prlimit, which exec.",
        &["timeout", "setsid", "flock", "prlimit", "nohup", "bash"],
        &[
            "bash",
            "-ec",
            "timeout -s KILL 0.2 sleep 60 || [ $? = 137 ]
             timeout --foreground 5 true
             setsid --fork true; setsid --wait env -i true
             nohup setsid true
             flock Makefile true; flock --no-fork Makefile true
             prlimit --nofile=64 true",
        ],
    ),
    script(
        "limits",
        "Forks that are refused: a limit of processes for a user who is not root.",
        &["setpriv", "prlimit", "bash"],
        &[
            "bash",
            "-c",
            "setpriv --reuid 4711 prlimit --nproc=4 bash -c '
                 for job in 1 2 3 4 5 6; do sleep 0.2 & done; wait' || true",
        ],
    ),
    lie("lie-births", "A shell that forks, and births that are kept back.", "births"),
    lie("lie-exits", "A shell that forks, and exits that are kept back.", "exits"),
    lie("lie-twins", "A shell that forks, and exits that are told twice.", "twins"),
    lie("lie-numbers", "A shell that forks, and births with another number.", "numbers"),
    lie("lie-parents", "A shell that forks, and births with another parent.", "parents"),
];

/// The program of this name.
pub(super) fn find(name: &str) -> Option<&'static Program> {
    ALL.iter().find(|program| program.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_name_of_its_own_and_a_sentence() {
        for (index, program) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != program.name));
            assert!(!program.name.contains([' ', '/']) && program.about.ends_with('.'));
        }
    }

    #[test]
    fn what_a_command_line_begins_with_is_asked_for() {
        for program in &ALL {
            assert!(program.needs.contains(&program.argv[0]), "{}", program.name);
        }
    }
}
