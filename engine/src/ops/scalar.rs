//! Elementwise functions: one row each, with name, cost, definition, WGSL and derivative.

use super::{Cost, Lower, Primitive, Tensor, at, indices};
use crate::ir::{Graph, Shape, Value};

/// Shape of elementwise results: axes aligned at the right, extents equal or 1.
pub fn broadcast(shapes: &[&Shape]) -> Result<Shape, String> {
    let rank = shapes.iter().map(|s| s.rank()).max().unwrap_or(0);
    let mut out = vec![1; rank];
    for s in shapes {
        for (o, &e) in out[rank - s.rank()..].iter_mut().zip(s.iter()) {
            if *o == 1 {
                *o = e;
            } else if e != 1 && e != *o {
                let all: Vec<_> = shapes.iter().map(ToString::to_string).collect();
                return Err(format!("shapes {} do not broadcast", all.join(" and ")));
            }
        }
    }
    Ok(Shape(out))
}

/// Strides of `shape` read as if it were broadcast to `out`: 0 along repeated axes.
pub fn broadcast_strides(shape: &Shape, out: &[usize]) -> Vec<usize> {
    let skip = out.len() - shape.rank();
    let own = shape.strides();
    (0..out.len()).map(|i| if i < skip || shape[i - skip] == 1 { 0 } else { own[i - skip] }).collect()
}

fn map(args: &[&Tensor], out: &Shape, f: impl Fn(&[f64]) -> f64) -> Tensor {
    let strides: Vec<_> = args.iter().map(|a| broadcast_strides(&a.shape, out)).collect();
    let mut x = vec![0.0; args.len()];
    let data = indices(out)
        .map(|index| {
            for ((x, a), s) in x.iter_mut().zip(args).zip(&strides) {
                *x = a.data[at(&index, s)];
            }
            f(&x)
        })
        .collect();
    Tensor { shape: out.clone(), data }
}

macro_rules! unary {
    ($($name:ident $text:literal $flops:literal, $eval:expr, $wgsl:literal, $grad:expr;)*) => {
        /// Elementwise functions of one argument.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Unary { $($name,)* }

        impl Unary {
            pub const ALL: &'static [Unary] = &[$(Unary::$name,)*];

            /// Name as programs print it.
            pub fn text(self) -> &'static str { match self { $(Unary::$name => $text,)* } }

            fn flops(self) -> u64 { match self { $(Unary::$name => $flops,)* } }

            /// The definition.
            pub fn apply(self, x: f64) -> f64 {
                match self { $(Unary::$name => { let f: fn(f64) -> f64 = $eval; f(x) })* }
            }

            /// WGSL with `{x}` for the argument; may call what is in `exec/shaders/functions.wgsl`.
            pub fn wgsl(self) -> &'static str { match self { $(Unary::$name => $wgsl,)* } }

            fn gradient(self, g: &mut Graph, x: Value, y: Value, ct: Value) -> Option<Value> {
                match self {
                    $(Unary::$name => { let f: fn(&mut Graph, Value, Value, Value) -> Option<Value> = $grad; f(g, x, y, ct) })*
                }
            }
        }
    };
}

unary! {
    Neg "neg" 1, |x| -x, "(-{x})", |g, _, _, ct| Some(g.neg(ct));
    Abs "abs" 1, f64::abs, "abs({x})", |g, x, _, ct| { let s = g.unary(Unary::Sign, x); Some(g.mul(ct, s)) };
    Sign "sign" 1, |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 }, "sign({x})", |_, _, _, _| None;
    Step "step" 1, |x| if x > 0.0 { 1.0 } else { 0.0 }, "select(0.0, 1.0, {x} > 0.0)", |_, _, _, _| None;
    Floor "floor" 1, f64::floor, "floor({x})", |_, _, _, _| None;
    Exp "exp" 1, f64::exp, "exponential({x})", |g, _, y, ct| Some(g.mul(ct, y));
    Ln "ln" 1, f64::ln, "log({x})", |g, x, _, ct| Some(g.div(ct, x));
    Sqrt "sqrt" 1, f64::sqrt, "sqrt({x})", |g, _, y, ct| { let h = g.scale(ct, 0.5); Some(g.div(h, y)) };
    Recip "recip" 1, |x| 1.0 / x, "(1.0 / {x})", |g, _, y, ct| { let s = g.mul(y, y); let d = g.mul(ct, s); Some(g.neg(d)) };
    Relu "relu" 1, |x| if x < 0.0 { 0.0 } else { x }, "select({x}, 0.0, {x} < 0.0)", |g, _, y, ct| { let s = g.unary(Unary::Step, y); Some(g.mul(ct, s)) };
    Sigmoid "sigmoid" 4, |x| 1.0 / (1.0 + (-x).exp()), "(1.0 / (1.0 + exponential(-{x})))",
        |g, _, y, ct| { let one = g.constant(1.0); let c = g.sub(one, y); let d = g.mul(y, c); Some(g.mul(ct, d)) };
    Softplus "softplus" 4, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), "(max({x}, 0.0) + log(1.0 + exponential(-abs({x}))))",
        |g, x, _, ct| { let s = g.sigmoid(x); Some(g.mul(ct, s)) };
    // Beyond ±10 the quotient of exponentials that some drivers use overflows; tanh is ±1 to 32 bits from 9.1 on.
    // Unlike `clamp`, the comparisons let a NaN pass.
    Tanh "tanh" 4, f64::tanh, "tanh(select(select({x}, 10.0, {x} > 10.0), -10.0, {x} < -10.0))",
        |g, _, y, ct| { let one = g.constant(1.0); let s = g.mul(y, y); let d = g.sub(one, s); Some(g.mul(ct, d)) };
    Erf "erf" 8, libm::erf, "erf({x})",
        |g, x, _, ct| { let s = g.mul(x, x); let n = g.neg(s); let e = g.exp(n); let d = g.scale(e, std::f32::consts::FRAC_2_SQRT_PI); Some(g.mul(ct, d)) };
    Sin "sin" 4, f64::sin, "turned_sine({x}, 0)", |g, x, _, ct| { let c = g.unary(Unary::Cos, x); Some(g.mul(ct, c)) };
    Cos "cos" 4, f64::cos, "turned_sine({x}, 1)", |g, x, _, ct| { let s = g.unary(Unary::Sin, x); let d = g.mul(ct, s); Some(g.neg(d)) };
}

macro_rules! binary {
    ($($name:ident $text:literal, $eval:expr, $wgsl:literal, $grad:expr;)*) => {
        /// Elementwise functions of two arguments, which broadcast against each other.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Binary { $($name,)* }

        impl Binary {
            pub const ALL: &'static [Binary] = &[$(Binary::$name,)*];

            /// Name as programs print it.
            pub fn text(self) -> &'static str { match self { $(Binary::$name => $text,)* } }

            /// The definition.
            pub fn apply(self, a: f64, b: f64) -> f64 {
                match self { $(Binary::$name => { let f: fn(f64, f64) -> f64 = $eval; f(a, b) })* }
            }

            /// WGSL with `{a}` and `{b}` for the arguments.
            pub fn wgsl(self) -> &'static str { match self { $(Binary::$name => $wgsl,)* } }

            fn gradient(self, g: &mut Graph, a: Value, b: Value, y: Value, ct: Value) -> [Option<Value>; 2] {
                match self {
                    $(Binary::$name => {
                        let f: fn(&mut Graph, Value, Value, Value, Value) -> [Option<Value>; 2] = $grad;
                        f(g, a, b, y, ct)
                    })*
                }
            }
        }
    };
}

binary! {
    Add "add", |a, b| a + b, "({a} + {b})", |_, _, _, _, ct| [Some(ct), Some(ct)];
    Sub "sub", |a, b| a - b, "({a} - {b})", |g, _, _, _, ct| [Some(ct), Some(g.neg(ct))];
    Mul "mul", |a, b| a * b, "({a} * {b})", |g, a, b, _, ct| [Some(g.mul(ct, b)), Some(g.mul(ct, a))];
    Div "div", |a, b| a / b, "({a} / {b})", |g, _, b, y, ct| { let da = g.div(ct, b); let m = g.mul(da, y); [Some(da), Some(g.neg(m))] };
    Max "max", |a, b| if a < b { b } else { a }, "select({a}, {b}, {a} < {b})", |g, a, b, _, ct| { let low = g.lt(a, b); pick(g, ct, low) };
    Min "min", |a, b| if b < a { b } else { a }, "select({a}, {b}, {b} < {a})", |g, a, b, _, ct| { let low = g.lt(b, a); pick(g, ct, low) };
    Lt "lt", |a, b| if a < b { 1.0 } else { 0.0 }, "select(0.0, 1.0, {a} < {b})", |_, _, _, _, _| [None, None];
    Eq "eq", |a, b| if a == b { 1.0 } else { 0.0 }, "select(0.0, 1.0, {a} == {b})", |_, _, _, _, _| [None, None];
}

/// The cotangent goes to the second argument where `second` is 1, else to the first.
fn pick(g: &mut Graph, ct: Value, second: Value) -> [Option<Value>; 2] {
    let b = g.mul(ct, second);
    [Some(g.sub(ct, b)), Some(b)]
}

impl Primitive for Unary {
    fn name(&self) -> String {
        self.text().to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        Ok(args[0].clone())
    }
    fn cost(&self, _: &[&Shape], out: &Shape) -> Cost {
        Cost::map(out, self.flops())
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        map(args, out, |x| self.apply(x[0]))
    }
    fn vjp(&self, g: &mut Graph, y: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        vec![self.gradient(g, args[0], y, ct)]
    }
    fn lower(&self) -> Lower {
        Lower::Map
    }
}

impl Primitive for Binary {
    fn name(&self) -> String {
        self.text().to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        broadcast(args)
    }
    fn cost(&self, _: &[&Shape], out: &Shape) -> Cost {
        Cost::map(out, 1)
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        map(args, out, |x| self.apply(x[0], x[1]))
    }
    fn vjp(&self, g: &mut Graph, y: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let cts = self.gradient(g, args[0], args[1], y, ct);
        args.iter().zip(cts).map(|(&a, ct)| ct.map(|ct| g.sum_like(ct, a))).collect()
    }
    fn lower(&self) -> Lower {
        Lower::Map
    }
}

/// `select(c, a, b)`: `a` where `c` is not 0, else `b`. No derivative flows to `c`; none flows through the branch
/// that was not taken, whatever stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select;

impl Primitive for Select {
    fn name(&self) -> String {
        "select".to_owned()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        broadcast(args)
    }
    fn cost(&self, _: &[&Shape], out: &Shape) -> Cost {
        Cost::map(out, 1)
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        map(args, out, |x| if x[0] != 0.0 { x[1] } else { x[2] })
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let zero = g.constant(0.0);
        let a = g.select(args[0], ct, zero);
        let b = g.select(args[0], zero, ct);
        vec![None, Some(g.sum_like(a, args[1])), Some(g.sum_like(b, args[2]))]
    }
    fn lower(&self) -> Lower {
        Lower::Map
    }
}
