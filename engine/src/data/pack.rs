//! The container of packed datasets in `assets/data/`: one file, checked as a whole before anything in it is believed.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0–6 | `89 53 42 44 0D 0A 1A`: fails at once where line ends were translated or the eighth bit was lost |
//! | 7 | version, 1 |
//! | 8–11 | length of the header, little-endian |
//! | 12–15 | CRC-32 of everything from byte 16 on |
//! | 16– | header, JSON: [`Header`] of samples, [`Lines`] of long rows of values |
//! | then | raw deflate stream: the samples row by row (training, then test), then their labels, a byte each; or the values of each part |

use std::io::Read;

use serde::Deserialize;

use super::{Data, Look, Split, VALUES_MAX, bytes};
use crate::diagnostic::Diagnostic;

const MAGIC: &[u8; 7] = b"\x89SBD\r\n\x1a";
const VERSION: u8 = 1;
const PREFIX: usize = 16;
const MEND: &str = "load it again; if that does not help, the copy on the server is damaged";

/// What a pack of samples says of its content.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub dtype: Dtype,
    /// A value is what is stored divided by this.
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

/// What a pack of long rows of values says: texts, series, pictures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    pub dtype: Dtype,
    /// A value is what is stored divided by this.
    pub divisor: u16,
    /// What each token is written as; empty where the values are no tokens.
    pub tokens: Vec<String>,
    /// Name and number of values of each part.
    pub parts: Vec<(String, usize)>,
    pub source: String,
    pub licence: String,
    pub citation: String,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    U8,
    /// Little-endian.
    F32,
}

impl Dtype {
    fn size(self) -> usize {
        match self {
            Dtype::U8 => 1,
            Dtype::F32 => 4,
        }
    }

    fn values(self, stored: &[u8], divisor: u16) -> Vec<f32> {
        let divisor = f32::from(divisor);
        match self {
            Dtype::U8 => stored.iter().map(|&v| f32::from(v) / divisor).collect(),
            Dtype::F32 => {
                stored.chunks_exact(4).map(|v| f32::from_le_bytes([v[0], v[1], v[2], v[3]]) / divisor).collect()
            }
        }
    }
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

impl Lines {
    /// Values of all parts together.
    fn count(&self) -> Option<usize> {
        let values = self.parts.iter().try_fold(0_usize, |n, part| n.checked_add(part.1))?;
        (values > 0 && values <= VALUES_MAX && self.divisor > 0).then_some(values)
    }
}

/// A pack whose checksum is right: its header, and what follows from byte `start` on.
struct Opened<'a> {
    header: &'a [u8],
    body: &'a [u8],
    start: usize,
}

impl<'a> Opened<'a> {
    fn new(file: &'a [u8]) -> Result<Self, Diagnostic> {
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
        Ok(Self { header, body, start: PREFIX + length })
    }

    fn header<T: Deserialize<'a>>(&self) -> Result<T, Diagnostic> {
        serde_json::from_slice(self.header)
            .map_err(|e| bytes::at(PREFIX, format!("the header cannot be read: {e}"), MEND))
    }

    /// The unpacked content, which must be `expected` bytes.
    fn content(&self, expected: usize) -> Result<Vec<u8>, Diagnostic> {
        let mut content = Vec::with_capacity(expected);
        flate2::read::DeflateDecoder::new(self.body)
            .take(expected as u64 + 1)
            .read_to_end(&mut content)
            .map_err(|e| bytes::at(self.start, format!("the samples cannot be unpacked: {e}"), MEND))?;
        if content.len() != expected {
            let message = format!("{} bytes unpacked where {expected} belong", content.len());
            return Err(bytes::at(self.start, message, MEND));
        }
        Ok(content)
    }
}

fn absurd() -> Diagnostic {
    bytes::at(PREFIX, "the header's sizes make no sense", MEND)
}

/// Checks a pack of samples of this `shape` and reads it. `look` is the caller's to say.
///
/// # Errors
/// Anything but an undamaged pack of that shape, with the byte.
pub fn read(file: &[u8], shape: &[usize], look: Look) -> Result<Data, Diagnostic> {
    let pack = Opened::new(file)?;
    let header: Header = pack.header()?;
    if header.shape != shape {
        let message = format!("the samples have shape {:?}, but this dataset's have {shape:?}", header.shape);
        return Err(bytes::at(PREFIX, message, MEND));
    }
    let (width, samples) = header.counts().ok_or_else(absurd)?;
    let size = header.dtype.size();
    let content = pack.content((width * size + 1) * samples)?;
    let (values, labels) = content.split_at(width * size * samples);
    if let Some(i) = labels.iter().position(|&l| usize::from(l) >= header.classes.len()) {
        let message = format!("sample {i} has label {}, but there are {} classes", labels[i], header.classes.len());
        return Err(bytes::at(pack.start, message, MEND));
    }
    let split = |from: usize, to: usize| Split {
        x: header.dtype.values(&values[from * width * size..to * width * size], header.divisor),
        y: labels[from..to].iter().map(|&l| f32::from(l)).collect(),
        len: to - from,
    };
    let (train, test) = (split(0, header.train), split(header.train, samples));
    if let Some(i) = train.x.iter().chain(&test.x).position(|v| !v.is_finite()) {
        return Err(bytes::at(pack.start, format!("value {i} is not finite"), MEND));
    }
    Ok(Data { columns: header.columns, ..Data::of_classes(header.shape, header.classes, train, test, look) })
}

/// Checks a pack of long rows of values and reads it: the header, and the values of each part.
///
/// # Errors
/// Anything but an undamaged pack of that kind, with the byte.
pub fn lines(file: &[u8]) -> Result<(Lines, Vec<Vec<f32>>), Diagnostic> {
    let pack = Opened::new(file)?;
    let header: Lines = pack.header()?;
    let count = header.count().ok_or_else(absurd)?;
    let content = pack.content(count * header.dtype.size())?;
    let all = header.dtype.values(&content, header.divisor);
    let known = |v: &f32| header.tokens.is_empty() || v.fract() == 0.0 && *v < header.tokens.len() as f32;
    if let Some(i) = all.iter().position(|v| !v.is_finite() || !known(v)) {
        let message = format!("value {i} is {}, which stands for nothing", all[i]);
        return Err(bytes::at(pack.start, message, MEND));
    }
    let mut rest = all.as_slice();
    let parts = header.parts.iter().map(|part| {
        let (values, left) = rest.split_at(part.1);
        rest = left;
        values.to_vec()
    });
    let parts = parts.collect();
    Ok((header, parts))
}

/// The values of the part called `name`.
///
/// # Errors
/// There is none.
pub fn named(header: &Lines, parts: Vec<Vec<f32>>, name: &str) -> Result<Vec<f32>, Diagnostic> {
    let found = header.parts.iter().zip(parts).find(|(part, _)| part.0 == name);
    found.map(|(_, values)| values).ok_or_else(|| bytes::at(PREFIX, format!("there is no part `{name}`"), MEND))
}
