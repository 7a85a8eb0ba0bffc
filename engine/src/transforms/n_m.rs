//! N:M sparsity: of every `m` weights in a row along the inputs of a unit, the `n` of largest size stay. Mishra et al.
//! 2021 mask a trained network and train on; Bambhaniya et al. 2024 let the flow to the others fade: see
//! [`crate::blocks::nm_linear`].

use super::masks;
use super::trained::Trained;
use super::{Changed, Transform, figure};
use crate::blocks::nm_linear::{DECAY, M, N};
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;

/// Puts `masked-linear` or `nm-linear` in the place of every `linear` whose inputs divide into groups.
pub struct NOfM;

static META: Meta = Meta {
    id: "nm-sparsity",
    name: "N:M sparsity",
    help: "Keeps n of every m weights of the linear layers: at once and for good, or by and by while training goes on.",
    source: "Mishra et al. 2021; Bambhaniya et al. 2024",
};

static KNOBS: [Knob; 5] = [
    N,
    M,
    Knob {
        id: "when",
        name: "When",
        help: "now sets masks that stay; gradually leaves the network as it is and lets the decay take place while it \
               trains on.",
        kind: KnobKind::Choice { default: "now", options: &["now", "gradually"] },
    },
    DECAY,
    Knob {
        id: "decay-steps",
        name: "Decay steps",
        help: "For gradually, steps from the first to the last of the decay.",
        kind: KnobKind::Int { default: 300, min: 1, max: 1_000_000 },
    },
];

impl Entry for NOfM {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for NOfM {
    fn keeps_function(&self, knobs: &Knobs) -> bool {
        knobs.choice("when") == "gradually" && knobs.choice("decay") != "sr-ste"
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let (n, m) = (knobs.size("n"), knobs.size("m"));
        if n > m {
            return Err(Diagnostic::new("n", format!("{n} of every {m} weights cannot stay"), "let n be at most m"));
        }
        let mut network = trained.network();
        let all = masks::layers(&mut network)?;
        let inputs = |layer: &masks::Layer| layer.weight.shape[layer.weight.shape.len().saturating_sub(2)];
        let (mut fitting, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|l| inputs(l).is_multiple_of(m));
        if fitting.is_empty() {
            let message = format!("no linear layer has inputs that divide into groups of {m}");
            return Err(Diagnostic::new("m", message, "choose an m that divides the inputs"));
        }
        let mut figures =
            vec![figure("layers changed", fitting.len() as f64), figure("layers left", other.len() as f64)];
        if knobs.choice("when") == "gradually" {
            network.blocks(&mut |path, part| {
                // A mask that stays and one that is found anew do not go together.
                if !part.is("linear") || !fitting.iter().any(|layer| layer.path == path) {
                    return;
                }
                let block = std::mem::take(&mut part.block);
                let block = block.with("n", n as i64).with("m", m as i64).with("decay", knobs.choice("decay"));
                part.block = block.with("dense-steps", 0).with("decay-steps", knobs.int("decay-steps"));
                part.block.id = "nm-linear".to_owned();
            });
            return Ok(Changed::new(trained, network, figures));
        }
        for layer in &mut fitting {
            let units = layer.weight.extents()[1];
            for group in 0..layer.weight.data.len() / m / units.max(1) {
                for unit in 0..units {
                    let mut places: Vec<usize> = (0..m).map(|i| (group * m + i) * units + unit).collect();
                    // What is masked already counts as nothing.
                    let size = |i: usize| layer.weight.data[i].abs() * layer.mask.data[i];
                    places.put_in_order_by(|&a, &b| size(b).total_cmp(&size(a)));
                    places[n..].iter().for_each(|&i| layer.mask.data[i] = 0.0);
                }
            }
        }
        figures.push(figure("weights kept, share", masks::density(&fitting)));
        masks::put(&mut network, fitting);
        Ok(Changed::new(trained, network, figures))
    }
}
