//! Maps and reductions.

use engine::ops::reduce::Kind;
use engine::ops::scalar::{Binary, Unary};
use engine::plan::{Command, Fold, Instr, Map, Output, Reduce, View};

use super::{Bench, Case, repeated, transposed};

pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(Unary::ALL.iter().map(|&op| unary(op)));
    all.extend(Binary::ALL.iter().map(|&op| binary(op)));
    all.extend([0, 1, 3, 65, 257, 70_001].map(chain));
    all.extend([strided(), in_place(), several_outputs(), specials(), constants(), deep()]);
    for kind in [Kind::Sum, Kind::Max] {
        for (outputs, terms) in [(1, 1), (3, 1), (1, 3), (65, 65), (257, 3), (3, 257), (1, 70_001), (20_000, 5)] {
            all.push(rows(kind, outputs, terms));
            all.push(columns(kind, outputs, terms));
        }
        all.push(everything(kind));
    }
    all.push(sum_of_nothing());
    all.extend([257, 4097, 33_000].map(normalised));
    all
}

fn map(shape: &[usize], inputs: &[&View], code: Vec<Instr>, outputs: &[(usize, &View)]) -> Command {
    Command::Map(Map {
        shape: shape.to_vec(),
        inputs: inputs.iter().map(|&v| v.clone()).collect(),
        code,
        outputs: outputs.iter().map(|&(i, v)| (i, v.clone())).collect(),
    })
}

fn unary(op: Unary) -> Case {
    let mut bench = Bench::default();
    let values = (-60..=60).map(|i| i as f32 / 4.0);
    // Where a function has a pole or no value, executors may differ: that is for `specials`.
    let data: Vec<f32> = match op {
        Unary::Ln | Unary::Sqrt => values.map(|v| v.abs() + 0.25).collect(),
        Unary::Recip => values.map(|v| if v == 0.0 { 1.0 } else { v }).collect(),
        _ => values.collect(),
    };
    let x = bench.given(&[data.len()], data);
    let y = bench.room(&x.shape);
    let code = vec![Instr::Input(0), Instr::Unary(op, 0)];
    let command = map(&x.shape, &[&x], code, &[(1, &y)]);
    bench.case(format!("map {}", op.text()), vec![command], 5e-6)
}

fn binary(op: Binary) -> Case {
    let mut bench = Bench::default();
    let a = bench.given(&[7], vec![-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]);
    let b = bench.given(&[6, 1], vec![-2.0, -1.0, -0.5, 0.5, 1.0, 3.0]);
    let y = bench.room(&[6, 7]);
    let code = vec![Instr::Input(0), Instr::Input(1), Instr::Binary(op, 0, 1)];
    let command = map(&[6, 7], &[&repeated(&a, &[6, 7]), &repeated(&b, &[6, 7])], code, &[(2, &y)]);
    bench.case(format!("map {}", op.text()), vec![command], 1e-6)
}

/// `relu(a · b + 0.5)`, of any length.
fn chain(len: usize) -> Case {
    let mut bench = Bench::default();
    bench.margin();
    let (a, b) = (bench.random(&[len]), bench.random(&[len]));
    bench.margin();
    let y = bench.room(&[len]);
    let code = vec![
        Instr::Input(0),
        Instr::Input(1),
        Instr::Binary(Binary::Mul, 0, 1),
        Instr::Const(0.5),
        Instr::Binary(Binary::Add, 2, 3),
        Instr::Unary(Unary::Relu, 4),
    ];
    let command = map(&[len], &[&a, &b], code, &[(5, &y)]);
    bench.case(format!("map of {len}"), vec![command], 1e-6)
}

/// Broadcast rows and columns, a permuted input, a slice, and an output into a wider matrix.
fn strided() -> Case {
    let mut bench = Bench::default();
    let shape = [3, 65, 5];
    let row = bench.random(&[5]);
    let col = bench.random(&[65, 1]);
    let one = bench.random(&[]);
    let permuted = bench.random(&[5, 3, 65]);
    let wide = bench.random(&[3, 65, 9]);
    let out = bench.room(&[3, 65, 11]);
    let within =
        |v: &View, skip: usize| View { offset: v.offset + skip, shape: shape.to_vec(), strides: v.strides.clone() };
    let inputs = [
        repeated(&row, &shape),
        repeated(&col, &shape),
        repeated(&one, &shape),
        transposed(&permuted, &[1, 2, 0]),
        within(&wide, 2),
    ];
    let code = vec![
        Instr::Input(0),
        Instr::Input(1),
        Instr::Input(2),
        Instr::Input(3),
        Instr::Input(4),
        Instr::Binary(Binary::Add, 0, 1),
        Instr::Binary(Binary::Mul, 5, 2),
        Instr::Binary(Binary::Sub, 6, 3),
        Instr::Binary(Binary::Max, 7, 4),
    ];
    let command = map(&shape, &inputs.each_ref(), code, &[(8, &within(&out, 4))]);
    bench.case("map over strided views", vec![command], 1e-6)
}

/// An optimizer's update: the parameter and its momentum are overwritten where they lie.
fn in_place() -> Case {
    let mut bench = Bench::default();
    let (w, m, g) = (bench.random(&[65, 3]), bench.random(&[65, 3]), bench.random(&[65, 3]));
    let rate = bench.given(&[], vec![0.125]);
    let code = vec![
        Instr::Input(0),
        Instr::Input(1),
        Instr::Input(2),
        Instr::Input(3),
        Instr::Const(0.9),
        Instr::Binary(Binary::Mul, 1, 4),
        Instr::Binary(Binary::Add, 5, 2),
        Instr::Binary(Binary::Mul, 6, 3),
        Instr::Binary(Binary::Sub, 0, 7),
    ];
    let inputs = [&w, &m, &g, &repeated(&rate, &[65, 3])];
    let command = map(&[65, 3], &inputs, code, &[(8, &w), (6, &m)]);
    bench.case("map in place", vec![command], 1e-6)
}

fn several_outputs() -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[257]);
    let outputs: Vec<_> = (0..3).map(|_| bench.room(&[257])).collect();
    let code = vec![
        Instr::Input(0),
        Instr::Unary(Unary::Neg, 0),
        Instr::Binary(Binary::Lt, 0, 1),
        Instr::Select(2, 0, 1),
        Instr::Unary(Unary::Step, 0),
    ];
    let command = map(&[257], &[&x], code, &[(1, &outputs[0]), (3, &outputs[1]), (4, &outputs[2])]);
    bench.case("map to several outputs", vec![command], 0.0)
}

/// Not-a-number passes through arithmetic and rectifiers, and infinities come and go.
fn specials() -> Case {
    let mut bench = Bench::default();
    let x = bench.given(&[5], vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0]);
    let codes = [
        vec![Instr::Input(0), Instr::Unary(Unary::Relu, 0)],
        vec![Instr::Input(0), Instr::Unary(Unary::Tanh, 0)],
        vec![Instr::Input(0), Instr::Const(1.0), Instr::Binary(Binary::Add, 0, 1)],
        vec![Instr::Input(0), Instr::Unary(Unary::Sigmoid, 0)],
        vec![Instr::Input(0), Instr::Unary(Unary::Exp, 0)],
    ];
    let commands = codes
        .into_iter()
        .map(|code| {
            let y = bench.room(&[5]);
            let last = code.len() - 1;
            map(&[5], &[&x], code, &[(last, &y)])
        })
        .collect();
    bench.case("map of special values", commands, 1e-6)
}

fn constants() -> Case {
    let mut bench = Bench::default();
    let values = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-30, -3.4e38, 16_777_217.0, 0.1, -1.0];
    let commands = values
        .iter()
        .map(|&v| {
            let y = bench.room(&[3]);
            map(&[3], &[], vec![Instr::Const(v)], &[(0, &y)])
        })
        .collect();
    bench.case("map of constants", commands, 0.0)
}

/// Six axes that cannot be merged.
fn deep() -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[2, 3, 2, 5, 2, 3]);
    let order = [5, 3, 1, 4, 2, 0];
    let t = transposed(&x, &order);
    let y = bench.room(&t.shape);
    let command = map(&t.shape, &[&t], vec![Instr::Input(0)], &[(0, &y)]);
    bench.case("map over six axes", vec![command], 0.0)
}

fn reduce(kind: Kind, kept: usize, inputs: &[&View], code: Vec<Instr>, output: &View) -> Command {
    let result = code.len() - 1;
    Command::Reduce(Reduce {
        kept,
        shape: inputs[0].shape.clone(),
        inputs: inputs.iter().map(|&v| v.clone()).collect(),
        code,
        folds: vec![Fold { kind, result }],
        output: Output::Plain(output.offset),
    })
}

fn rows(kind: Kind, outputs: usize, terms: usize) -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[outputs, terms]);
    let scale = bench.random(&[terms]);
    let y = bench.room(&[outputs]);
    let code = vec![Instr::Input(0), Instr::Input(1), Instr::Binary(Binary::Mul, 0, 1)];
    let command = reduce(kind, 1, &[&x, &repeated(&scale, &[outputs, terms])], code, &y);
    bench.case(format!("{kind:?} of {outputs} rows of {terms}"), vec![command], tolerance(terms))
}

fn columns(kind: Kind, outputs: usize, terms: usize) -> Case {
    let mut bench = Bench::default();
    bench.margin();
    let x = bench.random(&[terms, outputs]);
    let y = bench.room(&[outputs]);
    let command = reduce(kind, 1, &[&transposed(&x, &[1, 0])], vec![Instr::Input(0)], &y);
    bench.case(format!("{kind:?} of {outputs} columns of {terms}"), vec![command], tolerance(terms))
}

/// Kept and reduced axes that alternate in memory: the middle ones of four are summed.
fn everything(kind: Kind) -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[3, 17, 5, 33]);
    let y = bench.room(&[33, 5]);
    let command = reduce(kind, 2, &[&transposed(&x, &[3, 2, 0, 1])], vec![Instr::Input(0)], &y);
    bench.case(format!("{kind:?} over alternate axes"), vec![command], 1e-5)
}

fn sum_of_nothing() -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[5, 0]);
    let y = bench.room(&[5]);
    let command = reduce(Kind::Sum, 1, &[&x], vec![Instr::Input(0)], &y);
    bench.case("sum of nothing", vec![command], 0.0)
}

/// A softmax by hand: what one command writes, the next reads.
fn normalised(width: usize) -> Case {
    let mut bench = Bench::default();
    let x = bench.random(&[3, width]);
    let (top, sum) = (bench.room(&[3, 1]), bench.room(&[3, 1]));
    let y = bench.room(&[3, width]);
    let shape = [3, width];
    let flat = |v: &View| View::contiguous(v.offset, &[3]);
    let exp = vec![Instr::Input(0), Instr::Input(1), Instr::Binary(Binary::Sub, 0, 1), Instr::Unary(Unary::Exp, 2)];
    let ratio = [&exp[..], &[Instr::Input(2), Instr::Binary(Binary::Div, 3, 4)]].concat();
    let (wide_top, wide_sum) = (repeated(&top, &shape), repeated(&sum, &shape));
    let commands = vec![
        reduce(Kind::Max, 1, &[&x], vec![Instr::Input(0)], &flat(&top)),
        reduce(Kind::Sum, 1, &[&x, &wide_top], exp, &flat(&sum)),
        map(&shape, &[&x, &wide_top, &wide_sum], ratio, &[(5, &y)]),
    ];
    bench.case(format!("softmax of {width}"), commands, 1e-4)
}

/// Sums of more terms lose more.
fn tolerance(terms: usize) -> f32 {
    1e-6 * (terms as f32).sqrt().max(2.0)
}
