//! How much noise a denoiser learns with: the log-normal distribution of levels σ of Karras, Aittala, Aila and Laine 2022,
//! and the bands into which blocks share it out (Shing, Koyama and Akiba 2026).
//!
//! ```text
//! ln σ ~ N(mean, spread²)      mass(a, b) = Φ((ln b − mean) / spread) − Φ((ln a − mean) / spread)
//! ```
//!
//! Φ⁻¹ is √2 erf⁻¹(2p − 1), with erf⁻¹ by the two polynomials of Giles 2010 where it is drawn in a program.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::ir::{Graph, Value};
use crate::lesson::Learn;
use crate::ops::random::Distribution;

/// How far ln σ lies from its mean.
pub const SPREAD: f64 = 1.2;

/// How levels are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// As much mass between any two neighbours as between any others.
    EqualMass,
    /// The same factor from each to the next.
    Uniform,
}

/// Levels from `low` to `high`, of those whose logarithm has this `mean`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl Band {
    /// Share of all levels that lie below this one.
    fn below(&self, level: f64) -> f64 {
        0.5 * libm::erfc((self.mean - level.ln()) / SPREAD * FRAC_1_SQRT_2)
    }

    /// Share of all levels that lie above this one.
    fn above(&self, level: f64) -> f64 {
        0.5 * libm::erfc((level.ln() - self.mean) / SPREAD * FRAC_1_SQRT_2)
    }

    /// The levels that part the band in `parts`, falling: the first is `high`, the last `low`.
    pub fn levels(&self, split: Split, parts: usize) -> Vec<f64> {
        let level = |share: f64| match split {
            Split::EqualMass => self.quantile(share),
            Split::Uniform => (self.low.ln() + share * (self.high / self.low).ln()).exp(),
        };
        let inner = (1..parts).map(|i| level(1.0 - i as f64 / parts as f64));
        std::iter::once(self.high).chain(inner).chain([self.low]).collect()
    }

    /// The level with this share of the band's mass below it, by bisection.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = self.below(self.low) + share * (self.below(self.high) - self.below(self.low));
        let (mut a, mut b) = (self.low.ln(), self.high.ln());
        for _ in 0..64 {
            let middle = 0.5 * (a + b);
            if self.below(middle.exp()) < wanted { a = middle } else { b = middle }
        }
        (0.5 * (a + b)).exp()
    }

    /// The band with its ends moved apart by `overlap` of its width in ln σ, as far as `whole` reaches.
    pub fn widened(&self, overlap: f64, whole: Band) -> Band {
        let more = (self.high / self.low).powf(overlap);
        Band { mean: self.mean, low: (self.low / more).max(whole.low), high: (self.high * more).min(whole.high) }
    }

    /// ln σ `[rows, 1]`, drawn anew at each step from what the band has of the distribution.
    pub fn drawn(&self, cx: &mut Learn, name: &str, rows: usize) -> Value {
        // Counted from the end that is nearer, where single precision tells small shares apart.
        let low_end = self.below(self.high) < self.above(self.low);
        let (from, to) = if low_end {
            (self.below(self.low), self.below(self.high))
        } else {
            (self.above(self.high), self.above(self.low))
        };
        let share = cx.noise(name, Distribution::Uniform, [rows, 1]);
        let share = cx.g.scale(share, (to - from) as f32);
        let from = cx.g.constant(from as f32);
        let share = cx.g.add(share, from);
        let far = quantile(cx.g, share);
        let far = cx.g.scale(far, if low_end { SPREAD as f32 } else { -SPREAD as f32 });
        let middle = cx.g.constant(self.mean as f32);
        cx.g.add(far, middle)
    }
}

/// Coefficients of erf⁻¹(x) / x in powers of the shifted w, highest first, for w < 5 and beyond.
const MIDDLE: [f32; 9] = [
    2.810_226_4e-8,
    3.432_739_5e-7,
    -3.523_387_7e-6,
    -4.391_506_5e-6,
    2.185_808_7e-4,
    -1.253_725e-3,
    -4.177_681_6e-3,
    2.466_407_3e-1,
    1.501_409_4,
];
const TAIL: [f32; 9] = [
    -2.002_142_6e-4,
    1.009_505_6e-4,
    1.349_343_2e-3,
    -3.673_428_4e-3,
    5.739_507_7e-3,
    -7.622_461_3e-3,
    9.438_870_5e-3,
    1.001_674,
    2.832_976_8,
];

/// Φ⁻¹ of each share in (0, 1).
fn quantile(g: &mut Graph, share: Value) -> Value {
    let one = g.constant(1.0);
    let rest = g.sub(one, share);
    let product = g.mul(share, rest);
    let product = g.scale(product, 4.0);
    let w = g.ln(product);
    let w = g.neg(w);
    // Rounding may bring the middle below 0.
    let w = g.relu(w);
    let root = g.sqrt(w);
    let middle = polynomial(g, w, 2.5, &MIDDLE);
    let tail = polynomial(g, root, 3.0, &TAIL);
    let edge = g.constant(5.0);
    let inside = g.lt(w, edge);
    let ratio = g.select(inside, middle, tail);
    let x = g.sub(share, rest);
    let inverse = g.mul(ratio, x);
    g.scale(inverse, std::f32::consts::SQRT_2)
}

/// The polynomial with these coefficients in `w − shift`.
fn polynomial(g: &mut Graph, w: Value, shift: f32, coefficients: &[f32]) -> Value {
    let shift = g.constant(shift);
    let w = g.sub(w, shift);
    let first = g.constant(coefficients[0]);
    coefficients[1..].iter().fold(first, |sum, &c| {
        let c = g.constant(c);
        let sum = g.mul(sum, w);
        g.add(sum, c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::oracle::Oracle;
    use crate::ir::{Init, Role, Shape, Slot};
    use crate::ops::Tensor;

    const MEAN: f64 = -1.2;
    const WHOLE: Band = Band { mean: MEAN, low: 0.002, high: 80.0 };

    /// The density of the log-normal, summed over σ itself by Simpson's rule.
    fn mass(a: f64, b: f64) -> f64 {
        let density = |s: f64| {
            let far = (s.ln() - MEAN) / SPREAD;
            (-0.5 * far * far).exp() / (s * SPREAD * (2.0 * std::f64::consts::PI).sqrt())
        };
        // In pieces that grow with σ, as the density changes over factors of it.
        let pieces = 4000;
        let at = |i: usize| a * (b / a).powf(i as f64 / f64::from(pieces));
        (0..pieces as usize)
            .map(|i| {
                let (l, r) = (at(i), at(i + 1));
                (r - l) / 6.0 * (density(l) + 4.0 * density(0.5 * (l + r)) + density(r))
            })
            .sum()
    }

    #[test]
    fn bands_have_equal_mass() {
        for parts in [1, 2, 3, 7, 12] {
            let levels = WHOLE.levels(Split::EqualMass, parts);
            assert_eq!((levels.len(), levels[0], levels[parts]), (parts + 1, 80.0, 0.002));
            let all = mass(0.002, 80.0);
            for ends in levels.windows(2) {
                assert!(ends[0] > ends[1]);
                let share = mass(ends[1], ends[0]) / all;
                assert!((share - 1.0 / parts as f64).abs() < 1e-9, "{parts}: {share}");
            }
        }
        let middle = WHOLE.levels(Split::EqualMass, 2)[1];
        assert!((middle.ln() - MEAN).abs() < 1e-4, "half of the log-normal lies below e^mean: {middle}");
    }

    #[test]
    fn uniform_bands_are_of_equal_width() {
        let levels = WHOLE.levels(Split::Uniform, 5);
        let factor = (80.0f64 / 0.002).powf(0.2);
        assert!(levels.windows(2).all(|e| (e[0] / e[1] / factor - 1.0).abs() < 1e-12));
        let least = mass(levels[1], levels[0]) / mass(0.002, 80.0);
        assert!(least < 0.01, "the noisiest of five has hardly any of the mass: {least}");
    }

    #[test]
    fn widened_bands_overlap_and_stay_inside() {
        let levels = WHOLE.levels(Split::EqualMass, 3);
        let bands: Vec<Band> =
            levels.windows(2).map(|e| Band { low: e[1], high: e[0], ..WHOLE }.widened(0.1, WHOLE)).collect();
        assert_eq!((bands[0].high, bands[2].low), (80.0, 0.002));
        for (left, right) in bands.iter().zip(&bands[1..]) {
            assert!(left.low < right.high, "{left:?} meets {right:?}");
        }
        let inner = (levels[1] / levels[2]).powf(0.1);
        assert!((bands[1].high / levels[1] / inner - 1.0).abs() < 1e-12);
        assert_eq!(bands[1].widened(0.0, WHOLE), bands[1]);
    }

    /// Φ of what the program's polynomials give is the share that went in, also where hardly any mass is left.
    #[test]
    fn the_quantile_inverts_the_mass() {
        let shares: Vec<f64> = (1..200).map(|i| f64::from(i) / 200.0).chain([1e-7, 1e-6, 1e-5, 1e-4, 1e-3]).collect();
        let mut g = Graph::new();
        let shape = Shape::from([shares.len()]);
        let slot =
            g.declare(Slot { name: "p".into(), role: Role::Input, shape: shape.clone(), init: Init::Constant(0.0) });
        let p = g.read(slot);
        let q = quantile(&mut g, p);
        let mut oracle = Oracle::new(&g, |_| vec![0.0; shares.len()]);
        oracle.write(slot, Tensor::new(shape, shares.clone()));
        for (q, p) in oracle.values(&g, &[q])[0].data.iter().zip(&shares) {
            let back = 0.5 * libm::erfc(-q * FRAC_1_SQRT_2);
            assert!((back / p - 1.0).abs() < 1e-5, "{p}: {back}");
        }
    }
}
