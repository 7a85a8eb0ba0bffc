//! Units to commands, once every offset is known.

use std::collections::HashMap;

use super::compile::Tick;
use super::units::Work;
use super::view::{Base, Ref, collapse};
use super::{Command, Fold, Instr, Map, Output, Reduce, View};
use crate::ir::{Graph, SlotId, Value};
use crate::ops::{Op, reduce::Reduce as Axes, scalar};

/// The units of a tick, each buffer of which has a place.
pub(super) struct Emit<'a> {
    pub tick: &'a Tick<'a>,
    pub offsets: Vec<usize>,
}

/// An elementwise program being written.
#[derive(Default)]
struct Code {
    inputs: Vec<View>,
    code: Vec<Instr>,
    at: HashMap<Value, usize>,
}

impl Emit<'_> {
    fn graph(&self) -> &Graph {
        self.tick.layout.graph
    }

    fn absolute(&self, r: &Ref) -> View {
        let start = match r.base {
            Base::Buffer(b) => self.offsets[b],
            Base::Slot(s) => self.tick.layout.slots[s.index()].start,
            Base::Counting => self.tick.layout.counting,
            Base::Const(_) | Base::Passing => 0,
        };
        View { offset: start + r.view.offset, ..r.view.clone() }
    }

    fn packed(&self, v: Value) -> Option<View> {
        self.tick.units.packed(v).map(|r| self.absolute(&r))
    }

    pub fn unit(&self, u: usize) -> Vec<Command> {
        let g = self.graph();
        let Some(work) = self.tick.units.work.get(u) else {
            return self.tick.copies.iter().map(|&(b, slot)| self.take_over(b, slot)).collect();
        };
        match work {
            Work::Map(values) => {
                let shape = g.shape(values[0]).0.clone();
                let code = self.code(u, &[], values, &shape);
                let outputs = self.placed(values, &code);
                vec![Command::Map(map(shape, code, outputs))]
            }
            Work::Copy(a) => {
                let shape = g.shape(*a).0.clone();
                let out = self.packed(*a).into_iter().map(|v| (0, v)).collect();
                vec![Command::Map(map(shape.clone(), self.read_one(*a, &shape), out))]
            }
            Work::Reduce { nodes, before, .. } => self.reduce(u, nodes, before).into_iter().collect(),
            Work::Assemble(v) => self.assemble(*v),
            Work::Routine { node, .. } => {
                let node = g.node(*node);
                let mut inputs: Vec<View> = node.args.iter().filter_map(|&a| self.operand(&node.op, a)).collect();
                if let Op::MatMul(_) = node.op {
                    let lead = &node.shape[..node.shape.rank() - 2];
                    for view in &mut inputs {
                        let matrix = &view.shape[view.shape.len() - 2..];
                        let shape = [lead, matrix].concat();
                        let r = Ref { base: Base::Counting, view: view.clone() };
                        let wide = r.broadcast(&shape).view;
                        let tail = view.strides.len() - 2;
                        let strides = [&wide.strides[..lead.len()], &view.strides[tail..]].concat();
                        *view = View { offset: view.offset, shape, strides };
                    }
                }
                let routine =
                    |output| Command::Routine { op: node.op.clone(), inputs, shape: node.shape.0.clone(), output };
                self.output(u).map(routine).into_iter().collect()
            }
        }
    }

    fn operand(&self, op: &Op, a: Value) -> Option<View> {
        match (op, self.tick.units.place(a)) {
            (Op::MatMul(_), Some(r)) if !matches!(r.base, Base::Const(_)) => Some(self.absolute(r)),
            _ => self.packed(a),
        }
    }

    /// Where the values that have a place go.
    fn placed(&self, values: &[Value], code: &Code) -> Vec<(usize, View)> {
        let to = |v: &Value| Some((*code.at.get(v)?, self.absolute(self.tick.units.place(*v)?)));
        values.iter().filter(|&&v| !self.tick.units.passes(v)).filter_map(to).collect()
    }

    /// What becomes of the results of unit `u`.
    fn output(&self, u: usize) -> Option<Output> {
        let work = &self.tick.units.work[u];
        let (results, last) = (work.results(), work.last());
        if let (&[one], []) = (results, last) {
            return self.tick.units.place(one).map(|r| Output::Plain(self.absolute(r).offset));
        }
        let shape = self.graph().shape(*last.first().or(results.first())?).0.clone();
        let code = self.code(u, results, last, &shape);
        let outputs = self.placed(&[results, last].concat(), &code);
        Some(Output::Mapped(map(shape, code, outputs)))
    }

    fn take_over(&self, buffer: usize, slot: SlotId) -> Command {
        let range = &self.tick.layout.slots[slot.index()];
        let from = View::contiguous(self.offsets[buffer], &[range.len()]);
        let to = View::contiguous(range.start, &[range.len()]);
        Command::Map(Map {
            shape: vec![range.len()],
            inputs: vec![from],
            code: vec![Instr::Input(0)],
            outputs: vec![(0, to)],
        })
    }

    /// The elementwise program of `values`, which unit `u` computes, over an index space of `shape`; it begins with the
    /// unit's own `results`.
    fn code(&self, u: usize, results: &[Value], values: &[Value], shape: &[usize]) -> Code {
        let g = self.graph();
        let mut code = Code::default();
        for (n, &r) in results.iter().enumerate() {
            code.code.push(Instr::Result(n));
            code.at.insert(r, n);
        }
        for &v in values {
            let node = g.node(v);
            let args: Vec<usize> = node
                .args
                .iter()
                .map(|&a| match self.tick.units.result(u, a) {
                    Some(n) if !results.is_empty() => n,
                    _ => self.argument(&mut code, a, shape),
                })
                .collect();
            let instr = match (&node.op, args.as_slice()) {
                (Op::Unary(f), &[x]) => Instr::Unary(*f, x),
                (Op::Binary(f), &[a, b]) => Instr::Binary(*f, a, b),
                (Op::Select(scalar::Select), &[c, a, b]) => Instr::Select(c, a, b),
                (op, _) => unreachable!("{op} is not elementwise"),
            };
            code.code.push(instr);
            code.at.insert(v, code.code.len() - 1);
        }
        code
    }

    fn read_one(&self, v: Value, shape: &[usize]) -> Code {
        let mut code = Code::default();
        self.argument(&mut code, v, shape);
        code
    }

    fn argument(&self, code: &mut Code, a: Value, shape: &[usize]) -> usize {
        let a = self.tick.units.plain(a);
        if let Some(&at) = code.at.get(&a) {
            return at;
        }
        let instr = match self.tick.units.place(a) {
            Some(Ref { base: Base::Const(c), .. }) => Instr::Const(*c),
            Some(r) => {
                let view = self.absolute(&r.broadcast(shape));
                let known = code.inputs.iter().position(|i| *i == view);
                Instr::Input(known.unwrap_or_else(|| {
                    code.inputs.push(view);
                    code.inputs.len() - 1
                }))
            }
            None => unreachable!("an argument lies somewhere"),
        };
        code.code.push(instr);
        code.at.insert(a, code.code.len() - 1);
        code.code.len() - 1
    }

    fn reduce(&self, u: usize, nodes: &[Value], before: &[Value]) -> Option<Command> {
        let g = self.graph();
        let Op::Reduce(Axes { axes, .. }) = &g.node(nodes[0]).op else { return None };
        let full = g.shape(g.node(nodes[0]).args[0]).0.clone();
        let mut code = self.code(u, &[], before, &full);
        let fold = |&node: &Value| {
            let Op::Reduce(op) = &g.node(node).op else { return None };
            let fed = self.tick.units.plain(g.node(node).args[0]);
            let result = match code.at.get(&fed) {
                Some(&at) => at,
                None => self.argument(&mut code, fed, &full),
            };
            Some(Fold { kind: op.kind, result })
        };
        let folds = nodes.iter().filter_map(fold).collect();
        let kept_axes = (0..full.len()).filter(|a| !axes.contains(a));
        let order: Vec<usize> = kept_axes.chain(axes.iter().copied()).collect();
        let mut shape: Vec<usize> = order.iter().map(|&a| full[a]).collect();
        let mut inputs: Vec<View> = code
            .inputs
            .into_iter()
            .map(|v| View {
                offset: v.offset,
                shape: shape.clone(),
                strides: order.iter().map(|&a| v.strides[a]).collect(),
            })
            .collect();
        let kept = full.len() - axes.len();
        let kept = collapse(&mut shape, &mut inputs.iter_mut().collect::<Vec<_>>(), kept);
        let output = self.output(u)?;
        Some(Command::Reduce(Reduce { kept, shape, inputs, code: code.code, folds, output }))
    }

    fn assemble(&self, v: Value) -> Vec<Command> {
        let g = self.graph();
        let node = g.node(v);
        let Some(out) = self.packed(v) else { return Vec::new() };
        let whole = Ref { base: Base::Const(0.0), view: out.clone() };
        let mut commands = Vec::new();
        let mut part = |a: Value, axis: usize, start: usize| {
            let shape = g.shape(a).0.clone();
            let to = whole.sliced(axis, start, shape[axis]).view;
            commands.push(Command::Map(map(shape.clone(), self.read_one(a, &shape), vec![(0, to)])));
        };
        match &node.op {
            Op::Concat(c) => {
                let mut start = 0;
                for &a in &node.args {
                    part(a, c.axis, start);
                    start += g.shape(a)[c.axis];
                }
            }
            Op::Pad(p) => {
                part(node.args[0], p.axis, p.before);
                let zero = Code { code: vec![Instr::Const(0.0)], ..Code::default() };
                commands.insert(0, Command::Map(map(node.shape.0.clone(), zero, vec![(0, out)])));
            }
            op => unreachable!("{op} puts nothing together"),
        }
        commands
    }
}

fn map(mut shape: Vec<usize>, code: Code, outputs: Vec<(usize, View)>) -> Map {
    let Code { mut inputs, code, .. } = code;
    let mut outputs = outputs;
    for (_, view) in &mut outputs {
        // The same elements, but seen in the index space of this command.
        if view.shape != shape {
            *view = View::contiguous(view.offset, &shape);
        }
    }
    let mut views: Vec<&mut View> = inputs.iter_mut().chain(outputs.iter_mut().map(|o| &mut o.1)).collect();
    let axes = shape.len();
    collapse(&mut shape, &mut views, axes);
    Map { shape, inputs, code, outputs }
}
