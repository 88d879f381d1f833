//! The table of members, resolved in the running kernel's BTF.

use std::fmt::Write;

use tracer_ebpf::layout::{ABSENT, MEMBERS, Member, Want};

use super::Refused;
use crate::btf::Btf;

/// A value for one frozen constant of the BPF object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    /// The constant's symbol.
    pub(super) symbol: &'static str,
    /// Its value.
    pub(super) value: u32,
}

fn resolve(btf: &Btf<'_>, member: &Member) -> Option<u32> {
    let place = member.path.split('|').find_map(|path| btf.member(path))?;
    match member.want {
        Want::Offset | Want::Optional => (place.width == 0).then(|| place.bytes()),
        Want::Bit => (place.width == 1).then_some(place.bits),
    }
}

/// Every member's place; the missing ones that we cannot do without, by the kernel's own spelling.
pub(super) fn constants(btf: &Btf<'_>) -> Result<Vec<Constant>, Refused> {
    let mut found = Vec::with_capacity(MEMBERS.len());
    let mut missing = String::new();
    for member in MEMBERS {
        match resolve(btf, member) {
            Some(value) => found.push(Constant { symbol: member.symbol, value }),
            None if member.want == Want::Offset => {
                let outer = member.path.split('.').next().unwrap_or_default();
                let _ =
                    write!(missing, " {} (it has {});", member.path, btf.members(outer).join(" "));
            }
            None => found.push(Constant { symbol: member.symbol, value: ABSENT }),
        }
    }
    if !missing.is_empty() {
        return Err(unknown(format!("its BTF lacks{missing}")));
    }
    // The programs read a whole `struct upid` at once.
    let upid = (btf.member("upid.nr"), btf.member("upid.ns"), btf.size("upid"));
    if !matches!(upid, (Some(nr), Some(ns), Some(16)) if nr.bytes() == 0 && ns.bytes() == 8) {
        return Err(unknown("its struct upid has another shape".into()));
    }
    Ok(found)
}

fn unknown(why: String) -> Refused {
    Refused::Unable {
        what: "cannot read this kernel's structures".into(),
        why,
        help: "this kernel is not supported yet; please report its release".into(),
    }
}
