//! `tracer man`: the manual, made from the help.

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context;
use clap::{Command, CommandFactory, builder::Resettable};
use clap_mangen::Man;

use super::{fault::Fault, out};
use crate::cli;

/// Prints the manual, or writes one file a page.
pub(super) fn run(args: &cli::Man) -> Result<ExitCode, Fault> {
    match &args.dir {
        Some(dir) => write(dir)?,
        None => out::print(pages()?.into_iter().flat_map(|(_, page)| page).collect::<Vec<_>>())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes one file a page.
fn write(dir: &Path) -> Result<(), Fault> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    for (name, page) in pages()? {
        let file = dir.join(format!("{name}.1"));
        fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Every page, with its name: `tracer`, then `tracer-VERB`.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut main = cli::Cli::command();
    main.build();
    let mut commands = vec![(String::from("tracer"), main.clone())];
    for verb in main.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let name = format!("tracer-{}", verb.get_name());
        commands.push((name.clone(), verb.clone().display_name(name)));
    }
    commands.into_iter().map(|(name, command)| Ok((name, page(command)?))).collect()
}

/// One page. What stands below the options is kept line by line: it is laid out already.
fn page(mut command: Command) -> Result<Vec<u8>, Fault> {
    let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    command = command.after_help(Resettable::Reset).after_long_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(command)
        .source(concat!("tracer ", env!("CARGO_PKG_VERSION")))
        .manual("tracer manual")
        .render(&mut page)
        .context("cannot draw up the manual")?;
    page.extend_from_slice(b".SH NOTES\n.nf\n");
    for line in notes.lines() {
        page.extend_from_slice(roff(line).as_bytes());
        page.push(b'\n');
    }
    page.extend_from_slice(b".fi\n");
    Ok(page)
}

/// A line as roff shows it unchanged.
fn roff(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    // A line that begins with a dot would be a request.
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_as_they_are() {
        assert_eq!(roff("  a --b 'c' \\d"), "  a \\-\\-b \\(aqc\\(aq \\ed");
        assert_eq!(roff(".x"), "\\&.x");
    }

    #[test]
    fn every_verb_has_a_page() {
        let pages = pages().unwrap_or_default();
        let verbs = cli::Cli::command().get_subcommands().count();
        assert_eq!(pages.len(), verbs + 1);
        for (name, page) in pages {
            let page = String::from_utf8_lossy(&page);
            assert!(page.contains(&format!(".TH {name} 1")), "{page}");
            assert!(page.contains("\n.SH NOTES\n.nf\n"), "{page}");
        }
    }
}
