//! A learned filter over the frequencies of a sequence.
//!
//! y = F⁻¹(W ⊙ F(x)), F along the places, W complex   (Zhou et al. 2022)
//!
//! This is a circular convolution as long as the sequence, one for each feature. The paper's layer also adds x and
//! normalises: `residual` and `layer-norm` around it.

use super::Block;
use super::spectrum::{Complex, Spectrum};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A gain and a shift of phase for each frequency of each feature of a sequence `[B, T, D]`, T up to
/// [`super::spectrum::LONGEST`].
pub struct SpectralFilter;

static META: Meta = Meta {
    id: "spectral-filter",
    name: "Spectral filter",
    help: "Strengthens, weakens and shifts each frequency of a sequence by weights.",
    source: "Zhou et al. 2022 (FMLP-Rec)",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "start",
    name: "Start",
    help: "small: random gains of about 0.02, for a place beside a residual way; identity: lets everything pass.",
    kind: KnobKind::Choice { default: "small", options: &["small", "identity"] },
}];

impl Entry for SpectralFilter {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for SpectralFilter {
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
        let (real, imaginary) = match node.knobs.choice("start") {
            "identity" => (Init::Constant(1.0), Init::Constant(0.0)),
            _ => (Init::Normal { std: 0.02 }, Init::Normal { std: 0.02 }),
        };
        let shape = vec![places / 2 + 1, features];
        let filter =
            Complex { real: b.param("real", shape.clone(), real), imaginary: b.param("imaginary", shape, imaginary) };
        let waves = spectrum.forward(b.g, x);
        let filtered = waves.mul(b.g, filter);
        spectrum.inverse(b.g, filtered)
    }
}
