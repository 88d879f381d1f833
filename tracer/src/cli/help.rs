//! What stands below the options in `--help`: examples, forms, exit codes.

/// Every verb's exit codes.
macro_rules! exit_codes {
    () => {
        "\
Exit codes:
  0    fine; a closed pipe is no error
  1    something failed that should have worked, or there is no such PID or namespace
  2    wrong usage, or this kernel or this user cannot
  4    the recording is damaged: the answer may be incomplete
  130  ended by SIGINT"
    };
}

/// `tracer --help`.
pub(super) const MAIN: &str = concat!(
    "\
Numbers of a task are written host first: 6427/235/7 is PID 6427 in the initial PID namespace, 235
in the next and 7 in its own. Namespaces are written as in /proc/PID/ns: pid:[4026532398].

Examples:
  tracer live -- unshare --pid --fork sh -c 'ls; sleep 1'    a new PID namespace, from birth to end
  tracer ps --ns pid:[4026532398]                            the processes of one container
  tracer pid 7@4026532398                                    who is 7 in there?
  tracer doctor                                              what can be traced here?

",
    exit_codes!(),
    "

Environment:
  NO_COLOR  no colour, unless --color always"
);

/// `tracer live --help`.
pub(super) const LIVE: &str = "\
Without a COMMAND it shows the whole host until Ctrl-C, SIGTERM or --duration. With one it runs it,
shows its subtree from the first fork on, and ends with it. Standard output carries the trace
alone: the command's goes to standard error, with the heading and the summary. Ctrl-C and SIGTERM
are passed on to the command, whose end is then awaited; a second one kills it. When --duration is
over the command is sent SIGTERM.

Where a daemon runs it tells what it sees: nothing is attached for that. If it is started anew, live
waits for it, and says what is missing. With --no-daemon, a COMMAND, --record, --plan, --ring,
--no-args, --log or --verifier-log, and for the type snapshot, live traces the kernel itself.

Types of events (--type; without it all but alloc_pid, free_pid, rename, cred and snapshot):
  alloc_pid fork exec rename exit reparent release free_pid pgid sid ns_create ns_enter ns_dying
  ns_destroy ptrace cred snapshot lost

Units: times in text are seconds; ts in JSON is ns since boot (CLOCK_BOOTTIME); sizes are powers of
1024.

Examples:
  tracer live                                    the host, until Ctrl-C
  tracer live -- make -j4                        a command and all its descendants
  tracer live --type fork,exit --threads         births and ends of threads too
  tracer live --ns pid:[4026532398] --json       one container, for a program to read
  tracer live --tree 1234 --duration 10s         a service's subtree for ten seconds
  tracer live --type all > trace.txt             everything, into a file

Exit codes:
  0    traced until the command's end, --duration, SIGINT, SIGTERM or a closed pipe; how the
       command itself ended is in the summary
  1    something failed that should have worked, or there is no such PID or namespace
  2    wrong usage, the command cannot be run, or this kernel or this user cannot";

/// `tracer record --help`.
pub(super) const RECORD: &str = "\
It keeps every record of the kernel, whatever is asked for later: nothing is filtered. Filters apply
when reading. Without a COMMAND it records until Ctrl-C, SIGTERM or --duration; with one it runs it,
records the whole host meanwhile, and ends with it. The file is readable by its owner only. After a
crash, a power cut or a full disk it is complete up to the last second (see --sync).

A busy host makes some 10,000 events a second; an event takes about 7 bytes.

Examples:
  tracer record                                    the host, until Ctrl-C, into HOST-TIME.tracer
  tracer record -o build.tracer -- make -j4        while a command runs
  tracer record -o day.tracer --rotate 1h --keep 24  always the last day, in files of an hour
  tracer replay build.tracer                       and then: look at it

Exit codes:
  0    recorded until the command's end, --duration, SIGINT or SIGTERM; how the command itself ended
       is said at the end
  1    something failed that should have worked, as when the disk is full: what was recorded is kept
  2    wrong usage, the command cannot be run, or this kernel or this user cannot";

/// `tracer replay --help`.
pub(super) const REPLAY: &str = "\
It shows the same lines as live would have shown, with the same filters. A recording that was made
with a COMMAND shows its subtree, as live does, unless --all or a filter asks for something else.
Rotated files are put in order and replayed as one history. What is damaged is said on standard
error with its offset, counts as lost records, and is stepped over.

Types of events (--type; without it all but alloc_pid, free_pid, rename, cred and snapshot):
  alloc_pid fork exec rename exit reparent release free_pid pgid sid ns_create ns_enter ns_dying
  ns_destroy ptrace cred snapshot lost

Examples:
  tracer replay build.tracer --type fork,exit      births and ends
  tracer replay day-*.tracer --ns pid:[4026532398] --json
  tracer replay build.tracer --speed 1             as it happened
  zstd -dc old.tracer.zst | tracer replay -        from standard input

Exit codes:
  0    everything was shown, or the reader closed the pipe
  1    something failed that should have worked; with --strict, the recording is damaged
  2    wrong usage, or a file is no recording that this version can read
  4    the recording is damaged or cut: what was shown is incomplete";

/// `tracer history --help`.
pub(super) const HISTORY: &str = concat!(
    "\
A number may have been given out several times: each life is told, oldest first.

Examples:
  tracer history build.tracer 1234              by whom and how it was born, what it did, its end
  tracer history build.tracer 7@4026532398      a number in another PID namespace
  tracer history day-*.tracer 1234 --time wall  through rotated files
  tracer history 1234                           what the daemon has recorded since boot (its --dir)

",
    exit_codes!()
);

/// `tracer diff --help`.
pub(super) const DIFF: &str = concat!(
    "\
+ appeared, - ended, ~ changed. What came and went in between is in none: `tracer replay FILE
--since T1 --until T2` shows that.

Examples:
  tracer diff build.tracer +1s +20s
  tracer diff day.tracer 2026-03-01T12:00 2026-03-01T13:00 --json

",
    exit_codes!()
);

/// `tracer stats --help`.
pub(super) const STATS: &str = concat!(
    "\
Examples:
  tracer stats build.tracer
  tracer stats day-*.tracer --json | jq 'select(.type == \"stats\")'

",
    exit_codes!()
);

/// `tracer export --help`.
pub(super) const EXPORT: &str = concat!(
    "\
Types of events (--type): as of `tracer replay`.

Examples:
  tracer export build.tracer --to csv -o build.csv
  tracer export build.tracer --to dot | dot -Tsvg > build.svg
  tracer export day-*.tracer --to json --type fork,exit --ns pid:[4026532398]

",
    exit_codes!()
);

/// `tracer verify --help`.
pub(super) const VERIFY: &str = "\
It replays every record, and compares the digest of the tables with the one that the recorder stored
at each keyframe and at the end; it also reads each keyframe's state back.

Examples:
  tracer verify build.tracer
  tracer verify day-*.tracer --json    rotated files, as one history

Exit codes:
  0    everything is as it was
  1    the tables differ: the first frame where they do is named; with --strict, the file is damaged
  2    wrong usage, or a file is no recording that this version can read
  4    the recording is damaged or cut; what can be read is as it was
  130  ended by SIGINT";

/// `tracer check --help`.
pub(super) const CHECK: &str = "\
Each rule holds, is violated, or is unknown where records are missing that it needed; it is untested
where nothing happened that it is about, and uncovered where this kernel does not show what it
needs. The last two fail nothing unless --require says so. `tracer invariants` lists the rules.

Without a FILE it checks the whole host until Ctrl-C, SIGTERM or --duration; with a COMMAND it runs
it and ends with it. Standard output carries the report alone: the command's goes to standard error.
At the end, and every --audit-interval, the kernel's own tables are swept and compared, at the end
with /proc too. The stream is complete if the kernel's own counts of forks, tasks and numbers agree
with what was seen, and no record is missing; else the verdict is unknown.

Examples:
  tracer check --duration 10s                      this host, for ten seconds
  tracer check -- make -j4                         while a command runs
  tracer check build.tracer                        a recording; rotated files are one history
  tracer check --format junit -o check.xml --command-status -- ./run-tests.sh     in CI
  tracer check --record bad.tracer --shrink small.tracer -- ./run-tests.sh        keep the evidence
  tracer check --max-zombie-age 5s --no-leaked-namespaces -- ./run-tests.sh       nothing stays
  tracer check --allow-unknown completeness,last-pid build.tracer                 losses allowed

Exit codes:
  0    every rule that could be judged holds; with --command-status, that of the command
  1    something failed that should have worked
  2    wrong usage, the command cannot be run, or this kernel or this user cannot
  3    a rule is violated, or a limit is exceeded
  4    unknown: records were lost, the recording is damaged, a rule that is required could not be
       judged, or a limit may be exceeded
  130  ended by SIGINT while a recording was read";

/// `tracer invariants --help`.
pub(super) const INVARIANTS: &str = "\
Where tracing is possible it also says in which form this host can judge each rule: whole, in a
weaker form, or not at all, and why.

Examples:
  tracer invariants                  every rule, by group
  tracer invariants unique-number    one in full: statement, kernel source, exceptions, examples
  tracer invariants 6                the same, by its number
  tracer invariants --plan tracepoint --json

Exit codes:
  0    fine
  1    something failed that should have worked, or there is no such rule
  2    wrong usage";

/// `tracer simulate --help`.
pub(super) const SIMULATE: &str = concat!(
    "\
A toy kernel does what processes, threads and containers do, the rare as often as the common: execs
by threads, orphans, sessions, all kinds of namespaces, failed forks, tracers. It writes what
tracing it would have written. For tests of tools that read recordings, and for measurements.

Examples:
  tracer simulate -o toy.tracer                               100,000 events
  tracer simulate -o old.tracer --kernel 5.10 --plan kprobe --seed 7
  tracer simulate -o fleet.tracer --hosts 3 --lose 0.5        three files, with losses
  tracer simulate -o wrap.tracer --pid-max 400 --events 5000  every number used again and again

",
    exit_codes!()
);

/// `tracer redact --help`.
pub(super) const REDACT: &str = concat!(
    "\
The copy has no arguments and file names of execs, no words of the recorded command, and no host
name. Names of tasks (comm) stay: the tables need them.

Examples:
  tracer redact build.tracer -o public.tracer

",
    exit_codes!()
);

/// `tracer ps --help`.
pub(super) const PS: &str = concat!(
    "\
Examples:
  tracer ps                          every process, with its number at every level
  tracer ps --threads --tree 1234    a process, its descendants, and all their threads
  tracer ps --ns net:[4026531840]    who is in the host's network namespace
  tracer ps --cgroup /system.slice/ssh.service
  tracer ps --comm 'kworker*' --json
  tracer ps day.tracer --at 2026-03-01T12:30     who lived then

",
    exit_codes!()
);

/// `tracer tree --help`.
pub(super) const TREE: &str = concat!(
    "\
Examples:
  tracer tree                        every process below its real parent
  tracer tree --tree 1234 --threads  one subtree, with threads as {comm}
  tracer tree --ns pid:[4026532398]  the processes of one PID namespace
  tracer tree day.tracer --at +90s   a minute and a half after the recording's start

",
    exit_codes!()
);

/// `tracer daemon --help`.
pub(super) const DAEMON: &str = concat!(
    "\
Answers, as of the moment of asking, at the socket:
  /v1/ps /v1/tree /v1/ns /v1/containers   with the filters of the verbs: ?container=web&threads=1
  /v1/pid/NR[@NS] /v1/task/NR[@NS]        one PID, one task
  /v1/events                              what happens, as server-sent events: ?type=fork,exit
  /v1/history/NR[@NS]                     the lives of a number, from the recordings of --dir
  /v1/check /v1/coverage                  what the rules say, what is hooked
  /healthz /metrics                       for monitors (OpenMetrics)
  /openapi.json                           all of this, described for programs
As JSON lines, or with ?format=text as the verbs print it.

Examples:
  tracer daemon --dir /var/lib/tracer --keep 2G
  tracer daemon --config /etc/tracer.toml
  curl --unix-socket /run/tracer/tracer.sock http://tracer/v1/pid/7@4026532398

",
    exit_codes!()
);

/// `tracer containers --help`.
pub(super) const CONTAINERS: &str = concat!(
    "\
A container is known by the path of its cgroup: docker, containerd, cri-o, podman, nerdctl, lxc,
systemd-nspawn, and the pods of Kubernetes; cgroups v1 and v2. INIT is the number of its init at
every level, the host's first. Containers without a task are shown unless a filter asks for tasks.

Examples:
  tracer containers                        all of them
  tracer containers --container 4f3f9d1c   one, by the start of its id, its name or its pod's uid
  tracer ps --container web                what runs in it
  tracer live --container web --type all   what happens in it
  tracer containers day.tracer --at 14:03  those of a recording at a time

",
    exit_codes!()
);

/// `tracer ns --help`.
pub(super) const NS: &str = concat!(
    "\
Filters on tasks choose the namespaces that such tasks are in, --ns the namespaces themselves.
PID namespaces are shown with level, parent, init, members and allocation cursor; one without tasks
is shown while something holds it.

Examples:
  tracer ns                          all kinds
  tracer ns --kind pid               the tree of PID namespaces
  tracer ns --pid 1234               those of one process
  tracer ns day.tracer               those at a recording's end

",
    exit_codes!()
);

/// `tracer pid --help`.
pub(super) const PID: &str = concat!(
    "\
Examples:
  tracer pid 1234                    a number of the host: its numbers further in
  tracer pid 7@4026532398            7 in that PID namespace: its numbers further out, too
  tracer pid '7@pid:[4026532398]'    the same
  tracer pid 7@4026532398 day.tracer --at 2026-03-01T12:30
                                     whose it was then: also of dead and reused numbers
  tracer pid --annotate app.log --ns pid:[4026532398] --from day.tracer
                                     a log, with what its PIDs were on the host

",
    exit_codes!()
);

/// `tracer show --help`.
pub(super) const SHOW: &str = concat!(
    "\
Examples:
  tracer show 1                      the host's init
  tracer show 7@4026532398           a task by its number in its namespace
  tracer show $$ --json

",
    exit_codes!()
);

/// `tracer doctor --help`.
pub(super) const DOCTOR: &str = "\
It loads and attaches what live would, says what came of each hook, and detaches. Without the
privileges for that it says what it can tell.

Examples:
  tracer doctor                      can this kernel be traced, how, and what is lost
  tracer doctor --plan tracepoint    what would be lost with tracepoints alone
  tracer doctor --verifier-log log   the verifier's whole log, if it refuses a program

Exit codes:
  0    tracing is possible here
  1    something failed that should have worked
  2    wrong usage, or tracing is not possible here";

/// `tracer completions --help`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  tracer completions bash > /etc/bash_completion.d/tracer
  tracer completions zsh > \"${fpath[1]}/_tracer\"
  tracer completions fish > ~/.config/fish/completions/tracer.fish";

/// `tracer man --help`.
pub(super) const MAN: &str = "\
Examples:
  tracer man | man -l -                      read it
  tracer man --dir /usr/local/share/man/man1 install it";
