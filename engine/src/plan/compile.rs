//! One experiment's programs to one [`Plan`].

use std::collections::{HashMap, HashSet};

use super::fuse::{Units, Work, fuse};
use super::order;
use super::place::{Life, aligned, place};
use super::view::{Base, Ref, collapse};
use super::{Command, Instr, Map, Order, Plan, Planned, Reduce, Step, View};
use crate::ir::{Graph, Program, Role, SlotId, Stmt, Value};
use crate::ops::{Op, scalar};

/// Lowers programs of one graph. They must have passed [`crate::check::check`].
pub fn compile(graph: &Graph, programs: &[Program]) -> Plan {
    let mut slots = vec![0..0; graph.slots().len()];
    let mut roles = [const { 0..0 }; 6];
    let mut at = 0;
    for (role, span) in Role::ALL.into_iter().zip(&mut roles) {
        let start = at;
        for id in graph.slot_ids().filter(|&id| graph.slot(id).role == role) {
            slots[id.index()] = at..at + graph.slot(id).shape.size();
            at += aligned(graph.slot(id).shape.size());
        }
        *span = start..at;
    }
    let counting = programs.iter().map(longest_iota).max().unwrap_or(0);
    let constants = (at, (0..counting).map(|i| i as f32).collect());
    at += aligned(counting);
    let layout = Layout { graph, slots: &slots, counting: constants.0, temporaries: at };
    let mut room = 0;
    let programs = programs
        .iter()
        .map(|p| {
            let mut peak = (0, Order::AsBuilt);
            let body = p.body.iter().filter_map(|s| layout.step(s, &mut room, &mut peak)).collect();
            let emits = p.emits().into_iter().map(|(probe, slot)| (probe.to_owned(), slot)).collect();
            Planned { name: p.name.clone(), body, emits, peak: peak.0, order: peak.1 }
        })
        .collect();
    Plan { size: (at + room).max(1), slots, roles, constants, programs }
}

fn longest_iota(program: &Program) -> usize {
    let iota = |v: &Value| if let Op::Iota(i) = &program.graph.node(*v).op { i.len } else { 0 };
    let longest = |writes: &[(SlotId, Value)]| {
        let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
        program.graph.live(&roots).iter().map(iota).max().unwrap_or(0)
    };
    program.ticks().into_iter().map(|(_, writes)| longest(writes)).max().unwrap_or(0)
}

/// Where everything but temporaries lies.
struct Layout<'a> {
    graph: &'a Graph,
    slots: &'a [std::ops::Range<usize>],
    counting: usize,
    temporaries: usize,
}

impl Layout<'_> {
    fn step(&self, stmt: &Stmt, room: &mut usize, peak: &mut (usize, Order)) -> Option<Step> {
        let mut steps = |body: &[Stmt]| body.iter().filter_map(|s| self.step(s, room, peak)).collect();
        Some(match stmt {
            Stmt::Repeat { times, body } => Step::Repeat { times: *times, body: steps(body) },
            Stmt::When { flag, body } => Step::When { flag: self.slots[flag.index()].start, body: steps(body) },
            Stmt::Emit { .. } => return None,
            Stmt::Tick(writes) => {
                let tick = Tick::new(self, writes);
                let (order, sequence, tick_peak) = tick.ordering.best();
                if tick_peak >= peak.0 {
                    *peak = (tick_peak, order);
                }
                Step::Tick(tick.commands(&sequence, room))
            }
        })
    }
}

/// One tick on its way to commands.
struct Tick<'a> {
    layout: &'a Layout<'a>,
    units: Units<'a>,
    ordering: order::Units,
    /// Registers that buffers lie in, because they take them over.
    homes: HashMap<usize, SlotId>,
    /// Registers that take over a buffer when all else is done.
    copies: Vec<(usize, SlotId)>,
}

impl<'a> Tick<'a> {
    fn new(layout: &'a Layout<'a>, writes: &[(SlotId, Value)]) -> Self {
        let units = fuse(layout.graph, writes);
        let mut needs = units.needs.clone();
        let reads: Vec<Vec<Ref>> = (0..units.work.len()).map(|u| units.reads(u)).collect();
        let mut homes: HashMap<usize, SlotId> = HashMap::new();
        let mut copies = Vec::new();
        for &(slot, value) in writes {
            let Some(Ref { base: Base::Buffer(b), .. }) = units.packed(value) else { continue };
            let filler = units.buffers[b].0;
            let readers: Vec<usize> = (0..reads.len())
                .filter(|&u| u != filler && reads[u].iter().any(|r| r.base == Base::Slot(slot)))
                .collect();
            let own = reads[filler].iter().filter(|r| r.base == Base::Slot(slot));
            let whole = layout.graph.slot(slot).shape.size();
            let pointwise = matches!(units.work[filler], Work::Map(_));
            let safe = own.into_iter().all(|r| pointwise && r.view.is_contiguous() && r.view.size() == whole)
                && !homes.contains_key(&b)
                && !readers.iter().any(|&r| reaches(&needs, r, filler));
            if safe {
                needs[filler].extend(readers);
                homes.insert(b, slot);
            } else {
                copies.push((b, slot));
            }
        }
        let temporary = |r: &Ref| match r.base {
            Base::Buffer(b) if !homes.contains_key(&b) => Some(b),
            _ => None,
        };
        // The final copies are one last unit that needs all others: buffers they read live to the end.
        let unique = |mut v: Vec<usize>| {
            v.sort_unstable();
            v.dedup();
            v
        };
        let mut read_buffers: Vec<Vec<usize>> =
            reads.iter().map(|rs| unique(rs.iter().filter_map(temporary).collect())).collect();
        let mut fills = vec![Vec::new(); units.work.len()];
        let mut sizes = vec![0; units.buffers.len()];
        for (b, &(unit, len)) in units.buffers.iter().enumerate() {
            if !homes.contains_key(&b) {
                fills[unit].push(b);
                sizes[b] = len;
            }
        }
        if !copies.is_empty() {
            needs.push((0..units.work.len()).collect());
            fills.push(Vec::new());
            read_buffers.push(unique(copies.iter().map(|c| c.0).filter(|b| !homes.contains_key(b)).collect()));
        }
        let ordering = order::Units { needs, fills, reads: read_buffers, sizes };
        Self { layout, units, ordering, homes, copies }
    }

    fn commands(&self, sequence: &[usize], room: &mut usize) -> Vec<Command> {
        let mut turn = vec![0; sequence.len()];
        for (t, &u) in sequence.iter().enumerate() {
            turn[u] = t;
        }
        let mut lives: Vec<Life> = self
            .units
            .buffers
            .iter()
            .enumerate()
            .map(|(b, &(unit, _))| Life { len: self.ordering.sizes[b], from: turn[unit], through: turn[unit] })
            .collect();
        for (u, reads) in self.ordering.reads.iter().enumerate() {
            for &b in reads {
                lives[b].through = lives[b].through.max(turn[u]);
            }
        }
        let (offsets, needed) = place(&lives);
        *room = (*room).max(needed);
        let offsets: Vec<usize> = (0..offsets.len())
            .map(|b| match self.homes.get(&b) {
                Some(slot) => self.layout.slots[slot.index()].start,
                None => self.layout.temporaries + offsets[b],
            })
            .collect();
        let emit = Emit { tick: self, offsets };
        sequence.iter().flat_map(|&u| emit.unit(u)).collect()
    }
}

/// Whether `to` is `from` or must run after it has led there: `from` depends on `to`.
fn reaches(needs: &[HashSet<usize>], from: usize, to: usize) -> bool {
    let mut seen = HashSet::new();
    let mut stack = vec![from];
    while let Some(u) = stack.pop() {
        if u == to {
            return true;
        }
        if seen.insert(u) {
            stack.extend(&needs[u]);
        }
    }
    false
}

/// Units to commands, once every offset is known.
struct Emit<'a> {
    tick: &'a Tick<'a>,
    offsets: Vec<usize>,
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
            Base::Const(_) => 0,
        };
        View { offset: start + r.view.offset, ..r.view.clone() }
    }

    fn packed(&self, v: Value) -> Option<View> {
        self.tick.units.packed(v).map(|r| self.absolute(&r))
    }

    fn unit(&self, u: usize) -> Vec<Command> {
        let g = self.graph();
        let Some(work) = self.tick.units.work.get(u) else {
            return self.tick.copies.iter().map(|&(b, slot)| self.take_over(b, slot)).collect();
        };
        match work {
            Work::Map(values) => {
                let shape = g.shape(values[0]).0.clone();
                let code = self.code(values, &shape);
                let outputs = values
                    .iter()
                    .filter_map(|v| {
                        let place = self.tick.units.place(*v)?;
                        Some((code.at[v], self.absolute(place)))
                    })
                    .collect();
                vec![map(shape, code, outputs)]
            }
            Work::Copy(a) => {
                let shape = g.shape(*a).0.clone();
                let out = self.packed(*a).into_iter().map(|v| (0, v)).collect();
                vec![map(shape.clone(), self.read_one(*a, &shape), out)]
            }
            Work::Reduce { node, before } => self.reduce(*node, before).into_iter().collect(),
            Work::Assemble(v) => self.assemble(*v),
            Work::Routine(v) => {
                let node = g.node(*v);
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
                let output = self.packed(*v);
                output.map(|output| Command::Routine { op: node.op.clone(), inputs, output }).into_iter().collect()
            }
        }
    }

    fn operand(&self, op: &Op, a: Value) -> Option<View> {
        match (op, self.tick.units.place(a)) {
            (Op::MatMul(_), Some(r)) if !matches!(r.base, Base::Const(_)) => Some(self.absolute(r)),
            _ => self.packed(a),
        }
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

    /// The elementwise program of `values` over an index space of `shape`.
    fn code(&self, values: &[Value], shape: &[usize]) -> Code {
        let g = self.graph();
        let mut code = Code::default();
        for &v in values {
            let node = g.node(v);
            let args: Vec<usize> = node.args.iter().map(|&a| self.argument(&mut code, a, shape)).collect();
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

    fn reduce(&self, node: Value, before: &[Value]) -> Option<Command> {
        let g = self.graph();
        let Op::Reduce(op) = &g.node(node).op else { return None };
        let fed = self.tick.units.plain(g.node(node).args[0]);
        let full = g.shape(fed).0.clone();
        let mut code = self.code(before, &full);
        let result = match code.at.get(&fed) {
            Some(&at) => at,
            None => self.argument(&mut code, fed, &full),
        };
        let kept_axes = (0..full.len()).filter(|a| !op.axes.contains(a));
        let order: Vec<usize> = kept_axes.chain(op.axes.iter().copied()).collect();
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
        let kept = full.len() - op.axes.len();
        let kept = collapse(&mut shape, &mut inputs.iter_mut().collect::<Vec<_>>(), kept);
        let out = self.packed(node)?;
        let output = View::contiguous(out.offset, &shape[..kept]);
        Some(Command::Reduce(Reduce { kind: op.kind, kept, shape, inputs, code: code.code, result, output }))
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
            commands.push(map(shape.clone(), self.read_one(a, &shape), vec![(0, to)]));
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
                commands.insert(0, map(node.shape.0.clone(), zero, vec![(0, out)]));
            }
            op => unreachable!("{op} puts nothing together"),
        }
        commands
    }
}

fn map(mut shape: Vec<usize>, code: Code, outputs: Vec<(usize, View)>) -> Command {
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
    Command::Map(Map { shape, inputs, code, outputs })
}
