//! One NumPy array in a file of its own: the NPY format, versions 1 to 3 (NumPy Enhancement Proposal 1).
//!
//! A file is `\x93NUMPY`, two bytes of version, the header's length in two bytes (version 1) or four, the header, which is
//! a Python literal of type, order and shape, then the values.

use super::bytes::{self, FILE_MAX};
use crate::{diagnostic::Diagnostic, weights::half::from_half};

pub const MAGIC: &[u8] = b"\x93NUMPY";
const MEND: &str = "save it again with np.save";
/// No array of this rank is asked for.
const RANK_MAX: usize = 8;

/// What one value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
    /// Text of four-byte characters, and of bytes.
    Unicode,
    Bytes,
}

/// An array whose values still lie in the file.
#[derive(Debug, Clone)]
pub struct Array<'a> {
    pub shape: Vec<usize>,
    kind: Kind,
    /// Bytes of one value.
    size: usize,
    big: bool,
    /// How many values apart neighbours along each axis lie.
    pub strides: Vec<usize>,
    values: &'a [u8],
    /// Where the values begin.
    start: usize,
}

impl<'a> Array<'a> {
    /// The array in `file`.
    ///
    /// # Errors
    /// The file is no NPY file, is cut off, or holds what is neither numbers nor text: with the byte.
    pub fn read(file: &'a [u8]) -> Result<Self, Diagnostic> {
        let cut = |wanted: usize| {
            let message = format!("the file ends here, but should have {wanted} bytes");
            bytes::at(file.len(), message, "download it again, or save it anew")
        };
        if let Some(at) = MAGIC.iter().zip(file).position(|(want, have)| want != have) {
            return Err(bytes::at(at, "this is no NumPy array", "choose a file that np.save wrote"));
        }
        let &[major, minor] = file.get(6..8).ok_or_else(|| cut(10))? else { return Err(cut(10)) };
        let wide = match (major, minor) {
            (1, 0) => 2,
            (2 | 3, 0) => 4,
            (_, _) => {
                let message = format!("version {major}.{minor} of the format is not known");
                return Err(bytes::at(6, message, MEND));
            }
        };
        let length = file.get(8..8 + wide).ok_or_else(|| cut(8 + wide))?;
        let length = length.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b));
        let (head, start) = (8 + wide, 8 + wide + length.min(FILE_MAX));
        let header = file.get(head..start).ok_or_else(|| cut(start))?;
        let header = String::from_utf8_lossy(header);
        let unclear = |what: &str| bytes::at(head, format!("its header names no {what}"), MEND);
        let descr = after(&header, "descr").ok_or_else(|| unclear("type"))?;
        let fortran = after(&header, "fortran_order").ok_or_else(|| unclear("order"))?.starts_with("True");
        let shape = after(&header, "shape").and_then(shape).ok_or_else(|| unclear("shape"))?;
        let (kind, size, big) = kind(descr).map_err(|(message, mend)| bytes::at(head, message, mend))?;

        // An empty array's other sides are held to the limit too: the strides are products of them.
        let bounded = shape.iter().try_fold(size as u64, |n, &side| n.checked_mul(side.max(1)));
        if bounded.is_none_or(|n| n > FILE_MAX as u64) {
            let sides: Vec<_> = shape.iter().map(u64::to_string).collect();
            let message = format!("{} values of {size} bytes are more than are read", sides.join(" × "));
            let mend = format!("at most {} MiB are: leave some out", FILE_MAX >> 20);
            return Err(bytes::at(head, message, mend));
        }
        let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        let total = size * shape.iter().product::<usize>();
        let values = &file[start..];
        if values.len() < total {
            return Err(cut(start + total));
        }
        if values.len() > total {
            let message = format!("{} bytes too many: the shape calls for {total}", values.len() - total);
            return Err(bytes::at(start + total, message, "save one array in a file"));
        }
        let mut strides = vec![1; shape.len()];
        let axes: Vec<usize> = if fortran { (0..shape.len()).collect() } else { (0..shape.len()).rev().collect() };
        for pair in axes.windows(2) {
            strides[pair[1]] = strides[pair[0]] * shape[pair[0]];
        }
        Ok(Self { shape, kind, size, big, strides, values, start })
    }

    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Unicode | Kind::Bytes)
    }

    /// Whether values are bytes from 0 to 255, as pixels mostly are.
    pub fn is_bytes(&self) -> bool {
        self.kind == Kind::Unsigned && self.size == 1
    }

    /// The value's bytes, the least significant first.
    fn raw<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut raw = [0; N];
        let from = at * self.size;
        for (to, b) in raw.iter_mut().zip(self.values.get(from..from + self.size).unwrap_or_default()) {
            *to = *b;
        }
        if self.big {
            raw[..self.size.min(N)].reverse();
        }
        raw
    }

    /// The number that lies at `at`, a sum of strides.
    pub fn number(&self, at: usize) -> f64 {
        match (self.kind, self.size) {
            (Kind::Bool, _) => f64::from(u8::from(self.raw::<1>(at) != [0])),
            (Kind::Unsigned, _) => u64::from_le_bytes(self.raw(at)) as f64,
            (Kind::Signed, size) => {
                // The sign stands in the highest of the bytes that are there.
                let shift = 64 - 8 * size.min(8) as u32;
                ((u64::from_le_bytes(self.raw(at)) << shift) as i64 >> shift) as f64
            }
            (Kind::Float, 2) => f64::from(from_half(u16::from_le_bytes(self.raw(at)))),
            (Kind::Float, 4) => f64::from(f32::from_le_bytes(self.raw(at))),
            (Kind::Float, _) => f64::from_le_bytes(self.raw(at)),
            (Kind::Unicode | Kind::Bytes, _) => f64::NAN,
        }
    }

    /// The text that lies at `at`.
    pub fn text(&self, at: usize) -> String {
        let value = self.values.get(at * self.size..(at + 1) * self.size).unwrap_or_default();
        if self.kind == Kind::Bytes {
            return String::from_utf8_lossy(value).trim_end_matches('\0').to_owned();
        }
        let code = |c: &[u8]| {
            let c = [c[0], c[1], c[2], c[3]];
            if self.big { u32::from_be_bytes(c) } else { u32::from_le_bytes(c) }
        };
        let text: String = value.chunks_exact(4).map(|c| char::from_u32(code(c)).unwrap_or('\u{fffd}')).collect();
        text.trim_end_matches('\0').to_owned()
    }

    /// The byte of the value at `at`.
    pub fn byte(&self, at: usize) -> usize {
        self.start + at * self.size
    }
}

/// What the header says of `key`.
fn after<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let quoted = |mark: char| header.split_once(&format!("{mark}{key}{mark}"));
    let (_, rest) = quoted('\'').or_else(|| quoted('"'))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// Sides as the file says them: more than memory can hold, where they are damaged.
fn shape(text: &str) -> Option<Vec<u64>> {
    let (inner, _) = text.strip_prefix('(')?.split_once(')')?;
    let sides = inner.split(',').map(|s| s.trim().trim_end_matches('L')).filter(|s| !s.is_empty());
    let shape: Vec<u64> = sides.map(|s| s.parse().ok()).collect::<Option<_>>()?;
    (shape.len() <= RANK_MAX).then_some(shape)
}

/// The kind of a type's name, bytes of one value, and whether the most significant of them is the first.
fn kind(descr: &str) -> Result<(Kind, usize, bool), (String, &'static str)> {
    let name: String = descr.chars().skip(1).take_while(|c| !matches!(c, '\'' | '"')).collect();
    let plain = name.trim_start_matches(['<', '>', '|', '=']);
    let (letter, digits) = plain.split_at(plain.chars().next().map_or(0, char::len_utf8));
    let count: Option<usize> = digits.parse().ok().filter(|n| (1..=FILE_MAX).contains(n));
    let kind = match (letter, count) {
        ("b", Some(1)) => (Kind::Bool, 1),
        ("u", Some(n @ (1 | 2 | 4 | 8))) => (Kind::Unsigned, n),
        ("i", Some(n @ (1 | 2 | 4 | 8))) => (Kind::Signed, n),
        ("f", Some(n @ (2 | 4 | 8))) => (Kind::Float, n),
        ("U", Some(n)) if n <= FILE_MAX / 4 => (Kind::Unicode, 4 * n),
        ("S", Some(n)) => (Kind::Bytes, n),
        ("O", _) => {
            return Err((
                "it holds Python objects".into(),
                "make it an array of numbers: np.stack or .astype(np.float32)",
            ));
        }
        (_, _) if descr.starts_with('[') => {
            return Err(("it has several fields a value".into(), "save the fields as arrays of their own"));
        }
        ("c", _) => return Err(("its numbers are complex".into(), "save real numbers")),
        (_, _) => {
            return Err((
                format!("its type `{}` is not read", clipped(&name)),
                "save it as float32: .astype(np.float32)",
            ));
        }
    };
    Ok((kind.0, kind.1, name.starts_with('>')))
}

fn clipped(text: &str) -> String {
    text.chars().take(20).collect()
}
