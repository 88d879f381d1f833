//! Which package is meant by `6.12` or `7.x`: the newest signed cloud kernel of that series.

use std::cmp::Reverse;

/// A kernel asked for by name.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
}

/// A package that contains a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) release: String,
}

impl Wanted {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// Where Debian carries it. The security suites come with newer builds than the releases
    /// themselves; a release's own kernel stays in the archive when the next release is out, so
    /// each series is taken from where it lasts.
    pub(crate) fn suites(&self) -> &'static [&'static str] {
        match self.name.as_str() {
            "5.10" => &["bullseye", "bullseye-security"],
            "6.1" => &["bookworm", "bookworm-security"],
            "6.12" => &["bookworm-security", "bookworm-backports"],
            "7.x" => &["trixie-backports"],
            _ => &[
                "bookworm-security",
                "bookworm-backports",
                "trixie",
                "trixie-security",
                "trixie-backports",
                "sid",
            ],
        }
    }

    /// Whether a release such as `6.12.117+deb12-cloud-amd64` belongs to the series.
    fn covers(&self, release: &str) -> bool {
        let series = self.name.strip_suffix(".x").unwrap_or(&self.name);
        release
            .strip_prefix(series)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// The packages of a series, newest first. Until 6.18 the image is in `linux-image-RELEASE`; later
/// that one is empty, depends on `linux-binary-RELEASE`, and the image is there.
pub(crate) fn newest_first(names: &[String], wanted: &Wanted) -> Vec<Package> {
    let mut packages: Vec<Package> = names
        .iter()
        .filter_map(|name| package(name))
        .filter(|package| wanted.covers(&package.release))
        .collect();
    packages.sort_by_key(|package| (Reverse(numbers(&package.release)), package.name.clone()));
    // `linux-binary-…` sorts before `linux-image-…` of the same release, so that it is the one that
    // stays.
    packages.dedup_by(|later, first| later.release == first.release);
    packages
}

/// Reads a package's name; unsigned images, debug symbols and metapackages are none.
fn package(name: &str) -> Option<Package> {
    let release =
        name.strip_prefix("linux-image-").or_else(|| name.strip_prefix("linux-binary-"))?;
    let version = release.strip_suffix("-cloud-amd64")?;
    let is_version =
        version.starts_with(|c: char| c.is_ascii_digit()) && version.matches('.').count() >= 2;
    is_version.then(|| Package { name: name.to_owned(), release: release.to_owned() })
}

/// The numbers in a release, for comparing: 6.12.117 is newer than 6.12.95.
fn numbers(release: &str) -> Vec<u64> {
    let version = release.trim_end_matches("-cloud-amd64");
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(wanted: &str, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        newest_first(&names, &Wanted::new(wanted)).into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn the_newest_build_by_number_comes_first() {
        let names = [
            "linux-image-6.12.95+deb12-cloud-amd64",
            "linux-image-6.12.117+deb12-cloud-amd64",
            "linux-image-6.12.90+deb12-cloud-amd64",
            "linux-image-6.12.90+deb12.1-cloud-amd64",
            "linux-image-6.1.0-56-cloud-amd64",
        ];
        assert_eq!(choose("6.12", &names), [names[1], names[0], names[3], names[2]]);
        assert_eq!(choose("6.1", &names), [names[4]]);
    }

    #[test]
    fn unsigned_debug_and_meta_packages_are_no_kernels() {
        let names = [
            "linux-image-cloud-amd64",
            "linux-image-6.12-cloud-amd64",
            "linux-image-6.12.117+deb12-cloud-amd64-unsigned",
            "linux-image-6.12.117+deb12-cloud-amd64-dbg",
            "linux-binary-unsigned-7.3.4+deb13-cloud-amd64",
        ];
        assert!(choose("6.12", &names).is_empty());
        assert!(choose("7.x", &names).is_empty());
    }

    #[test]
    fn the_package_that_holds_the_image_wins_over_the_one_that_depends_on_it() {
        let names = [
            "linux-image-7.3.4+deb13-cloud-amd64",
            "linux-binary-7.3.4+deb13-cloud-amd64",
            "linux-binary-7.10.1+deb13-cloud-amd64",
            "linux-image-5.10.0-46-cloud-amd64",
        ];
        assert_eq!(choose("7.x", &names), [names[2], names[1]]);
        assert_eq!(choose("5.10", &names), [names[3]]);
    }
}
