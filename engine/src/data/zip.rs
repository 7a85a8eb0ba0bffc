//! Zip archives, as far as NumPy and desktops write them: members that are stored or deflated, found by the directory at
//! the archive's end (PKWARE, APPNOTE.TXT 6.3.10). Parts, encryption and ZIP64 are refused by name.

use std::borrow::Cow;

use super::bytes::{self, FILE_MAX};
use crate::diagnostic::Diagnostic;

const MAGIC: &[u8] = b"PK\x03\x04";
/// The record that ends an archive, without its comment.
const END: usize = 22;
const ENTRY: usize = 46;
const LOCAL: usize = 30;
/// A comment may be so long.
const COMMENT_MAX: usize = 0xffff;

/// A file in an archive, unopened.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    pub name: Cow<'a, str>,
    method: u16,
    encrypted: bool,
    crc: u32,
    /// What it has when it is unpacked.
    size: usize,
    packed: usize,
    /// Where its own header begins.
    start: usize,
}

fn number<const N: usize>(file: &[u8], at: usize) -> Option<usize> {
    let bytes = file.get(at..at.checked_add(N)?)?;
    Some(bytes.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
}

fn damaged(at: usize) -> Diagnostic {
    bytes::at(at, "the archive is damaged or cut off here", "download it again, or save it anew")
}

/// Whether these bytes begin as an archive does.
pub fn is(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

/// The members of the archive, folders left out.
///
/// # Errors
/// No directory is found, or it leads out of the file.
pub fn members(file: &[u8]) -> Result<Vec<Member<'_>>, Diagnostic> {
    if !is(file) {
        return Err(bytes::at(0, "this is no zip archive", "choose a .npz file"));
    }
    let first = file.len().saturating_sub(END + COMMENT_MAX);
    let end = (first..=file.len().saturating_sub(END)).rev().find(|&i| file[i..].starts_with(b"PK\x05\x06"));
    let end = end.ok_or_else(|| damaged(file.len()))?;
    let read = |at| number::<2>(file, at).ok_or_else(|| damaged(at));
    let count = read(end + 10)?;
    let mut at = number::<4>(file, end + 16).ok_or_else(|| damaged(end))?;
    if count == 0xffff || at == 0xffff_ffff {
        return Err(bytes::at(end, "this is a ZIP64 archive", "save fewer or smaller arrays"));
    }
    let mut all = Vec::new();
    for _ in 0..count {
        let entry = file.get(at..).filter(|e| e.len() >= ENTRY && e.starts_with(b"PK\x01\x02"));
        let entry = entry.ok_or_else(|| damaged(at))?;
        let word = |i| number::<2>(entry, i).unwrap_or_default();
        let long = |i| number::<4>(entry, i).unwrap_or_default();
        let name = entry.get(ENTRY..ENTRY + word(28)).ok_or_else(|| damaged(at))?;
        let member = Member {
            name: String::from_utf8_lossy(name),
            method: word(10) as u16,
            encrypted: word(8) & 1 == 1,
            crc: long(16) as u32,
            packed: long(20),
            size: long(24),
            start: long(42),
        };
        at += ENTRY + word(28) + word(30) + word(32);
        if !member.name.ends_with('/') {
            all.push(member);
        }
    }
    Ok(all)
}

impl Member<'_> {
    /// What it holds, unpacked. No more is set aside than the archive can really fill.
    ///
    /// # Errors
    /// It is too large, encrypted, packed in another way, or its checksum is wrong.
    pub fn content<'a>(&self, file: &'a [u8]) -> Result<Cow<'a, [u8]>, Diagnostic> {
        if self.encrypted {
            return Err(bytes::at(self.start, "it is encrypted", "save it without a password"));
        }
        if self.size > FILE_MAX {
            let message = format!("it has more than {} MiB", FILE_MAX >> 20);
            return Err(bytes::at(self.start, message, "leave out samples, or use a smaller type"));
        }
        let header = file.get(self.start..).filter(|h| h.len() >= LOCAL && h.starts_with(MAGIC));
        let header = header.ok_or_else(|| damaged(self.start))?;
        let names = [26, 28].map(|i| number::<2>(header, i).unwrap_or_default());
        let from = LOCAL + names[0] + names[1];
        let packed = header.get(from..from + self.packed).ok_or_else(|| damaged(self.start))?;
        let content = match self.method {
            0 => Cow::Borrowed(packed),
            8 => miniz_oxide::inflate::decompress_to_vec_with_limit(packed, self.size)
                .map(Cow::Owned)
                .map_err(|_| damaged(self.start + from))?,
            other => {
                let message = format!("it is packed in a way that is not read (method {other})");
                return Err(bytes::at(self.start, message, "store it, or pack it by deflate: np.savez_compressed"));
            }
        };
        let mut crc = flate2::Crc::new();
        crc.update(&content);
        if content.len() != self.size || crc.sum() != self.crc {
            return Err(bytes::at(self.start, "its checksum is wrong", "download it again, or save it anew"));
        }
        Ok(content)
    }
}
