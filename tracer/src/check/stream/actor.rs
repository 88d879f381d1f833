//! Part of rule 65: who acts.

use super::stream_sequence::RULE;
use crate::{
    check::{Subject, cx::Cx, settle::is_sweep, violation::Finding},
    event::Body,
};

/// A record comes: sweeps and RCU callbacks act for nobody, all others for the current task.
#[inline]
pub(super) fn note(cx: &mut Cx<'_>) {
    let header = &cx.event.header;
    let nobody = match &cx.event.body {
        _ if cx.plain => false,
        Body::FreeTask(_) | Body::NsDestroy(_) => true,
        Body::Detail(_) => return,
        body if body.is_added() => return,
        body => is_sweep(body),
    };
    let numbers = (header.actor_tid, header.actor_tgid);
    let holds = if nobody {
        header.actor == 0 && numbers == (0, 0)
    } else {
        header.actor != 0 && numbers.0 > 0 && numbers.1 > 0
    };
    cx.test_alone(&RULE, holds, || {
        let expected = if nobody { "nobody acts" } else { "a task acts" };
        let observed = format!("actor {:#x}, {} of {}", header.actor, numbers.0, numbers.1);
        Finding::new(Subject::record(), expected, observed)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::Script;

    #[test]
    fn an_actor_of_a_sweep_and_an_act_of_nobody_trip_it() {
        for at in [0, 2] {
            let mut script = Script::new();
            script.events[at].header.actor = 7;
            script.trips(&RULE);
        }
        let mut script = Script::new();
        script.fork(10);
        script.last().header.actor = 0;
        script.trips(&RULE);
    }

    #[test]
    fn what_rcu_callbacks_write_does_not() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        script.holds(&RULE);
    }
}
