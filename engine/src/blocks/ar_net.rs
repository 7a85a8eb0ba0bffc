//! AR-Net: linear autoregression, learned by gradients, with a penalty that leaves few lags.
//!
//! ŷ = Σ_i w_i x_{T+1−i} + b
//! penalty = λ Σ_i (2 / (1 + exp(−c₁ |w_i|^{1/c₂})) − 1),  λ = c_λ (1/s − 1),  c₁ = c₂ = 3
//!
//! where s is the share of the lags that is thought to matter (Triebe, Laptev and Rajagopal 2019). The
//! penalty is steepest at 0 and flat for large weights: it clears small weights away and hardly shrinks large ones.

use super::series::series;
use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A series `[B, T]` or `[B, T, 1]` to a forecast `[B, units]`, each unit with weights of its own.
pub struct ArNet;

static META: Meta = Meta {
    id: "ar-net",
    name: "AR-Net",
    help: "Forecasts a series as a weighted sum of its latest values, and may be asked to use few of them.",
    source: "Triebe, Laptev and Rajagopal 2019",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "units",
        name: "Units",
        help: "How many values to forecast; 0 takes as many as the task has outputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1024 },
    },
    Knob {
        id: "lags",
        name: "Lags",
        help: "How many of the latest values it looks at; 0 takes all.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    Knob {
        id: "penalty",
        name: "Penalty",
        help: "c of the penalty on small weights; 0 leaves it out.",
        kind: KnobKind::Float { default: 0.0, min: 0.0, max: 10.0, live: false },
    },
    Knob {
        id: "sparsity",
        name: "Share of lags",
        help: "Which share of the lags is thought to matter; the smaller, the stronger the penalty.",
        kind: KnobKind::Float { default: 0.1, min: 0.001, max: 1.0, live: false },
    },
];

/// c₁ and c₂.
const SHAPE: f32 = 3.0;

/// Added to |w|, so that the root has a slope at 0.
const TINY: f32 = 1e-4;

impl Entry for ArNet {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for ArNet {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, places) = match series(b, x) {
            Ok(series) => series,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let lags = match knobs.size("lags") {
            0 => places,
            lags => lags,
        };
        if lags > places {
            let message = format!("{lags} lags are more than the {places} values of the series");
            return b.fault(message, "choose fewer lags, or 0 for all");
        }
        let units = match knobs.size("units") {
            0 => b.outputs(),
            units => units,
        };
        let latest = b.g.slice(x, 1, places - lags, lags);
        let gain = init::gain("lecun", lags, units);
        let (y, weights) = b.used(|b| b.matmul("weight", latest, units, gain));
        let (c, share) = (knobs.float("penalty") as f32, knobs.float("sparsity") as f32);
        if c > 0.0 {
            for slot in weights {
                let weight = b.g.read(slot);
                let loss = smallness(b, weight);
                let loss = b.g.scale(loss, c * (1.0 / share - 1.0));
                b.penalise(loss);
            }
        }
        let bias = b.per_feature("bias", units, Init::Constant(0.0));
        b.g.add(y, bias)
    }
}

/// Σ (2 / (1 + exp(−c₁ |w|^{1/c₂})) − 1), shape `[]`.
fn smallness(b: &mut Build, weight: Value) -> Value {
    let (tiny, one) = (b.g.constant(TINY), b.g.constant(1.0));
    let size = b.g.abs(weight);
    let size = b.g.add(size, tiny);
    let log = b.g.ln(size);
    let log = b.g.scale(log, 1.0 / SHAPE);
    let root = b.g.exp(log);
    let root = b.g.scale(root, SHAPE);
    let near = b.g.sigmoid(root);
    let near = b.g.scale(near, 2.0);
    let near = b.g.sub(near, one);
    b.g.total(near)
}
