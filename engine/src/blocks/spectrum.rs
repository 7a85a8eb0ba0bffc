//! The discrete Fourier transform of real sequences, as products with tables of sines and cosines.
//!
//! X[k] = T^(−1/2) Σ_t x[t] (cos φ − i sin φ),  φ = 2π k t / T,  k = 0 … ⌊T/2⌋
//! x[t] = T^(−1/2) Σ_k c_k (Re X[k] cos φ − Im X[k] sin φ),  c_k = 1 at k = 0 and k = T/2, else 2
//!
//! The other half of the frequencies are the complex conjugates of these. T²/2 products a feature: for short sequences.

use std::f32::consts::TAU;

use crate::ir::{Graph, Value};
use crate::net::Build;
use crate::ops::scalar::Unary;

/// The longest sequence that is transformed, in places.
pub const LONGEST: usize = 256;

/// Real and imaginary parts.
#[derive(Debug, Clone, Copy)]
pub struct Complex {
    pub real: Value,
    pub imaginary: Value,
}

impl Complex {
    pub fn mul(self, g: &mut Graph, by: Complex) -> Complex {
        let (a, b) = (g.mul(self.real, by.real), g.mul(self.imaginary, by.imaginary));
        let (c, d) = (g.mul(self.real, by.imaginary), g.mul(self.imaginary, by.real));
        Complex { real: g.sub(a, b), imaginary: g.add(c, d) }
    }

    pub fn add(self, g: &mut Graph, other: Complex) -> Complex {
        Complex { real: g.add(self.real, other.real), imaginary: g.add(self.imaginary, other.imaginary) }
    }

    /// Both parts times a real number.
    pub fn scale(self, g: &mut Graph, by: Value) -> Complex {
        Complex { real: g.mul(self.real, by), imaginary: g.mul(self.imaginary, by) }
    }
}

/// The angles 2π k t / `places` for k = 0 … `frequencies` − 1 and t = 0 … `places` − 1: `[frequencies, places]`, each
/// in [0, 2π) where sines are exact. For up to 1024 places.
pub fn angles(g: &mut Graph, frequencies: usize, places: usize) -> Value {
    let k = g.iota(frequencies);
    let k = g.reshape(k, [frequencies, 1]);
    let t = g.iota(places);
    let t = g.reshape(t, [1, places]);
    let product = g.mul(k, t);
    let (half, all) = (g.constant(0.5), g.constant(places as f32));
    // Half a unit keeps the quotient away from whole numbers, where rounding would count.
    let middle = g.add(product, half);
    let turns = g.div(middle, all);
    let turns = g.floor(turns);
    let whole = g.mul(turns, all);
    let rest = g.sub(product, whole);
    g.scale(rest, TAU / places as f32)
}

/// The tables for sequences of one length.
pub struct Spectrum {
    /// cos φ / √T and sin φ / √T: `[F, T]`.
    cosine: Value,
    sine: Value,
    /// c_k: `[F, 1]`.
    twins: Value,
}

impl Spectrum {
    /// For sequences of `places`, or the fault of longer ones than [`LONGEST`].
    pub fn of(b: &mut Build, places: usize) -> Result<Self, Value> {
        if places > LONGEST {
            let message = format!("a sequence of {places} places is longer than the {LONGEST} that are transformed");
            return Err(b.fault(message, "shorten it by `conv1d` with a stride, or by larger patches"));
        }
        let g = &mut *b.g;
        let frequencies = places / 2 + 1;
        let angles = angles(g, frequencies, places);
        let norm = 1.0 / (places.max(1) as f32).sqrt();
        let cosine = g.unary(Unary::Cos, angles);
        let cosine = g.scale(cosine, norm);
        let sine = g.sin(angles);
        let sine = g.scale(sine, norm);
        let k = g.iota(frequencies);
        let (zero, middle, two) = (g.constant(0.0), g.constant(places as f32 / 2.0), g.constant(2.0));
        let lowest = g.eq(k, zero);
        let highest = g.eq(k, middle);
        let alone = g.add(lowest, highest);
        let twins = g.sub(two, alone);
        let twins = g.reshape(twins, [frequencies, 1]);
        Ok(Self { cosine, sine, twins })
    }

    /// `x [B, T, D]` to frequencies `[B, F, D]`.
    pub fn forward(&self, g: &mut Graph, x: Value) -> Complex {
        let real = g.matmul(self.cosine, x);
        let negative = g.matmul(self.sine, x);
        Complex { real, imaginary: g.neg(negative) }
    }

    /// Frequencies `[B, F, D]` to `[B, T, D]`. The imaginary parts at k = 0 and k = T/2 do not count.
    pub fn inverse(&self, g: &mut Graph, spectrum: Complex) -> Value {
        let Complex { real, imaginary } = spectrum.scale(g, self.twins);
        let even = g.matmul_t(self.cosine, real, true, false);
        let odd = g.matmul_t(self.sine, imaginary, true, false);
        g.sub(even, odd)
    }
}
