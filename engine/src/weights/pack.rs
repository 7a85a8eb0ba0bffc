//! Weights as a short text, for links and for states that a page keeps: names, shapes and numbers, deflated, in base64url,
//! headed by a version, the numbers' precision and a checksum.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::half::{from_half, to_half};
use super::{Tensor, Weights};
use crate::diagnostic::Diagnostic;
use crate::spec::link::crc32;

const PACKING: u8 = 1;
/// Version, precision, checksum of what follows.
const HEAD: usize = 6;
/// Deflate's level: higher ones cost much time and gain little on weights.
const LEVEL: u8 = 6;
/// Bytes that a text may unpack to.
const MOST: usize = 64 << 20;
/// Letters of a register's name, and axes, at most.
const NAME: usize = 1000;
const AXES: usize = 8;

/// How numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As they are.
    Single,
    /// Rounded to half precision (IEEE 754 binary16): about three decimal places.
    Half,
}

/// The text of `weights`; `None` where a number is too large for the precision.
pub fn pack(weights: &Weights, precision: Precision) -> Option<String> {
    let mut body = Vec::new();
    body.extend((weights.len() as u32).to_le_bytes());
    for (name, tensor) in weights {
        body.extend((name.len() as u32).to_le_bytes());
        body.extend(name.as_bytes());
        body.extend((tensor.shape.len() as u32).to_le_bytes());
        tensor.shape.iter().for_each(|&extent| body.extend((extent as u32).to_le_bytes()));
    }
    let numbers = || weights.values().flat_map(|t| t.data.iter().copied());
    // Exponents alike stand side by side: the bytes go by their place in the number, not by number.
    match precision {
        Precision::Single => (0..4).for_each(|place| body.extend(numbers().map(|v| v.to_le_bytes()[place]))),
        Precision::Half => {
            let halves: Vec<u16> = numbers().map(to_half).collect::<Option<_>>()?;
            (0..2).for_each(|place| body.extend(halves.iter().map(|v| v.to_le_bytes()[place])));
        }
    }
    let body = compress_to_vec(&body, LEVEL);
    let precision = match precision {
        Precision::Single => 0,
        Precision::Half => 1,
    };
    let mut bytes = vec![PACKING, precision];
    bytes.extend(crc32(&body).to_le_bytes());
    bytes.extend(body);
    Some(text(&bytes))
}

/// The bytes of a packed text; `None` where it is none.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim()).ok()
}

/// The packed text of these bytes.
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`pack`] wrote.
///
/// # Errors
/// A text that was cut or changed, one of a newer Signalbox, or one that unpacks to too much.
pub fn unpack(text: &str) -> Result<Weights, Diagnostic> {
    let refuse = |message: &str, mend: &str| Diagnostic::new("weights", message, mend);
    let damaged = || refuse("they are damaged or incomplete", "copy the whole link again");
    let bytes = bytes(text).ok_or_else(damaged)?;
    let (head, body) = bytes.split_at_checked(HEAD).ok_or_else(damaged)?;
    if head[2..] != crc32(body).to_le_bytes() {
        return Err(damaged());
    }
    let precision = match (head[0], head[1]) {
        (PACKING, 0) => Precision::Single,
        (PACKING, 1) => Precision::Half,
        (0, _) => return Err(damaged()),
        (_, _) => return Err(refuse("they were made by a newer Signalbox", "open them with a newer Signalbox")),
    };
    let body = decompress_to_vec_with_limit(body, MOST).map_err(|e| match e.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
            refuse("what they unpack to is too large", "use a file for so large a network")
        }
        _ => damaged(),
    })?;
    read(&mut Reader(&body), precision).ok_or_else(damaged)
}

fn read(from: &mut Reader, precision: Precision) -> Option<Weights> {
    let count = from.whole()?;
    let mut heads = Vec::new();
    for _ in 0..count {
        let letters = from.whole().filter(|n| *n <= NAME)?;
        let name = String::from_utf8(from.take(letters)?.to_vec()).ok()?;
        let axes = from.whole().filter(|n| *n <= AXES)?;
        let shape: Vec<usize> = (0..axes).map(|_| from.whole()).collect::<Option<_>>()?;
        let size = shape.iter().try_fold(1_usize, |size, extent| size.checked_mul(*extent))?;
        heads.push((name, shape, size));
    }
    let total = heads.iter().try_fold(0_usize, |sum, head| sum.checked_add(head.2))?;
    let width = match precision {
        Precision::Single => 4,
        Precision::Half => 2,
    };
    let planes = from.take(total.checked_mul(width)?)?;
    if !from.0.is_empty() {
        return None;
    }
    let byte = |i: usize, place: usize| planes[place * total + i];
    let number = |i: usize| match precision {
        Precision::Single => f32::from_le_bytes([byte(i, 0), byte(i, 1), byte(i, 2), byte(i, 3)]),
        Precision::Half => from_half(u16::from_le_bytes([byte(i, 0), byte(i, 1)])),
    };
    let mut at = 0;
    let tensor = |(name, shape, size): (String, Vec<usize>, usize)| {
        let data = (at..at + size).map(number).collect();
        at += size;
        (name, Tensor { shape, data })
    };
    Some(heads.into_iter().map(tensor).collect())
}

/// Bytes that have not been read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn whole(&mut self) -> Option<usize> {
        let bytes = self.take(4)?;
        usize::try_from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn sample() -> Weights {
        let numbers: Vec<f32> = (0..12).map(|i| (i as f32 * 0.7).sin() * 0.3).collect();
        Weights::from([
            ("1/1.linear/weight".to_owned(), Tensor::new(&[4, 3], numbers)),
            ("1/1.linear/bias".to_owned(), Tensor::new(&[3], vec![0.0, -1.5, 3e-5])),
            ("rule/scale".to_owned(), Tensor::new(&[], vec![1.0 / 3.0])),
        ])
    }

    #[test]
    fn single_precision_gives_back_every_bit() {
        let text = pack(&sample(), Precision::Single).unwrap();
        assert_eq!(unpack(&text), Ok(sample()));
        assert_eq!(unpack(&pack(&Weights::new(), Precision::Single).unwrap()), Ok(Weights::new()));
    }

    #[test]
    fn half_precision_rounds_once_and_then_no_more() {
        let text = pack(&sample(), Precision::Half).unwrap();
        assert!(text.len() < pack(&sample(), Precision::Single).unwrap().len());
        let rounded = unpack(&text).unwrap();
        for (name, tensor) in sample() {
            for (a, b) in tensor.data.iter().zip(&rounded[&name].data) {
                assert!((a - b).abs() <= a.abs() / 2048.0 + 6e-8, "{name}: {a} became {b}");
            }
        }
        assert_eq!(pack(&rounded, Precision::Half), Some(text));
        let large = Weights::from([("w".to_owned(), Tensor::filled(&[1], 1e9))]);
        assert_eq!(pack(&large, Precision::Half), None);
    }

    #[test]
    fn damage_is_noticed() {
        let text = pack(&sample(), Precision::Half).unwrap();
        for end in 0..text.len() {
            assert!(unpack(&text[..end]).is_err(), "cut at {end}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(unpack(&String::from_utf8(changed).unwrap()).is_err(), "changed at {at}");
        }
        assert!(unpack("").is_err());
    }

    /// A good checksum, and lengths that lie.
    #[test]
    fn lengths_that_lie_are_refused() {
        let pack = |version: u8, body: &[u8]| {
            let body = compress_to_vec(body, LEVEL);
            let mut bytes = vec![version, 0];
            bytes.extend(crc32(&body).to_le_bytes());
            bytes.extend(body);
            unpack(&URL_SAFE_NO_PAD.encode(bytes))
        };
        let words = |all: &[u32]| all.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        assert!(pack(1, &words(&[u32::MAX])).is_err());
        assert!(pack(1, &words(&[1, u32::MAX])).is_err());
        assert!(pack(1, &words(&[1, 0, u32::MAX])).is_err());
        assert!(pack(1, &words(&[1, 0, 4, u32::MAX, u32::MAX, u32::MAX, u32::MAX])).is_err());
        assert!(pack(1, &words(&[0, 7])).is_err());
        assert_eq!(pack(1, &words(&[0])), Ok(Weights::new()));
        assert_eq!(pack(2, &words(&[0])).unwrap_err().message, "they were made by a newer Signalbox");
        assert_eq!(pack(1, &vec![0; MOST + 1]).unwrap_err().message, "what they unpack to is too large");
    }
}
