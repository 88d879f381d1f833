//! The paths that are answered.

/// What a path asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command::daemon) enum Place {
    Health,
    Metrics,
    Description,
    Check,
    Coverage,
    Ps,
    Tree,
    Containers,
    Ns,
    Pid,
    Task,
    Events,
    History,
}

/// All of them, as the description names them: what is in braces is one part of a path.
pub(in crate::command::daemon) const PLACES: [(&str, Place); 13] = [
    ("/healthz", Place::Health),
    ("/metrics", Place::Metrics),
    ("/openapi.json", Place::Description),
    ("/v1/check", Place::Check),
    ("/v1/coverage", Place::Coverage),
    ("/v1/ps", Place::Ps),
    ("/v1/tree", Place::Tree),
    ("/v1/containers", Place::Containers),
    ("/v1/ns", Place::Ns),
    ("/v1/pid/{number}", Place::Pid),
    ("/v1/task/{number}", Place::Task),
    ("/v1/events", Place::Events),
    ("/v1/history/{number}", Place::History),
];

/// What a path asks, and what stands for its braces.
pub(super) fn find(path: &str) -> Option<(Place, Option<&str>)> {
    PLACES.iter().find_map(|&(known, place)| match known.split_once('{') {
        None => (path == known).then_some((place, None)),
        Some((start, _)) => {
            let number = path.strip_prefix(start)?;
            (!number.is_empty()).then_some((place, Some(number)))
        }
    })
}
