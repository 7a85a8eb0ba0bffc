//! Stochastic depth: blocks that are absent at random.

use super::{Block, Holds};
use crate::ir::{Shape, Value};
use crate::net::{Build, Mode, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// `x + m f(x)`, where `f` is its blocks in series: while training, m is 0 for each sample with probability `rate`, else
/// 1; otherwise it is the mean of that, 1 − `rate` (Huang et al. 2016, eq. 2 and 5, with a coin for each sample).
pub struct StochasticDepth;

static META: Meta = Meta {
    id: "stochastic-depth",
    name: "Stochastic depth",
    help: "A residual whose blocks are left out at random while training, for each sample by itself.",
    source: "Huang et al. 2016",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "rate",
    name: "Rate",
    help: "Probability that a sample goes past the blocks.",
    kind: KnobKind::Float { default: 0.2, min: 0.0, max: 1.0, live: false },
}];

impl Entry for StochasticDepth {
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

impl Block for StochasticDepth {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let branch = b.chain(&node.children, x);
        if b.g.is_poisoned(branch) {
            return branch;
        }
        let (from, to) = (b.g.shape(x).clone(), b.g.shape(branch).clone());
        if from != to {
            let message = format!("its blocks turn {from} into {to}, which cannot be added to the input");
            return b.fault(message, "let the last of its blocks give the shape of its input");
        }
        let kept = 1.0 - node.knobs.float("rate") as f32;
        let branch = match b.mode {
            Mode::Eval => b.g.scale(branch, kept),
            Mode::Train if kept == 1.0 => branch,
            Mode::Train => {
                let mut coins = vec![1; b.g.shape(x).rank()];
                if let (Some(coin), Some(&batch)) = (coins.first_mut(), b.g.shape(x).first()) {
                    *coin = batch;
                }
                let noise = b.uniform(&Shape(coins));
                let bound = b.g.constant(kept);
                let mask = b.g.lt(noise, bound);
                b.g.mul(branch, mask)
            }
        };
        b.g.add(x, branch)
    }
}
