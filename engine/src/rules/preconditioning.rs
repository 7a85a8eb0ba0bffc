//! A denoiser around a network that sees and answers numbers of unit variance at every level σ of noise (Karras,
//! Aittala, Aila and Laine 2022), for what has variance `σ_d²` without noise:
//!
//! ```text
//! D(z; σ) = c_skip z + c_out F(c_in z; c_noise)
//! c_skip = σ_d² / (σ² + σ_d²)   c_out = σ σ_d / √(σ² + σ_d²)   c_in = 1 / √(σ² + σ_d²)   c_noise = ln σ / 4
//! ```
//!
//! With `z = y + σ n`, D is `y` where F is `F* = c_in (σ y / σ_d − σ_d n)`, and for the weight `λ = 1 / c_out²`
//! `λ ‖D − y‖² = ‖F − F*‖²`: that is computed, which loses no digits at small σ as the left side would.

use crate::ir::{Graph, Value};

/// σ_d: root of the variance of what is to be found under the noise.
pub const DATA: f64 = 0.5;

/// The coefficients at a level that is known while building.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    pub skip: f64,
    pub out: f64,
    pub input: f64,
    pub noise: f64,
}

impl Scaling {
    pub fn at(level: f64) -> Self {
        let all = level * level + DATA * DATA;
        Self {
            skip: DATA * DATA / all,
            out: level * DATA / all.sqrt(),
            input: 1.0 / all.sqrt(),
            noise: level.ln() / 4.0,
        }
    }
}

/// A sample as its denoiser is taught with it.
pub struct Noised {
    /// `c_in z [B, C]`.
    pub seen: Value,
    /// `c_noise [B, 1]`.
    pub noise: Value,
    /// `F* [B, C]`.
    pub wanted: Value,
}

/// `y [B, C]` under `noise [B, C]` of variance 1, at the levels `ln σ [B, 1]`.
pub fn noised(g: &mut Graph, y: Value, noise: Value, log_level: Value) -> Noised {
    let level = g.exp(log_level);
    let square = g.square(level);
    let data = g.constant((DATA * DATA) as f32);
    let all = g.add(square, data);
    let length = g.sqrt(all);
    let input = g.recip(length);
    let moved = g.mul(level, noise);
    let z = g.add(y, moved);
    let seen = g.mul(input, z);
    let part = g.scale(level, (1.0 / DATA) as f32);
    let part = g.mul(part, y);
    let rest = g.scale(noise, DATA as f32);
    let wanted = g.sub(part, rest);
    let wanted = g.mul(input, wanted);
    Noised { seen, noise: g.scale(log_level, 0.25), wanted }
}

/// The step of Euler's method along the probability flow `dz/dσ = (z − D) / σ` from `level` down to `next`, as factors
/// of `z` and of F; to 0 it gives D.
pub fn euler(level: f64, next: f64) -> (f64, f64) {
    let c = Scaling::at(level);
    let kept = next / level;
    (kept + (1.0 - kept) * c.skip, (1.0 - kept) * c.out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::oracle::Oracle;
    use crate::ir::{Init, Role, Shape, Slot};
    use crate::noise;
    use crate::ops::Tensor;

    const LEVELS: [f64; 7] = [0.002, 0.05, 0.3, 0.5, 1.7, 9.0, 80.0];

    #[test]
    fn coefficients_keep_variance_one() {
        for level in LEVELS {
            let c = Scaling::at(level);
            let z = DATA * DATA + level * level;
            assert!((c.input * c.input * z - 1.0).abs() < 1e-12, "what F sees");
            // What is left of y − c_skip z, of variance (1 − c_skip)² σ_d² + c_skip² σ², is c_out F*.
            let left = (1.0 - c.skip).powi(2) * DATA * DATA + c.skip * c.skip * level * level;
            assert!((left / (c.out * c.out) - 1.0).abs() < 1e-12, "what F is to answer");
            assert!((c.out * c.out - c.skip * level * level).abs() < 1e-12, "c_out² = c_skip σ²");
            // No other c_skip leaves less for F to find.
            let leaves = |skip: f64| (1.0 - skip).powi(2) * DATA * DATA + skip * skip * level * level;
            assert!(leaves(c.skip) <= leaves(c.skip + 1e-3) && leaves(c.skip) <= leaves(c.skip - 1e-3));
        }
        let none = Scaling::at(1e-9);
        assert!((none.skip - 1.0).abs() < 1e-12 && none.out < 1e-8, "without noise D gives back what it sees");
    }

    #[test]
    fn a_perfect_answer_gives_the_label() {
        for level in LEVELS {
            let (c, y, n) = (Scaling::at(level), 0.83, -1.4);
            let z = y + level * n;
            let wanted = c.input * (level * y / DATA - DATA * n);
            assert!((c.skip * z + c.out * wanted - y).abs() < 1e-12);
            let off = c.skip * z + c.out * (wanted + 0.3) - y;
            assert!((off * off / (c.out * c.out) - 0.09).abs() < 1e-9, "λ ‖D − y‖² = ‖F − F*‖²");
        }
    }

    /// A step keeps a sample at `y + σ n` for the same `n`, and the last lands on `y`.
    #[test]
    fn euler_follows_the_flow() {
        let (y, n) = (0.83, -1.4);
        let mut z = y + LEVELS[6] * n;
        for i in (0..LEVELS.len()).rev() {
            let level = LEVELS[i];
            let next = if i == 0 { 0.0 } else { LEVELS[i - 1] };
            let wanted = Scaling::at(level).input * (level * y / DATA - DATA * n);
            let (kept, moved) = euler(level, next);
            z = kept * z + moved * wanted;
            assert!((z - (y + next * n)).abs() < 1e-12, "{level} to {next}");
        }
        assert!((z - y).abs() < 1e-12);
    }

    #[test]
    fn the_program_is_what_the_equations_say() {
        let (rows, classes) = (LEVELS.len(), 3);
        let mut g = Graph::new();
        let mut slot = |name: &str, width: usize| {
            let shape = Shape::from([rows, width]);
            g.declare(Slot { name: name.into(), role: Role::Input, shape, init: Init::Constant(0.0) })
        };
        let slots = [slot("y", classes), slot("n", classes), slot("s", 1)];
        let [y, n, s] = slots.map(|slot| g.read(slot));
        let out = noised(&mut g, y, n, s);
        let number = |i: usize, of: u32| f64::from(noise::uniform(noise::pcg4d([i as u32, of, 0, 0])[0])) - 0.5;
        let mut oracle = Oracle::new(&g, |id| vec![0.0; g.slot(id).shape.size()]);
        let [ys, ns] = [1, 2].map(|of| (0..rows * classes).map(|i| number(i, of)).collect::<Vec<_>>());
        oracle.write(slots[0], Tensor::new([rows, classes], ys.clone()));
        oracle.write(slots[1], Tensor::new([rows, classes], ns.clone()));
        oracle.write(slots[2], Tensor::new([rows, 1], LEVELS.map(f64::ln).to_vec()));
        let values = oracle.values(&g, &[out.seen, out.noise, out.wanted]);
        for (row, level) in LEVELS.iter().enumerate() {
            let c = Scaling::at(*level);
            assert!((values[1].data[row] - c.noise).abs() < 1e-12);
            for i in row * classes..(row + 1) * classes {
                let z = ys[i] + level * ns[i];
                assert!((values[0].data[i] - c.input * z).abs() < 1e-9);
                assert!((c.skip * z + c.out * values[2].data[i] - ys[i]).abs() < 1e-9, "σ {level}");
            }
        }
    }
}
