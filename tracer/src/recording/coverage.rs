//! What was attached when the recording was made, as a payload.

use super::text::{Take, put_bytes};
use crate::coverage::{Coverage, Fact, Hook, Plan};

/// What was attached when the recording was made, as a payload.
pub fn write_coverage(coverage: &Coverage) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = [coverage.group_dead, coverage.pid_ino, coverage.ns_id];
    let bits = flags.iter().enumerate().fold(0_u8, |all, (bit, &on)| all | u8::from(on) << bit);
    out.push(bits);
    out.extend(coverage.hidden_tasks.to_le_bytes());
    out.extend((coverage.hooks.len() as u32).to_le_bytes());
    for hook in &coverage.hooks {
        put_bytes(&mut out, hook.fact.name().as_bytes());
        put_bytes(&mut out, hook.place.as_bytes());
        put_bytes(&mut out, hook.plan.name().as_bytes());
        out.push(u8::from(hook.refused.is_some()));
        put_bytes(&mut out, hook.refused.as_deref().unwrap_or_default().as_bytes());
    }
    out
}

/// Reads it; facts and plans that this version does not know are left out. `None` if it is cut.
pub fn read_coverage(bytes: &[u8]) -> Option<Coverage> {
    let mut take = Take(bytes);
    let bits = take.u8()?;
    let flag = |bit: u8| bits >> bit & 1 != 0;
    let mut coverage = Coverage {
        group_dead: flag(0),
        pid_ino: flag(1),
        ns_id: flag(2),
        hidden_tasks: take.u32()?,
        hooks: Vec::new(),
    };
    for _ in 0..take.u32()? {
        let fact = Fact::from_name(&take.text()?);
        let place = take.text()?;
        let plan = Plan::from_name(&take.text()?);
        let refused = take.u8()? != 0;
        let why = take.text()?;
        if let (Some(fact), Some(plan)) = (fact, plan) {
            coverage.hooks.push(Hook { fact, place, plan, refused: refused.then_some(why) });
        }
    }
    Some(coverage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_read_as_it_was_written_and_a_cut_one_is_none() {
        let hook = Hook {
            fact: Fact::AllocPid,
            place: "fexit/alloc_pid".into(),
            plan: Plan::Trampoline,
            refused: Some("EPERM".into()),
        };
        let hooks = vec![hook.clone(), Hook { refused: None, ..hook }];
        let coverage =
            Coverage { hooks, group_dead: true, pid_ino: false, ns_id: true, hidden_tasks: 3 };
        let bytes = write_coverage(&coverage);
        assert_eq!(read_coverage(&bytes), Some(coverage));
        for len in 0..bytes.len() {
            assert_eq!(read_coverage(&bytes[..len]), None, "{len} bytes");
        }
    }
}
