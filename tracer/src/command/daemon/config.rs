//! The settings: the file's first, then those of the command line.
//!
//! A key of the file is an option's long name, so the file is turned into words and read by the same
//! parser: what one takes, the other takes, and what is wrong is said in the same words.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use clap::{CommandFactory as _, Parser as _};
use toml::{Table, Value};

use crate::{
    cli::{Cli, Daemon, Verb},
    command::fault::Fault,
};

/// Options that are no settings.
const OTHERS: [&str; 4] = ["config", "print-config", "help", "verifier-log"];

/// A setting as it would stand in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) name: String,
    /// Nothing where it has no default.
    pub(super) value: Option<Value>,
    help: String,
}

impl Setting {
    /// Its value in plain words.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "not set".into(),
        }
    }
}

/// The settings that the words of a command line ask for, those of its file among them; and each as it
/// would stand in a file.
pub(super) fn read(words: &[String]) -> Result<(Daemon, Vec<Setting>), Fault> {
    let words = merged(words)?;
    Ok((parse(&words)?, values(&words)?))
}

/// The words of a command line behind those that its file stands for.
fn merged(words: &[String]) -> Result<Vec<String>, Fault> {
    let settings = parse(words)?.config.as_deref().map(file).transpose()?.unwrap_or_default();
    let (verb, typed) = words.split_at(words.len().min(2));
    Ok([verb, &settings, typed].concat())
}

fn parse(words: &[String]) -> Result<Daemon, Fault> {
    match Cli::try_parse_from(words).map(|cli| cli.verb) {
        Ok(Verb::Daemon(daemon)) => Ok(*daemon),
        Ok(_) => Err(wrong("the settings", "they are not those of a daemon")),
        Err(error) => Err(wrong("the settings", &Fault::usage(&error))),
    }
}

fn wrong(what: &str, why: &str) -> Fault {
    Fault::unable(what, why, "`tracer daemon --print-config` prints a file with all settings")
}

/// The words that a file stands for.
fn file(path: &Path) -> Result<Vec<String>, Fault> {
    let name = path.display().to_string();
    let text = text(path).map_err(|error| Fault::unable(name.clone(), error.to_string(), ""))?;
    words(&text).map_err(|why| wrong(&name, &why))
}

/// Bytes of a file of settings at most, and of a token's.
const LONGEST: u64 = 1 << 20;

/// A file's text; what has no end is refused.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is larger than a megabyte"));
    }
    Ok(text)
}

/// The words that a file's text stands for.
fn words(text: &str) -> Result<Vec<String>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let known = settings();
    let word = |(key, value): (&String, &Value)| {
        if !known.contains(key) {
            return Err(format!("{key}: there is no such setting"));
        }
        match value {
            Value::Boolean(true) => Ok(Some(format!("--{key}"))),
            Value::Boolean(false) => Ok(None),
            Value::String(text) => Ok(Some(format!("--{key}={text}"))),
            Value::Integer(number) => Ok(Some(format!("--{key}={number}"))),
            _ => Err(format!("{key}: a text, a number or true is needed")),
        }
    };
    table.iter().map(word).filter_map(Result::transpose).collect()
}

/// The names of all settings.
fn settings() -> Vec<String> {
    let command = Cli::command();
    let daemon = command.find_subcommand("daemon");
    let options = daemon.into_iter().flat_map(clap::Command::get_arguments);
    let names = options.filter_map(|option| option.get_long()).map(str::to_owned);
    names.filter(|name| !OTHERS.contains(&name.as_str())).collect()
}

/// Every setting, by the words of a command line.
fn values(words: &[String]) -> Result<Vec<Setting>, Fault> {
    let matches = Cli::command()
        .try_get_matches_from(words)
        .map_err(|error| wrong("the settings", &error.to_string()))?;
    let Some((_, matches)) = matches.subcommand() else { return Ok(Vec::new()) };
    let command = Cli::command();
    let daemon = command.find_subcommand("daemon");
    let mut settings = Vec::new();
    for option in daemon.into_iter().flat_map(clap::Command::get_arguments) {
        let Some(name) = option.get_long().filter(|name| !OTHERS.contains(name)) else { continue };
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let id = option.get_id().as_str();
        let flag = !option.get_action().takes_values();
        let raw = if flag { None } else { matches.get_raw(id).and_then(Iterator::last) };
        let value = match raw {
            _ if flag => Some(Value::Boolean(matches.get_flag(id))),
            Some(raw) => Some(Value::String(raw.to_string_lossy().into_owned())),
            None => None,
        };
        settings.push(Setting { name: name.to_owned(), value, help });
    }
    Ok(settings)
}

/// All settings as a file.
pub(super) fn print(words: &[String]) -> Result<String, Fault> {
    use std::fmt::Write as _;
    let (_, settings) = read(words)?;
    let mut text =
        String::from("# Settings of tracer daemon: each is an option of the same name.\n");
    for Setting { name, value, help } in settings {
        let _ = writeln!(text, "\n# {}", help.replace('\n', "\n# "));
        let _ = match value {
            Some(value) => writeln!(text, "{name} = {value}"),
            None => writeln!(text, "# {name} ="),
        };
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Vec<String> {
        ["tracer", "daemon"].iter().chain(words).map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_is_a_command_line_in_other_words() {
        let text =
            "socket = \"/run/x.sock\"\nkeep = \"2G\"\nno-check = true\ngroup = 7\nno-args = false";
        let words = words(text).unwrap();
        let all = ["--group=7", "--keep=2G", "--no-check", "--socket=/run/x.sock"];
        assert_eq!(words, all);
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (text, named) in [
            ("colour = 1", "colour: there is no such setting"),
            ("config = \"x\"", "config: there is no such setting"),
            ("keep = [1]", "keep: a text"),
            ("keep = ", ""),
        ] {
            assert!(words(text).unwrap_err().contains(named), "{text}");
        }
    }

    #[test]
    fn the_file_that_is_printed_gives_the_same_settings() {
        let words = typed(&["--keep", "3G", "--no-check", "--dir", "/var/lib/x"]);
        let text = print(&words).unwrap();
        for line in ["keep = \"3G\"", "no-check = true", "dir = \"/var/lib/x\"", "# listen ="] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let again: Vec<String> = super::words(&text).unwrap();
        let all: Vec<String> = typed(&[]).into_iter().chain(again).collect();
        assert_eq!(format!("{:?}", parse(&all).unwrap()), format!("{:?}", parse(&words).unwrap()));
    }

    #[test]
    fn the_command_line_counts_more() {
        let words = typed(&["--keep=1G", "--keep=5G"]);
        assert!(format!("{:?}", parse(&words).unwrap().keep).contains("5368709120"));
    }
}
