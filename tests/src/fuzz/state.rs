//! States of the tables, as keyframes hold them.

use tracer::{model::World, stream};

use crate::made;

/// A state that is accepted is one that tables can have: they agree, come back the same, and take
/// in what follows.
pub(super) fn run(bytes: &[u8]) {
    let Ok(mut world) = World::restore(bytes) else { return };
    world.check_consistency().expect("restored tables agree");
    let mut again = Vec::new();
    world.save(&mut again);
    let twice = World::restore(&again).expect("what was saved is restored");
    assert_eq!(world.digest(), twice.digest(), "the digest is the same");
    for record in made::busy(2, 40).iter().chain(&made::records::every_kind()) {
        world.apply(&stream::event(record));
        world.check_consistency().expect("tables agree behind an event");
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [0, 10, 60]
        .map(|count| {
            let mut world = World::new();
            for record in made::busy(2, count).iter().chain(&made::records::every_kind()) {
                world.apply(&stream::event(record));
            }
            let mut state = Vec::new();
            world.save(&mut state);
            state
        })
        .to_vec()
}
