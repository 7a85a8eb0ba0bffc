//! Modules chosen softly, one after the other: the controller of neural module networks (Hu et al. 2018, Stack-NMN;
//! Pahuja et al. 2019).
//!
//! A controller with state `c` looks at the input `x` and weighs its blocks, the modules, anew at each of `n` steps:
//!
//! ```text
//! c_t = tanh(x U + c_{t−1} V + b)      w_t = softmax(c_t W)      h_t = Σ_m w_t[m] · module_m(h_{t−1})      h_0 = x
//! ```
//!
//! The modules have the same weights at every step. In evaluation the weights can be hardened to the largest.

use super::{Block, Holds};
use crate::ir::{Init, Value};
use crate::net::{Build, Mode, Node, Picture};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Its blocks side by side, mixed by a controller at every step; row by row of the last axis.
pub struct ModuleSequence;

static META: Meta = Meta {
    id: "module-sequence",
    name: "Module sequence",
    help: "A controller decides at each of several steps which of its blocks is applied, by weights that it learns.",
    source: "Hu et al. 2018 (Stack-NMN); Pahuja et al. 2019",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "steps",
        name: "Steps",
        help: "How many modules are applied one after the other.",
        kind: KnobKind::Int { default: 2, min: 1, max: 32 },
    },
    Knob {
        id: "control",
        name: "Controller",
        help: "Width of the controller's state.",
        kind: KnobKind::Int { default: 16, min: 1, max: 1024 },
    },
    Knob {
        id: "hard",
        name: "Hard",
        help: "When evaluated, only the module of largest weight counts.",
        kind: KnobKind::Bool { default: false },
    },
];

impl Entry for ModuleSequence {
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

impl Block for ModuleSequence {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (modules, width) = (node.children.len(), node.knobs.size("control"));
        let shape = b.g.shape(x).clone();
        if modules == 0 || shape.rank() < 2 {
            return if modules == 0 { x } else { b.fault("there are no features", "give it samples with features") };
        }
        let axis = shape.rank() - 1;
        let seen = b.matmul("input", x, width, 1.0);
        let bias = b.per_feature("input bias", width, Init::Constant(0.0));
        let seen = b.g.add(seen, bias);
        let (mut h, mut state) = (x, None);
        let mut shown = Vec::new();
        for _ in 0..node.knobs.size("steps") {
            let sum = match state {
                None => seen,
                Some(state) => {
                    let before = b.matmul("state", state, width, 1.0);
                    b.g.add(seen, before)
                }
            };
            let now = b.g.tanh(sum);
            state = Some(now);
            let logits = b.matmul("choice", now, modules, 1.0);
            let mut weights = b.g.softmax(logits);
            if b.mode == Mode::Eval && node.knobs.bool("hard") {
                let best = b.g.arg_max(logits);
                weights = b.g.one_hot(best, modules);
            }
            shown.push(weights);
            let mut next = None;
            for (m, module) in node.children.iter().enumerate() {
                let y = super::alike(b, m, module, h);
                if b.g.is_poisoned(y) {
                    return y;
                }
                let weight = b.g.slice(weights, axis, m, 1);
                let part = b.g.mul(y, weight);
                next = Some(next.map_or(part, |sum| b.g.add(sum, part)));
            }
            h = next.unwrap_or(h);
        }
        let weights = b.g.concat(&shown, axis);
        b.show(Picture::Gates, weights);
        h
    }
}
