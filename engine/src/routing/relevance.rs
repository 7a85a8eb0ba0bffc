//! The experts whose neurons would be most active: what a feed-forward layer is divided by (Zhang et al. 2022,
//! "MoEfication: Transformer Feed-forward Layers are Mixtures of Experts", section 3.2).
//!
//! ```text
//! similarity:   s = x C,  C the mean input weights of each expert's neurons, of length 1
//! mlp:          s = tanh(x A + a) B + b
//! activations:  s_i = Σ_j relu(x W_ij + w_ij),  the sum that is to be told: it costs what it should save
//! ```
//!
//! The `k` experts of highest score count 1 each, and the others nothing: with all of them the layer is whole. No rule
//! learns the router; a transform sets it.

use super::{Assignment, Choice, Routing, Rows};
use crate::ir::{Init, Value};
use crate::net::Build;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// The `k` experts of highest score, each with weight 1.
pub struct Relevance;

static META: Meta = Meta {
    id: "relevance",
    name: "Relevance",
    help: "Each row goes to the k experts that score highest, and each of them counts in full; the router does not learn.",
    source: "Zhang et al. 2022",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "k",
        name: "Experts per row",
        help: "How many experts work on each row.",
        kind: KnobKind::Int { default: 2, min: 1, max: 256 },
    },
    SCORE,
    Knob {
        id: "neurons",
        name: "Neurons",
        help: "For activations, how many neurons each expert has.",
        kind: KnobKind::Int { default: 4, min: 1, max: 4096 },
    },
];

pub const SCORE: Knob = Knob {
    id: "score",
    name: "Score",
    help: "How experts are judged: similarity of the input to the mean of their input weights; mlp, a small network; \
           activations, the sum of their neurons' values itself, which says what the best choice would give.",
    kind: KnobKind::Choice { default: "similarity", options: &["similarity", "mlp", "activations"] },
};

impl Entry for Relevance {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Routing for Relevance {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let k = knobs.size("k");
        if k > experts {
            let fault = b.fault(format!("{k} experts for each row of only {experts}"), "lower k or add experts");
            return Assignment::fault(fault);
        }
        let scores = b.frozen(|b| scores(b, knobs, rows.x, experts));
        let distribution = b.g.softmax(scores);
        let index = b.g.top_k(scores, k);
        let one = b.g.constant(1.0);
        let shape = b.g.shape(index).clone();
        let weights = b.g.broadcast(one, shape);
        Assignment { choice: Choice::ByRow { experts: index, weights }, distribution, limit: None }
    }
}

/// The scores of all experts `[R, E]`.
fn scores(b: &mut Build, knobs: &Knobs, x: Value, experts: usize) -> Value {
    let layer = |b: &mut Build, name: &str, x: Value, units: usize| {
        let y = b.matmul(name, x, units, 1.0);
        let bias = b.per_feature(&format!("{name}-bias"), units, Init::Constant(0.0));
        b.g.add(y, bias)
    };
    match knobs.choice("score") {
        "mlp" => {
            let hidden = layer(b, "router", x, experts);
            let hidden = b.g.tanh(hidden);
            layer(b, "router-out", hidden, experts)
        }
        "activations" => {
            let (neurons, rows) = (knobs.size("neurons"), b.g.shape(x)[0]);
            let values = layer(b, "router", x, experts * neurons);
            let values = b.g.relu(values);
            let values = b.g.reshape(values, [rows, experts, neurons]);
            let sums = b.g.sum(values, &[2]);
            b.g.reshape(sums, [rows, experts])
        }
        _ => b.matmul("router", x, experts, 1.0),
    }
}
