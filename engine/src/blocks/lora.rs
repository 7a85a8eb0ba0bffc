//! A low-rank change beside frozen weights: LoRA (Hu et al. 2022).
//!
//! ```text
//! y = base(x) + (α / r) x A B        A: inputs × r, B: r × outputs, 0 at first
//! ```
//!
//! Around one linear layer that is `W' = W + (α / r) A B`. In the experts of a route the base is one for all, and `A`, `B`
//! are each expert's own: MixLoRA (Li et al. 2024). A change can have a score that decides whether it is there, with a
//! straight-through derivative and a price (Bafghi et al. 2025):
//!
//! ```text
//! y = base(x) + [s ≥ τ] (α / r) x A B        d[s ≥ τ]/ds := 1        loss = λ |s|
//! ```

use super::{Block, Holds};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks, which stay as they are initialised, and a learned product of two thin matrices beside them.
pub struct Lora;

static META: Meta = Meta {
    id: "lora",
    name: "LoRA",
    help: "Freezes its blocks and learns a change of low rank beside them.",
    source: "Hu et al. 2022; in experts: Li et al. 2024 (MixLoRA); with scores: Bafghi et al. 2025",
};

// A transform that makes such blocks offers these too.
pub(crate) const RANK: Knob = Knob {
    id: "rank",
    name: "Rank",
    help: "Width of the two thin matrices.",
    kind: KnobKind::Int { default: 4, min: 1, max: 256 },
};
pub(crate) const SELECTIVE: Knob = Knob {
    id: "selective",
    name: "Selective",
    help: "Gives the change a score; it is there only while the score is at its threshold or above.",
    kind: KnobKind::Bool { default: false },
};
pub(crate) const THRESHOLD: Knob = Knob {
    id: "threshold",
    name: "Threshold",
    help: "The score from which on the change is there; scores begin at one and a half times this.",
    kind: KnobKind::Float { default: 0.1, min: 0.001, max: 10.0, live: false },
};
pub(crate) const PRICE: Knob = Knob {
    id: "price",
    name: "Price",
    help: "Weight of the score's size in the loss.",
    kind: KnobKind::Float { default: 0.01, min: 0.0, max: 10.0, live: false },
};

static KNOBS: [Knob; 6] = [
    RANK,
    Knob {
        id: "alpha",
        name: "Alpha",
        help: "The change is multiplied by this over the rank.",
        kind: KnobKind::Float { default: 8.0, min: 0.0, max: 256.0, live: false },
    },
    Knob {
        id: "frozen",
        name: "Frozen",
        help: "Whether the blocks inside stay as they are initialised.",
        kind: KnobKind::Bool { default: true },
    },
    SELECTIVE,
    THRESHOLD,
    PRICE,
];

impl Entry for Lora {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
    fn holds(&self) -> Holds {
        Holds::Blocks
    }
}

impl Block for Lora {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let base = b.in_common(|b| match node.knobs.bool("frozen") {
            true => b.frozen(|b| b.chain(&node.children, x)),
            false => b.chain(&node.children, x),
        });
        if b.g.is_poisoned(base) {
            return base;
        }
        // A linear layer takes an image as one row of features, and so does the change.
        let x = if b.g.shape(x).rank() == 4 && b.g.shape(base).rank() == 2 { b.flat(x) } else { x };
        let (from, to) = (b.g.shape(x).clone(), b.g.shape(base).clone());
        if from.rank() < 2 || from[..from.rank() - 1] != to[..to.rank().max(1) - 1] {
            let message = format!("its blocks turn {from} into {to}, which no change of the last axis does");
            return b.fault(message, "put blocks into it that work on the last axis, such as `linear`");
        }
        let rank = node.knobs.size("rank");
        let thin = b.matmul("a", x, rank, 1.0);
        let change = b.matmul("b", thin, to.last(), 0.0);
        let mut change = b.g.scale(change, node.knobs.float("alpha") as f32 / rank as f32);
        if node.knobs.bool("selective") {
            let there = there(node, b);
            change = b.g.mul(change, there);
        }
        b.g.add(base, change)
    }
}

/// `[s ≥ τ]` with derivative 1, of the layer or of each row's expert: `[1]` or `[T, 1]`.
fn there(node: &Node, b: &mut Build) -> Value {
    let threshold = node.knobs.float("threshold") as f32;
    let score = b.per_feature("score", 1, Init::Constant(1.5 * threshold));
    let bound = b.g.constant(threshold);
    let below = b.g.lt(score, bound);
    let one = b.g.constant(1.0);
    let there = b.g.sub(one, below);
    let price = node.knobs.float("price") as f32;
    if b.mode == Mode::Train && price > 0.0 {
        let size = b.g.abs(score);
        let mean = b.g.mean_all(size);
        let loss = b.g.scale(mean, price);
        b.penalise(loss);
    }
    let still = b.g.detach(score);
    let slope = b.g.sub(score, still);
    b.g.add(there, slope)
}
