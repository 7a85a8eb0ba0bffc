//! DeltaProduct (Siems et al. 2025): several writes by the delta rule at each place, so that what is stored passes
//! through a product of as many generalised Householder matrices `I − β k kᵀ`. The equations stand in
//! [`delta_rule`](super::delta_rule).

use super::delta_rule::{self, CHUNK, HEADS, NEGATIVE};
use super::{Block, Takes};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `steps` writes with keys, values and shares of their own at each place, then a reading: `[B, T, D]` to the same
/// shape. With one step it is `delta-net`; two reflections make a rotation.
pub struct DeltaProduct;

static META: Meta = Meta {
    id: "delta-product",
    name: "DeltaProduct",
    help: "Writes several times at every place, so that one place can turn what is stored, not flip it alone.",
    source: "Siems et al. 2025",
};

static KNOBS: [Knob; 4] = [
    HEADS,
    Knob {
        id: "steps",
        name: "Writes",
        help: "How many writes come at each place.",
        kind: KnobKind::Int { default: 2, min: 1, max: 8 },
    },
    Knob { kind: KnobKind::Bool { default: true }, ..NEGATIVE },
    CHUNK,
];

impl Entry for DeltaProduct {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for DeltaProduct {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        delta_rule::layer(node, b, x, node.knobs.size("steps"))
    }
}
