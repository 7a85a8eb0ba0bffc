//! The page as one archive, to be unpacked on any server: ZIP (APPNOTE 6.3.10), its entries deflated.

use std::{
    fs,
    path::{Path, PathBuf},
};

use miniz_oxide::deflate::compress_to_vec;

use crate::step::{Done, root};

/// Deflate's level: the next ones take three times as long for one part in a hundred.
const LEVEL: u8 = 6;
/// The first of January 1980, the format's earliest: equal pages make equal archives.
const DATE: u16 = 0x21;
/// Version of the format that deflated entries need, and the bit that says that names are UTF-8.
const NEEDED: u16 = 20;
const UTF8: u16 = 1 << 11;
const DEFLATED: u16 = 8;

const README: &str = "\
Signalbox, the page. It needs no installation and no network beyond its own folder.

Put this folder on any web server, under any path. `.wasm` must be sent as application/wasm; every common server does.

To try it on your own machine, serve the folder, for example with Python:

    python3 -m http.server 8000

and open http://localhost:8000 in a browser.

Opening index.html as a file does not work: browsers load no modules and no WebAssembly from files.
";

/// Writes `dist/` as `dist/signalbox-VERSION.zip`.
pub fn zip() -> Done {
    let dist = root().join("dist");
    let archive = dist.join(concat!("signalbox-", env!("CARGO_PKG_VERSION"), ".zip"));
    let folder = concat!("signalbox-", env!("CARGO_PKG_VERSION"));
    let mut entries = vec![(format!("{folder}/README.txt"), README.as_bytes().to_vec())];
    for file in files(&dist)?.into_iter().filter(|file| file.extension().is_none_or(|e| e != "zip")) {
        let inside = file.strip_prefix(&dist).map_err(|error| error.to_string())?;
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        entries.push((format!("{folder}/{}", parts.join("/")), bytes));
    }
    let bytes = pack(&entries)?;
    fs::write(&archive, &bytes).map_err(|error| format!("{}: {error}", archive.display()))?;
    println!("{}: {} files, {} bytes", archive.display(), entries.len(), bytes.len());
    Ok(())
}

/// Every file under `folder`, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// An archive of these names and contents.
fn pack(entries: &[(String, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let body = compress_to_vec(content, LEVEL);
        // What both headers say of an entry, from the version that it needs to the length of its extra field.
        let mut told = Vec::new();
        [NEEDED, UTF8, DEFLATED, 0, DATE].iter().for_each(|v| told.extend(v.to_le_bytes()));
        for v in [crc32(content), length(body.len())?, length(content.len())?] {
            told.extend(v.to_le_bytes());
        }
        told.extend(u16::try_from(name.len()).map_err(|_| format!("{name}: too long a name"))?.to_le_bytes());
        told.extend([0; 2]);

        let at = length(out.len())?;
        out.extend(b"PK\x03\x04");
        out.extend(&told);
        out.extend(name.as_bytes());
        out.extend(body);

        directory.extend(b"PK\x01\x02");
        directory.extend(NEEDED.to_le_bytes());
        directory.extend(&told);
        // Comment, disk, attributes: none.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size) = (length(out.len())?, length(directory.len())?);
    let count = u16::try_from(entries.len()).map_err(|_| "too many files for an archive".to_owned())?;
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    [count, count].iter().for_each(|v| out.extend(v.to_le_bytes()));
    [size, at].iter().for_each(|v| out.extend(v.to_le_bytes()));
    out.extend([0; 2]);
    Ok(out)
}

fn length(bytes: usize) -> Result<u32, String> {
    u32::try_from(bytes).map_err(|_| "an archive of this form holds at most 4 GB".to_owned())
}

/// The CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] =
        std::array::from_fn(|i| (0..8).fold(i as u32, |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 }));
    !bytes.iter().fold(u32::MAX, |c, &b| (c >> 8) ^ table[((c ^ u32::from(b)) & 0xff) as usize])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    /// Read by the rules of the format: from its end to the directory, from there to each entry.
    #[test]
    fn an_archive_holds_what_was_put_in() {
        let entries = [("a/b.txt".to_owned(), b"hello, hello, hello".to_vec()), ("größe".to_owned(), Vec::new())];
        let zip = pack(&entries).unwrap();
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
        let u32_at = |at: usize| u32::from_le_bytes([zip[at], zip[at + 1], zip[at + 2], zip[at + 3]]) as usize;
        let end = zip.len() - 22;
        assert_eq!((&zip[end..end + 4], u16_at(end + 10)), (&b"PK\x05\x06"[..], 2));
        let mut at = u32_at(end + 16);
        assert_eq!(at + u32_at(end + 12), end);
        for (name, content) in &entries {
            assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
            let (packed, whole, letters) = (u32_at(at + 20), u32_at(at + 24), u16_at(at + 28));
            assert_eq!(&zip[at + 46..at + 46 + letters], name.as_bytes());
            let local = u32_at(at + 42);
            assert_eq!(&zip[local..local + 4], b"PK\x03\x04");
            let body = local + 30 + u16_at(local + 26) + u16_at(local + 28);
            let unpacked = miniz_oxide::inflate::decompress_to_vec(&zip[body..body + packed]).unwrap();
            assert_eq!((&unpacked, whole, u32_at(local + 14)), (content, content.len(), crc32(content) as usize));
            at += 46 + letters;
        }
        assert_eq!(at, end);
    }
}
