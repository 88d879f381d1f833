//! SIGHUP: the settings are read anew, and those that can change while the daemon runs do.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use anyhow::Context as _;
use signal_hook::{consts::SIGHUP, flag};

use super::{config::Setting, token::Token};
use crate::{cli::Daemon, command::fault::Fault};

/// The settings that can change. The token's file is read anew even where its name stays.
const LIVE: [&str; 6] =
    ["audit-interval", "keep", "log-format", "max-memory", "rotate", "token-file"];

/// SIGHUP, as something to ask about.
#[derive(Debug)]
pub(super) struct Hangup(Arc<AtomicBool>);

impl Hangup {
    /// Catches it from now on.
    pub(super) fn catch() -> anyhow::Result<Self> {
        let flag = Arc::default();
        flag::register(SIGHUP, Arc::clone(&flag)).context("cannot catch SIGHUP")?;
        Ok(Self(flag))
    }

    /// Whether it came; said once.
    pub(super) fn came(&self) -> bool {
        self.0.swap(false, Relaxed)
    }
}

/// What was read anew, and is known to be good.
pub(super) struct Anew {
    args: Daemon,
    settings: Vec<Setting>,
    token: Option<String>,
}

/// Reads everything anew; nothing has changed yet.
pub(super) fn read(words: &[String]) -> Result<Anew, Fault> {
    let (args, settings) = super::config::read(words)?;
    let file = args.token_file.as_deref().filter(|_| args.listen.is_some());
    let token = file.map(Token::read).transpose()?;
    Ok(Anew { args, settings, token })
}

/// What differs now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// What has changed, with its value.
    pub(super) made: Vec<String>,
    /// What would need a new start.
    pub(super) ignored: Vec<String>,
}

impl Anew {
    /// Has the settings be as they were read, as far as they can.
    pub(super) fn apply(
        self,
        args: &mut Daemon,
        settings: &mut [Setting],
        token: Option<&Token>,
    ) -> Changes {
        let mut changes = Changes::default();
        for new in &self.settings {
            let Some(old) = settings.iter_mut().find(|old| old.name == new.name) else { continue };
            if old.value == new.value {
                continue;
            }
            if LIVE.contains(&&*new.name) {
                old.value.clone_from(&new.value);
                changes.made.push(format!("{} is {}", new.name, new.shown()));
            } else {
                changes.ignored.push(new.name.clone());
            }
        }
        if let (Some(token), Some(text)) = (token, self.token) {
            token.replace(text);
        }
        args.token_file = self.args.token_file;
        args.rotate = self.args.rotate;
        args.keep = self.args.keep;
        args.audit_interval = self.args.audit_interval;
        args.log_format = self.args.log_format;
        args.max_memory = self.args.max_memory;
        changes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command::daemon::config;

    fn read_words(more: &[&str]) -> (Daemon, Vec<Setting>) {
        let words: Vec<String> =
            ["tracer", "daemon"].iter().chain(more).map(ToString::to_string).collect();
        config::read(&words).unwrap()
    }

    #[test]
    fn what_can_change_changes_and_what_cannot_is_named() {
        let (mut args, mut settings) = read_words(&["--keep=1G", "--socket=/run/a"]);
        let words = ["--keep=2G", "--socket=/run/b", "--audit-interval=5s", "--no-check"];
        let (new, read) = read_words(&words);
        let anew = Anew { args: new, settings: read, token: None };
        let changes = anew.apply(&mut args, &mut settings, None);
        assert_eq!(changes.made, ["keep is 2G", "audit-interval is 5s"]);
        assert_eq!(changes.ignored, ["socket", "no-check"]);
        assert_eq!(args.audit_interval, Duration::from_secs(5));
        assert_eq!(args.socket.to_str(), Some("/run/a"));
        // What was ignored is told again as long as it differs; what was made is not.
        let (new, read) = read_words(&words);
        let changes =
            Anew { args: new, settings: read, token: None }.apply(&mut args, &mut settings, None);
        assert_eq!((changes.made.len(), changes.ignored.len()), (0, 2));
    }
}
