//! A stack of transformer layers in an order written as letters, with `n` the normalisation before each:
//!
//! ```text
//! s   x + attention(n(x))
//! f   x + feed-forward(n(x))
//! p   x + attention(n(x)) + feed-forward(n(x))           side by side
//! h   shaped-attention(n(x))                             no way past it, no values
//! q   shaped-attention(n(x)) + β feed-forward(n(x))      no way past them, β = 0.1 at first
//! ```
//!
//! `sf` is a layer of Vaswani et al. 2017 with the normalisation in front (Xiong et al. 2020). Mandava et al. 2020 (PAR)
//! write few `s`, and those early: `sfsfffff`; `p` is the parallel form that Sonkar and Baraniuk 2023 compare with `sf`;
//! `hf` and `q` are He and Hofmann's 2024 layers without a skip around attention, SAS and SAS-P. A letter for other
//! blocks has [`super::brainformer`].

use super::attention::{self, FORGET, POSITIONS};
use super::heads::HEADS;
use super::mask::{MASK, WIDTH};
use super::parts::{self, EXPAND, behind, part, set};
use super::{Block, Takes, activation, affine, chain, parallel, residual, sequence, shaped_attention};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Layers on a sequence `[B, T, D]`, which keeps its shape. Without a mask it is an encoder.
pub struct Transformer;

static META: Meta = Meta {
    id: "transformer",
    name: "Transformer",
    help: "A stack of attention and feed-forward layers in the order that its letters say.",
    source: "Vaswani et al. 2017; orders: Mandava et al. 2020, Sonkar and Baraniuk 2023, He and Hofmann 2024",
};

/// The gain of the feed-forward branch of `q` before training (He and Hofmann 2024).
const BRANCH: f64 = 0.1;

/// The knobs of a stack, its letters first.
pub const fn knobs(order: Knob) -> [Knob; 9] {
    [order, HEADS, MASK, WIDTH, POSITIONS, FORGET, EXPAND, activation::CURVE, NORM]
}

const NORM: Knob = Knob {
    id: "norm",
    name: "Normalisation",
    help: "What every layer does to its input first.",
    kind: KnobKind::Choice { default: "layer", options: &["layer", "rms", "none"] },
};

static KNOBS: [Knob; 9] = knobs(Knob {
    id: "order",
    name: "Order",
    help: "A letter for each layer: s attention, f feed-forward, p both side by side, h shaped attention without a \
           skip, q that beside a feed-forward.",
    kind: KnobKind::Text { default: "sf", letters: "sfphq", most: 24 },
});

impl Entry for Transformer {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// `block` with what it shares of the knobs of `node`.
fn like(node: &Node, block: &'static dyn Block, shared: &[&'static str]) -> Node {
    let given = node.knobs.iter().filter(|(id, _)| shared.contains(id));
    given.fold(part(block, vec![]), |made, (id, value)| set(made, id, value.clone()))
}

/// The layer of one letter, for `width` features; a letter that is none of the above stands for the blocks held.
fn layer(node: &Node, letter: char, width: usize) -> Node {
    let attention = || like(node, &attention::Attention, &[HEADS.id, MASK.id, WIDTH.id, POSITIONS.id, FORGET.id]);
    let shaped = || like(node, &shaped_attention::ShapedAttention, &[HEADS.id, MASK.id, WIDTH.id]);
    let hidden = width * node.knobs.size(EXPAND.id);
    let forward = || parts::feed_forward(hidden, width, node.knobs.choice(activation::CURVE.id));
    let normed = |others: Vec<Node>| behind(parts::norm(node.knobs.choice("norm")), others);
    let together = |ways: Vec<Vec<Node>>| {
        part(&parallel::Parallel, ways.into_iter().map(|way| part(&chain::Chain, way)).collect())
    };
    let past = |inner: Vec<Node>| part(&residual::Residual, normed(inner));
    match letter {
        's' => past(vec![attention()]),
        'f' => past(forward()),
        'p' => past(vec![together(vec![vec![attention()], forward()])]),
        'h' => part(&chain::Chain, normed(vec![shaped()])),
        'q' => {
            let gain = set(set(set(part(&affine::Affine, vec![]), "start", BRANCH), "shared", true), "shift", false);
            let branch = behind(forward(), [gain]);
            part(&chain::Chain, normed(vec![together(vec![vec![shaped()], branch])]))
        }
        _ => past(node.children.clone()),
    }
}

/// The layers that the order of `node` names, on a sequence `[B, T, D]`.
pub fn stack(node: &Node, b: &mut Build, x: Value) -> Value {
    let (x, [_, _, width]) = match sequence(b, x) {
        Ok(sequence) => sequence,
        Err(fault) => return fault,
    };
    let letters = node.knobs.choice("order").chars();
    let layers: Vec<Node> = letters.map(|letter| layer(node, letter, width)).collect();
    b.chain(&layers, x)
}

impl Block for Transformer {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        stack(node, b, x)
    }
}
