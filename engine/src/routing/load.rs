//! How many rows an expert can expect, as a function that has a slope (Shazeer et al. 2017, appendix A).
//!
//! With clean logits `l`, noise of size `σ`, and `h` the noisy logits that chose, the chance that expert `i` would be
//! chosen for a row if its noise alone were drawn again is
//!
//! ```text
//! P(x, i) = Φ((lᵢ − kth_excluding(h, k, i)) / σᵢ)      Load(X)ᵢ = Σ_x P(x, i)
//! ```
//!
//! where the k-th largest of the others is the (k + 1)-th largest of all where `i` is among the `k`, and the k-th largest
//! where it is not.

use super::top_k::picked;
use crate::ir::Value;
use crate::net::Build;

/// What noisy top-k chose by, each `[R, E]`.
#[derive(Debug, Clone, Copy)]
pub struct Noisy {
    pub clean: Value,
    pub noisy: Value,
    /// Standard deviation of the noise.
    pub size: Value,
}

/// The smooth load of each expert `[E]`, when the `k` of largest noisy logit are chosen, of more than `k`.
pub fn expected(b: &mut Build, Noisy { clean, noisy, size }: Noisy, k: usize) -> Value {
    let &[rows, experts] = &**b.g.shape(noisy) else { return noisy };
    let best = b.g.top_k(noisy, k + 1);
    let best = picked(b, noisy, best);
    let [last_in, first_out] = [k - 1, k].map(|at| b.g.slice(best, 1, at, 1));
    let below = b.g.lt(noisy, last_in);
    let last_in = b.g.broadcast(last_in, [rows, experts]);
    let first_out = b.g.broadcast(first_out, [rows, experts]);
    let bound = b.g.select(below, last_in, first_out);
    let margin = b.g.sub(clean, bound);
    let z = b.g.div(margin, size);
    let z = b.g.scale(z, std::f32::consts::FRAC_1_SQRT_2);
    let erf = b.g.erf(z);
    let half = b.g.scale(erf, 0.5);
    let middle = b.g.constant(0.5);
    let chance = b.g.add(half, middle);
    let load = b.g.sum(chance, &[0]);
    b.g.reshape(load, [experts])
}
