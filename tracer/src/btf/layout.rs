//! The table of members, resolved in a kernel's BTF.

use std::fmt;

use tracer_ebpf::layout::{ABSENT, MEMBERS, Member, Want};

use super::Btf;

/// A value for one frozen constant of the BPF object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The constant's symbol.
    pub symbol: &'static str,
    /// Its value; [`ABSENT`] where this kernel has no such member.
    pub value: u32,
}

/// A kernel whose structures are not what the programs can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It lacks members that we cannot do without.
    Lacks(Vec<Missing>),
    /// The programs read a whole `struct upid` at once, and it has another shape.
    Upid,
}

/// Members that a struct lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The struct.
    pub outer: &'static str,
    /// The paths that lead nowhere.
    pub paths: Vec<&'static str>,
    /// What it has, by the kernel's own spelling.
    pub has: Vec<String>,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = match self {
            Self::Upid => return f.write_str("its struct upid has another shape"),
            Self::Lacks(missing) => missing,
        };
        f.write_str("its BTF lacks ")?;
        for (i, Missing { outer, paths, has }) in missing.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            write!(f, "{comma}{}", paths.join(", "))?;
            if has.is_empty() {
                write!(f, " (there is no struct {outer})")?;
            } else {
                write!(f, " (struct {outer} has {})", has.join(" "))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Unfit {}

fn resolve(btf: &Btf<'_>, member: &Member) -> Option<u32> {
    let place = member.path.split('|').find_map(|path| btf.member(path))?;
    match member.want {
        Want::Offset | Want::Optional => (place.width == 0).then(|| place.bytes()),
        // Newer kernels make some a `bool` of their own: its lowest bit.
        Want::Bit => {
            (place.width == 1 || (place.width, place.size) == (0, 1)).then_some(place.bits)
        }
    }
}

/// Every member's place; or the missing ones that we cannot do without.
pub fn constants(btf: &Btf<'_>) -> Result<Vec<Constant>, Unfit> {
    let mut found = Vec::with_capacity(MEMBERS.len());
    let mut lacks: Vec<Missing> = Vec::new();
    for member in MEMBERS {
        let value = resolve(btf, member);
        if value.is_none() && member.want == Want::Offset {
            let outer = member.path.split('.').next().unwrap_or_default();
            match lacks.iter_mut().find(|missing| missing.outer == outer) {
                Some(missing) => missing.paths.push(member.path),
                None => {
                    lacks.push(Missing {
                        outer,
                        paths: vec![member.path],
                        has: btf.members(outer),
                    });
                }
            }
        }
        found.push(Constant { symbol: member.symbol, value: value.unwrap_or(ABSENT) });
    }
    if !lacks.is_empty() {
        return Err(Unfit::Lacks(lacks));
    }
    let upid = (btf.member("upid.nr"), btf.member("upid.ns"), btf.size("upid"));
    if !matches!(upid, (Some(nr), Some(ns), Some(16)) if nr.bytes() == 0 && ns.bytes() == 8) {
        return Err(Unfit::Upid);
    }
    Ok(found)
}
