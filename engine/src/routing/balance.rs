//! Losses that are least when all experts receive the same. `fᵢ` is the share of the assignments that expert `i` of `E`
//! received, `f¹ᵢ` that of the first choices alone, `Pᵢ` its probability, `gᵢ` the sum of its weights:
//!
//! ```text
//! switch              E Σᵢ fᵢ mean(Pᵢ)          1 at balance      Fedus et al. 2022
//! gshard              E Σᵢ f¹ᵢ mean(Pᵢ)         1 at balance      Lepikhin et al. 2021, times E
//! squared-variation   Var(g) / mean(g)²         0 at balance      Shazeer et al. 2017, equation 6
//! load                Var(L) / mean(L)²         0 at balance      the same, equation 11; L: see `load.rs`
//! load-and-weights    the sum of both                             as they train with
//! ```

use crate::ir::Value;
use crate::net::Build;
use crate::registry::{Knob, KnobKind, Knobs};

/// Weight and form of the loss.
pub const KNOBS: [Knob; 2] = [
    Knob {
        id: "balance",
        name: "Balance",
        help: "Weight of the loss that is least when all experts receive the same number of samples. Its gradient \
               disturbs what the router learns of the task.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "balance-by",
        name: "Balanced by",
        help: "What the loss measures: the shares of all choices (switch), of the first choices (gshard), or how much \
               the experts' summed weights vary (squared-variation).",
        kind: KnobKind::Choice { default: "switch", options: &["switch", "gshard", "squared-variation"] },
    },
];

/// The form, where noise chooses too, so that loads can be expected.
pub const BY_NOISY: Knob = Knob {
    help: "What the loss measures: the shares of all choices (switch), of the first choices (gshard), how much the experts' \
           summed weights vary (squared-variation), or how much the numbers of samples do that they can expect under \
           noisy gating (load); or the sum of the last two, as in Shazeer et al. 2017.",
    kind: KnobKind::Choice {
        default: "switch",
        options: &["switch", "gshard", "squared-variation", "load", "load-and-weights"],
    },
    ..KNOBS[1]
};

/// Whether the loss that `knobs` ask for is one of loads.
pub fn of_loads(knobs: &Knobs) -> bool {
    knobs.float("balance") > 0.0 && knobs.choice("balance-by").starts_with("load")
}

/// Adds the loss that `knobs` ask for: choices `index [R, k]`, their weights `[R, k]`, probabilities `[R, E]`. One of
/// loads needs them: `load [E]`.
pub fn penalise(b: &mut Build, knobs: &Knobs, [index, weights, distribution]: [Value; 3], load: Option<Value>) {
    let weight = knobs.float("balance") as f32;
    let &[_, experts] = &**b.g.shape(distribution) else { return };
    if weight == 0.0 {
        return;
    }
    let loss = match knobs.choice("balance-by") {
        "squared-variation" => of_weights(b, index, weights, experts),
        form if of_loads(knobs) => {
            let Some(load) = load else { return };
            let varied = squared_variation(b, load);
            if form == "load" {
                varied
            } else {
                let other = of_weights(b, index, weights, experts);
                b.g.add(varied, other)
            }
        }
        form => {
            let counted = if form == "gshard" { b.g.slice(index, 1, 0, 1) } else { index };
            let hit = b.g.one_hot(counted, experts);
            let share = b.g.mean(hit, &[0, 1]);
            let share = b.g.reshape(share, [experts]);
            agreement(b, share, distribution)
        }
    };
    let loss = b.g.scale(loss, weight);
    b.penalise(loss);
}

/// `E Σᵢ fᵢ mean(Pᵢ)` of shares `[E]` and probabilities `[R, E]`: `[]`.
pub fn agreement(b: &mut Build, share: Value, distribution: Value) -> Value {
    let experts = b.g.shape(share).size();
    let likely = b.g.mean(distribution, &[0]);
    let likely = b.g.reshape(likely, [experts]);
    let product = b.g.dot(share, likely);
    b.g.scale(product, experts as f32)
}

/// How much the experts' summed weights vary, of choices `index [R, k]` and their weights.
fn of_weights(b: &mut Build, index: Value, weights: Value, experts: usize) -> Value {
    let &[rows, k] = &**b.g.shape(index) else { return weights };
    let hit = b.g.one_hot(index, experts);
    let weights = b.g.reshape(weights, [rows, k, 1]);
    let gates = b.g.mul(hit, weights);
    let sums = b.g.sum(gates, &[0, 1]);
    squared_variation(b, sums)
}

/// Variance of all elements over the square of their mean: `[]`.
fn squared_variation(b: &mut Build, x: Value) -> Value {
    let mean = b.g.mean_all(x);
    let off = b.g.sub(x, mean);
    let square = b.g.square(off);
    let variance = b.g.mean_all(square);
    let scale = b.g.square(mean);
    b.g.div(variance, scale)
}
