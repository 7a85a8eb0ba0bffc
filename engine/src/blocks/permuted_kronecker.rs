//! A wide layer with few weights: `y = J₂ (I ⊗ W) J₁ x` with `W [S, S]` and permutations `J` (Hayase and Karakida 2024,
//! MLP-Mixer as a Wide and Sparse MLP).
//!
//! Of the `m²` weights of a layer of `m` units one in `m / S` is not zero, and all blocks are the same `W`. With
//! `X [S, C]` read column by column, `vec(W X) = (I_C ⊗ W) vec(X)` is a mixer's mixing of places, and
//! `vec(X V) = (Vᵀ ⊗ I_S) vec(X)`, which the commutation `J_c (I_S ⊗ Vᵀ) J_cᵀ` turns into the same form, its mixing of
//! features. Random permutations take an image's structure away and leave width and sparsity.

use super::{Block, outside_experts};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::rows::Gather;
use crate::ops::sort::ArgSort;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `x [B, …]`, flattened to `m` features, to `[B, m]`.
pub struct PermutedKronecker;

static META: Meta = Meta {
    id: "permuted-kronecker",
    name: "Permuted Kronecker",
    help: "A wide layer whose many small blocks of weights are all the same, its features shuffled before and after.",
    source: "Hayase and Karakida 2024",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "size",
        name: "Size",
        help: "Side of the block of weights; it divides the features.",
        kind: KnobKind::Int { default: 2, min: 1, max: 1024 },
    },
    Knob {
        id: "permutation",
        name: "Permutation",
        help: "none: neighbours are mixed; commute: features as far apart as there are blocks; random: any, drawn once.",
        kind: KnobKind::Choice { default: "random", options: &["none", "commute", "random"] },
    },
    Knob { id: "bias", name: "Bias", help: "Adds a constant to every unit.", kind: KnobKind::Bool { default: true } },
];

impl Entry for PermutedKronecker {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// The columns of `x [B, m]` in an order drawn once.
fn shuffled(b: &mut Build, name: &str, x: Value) -> Value {
    let width = b.g.shape(x).last();
    let draw = b.frozen(|b| b.param(name, vec![width], Init::Uniform { bound: 1.0 }));
    let order = b.g.push(ArgSort { descending: false }, &[draw]);
    let columns = b.g.transpose(x, &[1, 0]);
    let columns = b.g.push(Gather, &[columns, order]);
    b.g.transpose(columns, &[1, 0])
}

impl Block for PermutedKronecker {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = outside_experts(b) {
            return fault;
        }
        let x = b.flat(x);
        let &[batch, width] = &**b.g.shape(x) else {
            return b.fault("there are no features", "give it samples with features");
        };
        let size = node.knobs.size("size");
        if !width.is_multiple_of(size) {
            let mend = "choose a size that divides the features";
            return b.fault(format!("{width} features do not divide into blocks of {size}"), mend);
        }
        let blocks = width / size;
        let permutation = node.knobs.choice("permutation");
        let mixed = |b: &mut Build, x: Value| {
            let x = b.g.reshape(x, [batch, blocks, size]);
            b.matmul("weight", x, size, 1.0)
        };
        let y = match permutation {
            "none" => mixed(b, x),
            "commute" => {
                let apart = b.g.reshape(x, [batch, size, blocks]);
                let turned = b.g.transpose(apart, &[0, 2, 1]);
                let y = mixed(b, turned);
                b.g.transpose(y, &[0, 2, 1])
            }
            _ => {
                let x = shuffled(b, "before", x);
                let y = mixed(b, x);
                let y = b.g.reshape(y, [batch, width]);
                shuffled(b, "after", y)
            }
        };
        let y = b.g.reshape(y, [batch, width]);
        if !node.knobs.bool("bias") {
            return y;
        }
        let bias = b.per_feature("bias", width, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}
