//! The parser holds together, its help renders, and bad usage is refused.

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::{Cli, Verb};

/// What a command line is refused with.
fn refused(line: &str) -> clap::Error {
    Cli::try_parse_from(line.split(' ')).map(|cli| format!("{cli:?}")).expect_err(line)
}

/// What a command line means.
fn parsed(line: &str) -> Verb {
    Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}")).verb
}

#[test]
fn the_parser_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_verb_has_help_with_examples_that_fits_a_page() {
    let mut main = Cli::command();
    main.build();
    for verb in main.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        assert!(verb.get_about().is_some(), "{name} has no help");
        let help = verb.render_long_help().to_string();
        assert!(help.contains("Examples:"), "{name} has no examples");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
        for text in verb.get_after_help().map(ToString::to_string).unwrap_or_default().lines() {
            assert!(help.lines().any(|line| line == text), "{name}: wrapped: {text}");
        }
        for option in verb.get_arguments() {
            assert!(option.get_help().is_some(), "{name}: no help for {}", option.get_id());
        }
    }
}

#[test]
fn the_command_is_what_follows_the_dashes() {
    let Verb::Live(live) = parsed("tracer live --json -- ls --json") else { panic!("not live") };
    assert_eq!(live.command, ["ls", "--json"]);
    assert!(live.shown.output.json);
    let Verb::Live(live) = parsed("tracer live") else { panic!("not live") };
    assert!(live.command.is_empty());
    assert_eq!(live.tracing.ring, 16 << 20);
}

#[test]
fn values_of_a_filter_may_be_given_together_or_apart() {
    for line in ["tracer ps --pid 1,7@4026532398", "tracer ps --pid 1 --pid 7@pid:[4026532398]"] {
        let Verb::Ps(ps) = parsed(line) else { panic!("not ps") };
        assert_eq!(ps.selection.pid.len(), 2, "{line}");
        assert_eq!(ps.selection.pid[1].nr, 7, "{line}");
        assert_eq!(ps.selection.pid[1].ns, Some(4_026_532_398), "{line}");
    }
}

#[test]
fn bad_values_are_refused_by_name() {
    for (line, part) in [
        ("tracer pid seven", "seven"),
        ("tracer pid 7@", "7@"),
        ("tracer pid @4026531836", "@4026531836"),
        ("tracer pid 7@net:[4026531840]", "net"),
        ("tracer show 99999999999", "99999999999"),
        ("tracer ps --ns host", "host"),
        ("tracer ps --ns pid:[x]", "pid:[x]"),
        ("tracer ps --uid root", "root is no user's number"),
        ("tracer ns --kind mount", "mount"),
        ("tracer live --plan magic", "tracepoint"),
        ("tracer live --ring 1K", "64K"),
        ("tracer live --ring huge", "huge"),
        ("tracer live --type birth", "birth"),
        ("tracer live --since yesterday", "yesterday"),
        ("tracer live --duration soon", "soon"),
        ("tracer live --time lunar", "boot"),
        ("tracer live --color red", "red"),
        ("tracer check --only uniqe-number", "unique-number"),
        ("tracer check --require 99", "no rule"),
        ("tracer check --format xml", "junit"),
        ("tracer check --audit-interval often", "often"),
        ("tracer completions tcsh", "fish"),
    ] {
        let error = refused(line);
        assert!(error.to_string().contains(part), "{line}: {error}");
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn rules_are_named_by_name_or_number_together_or_apart() {
    let line = "tracer check --only 4,unique-number --skip 65 --require all x.tracer";
    let Verb::Check(check) = parsed(line) else { panic!("not check") };
    let ids: Vec<_> = check.rules.only.iter().map(|rule| rule.id).collect();
    assert_eq!(ids, ["number-range", "unique-number"]);
    assert_eq!((check.rules.skip.len(), check.rules.require.len()), (1, 1));
    assert_eq!(check.files.len(), 1);
    let Verb::Check(check) = parsed("tracer check -o r --format tap -- ls -o x") else { panic!() };
    assert_eq!((check.command.len(), check.files.len()), (3, 0));
    assert!(check.report.file.is_some());
}

#[test]
fn what_only_a_live_check_has_is_refused_beside_a_file() {
    for option in ["--duration 1s", "--record y", "--audit-interval 1s", "--command-status"] {
        let error = refused(&format!("tracer check {option} x.tracer"));
        assert_eq!(error.exit_code(), 2, "{option}");
    }
    assert_eq!(refused("tracer check x.tracer -- ls").kind(), ErrorKind::ArgumentConflict);
}

#[test]
fn what_belongs_to_another_verb_is_refused() {
    for line in ["tracer ps --type fork", "tracer pid 1 --tree 1", "tracer ns --plan auto"] {
        assert_eq!(refused(line).kind(), ErrorKind::UnknownArgument, "{line}");
    }
    assert_eq!(refused("tracer").exit_code(), 2);
    assert_eq!(refused("tracer pid").exit_code(), 2);
}
