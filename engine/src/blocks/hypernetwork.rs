//! Hypernetworks: a small network makes the weights of a layer.
//!
//! Static, from an embedding z of the layer, for each input i of the layer:
//! a_i = W_i z + B_i,  K_i = W_out a_i + B_out,  y = x K   (Ha, Dai and Le 2017, section 3.1, with rows for kernels)
//!
//! Dynamic, from the input itself, as scales and shifts of a layer's units, which stand for whole weights:
//! h = tanh(A x), z = Z h,  y = (1 + D z) ⊙ W x + D' z' + b   (section 3.2, with x for both of its inputs)

use super::{Block, init};
use crate::ir::{Init, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A layer over the last axis whose weights are computed. Several static ones in series share the network that makes
/// them, each with an embedding and a bias of its own, relu between them.
pub struct Hypernetwork;

static META: Meta = Meta {
    id: "hypernetwork",
    name: "Hypernetwork",
    help: "A layer whose weights a small network makes, from an embedding of the layer or from its input.",
    source: "Ha, Dai and Le 2017",
};

static KNOBS: [Knob; 6] = [
    Knob {
        id: "units",
        name: "Units",
        help: "How many sums to form; 0 takes the task's number of outputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    Knob {
        id: "kind",
        name: "Kind",
        help: "static: weights from a learned embedding; dynamic: for each sample its own, from the input.",
        kind: KnobKind::Choice { default: "static", options: &["static", "dynamic"] },
    },
    Knob {
        id: "layers",
        name: "Layers",
        help: "How many static layers in series share the small network.",
        kind: KnobKind::Int { default: 1, min: 1, max: 64 },
    },
    Knob {
        id: "embedding",
        name: "Embedding",
        help: "Numbers from which the weights are made.",
        kind: KnobKind::Int { default: 4, min: 1, max: 256 },
    },
    Knob {
        id: "hidden",
        name: "Hidden units",
        help: "Width of the small network.",
        kind: KnobKind::Int { default: 8, min: 1, max: 1024 },
    },
    init::KNOB,
];

impl Entry for Hypernetwork {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for Hypernetwork {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let shape = b.g.shape(x).clone();
        if shape.rank() < 2 {
            return b.fault(format!("there are no features in {shape}"), "give it samples with features");
        }
        let knobs = &node.knobs;
        let units = match knobs.size("units") {
            0 => b.outputs(),
            units => units,
        };
        let (inputs, layers) = (shape.last(), knobs.size("layers"));
        let gain = init::gain(knobs.choice("init"), inputs, units);
        if knobs.choice("kind") == "dynamic" {
            if layers > 1 {
                return b.fault("layers that follow their input share no network", "choose 1 layer, or static weights");
            }
            return dynamic(node, b, x, units, gain);
        }
        if let Some(fault) = super::outside_experts(b) {
            return fault;
        }
        if layers > 1 && inputs != units {
            let message = format!("{layers} layers of one form cannot go from {inputs} features to {units}");
            return b.fault(message, format!("choose {inputs} units, or 1 layer"));
        }
        let mut y = b.g.reshape(x, [shape.size() / inputs.max(1), inputs]);
        for layer in 1..=layers {
            if layer > 1 {
                y = b.g.relu(y);
            }
            let weight = weight(node, b, &format!("embedding {layer}"), inputs, units, gain);
            y = b.g.matmul(y, weight);
            let bias = b.per_feature(&format!("bias {layer}"), units, Init::Constant(0.0));
            y = b.g.add(y, bias);
        }
        let mut out = shape.0;
        out.pop();
        out.push(units);
        b.g.reshape(y, out)
    }
}

/// K `[inputs, units]`, made from the embedding of this name; of variance gain / inputs at first.
fn weight(node: &Node, b: &mut Build, name: &str, inputs: usize, units: usize, gain: f32) -> Value {
    let (size, hidden) = (node.knobs.size("embedding"), node.knobs.size("hidden"));
    let embedding = b.param(name, vec![1, size], Init::Normal { std: 1.0 });
    let rows = b.matmul("rows", embedding, inputs * hidden, 1.0);
    let rows = b.g.reshape(rows, [inputs, hidden]);
    let bias = b.param("rows bias", vec![inputs, hidden], Init::Constant(0.0));
    let rows = b.g.add(rows, bias);
    let weight = b.matmul("columns", rows, units, gain / inputs.max(1) as f32);
    let bias = b.param("columns bias", vec![units], Init::Constant(0.0));
    b.g.add(weight, bias)
}

/// The layer that follows its input; at first a plain one, since the codes begin at 0.
fn dynamic(node: &Node, b: &mut Build, x: Value, units: usize, gain: f32) -> Value {
    let (size, hidden) = (node.knobs.size("embedding"), node.knobs.size("hidden"));
    let h = b.matmul("hidden", x, hidden, 1.0);
    let bias = b.per_feature("hidden bias", hidden, Init::Constant(0.0));
    let h = b.g.add(h, bias);
    let h = b.g.tanh(h);
    let of_input = |b: &mut Build, what: &str| {
        let code = b.matmul(&format!("{what} code"), h, size, 0.0);
        b.matmul(what, code, units, 1.0)
    };
    let (scale, shift) = (of_input(b, "scale"), of_input(b, "shift"));
    let one = b.g.constant(1.0);
    let scale = b.g.add(one, scale);
    let y = b.matmul("weight", x, units, gain);
    let y = b.g.mul(y, scale);
    let y = b.g.add(y, shift);
    let bias = b.per_feature("bias", units, Init::Constant(0.0));
    b.g.add(y, bias)
}
