//! A reader of BTF, the kernel's own description of its types (Documentation/bpf/btf.rst).
//!
//! It answers what loading needs: the offset of a struct's member, and how many parameters a
//! function or a tracepoint has. Any input gives an answer or an error.

pub mod layout;

use std::{collections::HashMap, fmt};

/// Kinds of types (include/uapi/linux/btf.h).
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const PTR: u32 = 2;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNC: u32 = 12;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const DATASEC: u32 = 15;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

const MAGIC: u16 = 0xeb9f;
/// Structs in structs, and modifiers of types, nest no deeper than this in any kernel.
const DEPTH: u32 = 32;
/// Longest name that the kernel takes, with its NUL (`KSYM_NAME_LEN`). Without a bound, one name
/// that does not end could be read again for every type.
const NAME_MAX: usize = 512;
/// Members looked at for one name; the largest struct has some hundred. Anonymous structs that
/// contain each other many times over could have more than can ever be looked at.
const LOOKS: u32 = 1 << 16;
/// Members of a struct that a message lists.
const LISTED: usize = 1000;

/// Why BTF could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBtf(&'static str);

impl fmt::Display for BadBtf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not readable as BTF: {}", self.0)
    }
}

impl std::error::Error for BadBtf {}

/// Parsed BTF: an index over the bytes.
#[derive(Debug)]
pub struct Btf<'a> {
    types: Vec<u32>,
    section: &'a [u8],
    strings: &'a [u8],
    structs: HashMap<&'a [u8], u32>,
    functions: HashMap<&'a [u8], u32>,
    typedefs: HashMap<&'a [u8], u32>,
    enums: HashMap<&'a [u8], u32>,
}

/// Where a member lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bits from the start of the outermost struct.
    pub bits: u32,
    /// Width in bits of a bit field, else 0.
    pub width: u32,
    /// Bytes of its type if that is an integer or `bool` (of a bit field: what it is a field of),
    /// else 0.
    pub size: u32,
}

impl Place {
    /// Bytes from the start of the outermost struct.
    pub fn bytes(self) -> u32 {
        self.bits / 8
    }
}

/// One type's fixed part.
#[derive(Clone, Copy)]
struct Type {
    name: u32,
    info: u32,
    /// Size in bytes, or the type referred to.
    size_or_ref: u32,
    /// Offset in the type section of what follows the fixed part.
    rest: usize,
}

impl Type {
    fn kind(self) -> u32 {
        self.info >> 24 & 0x1f
    }
    fn vlen(self) -> usize {
        (self.info & 0xffff) as usize
    }
    /// Member offsets carry bit field widths in their top byte.
    fn kind_flag(self) -> bool {
        self.info >> 31 == 1
    }
    /// Bytes behind the fixed part.
    fn rest_len(self) -> Option<usize> {
        let vlen = self.vlen();
        Some(match self.kind() {
            kind::INT | 14 | 17 => 4,
            kind::ARRAY => 12,
            kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => 12 * vlen,
            kind::ENUM | kind::FUNC_PROTO => 8 * vlen,
            kind::PTR | 7..=kind::FUNC | 16 | kind::TYPE_TAG => 0,
            _ => return None,
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

impl<'a> Btf<'a> {
    /// Reads BTF as found in `/sys/kernel/btf/vmlinux`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadBtf> {
        let magic = bytes.first_chunk().ok_or(BadBtf("too short"))?;
        if u16::from_le_bytes(*magic) != MAGIC {
            return Err(BadBtf("no BTF magic"));
        }
        let header = |at| word(bytes, at).map(|word| word as usize).ok_or(BadBtf("short header"));
        let part = |off: usize, len: usize| {
            let start = header(4)?.checked_add(off).ok_or(BadBtf("offset overflows"))?;
            let end = start.checked_add(len).ok_or(BadBtf("length overflows"))?;
            bytes.get(start..end).ok_or(BadBtf("a section lies outside"))
        };
        let section = part(header(8)?, header(12)?)?;
        let strings = part(header(16)?, header(20)?)?;
        let mut btf = Self {
            types: vec![0],
            section,
            strings,
            structs: HashMap::new(),
            functions: HashMap::new(),
            typedefs: HashMap::new(),
            enums: HashMap::new(),
        };
        btf.index()?;
        Ok(btf)
    }

    fn index(&mut self) -> Result<(), BadBtf> {
        let mut at = 0;
        while at < self.section.len() {
            let id = self.types.len() as u32;
            self.types.push(at as u32);
            let ty = self.fixed(at).ok_or(BadBtf("a type is cut"))?;
            let name = self.name(ty.name).ok_or(BadBtf("a name lies outside"))?;
            match ty.kind() {
                // The first of a name wins: later ones are other units' private types.
                kind::STRUCT | kind::UNION if !name.is_empty() => {
                    self.structs.entry(name).or_insert(id);
                }
                kind::ENUM if !name.is_empty() => {
                    self.enums.entry(name).or_insert(id);
                }
                kind::FUNC => {
                    self.functions.entry(name).or_insert(id);
                }
                kind::TYPEDEF => {
                    self.typedefs.entry(name).or_insert(id);
                }
                _ => {}
            }
            let rest = ty.rest_len().ok_or(BadBtf("a kind of type is unknown"))?;
            at = ty.rest + rest;
        }
        Ok(())
    }

    fn fixed(&self, at: usize) -> Option<Type> {
        Some(Type {
            name: word(self.section, at)?,
            info: word(self.section, at + 4)?,
            size_or_ref: word(self.section, at + 8)?,
            rest: at + 12,
        })
    }

    fn ty(&self, id: u32) -> Option<Type> {
        if id == 0 {
            return None;
        }
        self.fixed(*self.types.get(id as usize)? as usize)
    }

    fn name(&self, off: u32) -> Option<&'a [u8]> {
        let rest = self.strings.get(off as usize..)?;
        let end = rest.iter().take(NAME_MAX).position(|&byte| byte == 0)?;
        rest.get(..end)
    }

    /// The type behind typedefs and qualifiers.
    fn resolve(&self, mut id: u32) -> Option<Type> {
        for _ in 0..DEPTH {
            let ty = self.ty(id)?;
            match ty.kind() {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    id = ty.size_or_ref;
                }
                _ => return Some(ty),
            }
        }
        None
    }

    /// Where `struct.member.member` lies; anonymous structs and unions are looked into.
    pub fn member(&self, path: &str) -> Option<Place> {
        let mut parts = path.split('.');
        let mut ty = self.ty(*self.structs.get(parts.next()?.as_bytes())?)?;
        let mut place = Place { bits: 0, width: 0, size: 0 };
        let mut looks = LOOKS;
        for part in parts {
            let (inner, member) = self.find(ty, part.as_bytes(), DEPTH, &mut looks)?;
            ty = self.resolve(member)?;
            let size = if ty.kind() == kind::INT { ty.size_or_ref } else { 0 };
            place = Place { bits: place.bits.checked_add(inner.bits)?, size, ..inner };
        }
        Some(place)
    }

    fn find(&self, ty: Type, name: &[u8], depth: u32, looks: &mut u32) -> Option<(Place, u32)> {
        if depth == 0 || !matches!(ty.kind(), kind::STRUCT | kind::UNION) {
            return None;
        }
        for i in 0..ty.vlen() {
            *looks = looks.checked_sub(1)?;
            let at = ty.rest + 12 * i;
            let (name_off, member) = (word(self.section, at)?, word(self.section, at + 4)?);
            let raw = word(self.section, at + 8)?;
            let place = if ty.kind_flag() {
                Place { bits: raw & 0xff_ffff, width: raw >> 24, size: 0 }
            } else {
                Place { bits: raw, width: 0, size: 0 }
            };
            let found = self.name(name_off)?;
            if found == name {
                return Some((place, member));
            }
            if found.is_empty()
                && let Some((inner, member)) =
                    self.find(self.resolve(member)?, name, depth - 1, looks)
            {
                let bits = place.bits.checked_add(inner.bits)?;
                return Some((Place { bits, ..inner }, member));
            }
        }
        None
    }

    /// Size of a struct in bytes.
    pub fn size(&self, name: &str) -> Option<u32> {
        Some(self.ty(*self.structs.get(name.as_bytes())?)?.size_or_ref)
    }

    /// The value of one name of an enum.
    pub fn enumerator(&self, set: &str, name: &str) -> Option<u32> {
        let ty = self.ty(*self.enums.get(set.as_bytes())?)?;
        (0..ty.vlen()).find_map(|i| {
            let at = ty.rest + 8 * i;
            let found = self.name(word(self.section, at)?)? == name.as_bytes();
            found.then(|| word(self.section, at + 4))?
        })
    }

    /// How many parameters a function has.
    pub fn arity(&self, function: &str) -> Option<usize> {
        let func = self.ty(*self.functions.get(function.as_bytes())?)?;
        let proto = self.ty(func.size_or_ref)?;
        (proto.kind() == kind::FUNC_PROTO).then(|| proto.vlen())
    }

    /// How many arguments a tracepoint passes, without the leading `void *`.
    pub fn tracepoint_arity(&self, name: &str) -> Option<usize> {
        let typedef = format!("btf_trace_{name}");
        let pointer = self.resolve(*self.typedefs.get(typedef.as_bytes())?)?;
        if pointer.kind() != kind::PTR {
            return None;
        }
        let proto = self.resolve(pointer.size_or_ref)?;
        if proto.kind() != kind::FUNC_PROTO {
            return None;
        }
        proto.vlen().checked_sub(1)
    }

    /// The members of a struct, as the kernel spells them: for messages about a missing one.
    pub fn members(&self, name: &str) -> Vec<String> {
        let Some(ty) = self.structs.get(name.as_bytes()).and_then(|&id| self.ty(id)) else {
            return Vec::new();
        };
        (0..ty.vlen().min(LISTED))
            .filter_map(|i| self.name(word(self.section, ty.rest + 12 * i)?))
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }
}
