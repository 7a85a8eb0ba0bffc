//! The definition, run: every value by its own `eval`, in 64-bit floats, one after the other. Slow and obvious.

use std::collections::HashMap;

use crate::ir::{Graph, Program, SlotId, Stmt, Value};
use crate::ops::{Op, Primitive, Tensor};

/// Registers and the programs' meaning on them.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    slots: HashMap<SlotId, Tensor>,
    /// Round every value to 32 bits, as the other executors do.
    pub round: bool,
}

impl Oracle {
    /// Registers as `init` gives them (32-bit values, by register).
    pub fn new(graph: &Graph, init: impl Fn(SlotId) -> Vec<f32>) -> Self {
        let slots = graph
            .slot_ids()
            .map(|id| {
                let data = init(id).into_iter().map(f64::from).collect();
                (id, Tensor::new(graph.slot(id).shape.clone(), data))
            })
            .collect();
        Self { slots, round: false }
    }

    pub fn read(&self, slot: SlotId) -> &Tensor {
        &self.slots[&slot]
    }

    pub fn write(&mut self, slot: SlotId, value: Tensor) {
        self.slots.insert(slot, value);
    }

    /// One replay.
    pub fn run(&mut self, program: &Program) {
        self.body(&program.graph, &program.body);
    }

    fn body(&mut self, g: &Graph, body: &[Stmt]) {
        for stmt in body {
            match stmt {
                Stmt::Tick(writes) => {
                    let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
                    let values = self.values(g, &roots);
                    for ((slot, _), value) in writes.iter().zip(values) {
                        self.slots.insert(*slot, value);
                    }
                }
                Stmt::Repeat { times, body } => (0..*times).for_each(|_| self.body(g, body)),
                Stmt::When { flag, body } => {
                    if self.slots[flag].data.iter().any(|&v| v != 0.0) {
                        self.body(g, body);
                    }
                }
                Stmt::Emit { .. } => {}
            }
        }
    }

    /// The values of `roots` on the present registers.
    pub fn values(&self, g: &Graph, roots: &[Value]) -> Vec<Tensor> {
        let mut made: HashMap<Value, Tensor> = HashMap::new();
        for v in g.live(roots) {
            let node = g.node(v);
            let mut t = if let Op::Read(r) = &node.op {
                self.slots[&r.slot].clone()
            } else {
                let args: Vec<_> = node.args.iter().map(|a| &made[a]).collect();
                node.op.eval(&args, &node.shape)
            };
            if self.round {
                t.data.iter_mut().for_each(|v| *v = f64::from(*v as f32));
            }
            made.insert(v, t);
        }
        roots.iter().map(|r| made[r].clone()).collect()
    }
}
