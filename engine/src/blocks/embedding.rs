//! A row of features for every token: `y_t = E[x_t]`.

use super::{Block, Takes};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::ops::rows::Gather;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Tokens `[B, T]` to a sequence `[B, T, width]`: each token reads its own row of a table `[vocabulary, width]`, whose
/// numbers begin normal with variance 1.
pub struct Embedding;

static META: Meta = Meta {
    id: "embedding",
    name: "Embedding",
    help: "Turns every token into a row of features of its own.",
    source: "Bengio et al. 2003",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "width",
    name: "Width",
    help: "How many features stand for a token.",
    kind: KnobKind::Int { default: 32, min: 1, max: 1024 },
}];

impl Entry for Embedding {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Embedding {
    fn takes(&self) -> Takes {
        Takes::Tokens
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        let shape = b.g.shape(x).clone();
        let vocabulary = b.vocabulary();
        if vocabulary == 0 {
            return b.fault("samples are no tokens here", "choose a dataset of tokens");
        }
        if shape.rank() != 2 {
            return b.fault(format!("it needs tokens [B×T], not {shape}"), "put it first, before any other block");
        }
        b.tokens = Some(x);
        let width = node.knobs.size("width");
        let table = b.param("table", vec![vocabulary, width], Init::Normal { std: 1.0 });
        b.g.push(Gather, &[table, x])
    }
}
