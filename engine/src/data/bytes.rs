//! What every reader of bytes does first: count the files, refuse foreign formats by name, unpack gzip under a cap.

use std::{borrow::Cow, io::Read};

use super::Part;
use crate::diagnostic::Diagnostic;

/// The largest file that is read, packed or unpacked: MNIST's 60,000 training images take 45 MiB.
pub const FILE_MAX: usize = 64 << 20;

/// A fault at a byte offset.
pub fn at(byte: usize, message: impl Into<String>, mend: impl Into<String>) -> Diagnostic {
    Diagnostic::new(format!("byte {byte}"), message, mend)
}

/// Exactly as many files as there are parts.
pub fn parts<'a, const N: usize>(files: &[&'a [u8]], parts: &[Part; N]) -> Result<[&'a [u8]; N], Diagnostic> {
    <[&[u8]; N]>::try_from(files).map_err(|_| {
        let names: Vec<_> = parts.iter().map(|p| p.name).collect();
        let files = files.len();
        Diagnostic::new("files", format!("{files} given, {N} needed"), format!("choose: {}", names.join(", ")))
    })
}

/// The one file of an asset.
pub fn one<'a>(files: &[&'a [u8]]) -> Result<&'a [u8], Diagnostic> {
    match files {
        [file] => Ok(file),
        _ => Err(Diagnostic::new("files", format!("{} given, 1 needed", files.len()), "")),
    }
}

/// Formats that are often given by mistake: their first bytes, what to call them, what to do.
const FOREIGN: &[(&[u8], &str, &str)] = &[
    (
        b"PK\x03\x04",
        "a zip archive (or a spreadsheet)",
        "unpack it, or save the sheet as CSV; arrays in a .npz are a dataset of their own",
    ),
    (b"\x89PNG", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"%PDF", "a PDF document", ""),
    (b"BZh", "packed with bzip2", "unpack it first"),
    (b"\xfd7zXZ\0", "packed with xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it first"),
    (b"\x93NUMPY", "a NumPy array", "choose “Your arrays (NPY)” as the dataset"),
    (b"\x89HDF", "an HDF5 file", "save it as CSV"),
    (b"PAR1", "a Parquet file", "save it as CSV"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
];

/// Refuses what is empty, over [`FILE_MAX`], or plainly something else. `wanted` names what belongs here.
pub fn refuse_foreign(bytes: &[u8], wanted: &str) -> Result<(), Diagnostic> {
    if bytes.is_empty() {
        return Err(at(0, "the file is empty", format!("choose {wanted}")));
    }
    if bytes.len() > FILE_MAX {
        let message = format!("the file has more than {} MiB", FILE_MAX >> 20);
        return Err(at(0, message, "leave out samples or pixels"));
    }
    for (magic, name, mend) in FOREIGN {
        if bytes.starts_with(magic) {
            let mend = if mend.is_empty() { format!("choose {wanted}") } else { (*mend).to_owned() };
            return Err(at(0, format!("this is {name}, not {wanted}"), mend));
        }
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let tag = text.get(..5).unwrap_or(text).to_ascii_lowercase();
    if [&b"<!doc"[..], b"<html", b"<?xml", b"<!--"].iter().any(|t| tag.starts_with(t)) {
        return Err(at(0, format!("this is a web page, not {wanted}"), "download the file itself"));
    }
    Ok(())
}

/// Whether these bytes begin as a file that gzip packed does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// What a file that gzip packed holds: at most a byte more than [`FILE_MAX`].
pub fn inflated(bytes: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let mut inner = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).take(FILE_MAX as u64 + 1).read_to_end(&mut inner).map_err(|e| {
        at(bytes.len(), format!("the gzip data is damaged or cut off: {e}"), "download it again, or unpack it first")
    })?;
    Ok(inner)
}

/// The content of a file that may be packed with gzip, checked for foreign formats before and after.
pub fn unpacked<'a>(bytes: &'a [u8], wanted: &str) -> Result<Cow<'a, [u8]>, Diagnostic> {
    refuse_foreign(bytes, wanted)?;
    if !is_gzip(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let inner = inflated(bytes)?;
    refuse_foreign(&inner, wanted)?;
    Ok(Cow::Owned(inner))
}

/// The text that a file holds.
pub fn utf8<'a>(file: &'a [u8], mend: &str) -> Result<&'a str, Diagnostic> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    std::str::from_utf8(file).map_err(|e| {
        let before = &file[..e.valid_up_to()];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        Diagnostic::new(format!("line {line}"), format!("byte {:#04x} is not UTF-8", file[before.len()]), mend)
    })
}
