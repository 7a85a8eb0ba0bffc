//! The adaptive spectral block: a filter for all frequencies, and one for those that stand out.
//!
//! F = rfft(x), P[k] = Σ_features |F[k]|²
//! m[k] = 1 where P[k] / median(P) > θ, else 0
//! y = irfft(W_G ⊙ F + W_L ⊙ m ⊙ F)   (Eldele et al. 2024; form of the threshold after their code)

use super::Block;
use super::spectrum::{Complex, Spectrum};
use crate::ir::{Init, Value};
use crate::net::{Build, Node, Picture};
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// On a sequence `[B, T, D]`: two complex weights for each feature, the same for all frequencies, and one threshold. The
/// step has no derivative: θ learns as if m were θ itself, which is straight-through and follows the authors' code.
pub struct AdaptiveSpectral;

static META: Meta = Meta {
    id: "adaptive-spectral",
    name: "Adaptive spectral block",
    help: "Filters a sequence's frequencies, and once more those whose power stands out by a learned threshold.",
    source: "Eldele et al. 2024 (TSLANet)",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "local",
        name: "Local filter",
        help: "Adds the filter for frequencies that stand out.",
        kind: KnobKind::Bool { default: true },
    },
    Knob {
        id: "threshold",
        name: "Threshold",
        help: "What the threshold is at first, in medians of the power.",
        kind: KnobKind::Float { default: 0.5, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for AdaptiveSpectral {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for AdaptiveSpectral {
    fn takes(&self) -> super::Takes {
        super::Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [_, places, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let spectrum = match Spectrum::of(b, places) {
            Ok(spectrum) => spectrum,
            Err(fault) => return fault,
        };
        let waves = spectrum.forward(b.g, x);
        let filter = weight(b, "global", features);
        let mut filtered = waves.mul(b.g, filter);
        if node.knobs.bool("local") {
            let threshold = Init::Constant(node.knobs.float("threshold") as f32);
            let threshold = b.param("threshold", vec![1], threshold);
            let mask = mask(b, waves, threshold);
            b.show(Picture::Gates, mask);
            let mut column = b.g.shape(mask).0.clone();
            column.push(1);
            let mask = b.g.reshape(mask, column);
            let filter = weight(b, "local", features);
            let standing_out = waves.scale(b.g, mask);
            let more = standing_out.mul(b.g, filter);
            filtered = filtered.add(b.g, more);
        }
        spectrum.inverse(b.g, filtered)
    }
}

/// A complex weight for each feature.
fn weight(b: &mut Build, name: &str, features: usize) -> Complex {
    let mut part = |which: &str| b.param(&format!("{name} {which}"), vec![features], Init::Normal { std: 0.02 });
    Complex { real: part("real"), imaginary: part("imaginary") }
}

/// m of each sample: `[B, F]`.
fn mask(b: &mut Build, waves: Complex, threshold: Value) -> Value {
    let g = &mut *b.g;
    let (real, imaginary) = (g.square(waves.real), g.square(waves.imaginary));
    let power = g.add(real, imaginary);
    let power = g.sum(power, &[2]);
    let &[batch, frequencies, ..] = &**g.shape(power) else { return power };
    let power = g.reshape(power, [batch, frequencies]);
    let order = g.push(ArgSort { descending: false }, &[power]);
    // The lower of the two in the middle.
    let middle = g.slice(order, 1, (frequencies - 1) / 2, 1);
    let numbers = g.iota(frequencies);
    let hit = g.eq(middle, numbers);
    let median = g.mul(hit, power);
    let median = g.sum(median, &[1]);
    let tiny = g.constant(1e-6);
    let median = g.add(median, tiny);
    let ratio = g.div(power, median);
    let open = g.lt(threshold, ratio);
    let rest = g.sub(open, threshold);
    let rest = g.detach(rest);
    g.add(rest, threshold)
}
