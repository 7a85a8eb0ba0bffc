//! Neurons with biophysical synapses, whose time constants follow what they receive (LTC, Hasani et al. 2021; Lechner et
//! al. 2022, "On the Benefits of Biophysical Synapses"):
//!
//! ```text
//! dv_i/dt = g_i (E_i − v_i) + Σ_j w_ij σ(a_ij (v_j − m_ij)) (E_ij − v_i)
//! ```
//!
//! over inputs and neurons `j`. It is linear in `v_i` with coefficients that depend on the rest, so the half-implicit step
//! `v ← (v + h N) / (1 + h D)`, with `D = g + Σ w σ` and `N = g E + Σ w σ E`, is stable for every length `h`. The static
//! form is the state of rest, `v = N / D`.

use super::unroll::{self, DIRECTION, OUTPUT, UNITS};
use super::{Block, Takes};
use crate::ir::{Graph, Init, Shape, Value};
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Neurons between whose potentials and inputs stand synapses of four weights each: `[B, T, D]` to potentials
/// `[B, T, units]`, or `[B, units]`. Conductances are kept positive by softplus; a membrane's capacity is 1.
pub struct Liquid;

static META: Meta = Meta {
    id: "liquid",
    name: "Liquid neurons",
    help: "Neurons whose synapses open and close: what flows in also decides how fast they forget.",
    source: "Hasani et al. 2021; Lechner et al. 2022",
};

static KNOBS: [Knob; 5] = [
    UNITS,
    Knob {
        id: "form",
        name: "Form",
        help: "moving: potentials follow the equations in time; static: each place by itself, at rest.",
        kind: KnobKind::Choice { default: "moving", options: &["moving", "static"] },
    },
    Knob {
        id: "steps",
        name: "Steps",
        help: "Into how many steps the time between two places is cut.",
        kind: KnobKind::Int { default: 1, min: 1, max: 16 },
    },
    DIRECTION,
    OUTPUT,
];

impl Entry for Liquid {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// The synapses of `units` neurons with whatever they listen to, weights `[J, units]` each.
struct Synapses {
    conductance: Value,
    steepness: Value,
    middle: Value,
    reversal: Value,
}

impl Synapses {
    fn new(b: &mut Build, name: &str, inputs: usize, units: usize) -> Self {
        let mut weight =
            |what: &str, bound| b.param(&format!("{name}-{what}"), vec![inputs, units], Init::Uniform { bound });
        let conductance = weight("conductance", 1.0);
        let steepness = weight("steepness", 1.0);
        let middle = weight("middle", 1.0);
        let reversal = weight("reversal", 1.0);
        let conductance = b.g.softplus(conductance);
        // A synapse opens within about one unit of potential.
        let about = b.g.constant(4.0);
        let steepness = b.g.add(steepness, about);
        Self { conductance, steepness, middle, reversal }
    }

    /// `Σ w σ E` and `Σ w σ`, each `[.., units]`, for what is heard `[.., J]`.
    fn sums(&self, g: &mut Graph, heard: Value) -> [Value; 2] {
        let mut shape = g.shape(heard).clone();
        let axis = shape.rank() - 1;
        shape.0.push(1);
        let column = g.reshape(heard, shape.clone());
        let above = g.sub(column, self.middle);
        let above = g.mul(self.steepness, above);
        let open = g.sigmoid(above);
        let open = g.mul(self.conductance, open);
        let pull = g.mul(open, self.reversal);
        let units = g.shape(open).last();
        let flat = Shape([&shape[..axis], &[units]].concat());
        [pull, open].map(|x| {
            let sum = g.sum(x, &[axis]);
            g.reshape(sum, flat.clone())
        })
    }
}

impl Block for Liquid {
    fn takes(&self) -> Takes {
        Takes::Sequence
    }

    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, [batch, len, features]) = match super::sequence(b, x) {
            Ok(sequence) => sequence,
            Err(fault) => return fault,
        };
        let units = unroll::units(node, features);
        let leak = b.param("leak", vec![units], Init::Constant(0.0));
        let leak = b.g.softplus(leak);
        let rest = b.param("rest", vec![units], Init::Uniform { bound: 1.0 });
        let input = Synapses::new(b, "input", features, units);
        let [pull, open] = input.sums(b.g, x);
        let at_rest = b.g.mul(leak, rest);
        let (pull, open) = (b.g.add(pull, at_rest), b.g.add(open, leak));
        if node.knobs.choice("form") == "static" {
            let y = b.g.div(pull, open);
            if node.knobs.choice("output") == "sequence" {
                return y;
            }
            let end = if node.knobs.choice("direction") == "backward" { 0 } else { len.saturating_sub(1) };
            let y = b.g.slice(y, 1, end, 1);
            return b.g.reshape(y, [batch, units]);
        }
        let between = Synapses::new(b, "state", units, units);
        let steps = node.knobs.size("steps");
        let long = 1.0 / steps as f32;
        let start = unroll::zeros(b.g, [batch, units]);
        unroll::along(node, b.g, [pull, open], [start], |g, [pull, open], [mut v]| {
            for _ in 0..steps {
                let [more_pull, more_open] = between.sums(g, v);
                let (n, d) = (g.add(pull, more_pull), g.add(open, more_open));
                let (n, d) = (g.scale(n, long), g.scale(d, long));
                let one = g.constant(1.0);
                let (n, d) = (g.add(v, n), g.add(d, one));
                v = g.div(n, d);
            }
            [v]
        })
    }
}
