//! Scalar functions on `f32`, the same bits on every machine.
//!
//! Each is a fixed sequence of additions, multiplications, divisions, comparisons and bit moves, all exactly rounded
//! by IEEE 754: no fused multiply-add, no system library, no branch that a vectoriser could not turn into a
//! selection. So a loop over any of them becomes vector code, and native and browser agree bit for bit (the payload
//! of a NaN excepted). The polynomials are least-maximum fits in the stated intervals, after argument reductions as in
//! Cody and Waite, *Software Manual for the Elementary Functions* (1980). Error bounds are in units in the last place
//! (ulp), as measured by the tests; subnormal results may lose digits. NaN in is NaN out.

/// Adding and taking away 1.5 · 2²³ rounds a small number to the nearest integer, ties to even, without a branch.
const ROUND: f32 = 12_582_912.0;
/// The high part of ln 2, of so few bits that its product with an exponent is exact, and the rest.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// The polynomial with the given coefficients, lowest first, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + coefficients[i];
    }
    sum
}

/// `x` with the sign of `sign`.
#[inline(always)]
fn with_sign(x: f32, sign: f32) -> f32 {
    f32::from_bits((x.to_bits() & 0x7fff_ffff) | (sign.to_bits() & 0x8000_0000))
}

/// eˣ. Within 1 ulp; 0 below about -104, infinite above 88.73.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Written so that NaN passes both.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -105.0 { -105.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let p = polynomial(r, [0.5, 0.166_665_18, 0.041_666_206, 0.008_368_958, 0.001_395_055_1]);
    let e = (p * (r * r) + r) + 1.0;
    // 2ⁿ as a product of two powers, for n reaches beyond what one exponent field holds.
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    e * power(half) * power(n.wrapping_sub(half))
}

/// The natural logarithm. Within 1 ulp; -∞ at ±0, NaN below.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 8_388_608.0 } else { x };
    // The exponent that leaves a mantissa in [√½, √2).
    let bits = scaled.to_bits().wrapping_sub(0x3f35_04f3);
    let exponent = (bits as i32) >> 23;
    let mantissa = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3));
    let e = exponent as f32 - if tiny { 23.0 } else { 0.0 };
    let f = mantissa - 1.0;
    let p = polynomial(
        f,
        [
            0.333_333_16,
            -0.250_008_1,
            0.200_022_79,
            -0.166_245_3,
            0.141_813_56,
            -0.131_291_48,
            0.128_806_47,
            -0.078_573_25,
        ],
    );
    let z = f * f;
    let y = (p * f) * z + e * LN_2_LOW;
    let y = (y - 0.5 * z) + f + e * LN_2_HIGH;
    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f32::NAN }
}

/// The hyperbolic tangent. Within 2 ulp; keeps the sign of zero.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let z = x * x;
    let p = polynomial(z, [-0.333_332_84, 0.133_314_91, -0.053_743_43, 0.020_650_39, -0.005_716_843]);
    let small = x + x * (z * p);
    let large = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    with_sign(if x.abs() < 0.625 { small } else { large }, x)
}

/// 1 / (1 + e⁻ˣ). Within 3 ulp; 0 below about -88.7.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// ln(1 + eˣ), which is `max(x, 0) + ln(1 + e^-|x|)`. Within 3 ulp.
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let u = exp(-x.abs());
    let w = 1.0 + u;
    // What rounding took from w is given back to first order.
    let tail = ln(w) + (u - (w - 1.0)) / w;
    if x > 0.0 { x + tail } else { tail }
}

/// Sine and cosine of the remainder of `x` by π/2, and the quarter turns taken away. In double precision, so that
/// the remainder has all its digits for |x| up to about a million.
#[inline(always)]
fn quarter(x: f32) -> (f32, f32, u32) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// π/2 to 33 bits, whose product with a turn count is exact, and the rest.
    const HIGH: f64 = 1.570_796_326_734_125_6;
    const LOW: f64 = 6.077_100_506_506_192e-11;
    let wide = f64::from(x);
    let shifted = wide * std::f64::consts::FRAC_2_PI + ROUND;
    let n = shifted - ROUND;
    let r = ((wide - n * HIGH) - n * LOW) as f32;
    let z = r * r;
    let sine = r + r * (z * polynomial(z, [-0.166_666_55, 0.008_332_173, -0.000_195_166_31]));
    let cosine = 1.0 - 0.5 * z + z * z * polynomial(z, [0.041_666_646, -0.001_388_736, 0.000_024_437_68]);
    (sine, cosine, shifted.to_bits() as u32)
}

/// The sine of an angle in radians. Within 2 ulp for |x| up to a million; keeps the sign of zero.
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    let (sine, cosine, turns) = quarter(x);
    let y = if turns & 1 == 0 { sine } else { cosine };
    let y = f32::from_bits(y.to_bits() ^ ((turns & 2) << 30));
    if x == 0.0 { x } else { y }
}

/// The cosine of an angle in radians. Within 2 ulp for |x| up to a million.
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    let (sine, cosine, turns) = quarter(x);
    let y = if turns & 1 == 0 { cosine } else { sine };
    f32::from_bits(y.to_bits() ^ ((turns.wrapping_add(1) & 2) << 30))
}

/// The error function 2/√π ∫₀ˣ e^(-t²) dt. Within 2 ulp; keeps the sign of zero.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let t = x.abs();
    let z = x * x;
    let p =
        polynomial(z, [0.128_379_15, -0.376_125_34, 0.112_822_294, -0.026_781_95, 0.005_016_217_5, -0.000_611_123_9]);
    let small = x + x * p;
    // -ln erfc(t) between 0.9 and 4, beyond which the result rounds to one.
    let t_clamped = if t > 4.0 { 4.0 } else { t };
    let q = polynomial(
        t_clamped,
        [0.000_177_292_1, 1.127_750_4, 0.637_058_44, 0.104_038_41, -0.022_277_527, 0.003_055_697_5, -0.000_197_188_6],
    );
    let large = with_sign(1.0 - exp(-q), x);
    if t < 0.9 { small } else { large }
}

/// The square root, exactly rounded.
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    x.sqrt()
}

/// 1 / x, exactly rounded.
#[inline(always)]
pub fn recip(x: f32) -> f32 {
    1.0 / x
}

/// 1 / √x, of two exactly rounded steps.
#[inline(always)]
pub fn rsqrt(x: f32) -> f32 {
    1.0 / x.sqrt()
}

/// -1, 0 or 1; the sign of zero and NaN are kept.
#[inline(always)]
pub fn sign(x: f32) -> f32 {
    let one = with_sign(1.0, x);
    if x == 0.0 || x.is_nan() { x } else { one }
}

/// The larger; NaN when either is.
#[inline(always)]
pub fn max(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// The smaller; NaN when either is.
#[inline(always)]
pub fn min(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error in ulp of the exact result, not counted below the normal range.
    fn ulps(got: f32, want: f64) -> f64 {
        let rounded = want as f32;
        if got == rounded {
            return 0.0;
        }
        let ulp = f64::from(f32::from_bits(rounded.abs().max(f32::MIN_POSITIVE).to_bits() + 1))
            - f64::from(rounded.abs().max(f32::MIN_POSITIVE));
        (f64::from(got) - want).abs() / ulp
    }

    /// The worst error over every float of a stride of bit patterns in `from..to`, both signs when `both`.
    fn worst(f: fn(f32) -> f32, exact: impl Fn(f64) -> f64, from: f32, to: f32, both: bool) -> f64 {
        let mut worst = (0.0, 0.0);
        for bits in (from.to_bits()..=to.to_bits()).step_by(977) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                if x >= 0.0 || both {
                    let error = ulps(f(x), exact(f64::from(x)));
                    if error > worst.0 || error.is_nan() {
                        worst = (error, x);
                    }
                }
            }
        }
        println!("worst {:.3} ulp at {:e}", worst.0, worst.1);
        worst.0
    }

    #[test]
    fn errors_stay_within_their_bounds() {
        assert!(worst(exp, f64::exp, 0.0, 87.3, true) <= 1.0);
        assert!(worst(ln, f64::ln, 1e-45, f32::MAX, false) <= 1.0);
        assert!(worst(tanh, f64::tanh, 0.0, 100.0, true) <= 2.0);
        assert!(worst(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 0.0, 87.0, true) <= 3.0);
        assert!(worst(softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), 0.0, 87.0, true) <= 3.0);
        assert!(worst(sin, f64::sin, 0.0, 1e6, true) <= 2.0);
        assert!(worst(cos, f64::cos, 0.0, 1e6, true) <= 2.0);
        assert!(worst(rsqrt, |x| 1.0 / x.sqrt(), 1e-38, f32::MAX, false) <= 2.0);
        assert!(worst(erf, erf_series, 0.0, 6.0, true) <= 2.0);
    }

    /// erf in double precision: its series, whose terms never cancel in the form e^(-x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!.
    fn erf_series(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn edges_are_those_of_the_functions() {
        let inf = f32::INFINITY;
        type Row = (fn(f32) -> f32, [(f32, f32); 4]);
        let table: [Row; 8] = [
            (exp, [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0)]),
            (ln, [(0.0, -inf), (-0.0, -inf), (inf, inf), (1.0, 0.0)]),
            (tanh, [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0)]),
            (sigmoid, [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0)]),
            (softplus, [(1e30, 1e30), (-1e30, 0.0), (inf, inf), (-inf, 0.0)]),
            (sin, [(0.0, 0.0), (-0.0, -0.0), (1e-40, 1e-40), (-1e-40, -1e-40)]),
            (erf, [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0)]),
            (sign, [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-1e-40, -1.0)]),
        ];
        for (row, (f, pairs)) in table.into_iter().enumerate() {
            for (x, want) in pairs {
                assert_eq!(f(x).to_bits(), want.to_bits(), "row {row} at {x}: {} for {want}", f(x));
            }
            assert!(f(f32::NAN).is_nan(), "row {row} loses NaN");
        }
        assert_eq!(cos(0.0), 1.0);
        assert_eq!((exp(89.0), exp(88.72) < inf), (inf, true));
        assert!([ln(-1.0), ln(-inf), sin(inf), cos(-inf), cos(f32::NAN), sqrt(-1.0)].iter().all(|y| y.is_nan()));
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN)] {
            assert!(max(a, b).is_nan() && min(a, b).is_nan());
        }
    }

    /// One figure for every result on a grid: the same constants must hold natively and in the browser.
    #[test]
    fn bits_are_the_same_on_every_machine() {
        let digest = |f: fn(f32) -> f32| {
            (0..=u32::MAX / 65_537).fold(0u32, |sum, i| {
                let y = f(f32::from_bits(i * 65_537));
                let bits = if y.is_nan() { 0x7fc0_0000 } else { y.to_bits() };
                sum.rotate_left(5).wrapping_mul(0x9E37_79B1) ^ bits
            })
        };
        let all = [exp, ln, tanh, sigmoid, softplus, sin, cos, erf].map(digest);
        assert_eq!(
            all,
            [0xdc5c_7d5d, 0x2535_3ee3, 0x1444_9af3, 0xb934_cd15, 0x3798_8b26, 0x3fb2_d645, 0xae83_6cc1, 0xaf4e_90dc],
            "{all:#x?}"
        );
    }
}
