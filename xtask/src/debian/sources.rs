//! The machine's own apt sources, in both formats: where this machine gets Debian from, and what
//! signs it.

/// One archive as a source names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) uris: Vec<String>,
    pub(crate) suites: Vec<String>,
    pub(crate) components: Vec<String>,
    /// A keyring's path, or a whole key with its continuation lines.
    pub(crate) signed_by: Option<String>,
}

/// A Debian release's names, so that other archives with suites of their own are told apart.
const RELEASES: [&str; 11] = [
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "stable",
    "testing",
    "unstable",
    "oldstable",
    "oldoldstable",
    "duke",
];

impl Source {
    /// Debian's own main archive (not a vendor's that uses Debian's suite names, as far as can be
    /// told).
    pub(crate) fn is_debian(&self) -> bool {
        self.carries("") && self.ends_in("debian")
    }

    /// Debian's security archive.
    pub(crate) fn is_security(&self) -> bool {
        self.carries("-security")
    }

    fn carries(&self, suffix: &str) -> bool {
        self.components.iter().any(|component| component == "main")
            && self.suites.iter().any(|suite| {
                suite.strip_suffix(suffix).is_some_and(|release| RELEASES.contains(&release))
            })
    }

    fn ends_in(&self, folder: &str) -> bool {
        self.uris.iter().any(|uri| uri.trim_end_matches('/').ends_with(folder))
    }

    /// The security archive beside a main archive, for machines that configure only the latter.
    pub(crate) fn security_beside(&self) -> Self {
        let uris =
            self.uris.iter().map(|uri| format!("{}-security", uri.trim_end_matches('/'))).collect();
        Self { uris, ..self.clone() }
    }

    /// The paragraph of a `.sources` file that offers these suites from here.
    pub(crate) fn paragraph(&self, suites: &[&str]) -> String {
        let mut text = format!(
            "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: amd64\n",
            self.uris.join(" "),
            suites.join(" ")
        );
        if let Some(key) = &self.signed_by {
            text.push_str("Signed-By: ");
            text.push_str(key);
            text.push('\n');
        }
        text
    }
}

/// Reads a deb822 `.sources` file.
pub(crate) fn deb822(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    // A blank line ends a paragraph; one more after the last.
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
        } else if line.trim().is_empty() {
            sources.extend(paragraph(&fields));
            fields.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    sources
}

fn paragraph(fields: &[(String, String)]) -> Option<Source> {
    let field = |name: &str| {
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    };
    let words = |name: &str| {
        field(name).unwrap_or_default().split_whitespace().map(String::from).collect::<Vec<_>>()
    };
    if field("enabled") == Some("no") || !words("types").contains(&"deb".to_owned()) {
        return None;
    }
    let signed_by = field("signed-by").map(String::from);
    Some(Source {
        uris: words("uris"),
        suites: words("suites"),
        components: words("components"),
        signed_by,
    })
}

/// Reads a one-line `.list` file.
pub(crate) fn list(text: &str) -> Vec<Source> {
    text.lines().filter_map(one_line).collect()
}

fn one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let mut rest = line.strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let mut signed_by = None;
    if let Some(open) = rest.strip_prefix('[') {
        let (options, after) = open.split_once(']')?;
        signed_by = options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))
            .map(String::from);
        rest = after;
    }
    let mut words = rest.split_whitespace().map(String::from);
    Some(Source {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deb822_paragraphs_keep_their_key() {
        let text = "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n\nTypes: deb-src\nURIs: x\nSuites: bookworm\n\nTypes: deb\nEnabled: no\nURIs: y\nSuites: bookworm\n";
        let sources = deb822(text);
        assert_eq!(sources.len(), 1);
        assert!(sources[0].is_debian() && !sources[0].is_security());
        assert_eq!(sources[0].signed_by.as_deref(), Some("/k.gpg"));
        assert_eq!(
            sources[0].paragraph(&["bullseye"]),
            "Types: deb\nURIs: http://mirror.test/debian\nSuites: bullseye\nComponents: main\nArchitectures: amd64\nSigned-By: /k.gpg\n"
        );
    }

    #[test]
    fn a_key_written_in_the_source_keeps_its_lines() {
        let text = "Types: deb\nURIs: http://m.test/debian\nSuites: trixie\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n";
        assert_eq!(deb822(text)[0].signed_by.as_deref(), Some("\n -----BEGIN\n .\n abc"));
    }

    #[test]
    fn one_line_sources_may_have_options() {
        let text = "# deb http://no.test/debian bookworm main\ndeb [arch=amd64 signed-by=/k.asc] http://m.test/debian/ bookworm main contrib # why\ndeb-src http://m.test/debian bookworm main\ndeb http://s.test/debian-security bookworm-security main\n";
        let sources = list(text);
        assert_eq!(sources.len(), 2);
        assert_eq!(sources[0].signed_by.as_deref(), Some("/k.asc"));
        assert!(sources[0].is_debian());
        assert!(sources[1].is_security() && !sources[1].is_debian());
        assert_eq!(sources[0].security_beside().uris, ["http://m.test/debian-security"]);
    }

    #[test]
    fn archives_of_others_are_not_debian() {
        let text = "deb http://v.test/apt vendor-bookworm main\ndeb http://v.test/linux/debian bookworm stable\ndeb http://v.test/pg bookworm-vendor main\n";
        assert!(list(text).iter().all(|source| !source.is_debian() && !source.is_security()));
    }
}
