//! From the operations of the closed list to those of ONNX.
//!
//! Every number that shapes depend on (extents, axes, ends of slices) is an operand and stands among the constants, not
//! in an attribute: those that grow with the batch can then be computed from it (see [`super::batch`]).

use std::collections::{HashMap, HashSet};

use super::model::{Attribute, BOOL, Constant, FLOAT, INT64, Model, Node};
use crate::diagnostic::Diagnostic;
use crate::exec::oracle::Oracle;
use crate::ir::{Graph, Shape, SlotId, Value};
use crate::ops::conv::Geometry;
use crate::ops::reduce::Kind;
use crate::ops::scalar::{Binary, Unary};
use crate::ops::{Op, Tensor, grouped, windows};
use crate::weights::Weights;

/// A graph being lowered.
pub struct Lowering<'a> {
    g: &'a Graph,
    /// What registers hold: what noise is computed from.
    registers: &'a Weights,
    /// Registers that are given from outside, with the names under which.
    inputs: &'a [(SlotId, &'a str)],
    pub model: Model,
    names: HashMap<Value, String>,
    /// Floats that stand among the constants already, by their bits.
    known: HashMap<u32, String>,
    path: String,
    made: usize,
}

/// The nodes and constants that give `roots`, each under its name.
///
/// # Errors
/// Noise that depends on what comes in.
pub fn lower(
    g: &Graph,
    registers: &Weights,
    inputs: &[(SlotId, &str)],
    roots: &[(Value, &str)],
) -> Result<Model, Diagnostic> {
    let (names, known) = (HashMap::new(), HashMap::new());
    let mut cx = Lowering { g, registers, inputs, model: Model::default(), names, known, path: String::new(), made: 0 };
    let live = g.live(&roots.iter().map(|r| r.0).collect::<Vec<_>>());
    for &v in &live {
        cx.path = g.path(v).to_owned();
        let args: Vec<String> = g.node(v).args.iter().map(|a| cx.names[a].clone()).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let name = cx.value(v, &args)?;
        cx.names.insert(v, name);
    }
    for (v, name) in roots {
        let made = cx.names[v].clone();
        cx.node_as((*name).to_owned(), "Identity", &[&made], vec![]);
    }
    let Lowering { mut model, .. } = cx;
    let read: HashSet<&String> = model.nodes.iter().flat_map(|node| &node.inputs).collect();
    model.constants.retain(|c| read.contains(&c.0));
    Ok(model)
}

fn ints(v: &[usize]) -> Vec<i64> {
    v.iter().map(|&d| d as i64).collect()
}

impl Lowering<'_> {
    fn fresh(&mut self, of: &str) -> String {
        self.made += 1;
        format!("{of}_{}", self.made)
    }

    fn node_as(&mut self, output: String, op: &'static str, inputs: &[&str], with: Vec<(&'static str, Attribute)>) {
        let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
        // The values in their order come before their indices.
        let values = (op == "TopK").then(|| format!("{output}/values"));
        let outputs = values.into_iter().chain([output]).collect();
        self.model.nodes.push(Node { op, inputs, outputs, attributes: with, path: self.path.clone() });
    }

    fn with(&mut self, op: &'static str, inputs: &[&str], attributes: Vec<(&'static str, Attribute)>) -> String {
        let output = self.fresh(&op.to_lowercase());
        self.node_as(output.clone(), op, inputs, attributes);
        output
    }

    fn node(&mut self, op: &'static str, inputs: &[&str]) -> String {
        self.with(op, inputs, vec![])
    }

    fn ints(&mut self, data: Vec<i64>) -> String {
        let name = self.fresh("ints");
        self.model.constants.push((name.clone(), Constant::Ints(vec![data.len()], data)));
        name
    }

    fn int(&mut self, v: i64) -> String {
        let name = self.fresh("int");
        self.model.constants.push((name.clone(), Constant::Ints(vec![], vec![v])));
        name
    }

    fn float(&mut self, v: f32) -> String {
        if let Some(name) = self.known.get(&v.to_bits()) {
            return name.clone();
        }
        let name = self.fresh("const");
        self.model.constants.push((name.clone(), Constant::Floats(Shape::default(), vec![v])));
        self.known.insert(v.to_bits(), name.clone());
        name
    }

    fn cast(&mut self, x: &str, to: i64) -> String {
        self.with("Cast", &[x], vec![("to", Attribute::Int(to))])
    }

    fn reshape(&mut self, x: &str, shape: &[usize]) -> String {
        let shape = self.ints(ints(shape));
        self.with("Reshape", &[x, &shape], vec![("allowzero", Attribute::Int(1))])
    }

    fn transpose(&mut self, x: &str, order: &[usize]) -> String {
        self.with("Transpose", &[x], vec![("perm", Attribute::Ints(ints(order)))])
    }

    /// The last two axes of a value of this rank, changed for each other.
    fn flipped(&mut self, x: &str, rank: usize) -> String {
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 1, rank - 2);
        self.transpose(x, &order)
    }

    fn zeros(&mut self, shape: &[usize]) -> String {
        let (zero, shape) = (self.float(0.0), self.ints(ints(shape)));
        self.node("Expand", &[&zero, &shape])
    }

    /// `0, 1, …, len − 1`.
    fn count(&mut self, len: usize) -> String {
        let (start, end, step) = (self.int(0), self.int(len as i64), self.int(1));
        let range = self.node("Range", &[&start, &end, &step]);
        self.cast(&range, FLOAT)
    }

    fn value(&mut self, v: Value, args: &[&str]) -> Result<String, Diagnostic> {
        let node = self.g.node(v);
        let out = &node.shape;
        let shape = |i: usize| self.g.shape(node.args[i]).clone();
        Ok(match &node.op {
            Op::Read(read) => self.read(read.slot),
            Op::Const(c) => self.float(c.get()),
            Op::Iota(iota) => self.count(iota.len),
            Op::Symbol(_) | Op::Poison(_) => {
                return Err(Diagnostic::new(self.g.path(v), "the network has a hole here", "report this"));
            }
            Op::Unary(op) => self.unary(*op, args[0]),
            Op::Binary(op) => self.binary(*op, args),
            Op::Select(_) => {
                let chosen = self.cast(args[0], BOOL);
                self.node("Where", &[&chosen, args[1], args[2]])
            }
            // No axes mean all of them in ONNX.
            Op::Reduce(reduce) if reduce.axes.is_empty() => self.node("Identity", args),
            Op::Reduce(reduce) => {
                let axes = self.ints(ints(&reduce.axes));
                let op = match reduce.kind {
                    Kind::Sum => "ReduceSum",
                    Kind::Max => "ReduceMax",
                };
                self.with(op, &[args[0], &axes], vec![("keepdims", Attribute::Int(1))])
            }
            Op::CumSum(sum) => {
                let axis = self.int(sum.axis as i64);
                let flags = [("exclusive", sum.exclusive), ("reverse", sum.reverse)];
                let flags = flags.map(|(name, on)| (name, Attribute::Int(on.into()))).to_vec();
                self.with("CumSum", &[args[0], &axis], flags)
            }
            Op::Reshape(_) => self.reshape(args[0], out),
            Op::Transpose(t) => self.transpose(args[0], &t.order),
            Op::Broadcast(_) => {
                let shape = self.ints(ints(out));
                self.node("Expand", &[args[0], &shape])
            }
            Op::Slice(s) => {
                let [start, end, axis] = [s.start, s.start + s.len, s.axis].map(|n| self.ints(vec![n as i64]));
                self.node("Slice", &[args[0], &start, &end, &axis])
            }
            Op::Pad(pad) => {
                let ends = self.ints(ints(&[pad.before, pad.after]));
                let axis = self.ints(vec![pad.axis as i64]);
                self.node("Pad", &[args[0], &ends, "", &axis])
            }
            Op::Concat(concat) => self.with("Concat", args, vec![("axis", Attribute::Int(concat.axis as i64))]),
            Op::Detach(_) => self.node("Identity", args),
            Op::MatMul(product) => {
                let (mut a, mut b) = (args[0].to_owned(), args[1].to_owned());
                if product.ta {
                    a = self.flipped(&a, shape(0).rank());
                }
                if product.tb {
                    b = self.flipped(&b, shape(1).rank());
                }
                self.node("MatMul", &[&a, &b])
            }
            Op::Conv2d(conv) => self.conv(conv.geometry, args[0], args[1]),
            Op::Conv2dInput(conv) => self.conv_input(conv.geometry, args, &shape(0), &shape(1), out),
            Op::Conv2dWeight(conv) => self.conv_weight(conv.geometry, args, &shape(0), &shape(1), out),
            Op::Windows(w) => self.windows(*w, args[0], &shape(0), out),
            Op::Fold(fold) => self.fold(fold.windows, args[0], &shape(0), out),
            Op::Gather(_) => self.gather(args, &shape(0), &shape(1)),
            Op::ScatterAdd(s) => self.scatter_add(s.rows, args, &shape(0), &shape(1)),
            Op::ArgSort(sort) => {
                let all = self.ints(vec![out.last() as i64]);
                let largest = ("largest", Attribute::Int(sort.descending.into()));
                let order = self.with("TopK", &[args[0], &all], vec![largest]);
                self.cast(&order, FLOAT)
            }
            Op::GroupedMatMul(product) => self.grouped_matmul(*product, args, &shape(0), &shape(1)),
            Op::GroupedOuter(_) => self.grouped_outer(args, &shape(0), &shape(2)),
            Op::Noise(_) | Op::Shuffle(_) => self.fixed(v)?,
        })
    }

    fn read(&mut self, slot: SlotId) -> String {
        if let Some((_, name)) = self.inputs.iter().find(|i| i.0 == slot) {
            return (*name).to_owned();
        }
        let slot = self.g.slot(slot);
        if !self.model.constants.iter().any(|c| c.0 == slot.name) {
            let constant = Constant::Register(slot.name.clone(), slot.shape.clone());
            self.model.constants.push((slot.name.clone(), constant));
        }
        slot.name.clone()
    }

    /// What depends on registers alone, as a table: noise is a function of the seed and the step.
    fn fixed(&mut self, v: Value) -> Result<String, Diagnostic> {
        let g = self.g;
        let read = |v: Value| if let Op::Read(read) = &g.node(v).op { Some(read.slot) } else { None };
        let slots: Vec<SlotId> = g.live(&[v]).into_iter().filter_map(read).collect();
        if slots.iter().any(|slot| self.inputs.iter().any(|i| i.0 == *slot)) {
            let mend = "take the weights, or the PyTorch script";
            return Err(Diagnostic::new(g.path(v), "its noise depends on the samples, which ONNX cannot say", mend));
        }
        let mut oracle = Oracle::default();
        for id in slots {
            let slot = g.slot(id);
            let held = self.registers.get(&slot.name).map(|t| t.data.iter().map(|&v| v.into()).collect());
            let data = held.unwrap_or_else(|| vec![0.0; slot.shape.size()]);
            oracle.write(id, Tensor::new(slot.shape.clone(), data));
        }
        let data = oracle.values(g, &[v]).remove(0).data.into_iter().map(|v| v as f32).collect();
        let name = self.fresh("noise");
        self.model.constants.push((name.clone(), Constant::Floats(g.shape(v).clone(), data)));
        Ok(name)
    }

    fn unary(&mut self, op: Unary, x: &str) -> String {
        let name = match op {
            Unary::Step => {
                let zero = self.float(0.0);
                let more = self.node("Greater", &[x, &zero]);
                return self.cast(&more, FLOAT);
            }
            Unary::Neg => "Neg",
            Unary::Abs => "Abs",
            Unary::Sign => "Sign",
            Unary::Floor => "Floor",
            Unary::Exp => "Exp",
            Unary::Ln => "Log",
            Unary::Sqrt => "Sqrt",
            Unary::Recip => "Reciprocal",
            Unary::Relu => "Relu",
            Unary::Sigmoid => "Sigmoid",
            Unary::Softplus => "Softplus",
            Unary::Tanh => "Tanh",
            Unary::Erf => "Erf",
            Unary::Sin => "Sin",
            Unary::Cos => "Cos",
        };
        self.node(name, &[x])
    }

    fn binary(&mut self, op: Binary, args: &[&str]) -> String {
        let (name, truth) = match op {
            Binary::Add => ("Add", false),
            Binary::Sub => ("Sub", false),
            Binary::Mul => ("Mul", false),
            Binary::Div => ("Div", false),
            Binary::Max => ("Max", false),
            Binary::Min => ("Min", false),
            Binary::Lt => ("Less", true),
            Binary::Eq => ("Equal", true),
        };
        let y = self.node(name, args);
        if truth { self.cast(&y, FLOAT) } else { y }
    }

    /// Channels last, as they are here, to channels first, as ONNX has them.
    fn channels_first(&mut self, x: &str) -> String {
        self.transpose(x, &[0, 3, 1, 2])
    }

    fn channels_last(&mut self, x: &str) -> String {
        self.transpose(x, &[0, 2, 3, 1])
    }

    fn conv(&mut self, geometry: Geometry, x: &str, w: &str) -> String {
        let (x, w) = (self.channels_first(x), self.transpose(w, &[3, 2, 0, 1]));
        let y = self.with("Conv", &[&x, &w], geometry_of(geometry));
        self.channels_last(&y)
    }

    fn conv_input(&mut self, geometry: Geometry, args: &[&str], y: &Shape, w: &Shape, out: &Shape) -> String {
        let (ct, kernel) = (self.channels_first(args[0]), self.transpose(args[1], &[3, 2, 0, 1]));
        // Rows and columns at the far border that no window reached.
        let missed = |i: usize| out[1 + i] + 2 * geometry.pad[i] - (y[1 + i] - 1) * geometry.stride[i] - w[i];
        let mut with = geometry_of(geometry);
        with.push(("output_padding", Attribute::Ints(ints(&[missed(0), missed(1)]))));
        let x = self.with("ConvTranspose", &[&ct, &kernel], with);
        self.channels_last(&x)
    }

    /// A convolution of the image by the cotangent, in which samples and channels change places and the stride spreads
    /// the cotangent out; one for each group.
    fn conv_weight(&mut self, geometry: Geometry, args: &[&str], x: &Shape, y: &Shape, out: &Shape) -> String {
        let (image, ct) = (self.transpose(args[0], &[3, 0, 1, 2]), self.transpose(args[1], &[3, 0, 1, 2]));
        let pad = geometry.pad;
        let with = vec![
            ("dilations", Attribute::Ints(ints(&geometry.stride))),
            ("pads", Attribute::Ints(ints(&[pad[0], pad[1], pad[0], pad[1]]))),
        ];
        let groups = geometry.groups.max(1);
        let mut parts = Vec::new();
        for group in 0..groups {
            let mut part = |of: &str, channels: usize| {
                let each = channels / groups;
                let [start, end, axis] = [group * each, (group + 1) * each, 0].map(|n| self.ints(vec![n as i64]));
                self.node("Slice", &[of, &start, &end, &axis])
            };
            let (image, ct) = (part(&image, x[3]), part(&ct, y[3]));
            parts.push(self.with("Conv", &[&image, &ct], with.clone()));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let all = self.with("Concat", &parts, vec![("axis", Attribute::Int(1))]);
        // [C/groups, O, KH + …, KW + …]: what lies beyond the kernel belongs to rows that no window reached.
        let all = self.transpose(&all, &[2, 3, 0, 1]);
        let [start, end, axes] = [[0, 0], [out[0], out[1]], [0, 1]].map(|pair| self.ints(ints(&pair)));
        self.node("Slice", &[&all, &start, &end, &axes])
    }

    /// For each window and each place in it, the pixel there.
    fn pixels(w: windows::Windows, image: &[usize], out: &[usize]) -> Vec<i64> {
        let mut pixels = Vec::new();
        for (i, j) in (0..out[1]).flat_map(|i| (0..out[2]).map(move |j| (i, j))) {
            for k in 0..out[3] {
                let (row, column) = (i * w.stride[0] + k / w.kernel[1], j * w.stride[1] + k % w.kernel[1]);
                pixels.push((row * image[2] + column) as i64);
            }
        }
        pixels
    }

    fn windows(&mut self, w: windows::Windows, x: &str, image: &Shape, out: &Shape) -> String {
        let flat = self.reshape(x, &[image[0], image[1] * image[2], image[3]]);
        let pixels = self.ints(Self::pixels(w, image, out));
        let seen = self.with("Gather", &[&flat, &pixels], vec![("axis", Attribute::Int(1))]);
        self.reshape(&seen, out)
    }

    fn fold(&mut self, w: windows::Windows, x: &str, seen: &Shape, out: &Shape) -> String {
        let pixels = Self::pixels(w, out, seen);
        let rows = self.reshape(x, &[seen[0], pixels.len(), seen[4]]);
        let rows = self.transpose(&rows, &[1, 0, 2]);
        let pixels = self.ints(pixels);
        let one = self.ints(vec![1]);
        let pixels = self.node("Unsqueeze", &[&pixels, &one]);
        let none = self.zeros(&[out[1] * out[2], out[0], out[3]]);
        let sum = self.with("ScatterND", &[&none, &pixels, &rows], vec![("reduction", Attribute::Text("add"))]);
        let sum = self.transpose(&sum, &[1, 0, 2]);
        self.reshape(&sum, out)
    }

    /// Which indices name one of so many rows, and the indices as whole numbers, 0 where they do not.
    fn rows(&mut self, index: &str, rows: usize) -> (String, String) {
        let (zero, rows) = (self.float(0.0), self.int(rows as i64));
        let rows = self.cast(&rows, FLOAT);
        let (from, to) = (self.node("GreaterOrEqual", &[index, &zero]), self.node("Less", &[index, &rows]));
        let inside = self.node("And", &[&from, &to]);
        let safe = self.node("Where", &[&inside, index, &zero]);
        let safe = self.cast(&safe, INT64);
        (inside, safe)
    }

    fn gather(&mut self, args: &[&str], table: &Shape, index: &Shape) -> String {
        let (inside, safe) = self.rows(args[1], table[0]);
        let rows = self.with("Gather", &[args[0], &safe], vec![("axis", Attribute::Int(0))]);
        let inside = self.reshape(&inside, &[&index[..], &vec![1; table.rank() - 1]].concat());
        let zero = self.float(0.0);
        self.node("Where", &[&inside, &rows, &zero])
    }

    fn scatter_add(&mut self, count: usize, args: &[&str], index: &Shape, rows: &Shape) -> String {
        let (inside, safe) = self.rows(args[0], count);
        let rest = &rows[index.rank()..];
        let zero = self.float(0.0);
        let inside = self.reshape(&inside, &[&index[..], &vec![1; rest.len()]].concat());
        let given = self.node("Where", &[&inside, args[1], &zero]);
        let given = self.reshape(&given, &[&[index.size()], rest].concat());
        let safe = self.reshape(&safe, &[index.size(), 1]);
        let none = self.zeros(&[&[count], rest].concat());
        self.with("ScatterND", &[&none, &safe, &given], vec![("reduction", Attribute::Text("add"))])
    }

    /// Whether a row belongs to a group: `[E, T, 1]`, from the groups' sizes `[E]`.
    fn membership(&mut self, sizes: &str, groups: usize, rows: usize) -> String {
        let sizes = self.reshape(sizes, &[groups, 1, 1]);
        let axis = self.int(0);
        let ends = self.node("CumSum", &[&sizes, &axis]);
        let starts = self.node("Sub", &[&ends, &sizes]);
        let row = self.count(rows);
        let row = self.reshape(&row, &[1, rows, 1]);
        let (from, to) = (self.node("GreaterOrEqual", &[&row, &starts]), self.node("Less", &[&row, &ends]));
        self.node("And", &[&from, &to])
    }

    /// Every row by the weights of every group, of which one counts.
    fn grouped_matmul(&mut self, product: grouped::GroupedMatMul, args: &[&str], x: &Shape, w: &Shape) -> String {
        let mine = self.membership(args[2], w[0], x[0]);
        let mut weights = args[1].to_owned();
        if product.transposed {
            weights = self.flipped(&weights, 3);
        }
        let rows = self.reshape(args[0], &[1, x[0], x[1]]);
        let all = self.node("MatMul", &[&rows, &weights]);
        let (zero, axis) = (self.float(0.0), self.ints(vec![0]));
        let all = self.node("Where", &[&mine, &all, &zero]);
        self.with("ReduceSum", &[&all, &axis], vec![("keepdims", Attribute::Int(0))])
    }

    fn grouped_outer(&mut self, args: &[&str], x: &Shape, sizes: &Shape) -> String {
        let mine = self.membership(args[2], sizes[0], x[0]);
        let rows = self.reshape(args[0], &[1, x[0], x[1]]);
        let zero = self.float(0.0);
        let rows = self.node("Where", &[&mine, &rows, &zero]);
        let rows = self.flipped(&rows, 3);
        self.node("MatMul", &[&rows, args[1]])
    }
}

fn geometry_of(geometry: Geometry) -> Vec<(&'static str, Attribute)> {
    let [rows, columns] = geometry.pad;
    vec![
        ("strides", Attribute::Ints(ints(&geometry.stride))),
        ("pads", Attribute::Ints(ints(&[rows, columns, rows, columns]))),
        ("group", Attribute::Int(geometry.groups as i64)),
    ]
}
