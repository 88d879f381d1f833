//! A kernel that somebody built: a file of the x86 boot protocol (the kernel's
//! Documentation/arch/x86/boot.rst).

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::Kernel;

/// Where the protocol's magic `HdrS` stands.
const MAGIC: usize = 0x202;
/// Where it says how far behind the first sector the version is, as text.
const VERSION: usize = 0x20e;

/// A version never has a slash, and a file may be named without one.
pub(super) fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).is_file()
}

/// Looks into the file, so that a machine is not started in vain.
pub(super) fn read(image: &Path) -> Result<Kernel> {
    let shown = image.display();
    let bytes = fs::read(image).with_context(|| format!("cannot read the kernel {shown}"))?;
    if let Some(why) = refusal(&bytes) {
        bail!("{shown} is no kernel that can be booted here: {why}");
    }
    let name = image.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    let release = release(&bytes).unwrap_or_else(|| name.clone());
    let (package, version) = (String::new(), String::new());
    Ok(Kernel { name, release, package, version, image: image.to_path_buf() })
}

/// Whether a file can be booted by the protocol.
pub(super) fn is_bootable(bytes: &[u8]) -> bool {
    bytes.get(MAGIC..MAGIC + 4) == Some(b"HdrS")
}

/// What the file is instead of a kernel.
fn refusal(bytes: &[u8]) -> Option<&'static str> {
    if is_bootable(bytes) {
        return None;
    }
    Some(match bytes {
        [0x7f, b'E', b'L', b'F', ..] => {
            "it is an ELF file, such as the vmlinux that is linked first; take \
             arch/x86/boot/bzImage of the same build"
        }
        [0x1f, 0x8b, ..] => "it is compressed by gzip; unpack it first",
        [b'!', b'<', ..] => "it is a Debian package; take the /boot/vmlinuz-* out of it",
        _ if bytes.get(56..60) == Some(b"ARM\x64") => "it is for arm64, and the machine is x86_64",
        _ => "the x86 boot protocol's magic (HdrS at 0x202) is missing; take a bzImage or vmlinuz",
    })
}

/// What `uname -r` will say: the first word of the version.
fn release(bytes: &[u8]) -> Option<String> {
    let offset = bytes.get(VERSION..VERSION + 2)?;
    let offset = usize::from(u16::from_le_bytes(offset.try_into().ok()?));
    let text = bytes.get(offset.checked_add(0x200)?..)?;
    let word = text.split(|byte| *byte == 0 || *byte == b' ').next()?;
    let word = std::str::from_utf8(word).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-._~".contains(c);
    (!word.is_empty() && word.len() < 65 && word.chars().all(plain)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of an image whose version stands at 0x300.
    fn image() -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        bytes[MAGIC..MAGIC + 4].copy_from_slice(b"HdrS");
        bytes[VERSION..VERSION + 2].copy_from_slice(&0x100_u16.to_le_bytes());
        bytes[0x300..0x313].copy_from_slice(b"6.12.1-own (me@here");
        bytes
    }

    #[test]
    fn an_image_names_its_release() {
        assert_eq!(refusal(&image()), None);
        assert_eq!(release(&image()).as_deref(), Some("6.12.1-own"));
        assert_eq!(release(&image()[..0x250]), None);
    }

    #[test]
    fn what_is_no_image_is_refused_with_what_to_take_instead() {
        assert!(refusal(b"\x7fELF\x02").unwrap().contains("bzImage"));
        assert!(refusal(b"!<arch>\n").unwrap().contains("package"));
        assert!(refusal(b"").unwrap().contains("HdrS"));
    }

    #[test]
    fn a_version_is_no_path() {
        assert!(!is_path("6.12") && is_path("./6.12") && is_path("/boot/vmlinuz"));
    }
}
