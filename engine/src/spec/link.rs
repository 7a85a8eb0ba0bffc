//! A spec as the fragment of a link: compact text, deflated, in base64url, headed by a version and a checksum; or, where
//! a person is to read it, in [few words](crate::spec::short).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::diagnostic::Diagnostic;
use crate::spec::{Spec, limits, percent, short, text};

/// Version of the packing; the text inside has its own.
const PACKING: u8 = 1;
/// The packing's version and the checksum of what follows it.
const HEAD: usize = 5;
/// Deflate's slowest and smallest.
const LEVEL: u8 = 10;

/// The fragment of a link to `spec`, without the `#`.
pub fn encode(spec: &Spec) -> String {
    pack(text::compact(spec).as_bytes())
}

/// Any content as a part of a link.
pub fn pack(content: &[u8]) -> String {
    let body = compress_to_vec(content, LEVEL);
    let mut bytes = vec![PACKING];
    bytes.extend(crc32(&body).to_le_bytes());
    bytes.extend(body);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a whole link, or its fragment alone, in its long or in its short form.
///
/// # Errors
/// A link that was cut, changed or made by a newer Signalbox; and all that [`text::read`] or [`short::read`] finds.
pub fn decode(link: &str) -> Result<Spec, Vec<Diagnostic>> {
    let fragment = link.trim().rsplit('#').next().unwrap_or_default();
    // The page's address names the experiment among other things: `#spec=…&device=cpu`.
    let named = fragment.split('&').find_map(|part| part.strip_prefix("spec="));
    let preset = fragment.split('&').find_map(|part| part.strip_prefix("preset="));
    if let (None, Some(preset)) = (named, preset) {
        let parts = fragment.split('&').filter_map(|part| part.split_once('='));
        let decoded = parts.map(|(key, value)| (percent::decode(key), percent::decode(value)));
        return short::read(
            &percent::decode(preset),
            &decoded.filter(|(k, _)| short::is_change(k)).collect::<Vec<_>>(),
        );
    }
    let fragment = named.unwrap_or_else(|| fragment.split('&').next().unwrap_or_default());
    if fragment.is_empty() {
        return Err(refuse("there is no experiment in it", "copy what follows the `#` too"));
    }
    let text = String::from_utf8(unpack(fragment)?).map_err(|_| damaged())?;
    text::read(&text)
}

fn refuse(message: &str, mend: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::new("link", message, mend)]
}

fn damaged() -> Vec<Diagnostic> {
    refuse("it is damaged or incomplete", "copy the whole link again")
}

/// What [`pack`] packed.
///
/// # Errors
/// Content that was cut, changed, packed by a newer Signalbox, or is too large.
pub fn unpack(fragment: &str) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let bytes = URL_SAFE_NO_PAD.decode(fragment).map_err(|_| damaged())?;
    let (head, body) = bytes.split_at_checked(HEAD).ok_or_else(damaged)?;
    if head[0] > PACKING && head[1..] == crc32(body).to_le_bytes() {
        return Err(refuse("it was made by a newer Signalbox", "open it with a newer Signalbox"));
    }
    if head[0] != PACKING || head[1..] != crc32(body).to_le_bytes() {
        return Err(damaged());
    }
    decompress_to_vec_with_limit(body, limits::TEXT).map_err(|e| match e.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
            refuse("what it unpacks to is too large", "use a file for so large an experiment")
        }
        _ => damaged(),
    })
}

/// The CRC-32 of IEEE 802.3.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let bit = |c: u32, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 };
    !bytes.iter().fold(u32::MAX, |c, &b| (0..8).fold(c ^ u32::from(b), bit))
}

#[cfg(test)]
mod tests;
