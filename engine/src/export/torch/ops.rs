//! One line of PyTorch for each operation of the closed list.

use crate::ops::conv::Geometry;
use crate::ops::random::Distribution;
use crate::ops::reduce::Kind;
use crate::ops::scalar::{Binary, Unary};
use crate::ops::{Op, windows};

/// An argument as it stands in an expression.
#[derive(Debug, Clone)]
pub struct Term {
    pub text: String,
    /// Whether it is one name, call or number, that needs no brackets.
    pub whole: bool,
    /// A plain number rather than a tensor.
    pub number: bool,
}

impl Term {
    /// As an operand, in brackets where it is an operation itself.
    fn operand(&self) -> String {
        if self.whole { self.text.clone() } else { format!("({})", self.text) }
    }

    /// As a tensor between the brackets of a call.
    fn argument(&self) -> String {
        if self.number { self.tensor() } else { self.text.clone() }
    }

    /// As a tensor.
    pub fn tensor(&self) -> String {
        if self.number { format!("const({})", self.text) } else { self.operand() }
    }
}

/// A number that Python reads back as it is.
pub fn number(v: f32) -> String {
    if v.is_nan() {
        "float(\"nan\")".to_owned()
    } else if v.is_infinite() {
        format!("float(\"{}inf\")", if v < 0.0 { "-" } else { "" })
    } else if v != 0.0 && !(1e-4..1e7).contains(&v.abs()) {
        format!("{v:e}")
    } else {
        format!("{v:?}")
    }
}

/// Numbers as a tuple.
pub fn tuple(numbers: &[usize]) -> String {
    match numbers {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn truth(on: bool) -> &'static str {
    if on { "True" } else { "False" }
}

fn geometry(geometry: Geometry) -> String {
    format!("{}, {}, {}", tuple(&geometry.stride), tuple(&geometry.pad), geometry.groups)
}

fn moved(w: windows::Windows) -> String {
    format!("{}, {}", tuple(&w.kernel), tuple(&w.stride))
}

/// The expression of `op`, whose result has the shape `out`, and whether it is whole. Registers are read under `name`.
pub fn line(op: &Op, args: &[Term], out: &[usize], name: &str) -> Term {
    let (t, a) = (|i: usize| args[i].tensor(), |i: usize| args[i].argument());
    let call = |text: String| Term { text, whole: true, number: false };
    let infix = |text: String| Term { text, whole: false, number: false };
    match op {
        Op::Read(_) => call(format!("R[\"{name}\"]")),
        Op::Const(c) => {
            let text = number(c.get());
            Term { whole: !text.starts_with('-'), text, number: true }
        }
        Op::Iota(iota) => call(format!("torch.arange({}).float()", iota.len)),
        // `check` has refused programs that hold one.
        Op::Symbol(_) | Op::Poison(_) => call("None".to_owned()),
        Op::Unary(op) => unary(*op, &args[0]),
        Op::Binary(op) => binary(*op, args),
        Op::Select(_) => call(format!("torch.where({} != 0, {}, {})", t(0), args[1].text, args[2].text)),
        Op::Reduce(reduce) if reduce.axes.is_empty() => infix(t(0)),
        Op::Reduce(reduce) => {
            let name = match reduce.kind {
                Kind::Sum => "sum",
                Kind::Max => "amax",
            };
            call(format!("{}.{name}({}, keepdim=True)", t(0), tuple(&reduce.axes)))
        }
        Op::CumSum(sum) => {
            let (reverse, exclusive) = (truth(sum.reverse), truth(sum.exclusive));
            call(format!("cumsum({}, {}, {reverse}, {exclusive})", a(0), sum.axis))
        }
        Op::Reshape(_) => call(format!("{}.reshape({})", t(0), tuple(out))),
        Op::Transpose(transpose) => call(format!("{}.permute({})", t(0), tuple(&transpose.order))),
        Op::Broadcast(_) => call(format!("{}.broadcast_to({})", t(0), tuple(out))),
        Op::Slice(slice) => call(format!("{}.narrow({}, {}, {})", t(0), slice.axis, slice.start, slice.len)),
        Op::Pad(p) => call(format!("pad({}, {}, {}, {})", a(0), p.axis, p.before, p.after)),
        Op::Concat(concat) => {
            let parts: Vec<_> = (0..args.len()).map(a).collect();
            call(format!("torch.cat(({},), {})", parts.join(", "), concat.axis))
        }
        Op::Detach(_) => infix(t(0)),
        Op::MatMul(product) => {
            let side = |i: usize, flip: bool| if flip { format!("{}.mT", t(i)) } else { t(i) };
            infix(format!("{} @ {}", side(0, product.ta), side(1, product.tb)))
        }
        Op::Conv2d(conv) => call(format!("conv2d({}, {}, {})", a(0), a(1), geometry(conv.geometry))),
        Op::Conv2dInput(conv) => {
            let image = tuple(&conv.image);
            call(format!("conv2d_input({}, {}, {image}, {})", a(0), a(1), geometry(conv.geometry)))
        }
        Op::Conv2dWeight(conv) => {
            let kernel = tuple(&conv.kernel);
            call(format!("conv2d_weight({}, {}, {kernel}, {})", a(0), a(1), geometry(conv.geometry)))
        }
        Op::Windows(w) => call(format!("windows({}, {})", a(0), moved(*w))),
        Op::Fold(fold) => call(format!("fold({}, {}, {})", a(0), tuple(&fold.image), moved(fold.windows))),
        Op::Gather(_) => call(format!("gather({}, {})", a(0), a(1))),
        Op::ScatterAdd(sum) => call(format!("scatter_add({}, {}, {})", a(0), a(1), sum.rows)),
        Op::ArgSort(sort) => call(format!("argsort({}, {})", a(0), truth(sort.descending))),
        Op::GroupedMatMul(product) => {
            call(format!("grouped_matmul({}, {}, {}, {})", a(0), a(1), a(2), truth(product.transposed)))
        }
        Op::GroupedOuter(_) => call(format!("grouped_outer({}, {}, {})", a(0), a(1), a(2))),
        Op::Noise(noise) => {
            let name = match noise.distribution {
                Distribution::Uniform => "uniform",
                Distribution::Normal => "normal",
            };
            call(format!("{name}({}, {}, {:#010x}, {})", a(0), a(1), noise.stream, tuple(out)))
        }
        Op::Shuffle(s) => call(format!("shuffle({}, {}, {:#010x}, {}, {})", a(0), a(1), s.stream, s.rows, s.batch)),
    }
}

fn unary(op: Unary, of: &Term) -> Term {
    let x = of.tensor();
    let call = |name: &str| Term { text: format!("{name}({})", of.argument()), whole: true, number: false };
    match op {
        Unary::Neg => Term { text: format!("-{x}"), whole: false, number: false },
        Unary::Abs => call("torch.abs"),
        Unary::Sign => call("torch.sign"),
        Unary::Step => Term { text: format!("({x} > 0).float()"), whole: true, number: false },
        Unary::Floor => call("torch.floor"),
        Unary::Exp => call("torch.exp"),
        Unary::Ln => call("torch.log"),
        Unary::Sqrt => call("torch.sqrt"),
        Unary::Recip => Term { text: format!("1.0 / {x}"), whole: false, number: false },
        Unary::Relu => call("torch.relu"),
        Unary::Sigmoid => call("torch.sigmoid"),
        Unary::Softplus => call("F.softplus"),
        Unary::Tanh => call("torch.tanh"),
        Unary::Erf => call("torch.erf"),
        Unary::Sin => call("torch.sin"),
        Unary::Cos => call("torch.cos"),
    }
}

fn binary(op: Binary, args: &[Term]) -> Term {
    // One of the two must be a tensor, for the sum of two plain numbers has 64 bits.
    let plain = |i: usize| args[i].number && !args[1 - i].number;
    let side = |i: usize| if plain(i) { args[i].operand() } else { args[i].tensor() };
    let (a, b) = (side(0), side(1));
    let infix = |sign: &str| Term { text: format!("{a} {sign} {b}"), whole: false, number: false };
    let told = |sign: &str| Term { text: format!("({a} {sign} {b}).float()"), whole: true, number: false };
    let call = |name: &str| {
        let text = format!("{name}({}, {})", args[0].argument(), args[1].argument());
        Term { text, whole: true, number: false }
    };
    match op {
        Binary::Add => infix("+"),
        Binary::Sub => infix("-"),
        Binary::Mul => infix("*"),
        Binary::Div => infix("/"),
        Binary::Max => call("torch.maximum"),
        Binary::Min => call("torch.minimum"),
        Binary::Lt => told("<"),
        Binary::Eq => told("=="),
    }
}
