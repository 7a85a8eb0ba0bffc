//! The container of packed datasets in `assets/data/`: one file, checked as a whole before anything in it is believed.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0–6 | `89 53 42 44 0D 0A 1A`: fails at once where line ends were translated or the eighth bit was lost |
//! | 7 | version, 1 |
//! | 8–11 | length of the header, little-endian |
//! | 12–15 | CRC-32 of everything from byte 16 on |
//! | 16– | header, JSON: [`Header`] |
//! | then | raw deflate stream: the samples row by row (training, then test), then their labels, a byte each |

use std::io::Read;

use serde::Deserialize;

use super::{Data, Look, Split, VALUES_MAX, bytes};
use crate::diagnostic::Diagnostic;

const MAGIC: &[u8; 7] = b"\x89SBD\r\n\x1a";
const VERSION: u8 = 1;
const PREFIX: usize = 16;
const MEND: &str = "load it again; if that does not help, the copy on the server is damaged";

/// What a pack says of its content.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub dtype: Dtype,
    /// A value is its byte divided by this.
    pub divisor: u16,
    /// Shape of one sample.
    pub shape: Vec<usize>,
    pub train: usize,
    pub test: usize,
    /// Names of the classes, in label order.
    pub classes: Vec<String>,
    /// Names of the features; empty for images.
    pub columns: Vec<String>,
    pub source: String,
    pub licence: String,
    pub citation: String,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    U8,
}

impl Header {
    /// Values of one sample, and samples; refused where they are absurd, so that no size is taken on trust.
    fn counts(&self) -> Option<(usize, usize)> {
        let width = self.shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))?;
        let samples = self.train.checked_add(self.test)?;
        let values = width.checked_mul(samples)?;
        (values > 0 && values <= VALUES_MAX && self.divisor > 0).then_some((width, samples))
    }
}

/// Checks a pack of samples of this `shape` and reads it. `look` is the caller's to say.
///
/// # Errors
/// Anything but an undamaged pack of that shape, with the byte.
pub fn read(file: &[u8], shape: &[usize], look: Look) -> Result<Data, Diagnostic> {
    bytes::refuse_foreign(file, "a packed dataset")?;
    let magic = MAGIC.iter().chain([&VERSION]);
    if let Some(off) = magic.zip(file).position(|(want, have)| want != have) {
        let message = if off < MAGIC.len() { "this is no packed dataset" } else { "unknown version" };
        return Err(bytes::at(off, message, MEND));
    }
    let Some((prefix, rest)) = file.split_at_checked(PREFIX) else {
        return Err(bytes::at(file.len(), "the file is cut off", MEND));
    };
    let word = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]);
    let mut crc = flate2::Crc::new();
    crc.update(rest);
    if crc.sum() != word(12) {
        let message = format!("the checksum of the {} bytes from here on is wrong", rest.len());
        return Err(bytes::at(PREFIX, message, MEND));
    }
    let length = word(8) as usize;
    let Some((header, body)) = rest.split_at_checked(length) else {
        return Err(bytes::at(8, format!("a header of {length} bytes does not fit"), MEND));
    };
    let header: Header = serde_json::from_slice(header)
        .map_err(|e| bytes::at(PREFIX, format!("the header cannot be read: {e}"), MEND))?;
    if header.shape != shape {
        let message = format!("the samples have shape {:?}, but this dataset's have {shape:?}", header.shape);
        return Err(bytes::at(PREFIX, message, MEND));
    }
    let Some((width, samples)) = header.counts() else {
        return Err(bytes::at(PREFIX, "the header's sizes make no sense", MEND));
    };

    let expected = (width + 1) * samples;
    let mut content = Vec::with_capacity(expected);
    let start = PREFIX + length;
    flate2::read::DeflateDecoder::new(body)
        .take(expected as u64 + 1)
        .read_to_end(&mut content)
        .map_err(|e| bytes::at(start, format!("the samples cannot be unpacked: {e}"), MEND))?;
    if content.len() != expected {
        let message = format!("{} bytes unpacked where {expected} belong", content.len());
        return Err(bytes::at(start, message, MEND));
    }
    let (values, labels) = content.split_at(width * samples);
    if let Some(i) = labels.iter().position(|&l| usize::from(l) >= header.classes.len()) {
        let message = format!("sample {i} has label {}, but there are {} classes", labels[i], header.classes.len());
        return Err(bytes::at(start, message, MEND));
    }
    let split = |from: usize, to: usize| Split {
        x: match header.dtype {
            Dtype::U8 => {
                values[from * width..to * width].iter().map(|&v| f32::from(v) / f32::from(header.divisor)).collect()
            }
        },
        y: labels[from..to].iter().map(|&l| f32::from(l)).collect(),
        len: to - from,
    };
    let (train, test) = (split(0, header.train), split(header.train, samples));
    Ok(Data { columns: header.columns, ..Data::of_classes(header.shape, header.classes, train, test, look) })
}
