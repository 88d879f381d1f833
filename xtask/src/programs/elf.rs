//! What an ELF file needs to be loaded: its loader, and libraries by name.

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// A program header's fields that matter.
struct Segment {
    kind: u32,
    offset: usize,
    address: u64,
    size: usize,
}

/// The names of the libraries and of the loader (without its folder); `None` for what is no 64-bit
/// little-endian ELF file, or a broken one.
pub(super) fn needed(elf: &[u8]) -> Option<Vec<String>> {
    if !elf.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let segments = segments(elf)?;
    let mut names = Vec::new();
    if let Some(interpreter) = segments.iter().find(|segment| segment.kind == PT_INTERP) {
        let path = text(elf, interpreter.offset)?;
        names.push(path.rsplit('/').next()?.to_owned());
    }
    let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
        return Some(names);
    };
    let entries = elf.get(dynamic.offset..dynamic.offset.checked_add(dynamic.size)?)?;
    let entries = entries.chunks_exact(16).map(|entry| (long(entry, 0), long(entry, 8)));
    let entries: Vec<(u64, u64)> =
        entries.map(|(tag, value)| Some((tag?, value?))).collect::<Option<_>>()?;
    let strings = entries.iter().find(|(tag, _)| *tag == DT_STRTAB);
    let strings = strings.and_then(|(_, address)| in_file(&segments, *address))?;
    for (_, name) in entries.iter().filter(|(tag, _)| *tag == DT_NEEDED) {
        names.push(text(elf, strings.checked_add(usize::try_from(*name).ok()?)?)?);
    }
    Some(names)
}

fn segments(elf: &[u8]) -> Option<Vec<Segment>> {
    let table = usize::try_from(long(elf, 32)?).ok()?;
    let (size, count) = (short(elf, 54)?, short(elf, 56)?);
    (0..count)
        .map(|index| {
            let header = elf.get(table.checked_add(index * size)?..)?;
            Some(Segment {
                kind: word(header, 0)?,
                offset: usize::try_from(long(header, 8)?).ok()?,
                address: long(header, 16)?,
                size: usize::try_from(long(header, 32)?).ok()?,
            })
        })
        .collect()
}

/// Where in the file an address of memory lies.
fn in_file(segments: &[Segment], address: u64) -> Option<usize> {
    segments.iter().filter(|segment| segment.kind == PT_LOAD).find_map(|segment| {
        let into = usize::try_from(address.checked_sub(segment.address)?).ok()?;
        (into < segment.size).then(|| segment.offset.checked_add(into))?
    })
}

fn text(elf: &[u8], at: usize) -> Option<String> {
    let bytes = elf.get(at..)?.split(|byte| *byte == 0).next()?;
    String::from_utf8(bytes.to_vec()).ok()
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?).into())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a loader, two libraries, and one segment at 0x1000.
    fn sample() -> Vec<u8> {
        const STRINGS: &[u8] = b"\0libc.so.6\0libm.so.6\0/lib64/ld.so\0";
        let mut elf = vec![0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[32] = 64;
        elf[54] = 56;
        elf[56] = 3;
        let strings = 64 + 3 * 56;
        let dynamic = strings + STRINGS.len();
        let headers: [(u32, usize, usize); 3] =
            [(PT_LOAD, 0, 4096), (PT_DYNAMIC, dynamic, 64), (PT_INTERP, strings + 21, 12)];
        for (kind, offset, size) in headers {
            let mut header = [0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            header[8..16].copy_from_slice(&(offset as u64).to_le_bytes());
            header[16..24].copy_from_slice(&(0x1000 + offset as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
            elf.extend_from_slice(&header);
        }
        elf.extend_from_slice(STRINGS);
        let entries =
            [(DT_NEEDED, 1), (DT_NEEDED, 11), (DT_STRTAB, 0x1000 + strings as u64), (0, 0)];
        for (tag, value) in entries {
            elf.extend_from_slice(&tag.to_le_bytes());
            elf.extend_from_slice(&value.to_le_bytes());
        }
        elf
    }

    #[test]
    fn a_program_names_its_loader_and_its_libraries() {
        assert_eq!(needed(&sample()).unwrap(), ["ld.so", "libc.so.6", "libm.so.6"]);
        assert_eq!(needed(b"#!/bin/sh\n"), None);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let whole = sample();
        for length in 0..whole.len() {
            assert_eq!(needed(&whole[..length]), None, "{length}");
        }
    }
}
