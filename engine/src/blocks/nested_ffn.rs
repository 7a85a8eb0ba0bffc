//! A hidden layer whose first units make up smaller layers: MatFormer (Devvrit et al. 2024).
//!
//! With `H` hidden units, the sub-layer of granularity `g` uses the first `m = H/8, H/4, H/2` or `H` of them
//! (section 3.1):
//!
//! ```text
//! y = f(x W₁[:, :m] + b₁[:m]) W₂[:m, :] + b₂
//! ```
//!
//! Each training step draws one granularity for all layers of the network (section 3.2). Evaluation takes the one that is
//! set, and does no work for the other units.

use super::Block;
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node, stream};
use crate::ops::random::{Distribution, Noise};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Two layers with nested widths between them, on the last axis; as many features come out as go in.
pub struct NestedFfn;

static META: Meta = Meta {
    id: "nested-ffn",
    name: "Nested feed-forward",
    help: "A hidden layer trained so that its first eighth, quarter and half are good layers on their own.",
    source: "Devvrit et al. 2024 (MatFormer)",
};

/// The granularities, from an eighth of the hidden units to all.
const SIZES: [&str; 4] = ["eighth", "quarter", "half", "whole"];

static KNOBS: [Knob; 3] = [
    Knob {
        id: "hidden",
        name: "Hidden units",
        help: "A multiple of 8; 0 takes four times the number of features, rounded up.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    Knob {
        id: "granularity",
        name: "Granularity",
        help: "How much of the hidden layer an evaluation uses.",
        kind: KnobKind::Choice { default: "whole", options: &SIZES },
    },
    Knob {
        id: "nested",
        name: "Nested",
        help: "Each training step draws a granularity at random. Without, all units are trained together, as in a plain \
               layer, whose parts alone are of little use.",
        kind: KnobKind::Bool { default: true },
    },
];

impl Entry for NestedFfn {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn dials(&self) -> &'static [&'static str] {
        &["granularity"]
    }
}

impl Block for NestedFfn {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let features = b.g.shape(x).last();
        let hidden = match node.knobs.size("hidden") {
            0 => (4 * features).next_multiple_of(8),
            hidden => hidden,
        };
        if !hidden.is_multiple_of(8) {
            return b.fault(format!("{hidden} hidden units have no eighth"), "choose a multiple of 8");
        }
        let place = SIZES.iter().position(|s| *s == node.knobs.choice("granularity")).unwrap_or(SIZES.len() - 1);
        let used = hidden >> (SIZES.len() - 1 - place);
        // Experts keep their weights in one piece; there the other units are masked.
        if b.mode == Mode::Eval && !b.in_experts() && b.g.shape(x).rank() > 1 {
            return sliced(b, x, hidden, used);
        }
        let h = b.matmul("up", x, hidden, 2.0);
        let bias = b.per_feature("up bias", hidden, Init::Constant(0.0));
        let h = b.g.add(h, bias);
        let mut h = b.g.relu(h);
        let width = match b.mode {
            Mode::Train if node.knobs.bool("nested") => Some(drawn(b, hidden)),
            Mode::Train => None,
            Mode::Eval => Some(b.g.constant(used as f32)),
        };
        if let Some(width) = width {
            let unit = b.g.iota(hidden);
            let inside = b.g.lt(unit, width);
            h = b.g.mul(h, inside);
        }
        let y = b.matmul("down", h, features, 1.0);
        let bias = b.per_feature("down bias", features, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}

/// The width that this step draws, the same for all layers of a network that are as wide: `[]` or `[1]`.
fn drawn(b: &mut Build, hidden: usize) -> Value {
    let noise = Noise { distribution: Distribution::Uniform, stream: stream("granularity"), shape: [1].into() };
    let noise = b.g.push(noise, &[b.clock.seed, b.clock.step]);
    let smallest = (hidden >> (SIZES.len() - 1)) as f32;
    let mut width = b.g.constant(smallest);
    for step in 1..SIZES.len() {
        let bound = b.g.constant(step as f32 / SIZES.len() as f32);
        let below = b.g.lt(noise, bound);
        let larger = b.g.constant(smallest * (1 << step) as f32);
        width = b.g.select(below, width, larger);
    }
    width
}

/// The layer of the first `used` of `hidden` units alone.
fn sliced(b: &mut Build, x: Value, hidden: usize, used: usize) -> Value {
    let shape = b.g.shape(x).clone();
    let features = shape.last();
    let bound = |gain: f32, inputs: usize| Init::Uniform { bound: (gain * 3.0 / inputs.max(1) as f32).sqrt() };
    let up = b.param("up", vec![features, hidden], bound(2.0, features));
    let bias = b.param("up bias", vec![hidden], Init::Constant(0.0));
    let down = b.param("down", vec![hidden, features], bound(1.0, hidden));
    let shift = b.param("down bias", vec![features], Init::Constant(0.0));
    let (up, bias, down) = (b.g.slice(up, 1, 0, used), b.g.slice(bias, 0, 0, used), b.g.slice(down, 0, 0, used));
    let rows = b.g.reshape(x, [shape.size() / features.max(1), features]);
    let h = b.g.matmul(rows, up);
    let h = b.g.add(h, bias);
    let h = b.g.relu(h);
    let y = b.g.matmul(h, down);
    let y = b.g.add(y, shift);
    b.g.reshape(y, shape)
}
