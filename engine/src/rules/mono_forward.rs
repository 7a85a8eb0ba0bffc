//! Mono-Forward (Gong, Li and Abdulla 2025): one forward pass, in which every stage scores the classes by itself.
//!
//! Hidden stage `l` with output `h_l [B, n]` has a matrix `M_l [n, C]` that tells how much its units speak for each
//! class; `y` is the one-hot label:
//!
//! ```text
//! h_l = stage_l(detach(h_{l−1}))      G_l = h_l M_l      loss_l = cross-entropy(softmax(G_l), y)
//! with δ = (softmax(G_l) − y) / B:    ∂M_l = h_lᵀ δ      ∂h_l = δ M_lᵀ
//! ```
//!
//! `∂h_l` reaches the stage's weights by the chain rule within the stage; for one rectified layer `W` that is
//! `∂W = detach(h_{l−1})ᵀ (∂h_l ⊙ 1[h_l > 0])`. The network's last stage is the goodness matrix of the last hidden stage
//! once more, trained apart; the network answers by it, or by the goodness of all stages together.
//!
//! This is greedy training with linear local classifiers ([`super::local_classifiers`]) that have no bias and always
//! follow the cross-entropy.

use super::local::{self, Greedy, Head};
use crate::lesson::Learn;
use crate::net::Pass;
use crate::registry::{Entry, Knob, Meta};

/// A goodness for every class in the place of positive and negative data.
pub struct MonoForward;

static META: Meta = Meta {
    id: "mono-forward",
    name: "Mono-Forward",
    help: "In a single forward pass each stage learns alone, from how well a matrix of its own tells the classes apart.",
    source: "Gong, Li and Abdulla 2025",
};

static KNOBS: [Knob; 1] = [local::ANSWER];

impl Entry for MonoForward {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Greedy for MonoForward {
    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head {
        let h = local::rows(cx, pass.output);
        let (scores, slot) = local::linear(cx, &format!("goodness {}", i + 1), h, cx.task.outputs);
        Head::new(scores, vec![slot])
    }
}
