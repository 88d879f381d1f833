//! Which container a cgroup belongs to: runtimes name their cgroups by what runs in them.
//!
//! The last component of the path that names a container wins, so a container inside another one is
//! told from it, and what a container makes below its own cgroup belongs to it. Monitors that
//! runtimes run beside a container (conmon, `lxc.monitor`) are not in it.

use std::fmt;

/// What runs a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Runtime {
    /// Docker.
    Docker,
    /// containerd, by Kubernetes.
    Containerd,
    /// CRI-O.
    Crio,
    /// Podman.
    Podman,
    /// nerdctl.
    Nerdctl,
    /// LXC and Incus.
    Lxc,
    /// systemd-nspawn.
    Nspawn,
    /// Something that systemd-machined keeps: a virtual machine or a container.
    Machine,
    /// Amazon ECS.
    Ecs,
    /// BuildKit.
    Buildkit,
    /// Kubernetes, by a runtime that its cgroups do not name.
    Kubernetes,
    /// A container by its id, of a runtime that does not name itself.
    Unknown,
}

impl Runtime {
    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Crio => "cri-o",
            Self::Podman => "podman",
            Self::Nerdctl => "nerdctl",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
            Self::Machine => "machine",
            Self::Ecs => "ecs",
            Self::Buildkit => "buildkit",
            Self::Kubernetes => "kubernetes",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A container, as its cgroup's path names it. Names are whatever their maker chose: hostile text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Container {
    /// Its id: 64 hexadecimal digits, or the name where the runtime goes by names.
    pub id: String,
    /// What runs it.
    pub runtime: Runtime,
    /// The uid of its Kubernetes pod.
    pub pod: Option<String>,
}

/// Digits of an id that are shown where space is short, as runtimes do.
const SHORT: usize = 12;

impl Container {
    /// The container that a cgroup's path from the root of its hierarchy names.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let path = String::from_utf8_lossy(path);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (at, (runtime, id)) = (0..parts.len()).rev().find_map(|at| {
            let before = at.checked_sub(1).and_then(|at| parts.get(at)).copied();
            let above = at.checked_sub(2).and_then(|at| parts.get(at)).copied();
            Some((at, named(parts.get(at)?, before, above)?))
        })?;
        let pod = parts.iter().take(at + 1).rev().find_map(|part| pod(part));
        let runtime = if runtime == Runtime::Unknown && pod.is_some() {
            Runtime::Kubernetes
        } else {
            runtime
        };
        Some(Self { id, runtime, pod })
    }

    /// Its id, cut to what identifies it on a host.
    pub fn short(&self) -> &str {
        if is_id(&self.id) { self.id.get(..SHORT).unwrap_or(&self.id) } else { &self.id }
    }

    /// Whether a user's word means this container: the start of its id, its name, or its pod's uid.
    pub fn is_meant(&self, word: &str) -> bool {
        let starts = is_id(&self.id) && !word.is_empty() && self.id.starts_with(word);
        starts || self.id == word || self.pod.as_deref() == Some(word)
    }
}

/// Whether a text is an id: 64 lower-case hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The container that a component names, with those above it.
fn named(part: &str, before: Option<&str>, above: Option<&str>) -> Option<(Runtime, String)> {
    const BY_ID: [(&str, Runtime); 6] = [
        ("docker-", Runtime::Docker),
        ("cri-containerd-", Runtime::Containerd),
        ("crio-", Runtime::Crio),
        ("libpod-payload-", Runtime::Podman),
        ("libpod-", Runtime::Podman),
        ("nerdctl-", Runtime::Nerdctl),
    ];
    const BY_NAME: [(&str, Runtime); 3] = [
        ("lxc.payload.", Runtime::Lxc),
        ("systemd-nspawn@", Runtime::Nspawn),
        ("machine-", Runtime::Machine),
    ];
    let unit = part.strip_suffix(".scope").or(part.strip_suffix(".service")).unwrap_or(part);
    for (prefix, runtime) in BY_ID {
        if let Some(id) = unit.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some((runtime, id.to_owned()));
        }
    }
    for (prefix, runtime) in BY_NAME {
        // `machine-NAME` is a scope; a user may name a slice or a plain cgroup like that.
        let plain = runtime != Runtime::Lxc && unit == part;
        if let Some(name) = unit.strip_prefix(prefix).filter(|name| !name.is_empty() && !plain) {
            return Some((runtime, unescape(name)));
        }
    }
    // runc without systemd's driver, told a systemd path: SLICE:PREFIX:ID.
    let mut words = part.rsplit(':');
    if let (Some(id), Some(prefix), Some(_)) = (words.next(), words.next(), words.next())
        && is_id(id)
    {
        let by = BY_ID.iter().find(|(known, _)| known.strip_suffix('-') == Some(prefix));
        return Some((by.map_or(Runtime::Unknown, |by| by.1), id.to_owned()));
    }
    let runtime = match (above, before) {
        (_, Some("docker")) => Runtime::Docker,
        (_, Some("lxc")) => return Some((Runtime::Lxc, part.to_owned())),
        (Some("ecs"), Some(_)) => Runtime::Ecs,
        (_, Some("buildkit")) => return Some((Runtime::Buildkit, part.to_owned())),
        (_, Some("k8s.io")) => Runtime::Containerd,
        _ => Runtime::Unknown,
    };
    // ECS puts the task's own id before the container's.
    is_id(part).then(|| (runtime, part.to_owned()))
}

/// The pod that a component names: `podUID`, or `…-podUID.slice` with underscores for dashes.
fn pod(part: &str) -> Option<String> {
    const UID: usize = 36;
    let part = part.split(':').next().unwrap_or(part);
    let part = part.strip_suffix(".slice").unwrap_or(part);
    let (before, uid) = part.rsplit_once("pod")?;
    let is_start = before.is_empty() || before.ends_with('-');
    let uid = uid.replace('_', "-");
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    // Static pods have a hash of 32 digits for a uid.
    let long = uid.len() == UID || uid.len() == 32;
    (is_start && long && uid.bytes().all(plain)).then_some(uid)
}

/// A name without systemd's escapes (`\x2d`).
fn unescape(name: &str) -> String {
    let mut out = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = match behind {
            [b'x', high, low, ..] if first == b'\\' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low))
            }
            _ => None,
        };
        if let Some((high, low)) = digits {
            out.push((high << 4 | low) as u8);
            rest = behind.get(3..).unwrap_or_default();
        } else {
            out.push(first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4f3f9d1c3b5e7a90112233445566778899aabbccddeeff00112233445566778a";
    const POD: &str = "6a4b1c2d-0011-2233-4455-66778899aabb";

    fn found(path: &str) -> Option<Container> {
        let path = path.replace("ID", ID).replace("P_D", &POD.replace('-', "_"));
        Container::of_path(path.replace("POD", POD).as_bytes())
    }

    #[test]
    fn every_runtime_is_known_by_its_cgroups() {
        let by_id = [
            ("/docker/ID", Runtime::Docker, false),
            ("/system.slice/docker-ID.scope", Runtime::Docker, false),
            ("/system.slice/docker-ID.scope/init.scope", Runtime::Docker, false),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podP_D.slice/\
                 cri-containerd-ID.scope",
                Runtime::Containerd,
                true,
            ),
            ("/kubepods.slice/kubepods-podP_D.slice/crio-ID.scope", Runtime::Crio, true),
            ("/kubepods/burstable/podPOD/ID", Runtime::Kubernetes, true),
            ("/kubepods/podPOD/ID", Runtime::Kubernetes, true),
            (
                "/system.slice/containerd.service/kubepods-burstable-podP_D.slice:cri-containerd:ID",
                Runtime::Containerd,
                true,
            ),
            ("/machine.slice/libpod-ID.scope", Runtime::Podman, false),
            ("/machine.slice/libpod-ID.scope/container", Runtime::Podman, false),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope",
                Runtime::Podman,
                false,
            ),
            ("/system.slice/nerdctl-ID.scope", Runtime::Nerdctl, false),
            ("/k8s.io/ID", Runtime::Containerd, false),
            ("/ecs/0123456789abcdef0123456789abcdef/ID", Runtime::Ecs, false),
            ("/actions_job/ID", Runtime::Unknown, false),
            // a container inside another one
            (
                "/docker/0000000000000000000000000000000000000000000000000000000000000000/docker/ID",
                Runtime::Docker,
                false,
            ),
        ];
        for (path, runtime, in_pod) in by_id {
            let container = found(path).unwrap_or_else(|| panic!("{path}"));
            let pod = in_pod.then(|| POD.to_owned());
            assert_eq!(container, Container { id: ID.to_owned(), runtime, pod }, "{path}");
            assert_eq!(container.short(), "4f3f9d1c3b5e");
        }
        let by_name = [
            ("/lxc.payload.web/init.scope", Runtime::Lxc, "web"),
            ("/lxc/web", Runtime::Lxc, "web"),
            (
                "/machine.slice/systemd-nspawn@deb.service/payload/init.scope",
                Runtime::Nspawn,
                "deb",
            ),
            ("/machine.slice/machine-my\\x2dbox.scope", Runtime::Machine, "my-box"),
            ("/buildkit/k3xw9", Runtime::Buildkit, "k3xw9"),
        ];
        for (path, runtime, name) in by_name {
            let container = found(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((container.runtime, container.short()), (runtime, name), "{path}");
        }
    }

    #[test]
    fn what_is_no_container_is_none() {
        let none = [
            "",
            "/",
            "/init.scope",
            "/user.slice/user-0.slice/session-1.scope",
            "/machine.slice/libpod-conmon-ID.scope",
            "/system.slice/crio-conmon-ID.scope",
            "/lxc.monitor.web",
            "/lxc.payload.",
            "/system.slice/docker.service",
            "/kubepods.slice/kubepods-podP_D.slice",
            "/machine-names",
            "/app-firefox-1234.scope",
            "/docker/ID0",
            "/docker/4F3F",
            "/system.slice/snap.docker.dockerd.service",
        ];
        for path in none {
            assert_eq!(found(path), None, "{path}");
        }
        assert_eq!(Container::of_path(b"/\xff\xfe/\0"), None);
    }

    #[test]
    fn a_user_means_it_by_the_start_of_its_id_its_name_or_its_pod() {
        let container = found("/kubepods/podPOD/ID").unwrap();
        for word in ["4f3f9d1c3b5e", "4", ID, POD] {
            assert!(container.is_meant(word), "{word}");
        }
        for word in ["", "4f3f9d1c3b5f", "6a4b1c2d"] {
            assert!(!container.is_meant(word), "{word}");
        }
        let named = found("/lxc.payload.web").unwrap();
        assert!(named.is_meant("web") && !named.is_meant("we"));
    }
}
