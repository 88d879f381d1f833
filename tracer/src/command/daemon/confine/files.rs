//! Landlock: which files a thread may reach.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus,
    RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::Places;

/// What is refused: all that this version knows of, and where the kernel knows less, that.
const KNOWN: ABI = ABI::V6;

/// What is read at run time: tasks and counts, cgroups, and random numbers that name a recording.
const READ: [&str; 3] = ["/proc", "/sys", "/dev/urandom"];

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

fn writing() -> BitFlags<AccessFs> {
    reading() | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile
}

/// No file at all.
pub(super) fn none() -> Result<String, String> {
    enforce(true, Ok)
}

/// Recordings, and nothing else.
pub(super) fn scribe(dir: &Path) -> Result<String, String> {
    enforce(true, |rules| {
        rules
            .add_rules(path_beneath_rules(["/dev/urandom"], AccessFs::ReadFile))?
            .add_rules(path_beneath_rules([dir], writing()))
    })
}

/// Recordings, to be read.
pub(super) fn reader(dir: &Path) -> Result<String, String> {
    enforce(true, |rules| rules.add_rules(path_beneath_rules([dir], reading())))
}

/// What the kernel says of itself, the settings, and the recordings; the socket can be removed.
pub(super) fn keeper(places: &Places) -> Result<String, String> {
    // An editor replaces a file, so the folder has to be readable.
    let settings = places.settings.iter().filter_map(|path| folder(path));
    let socket = folder(&places.socket);
    // systemd's socket may be an abstract one.
    enforce(false, |rules| {
        rules
            .add_rules(path_beneath_rules(READ, reading()))?
            .add_rules(path_beneath_rules(settings, reading()))?
            .add_rules(path_beneath_rules(socket, AccessFs::RemoveFile))?
            .add_rules(path_beneath_rules(&places.dir, writing()))
    })
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// Refuses everything to this thread but what the rules allow; how well that is done.
fn enforce(
    alone: bool,
    rules: impl FnOnce(RulesetCreated) -> Result<RulesetCreated, RulesetError>,
) -> Result<String, String> {
    let make = || {
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(KNOWN))?
            .handle_access(AccessNet::from_all(KNOWN))?;
        let ruleset = if alone { ruleset.scope(Scope::from_all(KNOWN))? } else { ruleset };
        rules(ruleset.create()?)?.restrict_self()
    };
    match make() {
        Ok(status) => told(&status),
        Err(error) => Err(error.to_string()),
    }
}

fn told(status: &RestrictionStatus) -> Result<String, String> {
    match (&status.ruleset, &status.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Err("the kernel has it, but boots without it".into())
        }
        (RulesetStatus::NotEnforced, _) => Err("the kernel has none".into()),
        (how, LandlockStatus::Available { effective_abi, .. }) => {
            let how = if *how == RulesetStatus::FullyEnforced { "all" } else { "in part" };
            Ok(format!("{how}, ABI {}", *effective_abi as i32))
        }
        (_, _) => Ok("in part".into()),
    }
}
