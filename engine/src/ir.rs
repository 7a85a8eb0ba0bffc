//! The intermediate representation: a pure graph of values under a few effects.
//!
//! A [`Graph`] holds *values* and *registers*. A [`Value`] is a node of a directed acyclic graph, hash-consed: asking
//! twice for the same operation on the same arguments gives the same value. Values have no effects and no time: a
//! value is what it is *within one tick*. A register (a [`Slot`]) is the only thing that lives between ticks.
//!
//! Effects are statements. [`Stmt::Tick`] evaluates every value it writes against the registers as they were when the
//! tick began, and then commits all writes at once: no read sees a write of its own tick. [`Stmt::Repeat`] runs its
//! body several times; no gradient crosses it. [`Stmt::When`] runs its body when the register is not zero, decided by
//! whoever replays the program, between replays. [`Stmt::Emit`] names a register whose content is wanted after a
//! replay.
//!
//! Numbers are 32-bit floats throughout. Indices, counts and class labels are floats that hold whole numbers below
//! 2²⁴, exactly. No number that may change between ticks stands inside a node: it is read from a register.
//!
//! A shape fault does not stop the building: the graph notes a [`Diagnostic`] with the path of the block being built
//! and hands out a *poisoned* value, on which all further operations are poisoned too. [`crate::check`] reports all.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::ops::{Op, Primitive, leaf};

/// A handle to a node of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub(crate) u32);

/// A handle to a register of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub(crate) u32);

impl Value {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SlotId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Elements of the largest value or register that a graph takes: a gigabyte. Sizes up to it do not overflow the 32 bits
/// that a browser counts memory in.
const LARGEST: u64 = 1 << 28;

/// Extents along each axis; empty for a scalar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// Number of elements.
    pub fn size(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether it has more elements than anything that could be run: see [`LARGEST`].
    fn is_absurd(&self) -> bool {
        self.0.iter().fold(1u64, |size, &extent| size.saturating_mul(extent as u64)) > LARGEST
    }

    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Extent of the last axis; 1 for a scalar.
    pub fn last(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// Row-major strides, in elements.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.rank()];
        for i in (1..self.rank()).rev() {
            strides[i - 1] = strides[i] * self.0[i];
        }
        strides
    }
}

impl std::ops::Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(v: [usize; N]) -> Self {
        Self(v.to_vec())
    }
}

impl From<&[usize]> for Shape {
    fn from(v: &[usize]) -> Self {
        Self(v.to_vec())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(v: Vec<usize>) -> Self {
        Self(v)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(usize::to_string).collect();
        write!(f, "[{}]", parts.join("×"))
    }
}

/// What a register is for; it decides where it lies, who may write it, and whether a checkpoint holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A weight of the network.
    Param,
    /// What the rule or the optimizer carries from tick to tick: momentum, running statistics, the step.
    State,
    /// A feedback weight of a learning rule.
    Feedback,
    /// A number a person may turn while the program runs.
    Knob,
    /// A measured figure, read after a replay; never part of a checkpoint.
    Metric,
    /// Data given from outside.
    Input,
}

impl Role {
    /// In the order in which registers lie in memory: what a checkpoint holds comes first, in one span.
    pub const ALL: [Role; 6] = [Role::Param, Role::State, Role::Feedback, Role::Knob, Role::Metric, Role::Input];

    /// Whether a checkpoint holds registers of this role.
    pub fn persists(self) -> bool {
        match self {
            Role::Param | Role::State | Role::Feedback => true,
            Role::Knob | Role::Metric | Role::Input => false,
        }
    }
}

/// What a register holds before the first tick. Random values depend on the seed and the register's name alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Constant(f32),
    /// Uniform in ±bound.
    Uniform {
        bound: f32,
    },
    /// Normal with mean 0 (see [`crate::noise::normal`] for its tails).
    Normal {
        std: f32,
    },
    /// What that register of the same shape holds before the first tick.
    As(SlotId),
}

/// A register: the only thing that lives between ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Path of the block that owns it and its own name: `1/linear/weight`.
    pub name: String,
    pub role: Role,
    pub shape: Shape,
    pub init: Init,
}

/// One node: an operation on earlier nodes.
#[derive(Debug, Clone)]
pub struct Node {
    pub op: Op,
    pub args: Vec<Value>,
    pub shape: Shape,
    /// Index into the graph's paths: the block that first asked for this node.
    path: u32,
}

/// An effect. See the head of this file for what each means.
#[derive(Debug, Clone, PartialEq)]
pub enum Stmt {
    Tick(Vec<(SlotId, Value)>),
    Repeat { times: u32, body: Vec<Stmt> },
    When { flag: SlotId, body: Vec<Stmt> },
    Emit { probe: String, slot: SlotId },
}

/// A program: effects over the values of one graph.
#[derive(Debug, Clone)]
pub struct Program {
    pub graph: Rc<Graph>,
    pub name: String,
    pub body: Vec<Stmt>,
}

/// The values and the registers of one experiment.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    known: HashMap<(Op, Vec<Value>), Value>,
    slots: Vec<Slot>,
    /// What registers of data hold where the graph itself says it.
    given: Vec<(SlotId, Vec<f32>)>,
    paths: Vec<String>,
    scope: Vec<String>,
    faults: Vec<Diagnostic>,
    symbols: u32,
}

impl Graph {
    pub fn new() -> Self {
        Self { paths: vec![String::new()], ..Self::default() }
    }

    pub fn node(&self, v: Value) -> &Node {
        &self.nodes[v.index()]
    }

    pub fn shape(&self, v: Value) -> &Shape {
        &self.node(v).shape
    }

    /// Number of nodes made so far; every value's index is below it, and every argument's is below its user's.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub fn slot(&self, id: SlotId) -> &Slot {
        &self.slots[id.index()]
    }

    pub fn slot_ids(&self) -> impl Iterator<Item = SlotId> + use<> {
        (0..self.slots.len() as u32).map(SlotId)
    }

    pub fn find_slot(&self, name: &str) -> Option<SlotId> {
        self.slots.iter().position(|s| s.name == name).map(|i| SlotId(i as u32))
    }

    /// Says what a register of data holds.
    pub fn give(&mut self, slot: SlotId, values: Vec<f32>) {
        self.given.retain(|g| g.0 != slot);
        self.given.push((slot, values));
    }

    /// The registers of data whose content was [given](Graph::give), with it.
    pub fn given(&self) -> &[(SlotId, Vec<f32>)] {
        &self.given
    }

    /// The path of the block that first asked for this value.
    pub fn path(&self, v: Value) -> &str {
        &self.paths[self.node(v).path as usize]
    }

    /// Faults met while building, in order.
    pub fn faults(&self) -> &[Diagnostic] {
        &self.faults
    }

    /// Appends `name` to the path that faults and nodes carry; [`Graph::leave`] takes the mark it returns.
    pub fn enter(&mut self, name: &str) -> usize {
        self.scope.push(name.to_owned());
        self.scope.len() - 1
    }

    /// Goes back to the path as it was at the matching [`Graph::enter`].
    pub fn leave(&mut self, mark: usize) {
        self.scope.truncate(mark);
    }

    /// Runs `build` under a path given whole: what it makes belongs to the block of that path.
    pub fn scoped_as<T>(&mut self, path: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.scope);
        if !path.is_empty() {
            self.scope.push(path.to_owned());
        }
        let out = build(self);
        self.scope = outer;
        out
    }

    /// The path being built, as people read it.
    pub fn scope(&self) -> String {
        self.scope.join(" › ")
    }

    /// Declares a register, or finds the one of this name. Two registers of one name must agree in role and shape.
    pub fn declare(&mut self, slot: Slot) -> SlotId {
        if let Some(id) = self.find_slot(&slot.name) {
            let old = self.slot(id);
            if old.shape != slot.shape || old.role != slot.role {
                let message = format!("`{}` is {} in one place and {} in another", slot.name, old.shape, slot.shape);
                self.fault(message, "give both places the same input shape");
            }
            return id;
        }
        if slot.shape.is_absurd() {
            self.too_large(&slot.shape);
        }
        self.slots.push(slot);
        SlotId(self.slots.len() as u32 - 1)
    }

    /// The content of a register as it was when the tick began.
    pub fn read(&mut self, slot: SlotId) -> Value {
        let shape = self.slot(slot).shape.clone();
        if shape.is_absurd() {
            return self.poison();
        }
        self.insert(leaf::Read { slot }.into(), Vec::new(), shape)
    }

    fn too_large(&mut self, shape: &Shape) -> Value {
        let message = format!("{shape} numbers are more than the {} MB that one value may take", LARGEST >> 18);
        self.fault(message, "use fewer units, a smaller batch, or less data")
    }

    /// Notes a fault at the present path and returns a poisoned value.
    pub fn fault(&mut self, message: impl Into<String>, mend: impl Into<String>) -> Value {
        let path = self.scope();
        self.faults.push(Diagnostic::new(path, message, mend));
        self.poison()
    }

    /// What stands for a value that cannot be had, when the fault has been noted.
    pub(crate) fn poison(&mut self) -> Value {
        self.insert(leaf::Poison.into(), Vec::new(), Shape::default())
    }

    pub fn is_poisoned(&self, v: Value) -> bool {
        matches!(self.node(v).op, Op::Poison(_))
    }

    /// A value that stands for nothing yet: a place to differentiate through. It must not survive in a program.
    pub fn symbol(&mut self, shape: Shape) -> Value {
        self.symbols += 1;
        self.insert(leaf::Symbol { id: self.symbols }.into(), Vec::new(), shape)
    }

    /// The value of `op` on `args`: the old one when it has been asked for before. Poisoned when an argument is, or
    /// when the shapes do not fit (which is noted as a fault).
    pub fn push(&mut self, op: impl Into<Op>, args: &[Value]) -> Value {
        let op = op.into();
        if let Some(&poison) = args.iter().find(|&&a| self.is_poisoned(a)) {
            return poison;
        }
        let shapes: Vec<&Shape> = args.iter().map(|&a| self.shape(a)).collect();
        match op.shape(&shapes) {
            Ok(shape) if shape.is_absurd() => self.too_large(&shape),
            Ok(shape) => self.insert(op, args.to_vec(), shape),
            Err(message) => {
                let message = format!("{op}: {message}");
                self.fault(message, "change the shapes so that they fit")
            }
        }
    }

    fn insert(&mut self, op: Op, args: Vec<Value>, shape: Shape) -> Value {
        if let Some(&v) = self.known.get(&(op.clone(), args.clone())) {
            return v;
        }
        let scope = self.scope();
        let path = match self.paths.iter().rposition(|p| *p == scope) {
            Some(i) => i,
            None => {
                self.paths.push(scope);
                self.paths.len() - 1
            }
        };
        let v = Value(self.nodes.len() as u32);
        self.known.insert((op.clone(), args.clone()), v);
        self.nodes.push(Node { op, args, shape, path: path as u32 });
        v
    }

    /// Every value that `roots` need, arguments before users.
    pub fn live(&self, roots: &[Value]) -> Vec<Value> {
        let mut needed = vec![false; self.nodes.len()];
        for r in roots {
            needed[r.index()] = true;
        }
        for i in (0..self.nodes.len()).rev() {
            if needed[i] {
                for a in &self.nodes[i].args {
                    needed[a.index()] = true;
                }
            }
        }
        (0..self.nodes.len()).filter(|&i| needed[i]).map(|i| Value(i as u32)).collect()
    }
}

impl Program {
    pub fn new(graph: Rc<Graph>, name: impl Into<String>, body: Vec<Stmt>) -> Self {
        Self { graph, name: name.into(), body }
    }

    /// Every tick of the program, outermost first, with how often one replay runs it.
    pub fn ticks(&self) -> Vec<(u64, &[(SlotId, Value)])> {
        fn walk<'a>(body: &'a [Stmt], times: u64, out: &mut Vec<(u64, &'a [(SlotId, Value)])>) {
            for stmt in body {
                match stmt {
                    Stmt::Tick(writes) => out.push((times, writes)),
                    Stmt::Repeat { times: n, body } => walk(body, times * u64::from(*n), out),
                    Stmt::When { body, .. } => walk(body, times, out),
                    Stmt::Emit { .. } => {}
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.body, 1, &mut out);
        out
    }

    /// The registers whose content is wanted after a replay, with the name of the probe that wants them.
    pub fn emits(&self) -> Vec<(&str, SlotId)> {
        fn walk<'a>(body: &'a [Stmt], out: &mut Vec<(&'a str, SlotId)>) {
            for stmt in body {
                match stmt {
                    Stmt::Emit { probe, slot } => out.push((probe, *slot)),
                    Stmt::Repeat { body, .. } | Stmt::When { body, .. } => walk(body, out),
                    Stmt::Tick(_) => {}
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.body, &mut out);
        out
    }
}

impl fmt::Display for Program {
    /// One line a value, in order of need; a tick shows the values it is the first to need, then its writes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn body(p: &Program, stmts: &[Stmt], depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let pad = "  ".repeat(depth);
            for stmt in stmts {
                match stmt {
                    Stmt::Tick(writes) => {
                        writeln!(f, "{pad}tick")?;
                        let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
                        let live = p.graph.live(&roots);
                        let numbers: HashMap<Value, usize> = live.iter().enumerate().map(|(i, v)| (*v, i)).collect();
                        for (i, v) in live.iter().enumerate() {
                            let node = p.graph.node(*v);
                            let op = match &node.op {
                                Op::Read(r) => format!("read {}", p.graph.slot(r.slot).name),
                                op => op.to_string(),
                            };
                            let args: Vec<_> = node.args.iter().map(|a| format!("%{}", numbers[a])).collect();
                            let path = p.graph.path(*v);
                            let at = if path.is_empty() { String::new() } else { format!("  ; {path}") };
                            writeln!(f, "{pad}  %{i}: {} = {} {}{at}", node.shape, op, args.join(" "))?;
                        }
                        for (slot, v) in writes {
                            writeln!(f, "{pad}  {} <- %{}", p.graph.slot(*slot).name, numbers[v])?;
                        }
                    }
                    Stmt::Repeat { times, body: b } => {
                        writeln!(f, "{pad}repeat {times}")?;
                        body(p, b, depth + 1, f)?;
                    }
                    Stmt::When { flag, body: b } => {
                        writeln!(f, "{pad}when {}", p.graph.slot(*flag).name)?;
                        body(p, b, depth + 1, f)?;
                    }
                    Stmt::Emit { probe, slot } => writeln!(f, "{pad}emit {probe}: {}", p.graph.slot(*slot).name)?,
                }
            }
            Ok(())
        }
        writeln!(f, "program {}", self.name)?;
        body(self, &self.body, 1, f)
    }
}
