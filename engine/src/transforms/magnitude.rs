//! Magnitude pruning: the smallest weights go.
//!
//! Han et al. 2015 keep the largest; Guha et al. 2023, "Generalization Bounds for Magnitude-Based Pruning via Sparse
//! Matrix Sketching", take away every weight of a layer with `|w| ≤ d σ`, of which there are `P(|N(0, 1)| ≤ d)` where the
//! weights are normal with deviation `σ`.

use super::masks::{self, Layer};
use super::trained::Trained;
use super::{Changed, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;

/// Puts `masked-linear` in the place of every `linear`, with the small weights masked and set to 0.
pub struct Magnitude;

static META: Meta = Meta {
    id: "magnitude-pruning",
    name: "Magnitude pruning",
    help: "Takes the smallest weights of the linear layers away for good; what is left can go on learning.",
    source: "Han et al. 2015; by deviations: Guha et al. 2023",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "by",
        name: "Threshold",
        help: "What decides: layer, a share of every layer stays; network, a share of all weights together; deviations, \
               in every layer what is larger than so many standard deviations.",
        kind: KnobKind::Choice { default: "layer", options: &["layer", "network", "deviations"] },
    },
    masks::DENSITY,
    Knob {
        id: "deviations",
        name: "Deviations",
        help: "For deviations, how many of them a weight must exceed.",
        kind: KnobKind::Float { default: 1.0, min: 0.0, max: 10.0, live: false },
    },
];

impl Entry for Magnitude {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for Magnitude {
    fn keeps_function(&self, _: &Knobs) -> bool {
        false
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let mut network = trained.network();
        let mut layers = masks::layers(&mut network)?;
        let density = knobs.float("density");
        match knobs.choice("by") {
            "network" => keep_largest(&mut layers.iter_mut().collect::<Vec<_>>(), density),
            "deviations" => layers.iter_mut().for_each(|layer| exceed(layer, knobs.float("deviations"))),
            _ => layers.iter_mut().for_each(|layer| keep_largest(&mut [layer], density)),
        }
        let kept = masks::density(&layers);
        masks::put(&mut network, layers);
        Ok(Changed::new(trained, network, vec![figure("weights kept, share", kept)]))
    }
}

/// Keeps the share `density` of the weights of `layers` together: the largest, the first of equals.
pub fn keep_largest(layers: &mut [&mut Layer], density: f64) {
    let mut all: Vec<(f32, usize, usize)> = Vec::new();
    for (l, layer) in layers.iter().enumerate() {
        all.extend(layer.standing().map(|i| (layer.weight.data[i].abs(), l, i)));
    }
    let total: usize = layers.iter().map(|layer| layer.weight.data.len()).sum();
    let kept = ((density * total as f64).round() as usize).min(all.len());
    all.put_in_order_by(|a, b| b.0.total_cmp(&a.0));
    for &(_, layer, i) in &all[kept..] {
        layers[layer].mask.data[i] = 0.0;
    }
}

/// Keeps what is larger than `deviations` standard deviations of the layer's weights about 0.
fn exceed(layer: &mut Layer, deviations: f64) {
    let data = &layer.weight.data;
    let square: f64 = data.iter().map(|&w| f64::from(w).powi(2)).sum();
    let threshold = deviations * (square / data.len().max(1) as f64).sqrt();
    let small = |w: f32| f64::from(w.abs()) <= threshold;
    layer.mask.data.iter_mut().zip(data).filter(|(_, w)| small(**w)).for_each(|(m, _)| *m = 0.0);
}
