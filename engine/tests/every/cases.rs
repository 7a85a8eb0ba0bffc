//! The blocks, each in a graph of its own with the derivatives by its input and its weights.

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::blocks::{BLOCKS, Holds, Takes};
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role, SlotId, Value};
use engine::net::{Build, Mode, Net, Node, Stage};
use engine::ops::Tensor;
use engine::registry::{Knob, KnobKind, Knobs, Setting, Settings};
use engine::routing::ROUTINGS;

use crate::support::*;

const BATCH: usize = 5;
const VOCABULARY: usize = 7;

/// A block built on a register `x`.
pub struct Case {
    /// Id of the block and of its routing, the mode or the setting.
    pub name: String,
    pub block: &'static str,
    pub g: Graph,
    /// Output and auxiliary losses. What is differentiated is `Σ c · y + Σ losses`.
    pub y: Value,
    pub losses: Vec<Value>,
    /// Weights of `y` in that sum.
    pub cotangent: SlotId,
    /// What it is differentiated by: `x` unless that is tokens, and every weight that learns.
    pub by: Vec<SlotId>,
    /// The derivatives; `None` where none flows.
    pub gradients: Vec<Option<Value>>,
    /// Registers that a step writes.
    pub writes: Vec<(SlotId, Value)>,
    /// Registers of tokens.
    whole: Vec<SlotId>,
}

/// Every block in both modes, with every routing where it routes; and while training with every option of every choice
/// and every switch turned, one at a time, of the block and of its routing. Settings that a block refuses are left out,
/// its defaults never.
pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for &block in BLOCKS {
        let children = match block.holds() {
            Holds::Nothing => vec![],
            Holds::Blocks | Holds::Experts => vec![linear(4)],
        };
        let routings: Vec<_> = match block.holds() {
            Holds::Nothing | Holds::Blocks => vec![None],
            Holds::Experts => ROUTINGS.iter().map(|&r| Some(r)).collect(),
        };
        for routing in routings {
            let node = |own: &Settings, routed: &Settings| {
                let knobs = Knobs::resolve(block.knobs(), own, "").unwrap();
                let routing = routing.map(|r| (r, Knobs::resolve(r.knobs(), routed, "").unwrap()));
                Node { block, knobs, routing, children: children.clone() }
            };
            let none = Settings::new();
            let name = match routing {
                None => block.meta().id.to_owned(),
                Some(routing) => format!("{} by {}", block.meta().id, routing.meta().id),
            };
            for mode in [Mode::Train, Mode::Eval] {
                let case = Case::new(format!("{name} ({mode:?})"), node(&none, &none), mode);
                all.push(case.unwrap_or_else(|faults| panic!("{name}: {faults}")));
            }
            let own = variants(block.knobs()).into_iter().map(|s| (s, none.clone()));
            let routed = variants(routing.map_or(&[], |r| r.knobs())).into_iter().map(|s| (none.clone(), s));
            for (own, routed) in own.chain(routed) {
                let said: Vec<_> = own.iter().chain(&routed).map(|(knob, v)| format!("{knob} {v}")).collect();
                let name = format!("{name}, {}", said.join(", "));
                all.extend(Case::new(name, node(&own, &routed), Mode::Train).ok());
            }
        }
    }
    all
}

/// Each other option of each choice, each switch turned.
fn variants(knobs: &[Knob]) -> Vec<Settings> {
    let one = |knob: &Knob, value: Setting| Settings::from([(knob.id.to_owned(), value)]);
    let others = |knob: &Knob| match knob.kind {
        KnobKind::Choice { default, options } => {
            options.iter().filter(|&&o| o != default).map(|&o| one(knob, o.into())).collect()
        }
        KnobKind::Bool { default } => vec![one(knob, (!default).into())],
        KnobKind::Float { .. } | KnobKind::Int { .. } | KnobKind::Text { .. } => vec![],
    };
    knobs.iter().flat_map(others).collect()
}

impl Case {
    /// # Errors
    /// What the block has against its settings.
    fn new(name: String, node: Node, mode: Mode) -> Result<Self, String> {
        let (block, takes, holds) = (node.block.meta().id, node.block.takes(), node.block.holds());
        let mut g = Graph::new();
        let (_, clock) = clock(&mut g);
        let x_slot = input(&mut g, "x", &[&[BATCH], takes.sample()].concat());
        let x = g.read(x_slot);
        let net = Net {
            stages: vec![Stage { blocks: vec![node] }],
            outputs: 3,
            vocabulary: VOCABULARY,
            frequencies: Rc::default(),
            neighbours: Rc::default(),
        };
        // What a routing may look at.
        let tokens = input(&mut g, "tokens", &[BATCH]);
        let whole = (takes == Takes::Tokens).then_some(x_slot).into_iter().chain([tokens]).collect();
        let tokens = g.read(tokens);
        let mut b = Build::new(&mut g, mode, clock, net.outputs).reading(net.vocabulary);
        b.tokens = (holds == Holds::Experts).then_some(tokens);
        let pass = net.stage(&mut b, 0, x);
        let writes = std::mem::take(&mut b.writes);
        if let Some(fault) = g.faults().first() {
            return Err(fault.to_string());
        }
        let shape = g.shape(pass.output).clone();
        let cotangent = input(&mut g, "cotangent", &shape);
        let by: Vec<SlotId> = (takes != Takes::Tokens).then_some(x_slot).into_iter().chain(pass.params).collect();
        let wrt: Vec<Value> = by.iter().map(|&s| g.read(s)).collect();
        let seed = g.read(cotangent);
        let one = g.constant(1.0);
        let seeds: Vec<_> = std::iter::once((pass.output, seed)).chain(pass.losses.iter().map(|&l| (l, one))).collect();
        let gradients = ad::vjp(&mut g, &seeds, &wrt, &Exact);
        let (y, losses) = (pass.output, pass.losses);
        Ok(Self { name, block, g, y, losses, cotangent, by, gradients, writes, whole })
    }

    /// All that is differentiated: the output, then the losses.
    pub fn roots(&self) -> Vec<Value> {
        std::iter::once(self.y).chain(self.losses.iter().copied()).collect()
    }

    /// Registers with numbers in them that 32 bits hold. Weights are off their initial values, lest what begins at zero
    /// hide a part of the block.
    pub fn registers(&self) -> Oracle {
        let g = &self.g;
        let mut oracle = registers(g);
        for id in g.slot_ids() {
            let slot = g.slot(id);
            let mut data = oracle.read(id).data.clone();
            let off = numbers(1000 + id.index() as u32, data.len());
            match slot.role {
                Role::Param => data.iter_mut().zip(off).for_each(|(v, o)| *v += 0.1 * o),
                Role::Input if self.whole.contains(&id) => {
                    data.iter_mut().zip(off).for_each(|(v, o)| *v = ((o + 1.0) / 2.0 * VOCABULARY as f64).floor());
                }
                Role::Input | Role::State | Role::Feedback | Role::Knob | Role::Metric => {}
            }
            let data = data.into_iter().map(|v| f64::from(v as f32)).collect();
            oracle.write(id, Tensor::new(slot.shape.clone(), data));
        }
        oracle
    }
}
