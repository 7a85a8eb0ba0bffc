//! Half precision (IEEE 754 binary16): a sign, five bits of exponent, ten of fraction.

/// The nearest half-precision number, of two as near the even one; `None` where there is none: beyond 65,519 and NaN.
pub fn to_half(v: f32) -> Option<u16> {
    let sign = if v.is_sign_negative() { 0x8000 } else { 0 };
    // In units of the last place of the number's own binade, below the normal ones of the least.
    let exponent = (((v.to_bits() >> 23) & 0xff) as i32 - 127).max(-14);
    let units = (f64::from(v.abs()) * 2_f64.powi(10 - exponent)).round_ties_even();
    if !(units.is_finite() && exponent <= 15) {
        return None;
    }
    // A fraction that was rounded up to 2 carries into the exponent by itself.
    let half = ((exponent + 14) as u32) * 1024 + units as u32;
    (half < 0x7c00).then_some(sign | half as u16)
}

/// The number that `half` stands for.
pub fn from_half(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from((half >> 10) & 31), f32::from(half & 1023));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (fraction + 1024.0) * 2_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_half_comes_back() {
        for half in (0..=u16::MAX).filter(|h| h & 0x7c00 != 0x7c00) {
            assert_eq!(to_half(from_half(half)), Some(half), "{half:#06x}");
        }
    }

    #[test]
    fn numbers_go_to_the_nearest_half() {
        for (v, nearest) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65_504.0, 0x7bff),
            (65_519.0, 0x7bff),
            (1.0 + 1.0 / 2048.0, 0x3c00),
            (1.0 + 3.0 / 2048.0, 0x3c02),
            (2.0 - 1.0 / 4096.0, 0x4000),
            (6e-8, 0x0001),
            (2e-8, 0x0000),
            (1e-40, 0x0000),
        ] {
            assert_eq!(to_half(v), Some(nearest), "{v}");
        }
        for v in [65_520.0, 1e30, f32::INFINITY, f32::NAN] {
            assert_eq!(to_half(v), None, "{v}");
        }
    }
}
