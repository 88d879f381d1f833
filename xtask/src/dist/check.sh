#!/bin/bash
# Installs, uses and removes the package, in a machine of its own. Each step says what must be so.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C
socket=/run/tracer/tracer.sock
step=0

fail() {
    echo "FAILED: $1"
    systemctl status --no-pager --full tracer.service
    journalctl --no-pager -u tracer.service | tail -n 40
    exit 1
}
# must WHAT COMMAND...
must() {
    step=$((step + 1))
    out=$("${@:2}" 2>&1) || fail "$1: ${*:2}: $out"
    echo "ok $step: $1"
}
# within WHAT COMMAND...: the same, tried for a minute.
within() {
    for _ in $(seq 120); do
        if "${@:2}" >/dev/null 2>&1; then
            must "$@"
            return
        fi
        sleep 0.5
    done
    must "$@"
}
says() { "${@:2}" 2>&1 | grep -q -e "$1"; }
ask() { curl --silent --show-error --fail --max-time 20 --unix-socket $socket "http://tracer$1"; }
pid() { systemctl show -p MainPID --value tracer; }
# The one that was killed may end anywhere.
good() { tracer verify "$1" || { [ $? -eq 4 ] && [ "$1" = "$cut" ]; }; }
absent() { for path; do [ ! -e "$path" ] || { echo "$path is there"; return 1; }; done; }

uname -r
must "it installs" dpkg -i /root/tracer.deb
must "it is enabled" systemctl is-enabled tracer
within "it is ready" systemctl is-active tracer
must "READY comes after the first sweep" says "tasks in .* PID namespaces; listening on" journalctl -u tracer
must "it may do no more than it needs" says "CapBnd:.*000000c0000800c3" cat "/proc/$(pid)/status"
must "nor gain more" says "NoNewPrivs:.*1" cat "/proc/$(pid)/status"
must "a verb is answered" says "systemd" tracer ps --pid 1
must "by the daemon" says "tracer-event" curl -si --unix-socket $socket http://tracer/v1/pid/1
must "all is well" ask /healthz
must "it counts" says "tracer_tasks" ask /metrics
must "it hooks the best way" says "trampoline" ask /v1/coverage
must "the socket is root's alone" says "600 root" stat -c '%a %U' $socket
must "others may not ask" says "curl: (7)" setpriv --reuid 65534 --clear-groups curl -sS --unix-socket $socket http://tracer/healthz

first=$(pid)
cut=$(ls /var/lib/tracer/*.tracer)
must "it is told to reload" systemctl reload tracer
within "and answers" ask /healthz
must "as the same process" [ "$(pid)" = "$first" ]
kill -KILL "$first"
restarted() { systemctl is-active tracer && [ "$(pid)" != "$first" ] && ask /healthz; }
within "killed, it is started again" restarted

must "the clock may jump ahead" date -s '+1 year'
must "and it answers" ask /v1/pid/1
must "the clock may jump back" date -s '-2 years'
must "and all is well" ask /healthz
must "no recording is gone" [ "$(ls /var/lib/tracer/*.tracer | wc -l)" -ge 2 ]

must "man pages are there" man -w tracer tracer-daemon tracer-check
must "bash completes" bash -c '. /usr/share/bash-completion/completions/tracer && complete -p tracer'
must "zsh and fish could" ls /usr/share/zsh/vendor-completions/_tracer /usr/share/fish/vendor_completions.d/tracer.fish
must "monitors have theirs" ls /usr/share/tracer/alerts.yml /usr/share/tracer/grafana-dashboard.json
must "files are as they were packed" dpkg --verify tracer

# A hook that somebody switches off: an audit has to find what was missed.
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
tracer daemon --plan kprobe --audit-interval 2s --socket /run/second.sock 2>/run/second.log &
second=$!
socket=/run/second.sock
within "a second daemon hooks by kprobes" ask /healthz
must "its probes are switched off" sh -c 'echo 0 >/sys/kernel/debug/kprobes/enabled'
for _ in 1 2 3; do sleep 3600 & done
unwell() { ! ask /healthz; }
within "an audit shows that" unwell
curl -s --unix-socket $socket http://tracer/healthz
cut -c1-200 /run/second.log
echo 1 >/sys/kernel/debug/kprobes/enabled
kill $(jobs -p)
wait
socket=/run/tracer/tracer.sock

must "it stops" systemctl stop tracer
must "and takes its socket along" absent $socket
for file in /var/lib/tracer/*.tracer; do
    must "$file is good" good "$file"
done
must "it starts again" systemctl start tracer
must "it is removed" dpkg --remove tracer
must "and does not run" says "inactive" systemctl is-active tracer
must "settings and recordings stay" ls -d /etc/tracer/tracer.toml /var/lib/tracer
must "it is purged" dpkg --purge tracer
must "and nothing stays behind" absent /etc/tracer /var/lib/tracer /run/tracer /usr/bin/tracer \
    /usr/share/tracer /lib/systemd/system/tracer.service \
    /etc/systemd/system/tracer.service /etc/systemd/system/multi-user.target.wants/tracer.service
must "not even its group" sh -c '! getent group tracer'
left=$(find / -xdev -path /proc -prune -o -path /sys -prune -o -path /root -prune -o -name 'tracer*' -print)
must "no file bears its name $left" [ -z "$left" ]
echo "$step steps"
