//! Scalable forward-forward (Krutsylo 2025): a goodness for each class in one pass, with no wrong labels and no label in
//! the input.
//!
//! A hidden stage's output has a small map of its own over its channels, the same at every place of an image, to
//! `channels` of them for each class. The goodness of a class is the mean square of its channels over all places:
//!
//! ```text
//! u_l = stage_l(n_{l−1}) P_l                 goodness_l[c] = mean over places and channels of class c of u_l²
//! loss_l = softplus(ln Σ_{c ≠ label} exp goodness_l[c] − goodness_l[label])
//! n_l = detach((h_l − mean h_l) / √(variance h_l + ε)),  over all units of a sample
//! ```
//!
//! The true class is the positive example, all others together are the negative one; this loss is the cross-entropy of
//! the softmax of the goodness, and is computed as such. Within a stage, which may hold many layers, the chain rule
//! carries the credit: the paper's blockwise hybrid. The network's last stage learns the task from `n_{L−1}`; the network
//! answers by it, or by the mean over it and all stages' goodness.

use super::local::{self, Greedy, Head};
use crate::ir::Value;
use crate::lesson::Learn;
use crate::net::{Build, Pass};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Forward-forward with all classes in one pass.
pub struct ScalableForward;

static META: Meta = Meta {
    id: "scalable-forward-forward",
    name: "Scalable forward-forward",
    help: "Each stage learns alone to be active in the channels of the true class and quiet in those of all others.",
    source: "Krutsylo 2025",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "channels",
        name: "Channels",
        help: "How many channels of the map each class has.",
        kind: KnobKind::Int { default: 4, min: 1, max: 64 },
    },
    local::ANSWER,
];

impl Entry for ScalableForward {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Greedy for ScalableForward {
    fn published(&self) -> &'static str {
        "training takes 1.5 to 3 times as long as by backpropagation where classes are many (its authors' page)"
    }

    /// Each sample brought to mean 0 and variance 1.
    fn hand(&self, b: &mut Build, h: Value) -> Value {
        if b.g.is_poisoned(h) {
            return h;
        }
        let axes: Vec<usize> = (1..b.g.shape(h).rank()).collect();
        let mean = b.g.mean(h, &axes);
        let centred = b.g.sub(h, mean);
        let square = b.g.square(centred);
        let variance = b.g.mean(square, &axes);
        let least = b.g.constant(1e-5);
        let safe = b.g.add(variance, least);
        let root = b.g.sqrt(safe);
        b.g.div(centred, root)
    }

    /// Its scores are the goodness of each class.
    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head {
        let shape = cx.g.shape(pass.output).clone();
        let (batch, depth) = (shape[0], shape.last());
        let places = shape.size() / (batch * depth).max(1);
        let (classes, channels) = (cx.task.outputs, cx.knobs.size("channels"));
        let rows = cx.g.reshape(pass.output, [batch * places, depth]);
        let (mapped, slot) = local::linear(cx, &format!("map {}", i + 1), rows, classes * channels);
        let square = cx.g.square(mapped);
        let square = cx.g.reshape(square, [batch, places, classes, channels]);
        let mean = cx.g.mean(square, &[1, 3]);
        Head::new(cx.g.reshape(mean, [batch, classes]), vec![slot])
    }
}
