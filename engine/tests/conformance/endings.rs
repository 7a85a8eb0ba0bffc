//! What becomes of results that go through an elementwise program as they come, and reductions that share a pass.

use engine::ops::conv::{Conv2d, Conv2dInput, Conv2dWeight, Geometry};
use engine::ops::matmul::MatMul;
use engine::ops::reduce::Kind;
use engine::ops::scalar::{Binary, Unary};
use engine::plan::{Command, Fold, Instr, Map, Output, Reduce, View};

use super::{Bench, Case, repeated, routine, transposed};

pub fn cases() -> Vec<Case> {
    let mut all = vec![batched(), masked(), long_product(), outer_batches()];
    for (m, k, n) in [(1, 1, 1), (1, 65, 257), (65, 1, 257), (257, 65, 1), (65, 257, 65), (257, 300, 65), (65, 3, 600)]
    {
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            all.push(layer(m, k, n, ta, tb));
            all.push(step(m, k, n, ta, tb));
        }
    }
    all.push(layer(65, 0, 3, false, false));
    all.extend(convolutions());
    for (outputs, terms) in [(1, 1), (1, 70_000), (3, 65), (65, 3), (257, 257), (1030, 65), (600, 0)] {
        all.push(rows(outputs, terms));
        all.push(columns(outputs, terms));
        all.push(mixed(outputs, terms));
    }
    all
}

fn tolerance(terms: usize) -> f32 {
    2e-6 * (terms as f32).sqrt().max(2.0)
}

fn mapped(shape: &[usize], inputs: &[&View], code: Vec<Instr>, outputs: &[(usize, &View)]) -> Output {
    Output::Mapped(Map {
        shape: shape.to_vec(),
        inputs: inputs.iter().map(|&v| v.clone()).collect(),
        code,
        outputs: outputs.iter().map(|&(at, v)| (at, v.clone())).collect(),
    })
}

/// `command`, its results going where `to` says.
fn ending(command: Command, to: Output) -> Command {
    match command {
        Command::Routine { op, inputs, shape, .. } => Command::Routine { op, inputs, shape, output: to },
        Command::Reduce(reduce) => Command::Reduce(Reduce { output: to, ..reduce }),
        Command::Map(_) => panic!("a map has no results of its own"),
    }
}

fn operands(bench: &mut Bench, m: usize, k: usize, n: usize, ta: bool, tb: bool) -> [View; 2] {
    let a = bench.random(&if ta { [k, m] } else { [m, k] });
    bench.margin();
    [a, bench.random(&if tb { [n, k] } else { [k, n] })]
}

/// A linear layer: the bias added, negative numbers cut off, and the sum itself kept too.
fn layer(m: usize, k: usize, n: usize, ta: bool, tb: bool) -> Case {
    let mut bench = Bench::default();
    let [a, b] = operands(&mut bench, m, k, n, ta, tb);
    let bias = bench.random(&[n]);
    let (raw, y) = (bench.room(&[m, n]), bench.room(&[m, n]));
    let code = vec![Instr::Result(0), Instr::Input(0), Instr::Binary(Binary::Add, 0, 1), Instr::Unary(Unary::Relu, 2)];
    let to = mapped(&[m, n], &[&repeated(&bias, &[m, n])], code, &[(0, &raw), (3, &y)]);
    let command = ending(routine(MatMul { ta, tb }, &[&a, &b], &raw), to);
    bench.case(format!("layer of {m}×{k}×{n} {ta} {tb}"), vec![command], tolerance(k))
}

/// A weight and what is remembered of it, moved along a product in place; rates are single numbers.
fn step(m: usize, k: usize, n: usize, ta: bool, tb: bool) -> Case {
    let mut bench = Bench::default();
    let [a, b] = operands(&mut bench, m, k, n, ta, tb);
    bench.margin();
    let (weight, memory) = (bench.random(&[m, n]), bench.random(&[m, n]));
    let rate = bench.random(&[1, 1]);
    let code = vec![
        Instr::Result(0),
        Instr::Input(0),
        Instr::Input(1),
        Instr::Input(2),
        Instr::Binary(Binary::Sub, 0, 2),
        Instr::Binary(Binary::Mul, 3, 4),
        Instr::Binary(Binary::Add, 2, 5),
        Instr::Const(0.5),
        Instr::Binary(Binary::Mul, 7, 6),
        Instr::Binary(Binary::Sub, 1, 8),
    ];
    let inputs = [&weight, &memory, &repeated(&rate, &[m, n])];
    let to = mapped(&[m, n], &inputs, code, &[(9, &weight), (6, &memory)]);
    let command = ending(routine(MatMul { ta, tb }, &[&a, &b], &weight), to);
    bench.case(format!("step of {m}×{k}×{n} {ta} {tb}"), vec![command], tolerance(k))
}

/// Every second matrix of a batch through a program that sees the place in the batch, laid down transposed.
fn batched() -> Case {
    let mut bench = Bench::default();
    let (a, b) = (bench.random(&[3, 5, 9, 4]), bench.random(&[3, 1, 4, 7]));
    let wide = repeated(&b, &[3, 5, 4, 7]);
    let scale = bench.random(&[3, 1, 1, 1]);
    let y = bench.room(&[3, 5, 7, 9]);
    let code = vec![Instr::Input(0), Instr::Result(0), Instr::Binary(Binary::Mul, 0, 1), Instr::Unary(Unary::Exp, 2)];
    let shape = [3, 5, 9, 7];
    let to = mapped(&shape, &[&repeated(&scale, &shape)], code, &[(3, &transposed(&y, &[0, 1, 3, 2]))]);
    let plain = View::contiguous(0, &shape);
    let command = ending(routine(MatMul { ta: false, tb: false }, &[&a, &wide], &plain), to);
    bench.case("batch through a program", vec![command], 1e-4)
}

/// More leading axes than a kernel takes apart, with an inner axis long enough to be cut.
fn outer_batches() -> Case {
    let mut bench = Bench::default();
    let a = bench.random(&[2, 2, 2, 2, 2, 1, 600]);
    let order = [4, 1, 3, 0, 2, 5, 6];
    let a = transposed(&a, &order);
    let b = bench.random(&[2, 2, 2, 2, 2, 600, 2]);
    let shape = [2, 2, 2, 2, 2, 1, 2];
    let y = bench.room(&shape);
    let code = vec![Instr::Result(0), Instr::Unary(Unary::Neg, 0)];
    let command =
        ending(routine(MatMul { ta: false, tb: false }, &[&a, &b], &y), mapped(&shape, &[], code, &[(1, &y)]));
    bench.case("outer batches through a program", vec![command], 1e-4)
}

/// A mask that only some results pass, in an index space of another shape.
fn masked() -> Case {
    let mut bench = Bench::default();
    let [a, b] = operands(&mut bench, 65, 20, 66, false, true);
    let gate = bench.random(&[65 * 66]);
    let y = bench.room(&[65 * 66]);
    let code = vec![
        Instr::Input(0),
        Instr::Const(0.0),
        Instr::Binary(Binary::Lt, 1, 0),
        Instr::Result(0),
        Instr::Select(2, 3, 1),
    ];
    let to = mapped(&[65 * 66], &[&gate], code, &[(4, &y)]);
    let plain = View::contiguous(0, &[65, 66]);
    let command = ending(routine(MatMul { ta: false, tb: true }, &[&a, &b], &plain), to);
    bench.case("masked product", vec![command], 1e-5)
}

/// Few and long sums, which a device cuts into parts.
fn long_product() -> Case {
    let mut bench = Bench::default();
    let [a, b] = operands(&mut bench, 3, 2000, 5, false, false);
    let y = bench.random(&[3, 5]);
    let code = vec![Instr::Result(0), Instr::Input(0), Instr::Binary(Binary::Add, 0, 1)];
    let command =
        ending(routine(MatMul { ta: false, tb: false }, &[&a, &b], &y), mapped(&[3, 5], &[&y], code, &[(2, &y)]));
    bench.case("long product through a program", vec![command], 2e-4)
}

fn convolutions() -> Vec<Case> {
    let geometry = Geometry { stride: [2, 1], pad: [1, 0], groups: 2 };
    let make = |what: &str| {
        let mut bench = Bench::default();
        let (x, w) = (bench.random(&[3, 9, 7, 4]), bench.random(&[3, 2, 2, 6]));
        let y = bench.random(&[3, 5, 6, 6]);
        let bias = bench.random(&[1, 1, 1, 1]);
        let (command, shape) = match what {
            "forward" => (routine(Conv2d { geometry }, &[&x, &w], &y), y.shape.clone()),
            "input" => {
                let op = Conv2dInput { geometry, image: [9, 7] };
                (routine(op, &[&y, &w], &x), x.shape.clone())
            }
            _ => (routine(Conv2dWeight { geometry, kernel: [3, 2] }, &[&x, &y], &w), w.shape.clone()),
        };
        let (raw, out) = (bench.room(&shape), bench.room(&shape));
        let code =
            vec![Instr::Result(0), Instr::Input(0), Instr::Binary(Binary::Add, 0, 1), Instr::Unary(Unary::Tanh, 2)];
        let to = mapped(&shape, &[&repeated(&bias, &shape)], code, &[(0, &raw), (3, &out)]);
        bench.case(format!("convolution, {what}, through a program"), vec![ending(command, to)], 1e-4)
    };
    ["forward", "input", "weight"].map(make).into()
}

/// A sum and two maxima of what is computed and of what is there, in one pass, and a number made of them.
fn folds(name: String, bench: Bench, inputs: &[&View], outputs: usize, y: &View, terms: usize) -> Case {
    let code = vec![Instr::Input(0), Instr::Input(1), Instr::Binary(Binary::Mul, 0, 1), Instr::Unary(Unary::Neg, 0)];
    let folds = [(Kind::Sum, 2), (Kind::Max, 0), (Kind::Max, 3), (Kind::Sum, 0)];
    let fold = |(kind, result)| Fold { kind, result };
    let after = vec![
        Instr::Result(0),
        Instr::Result(1),
        Instr::Result(2),
        Instr::Binary(Binary::Add, 1, 2),
        Instr::Result(3),
        Instr::Binary(Binary::Sub, 0, 4),
    ];
    let parts: Vec<View> = (0..3).map(|i| View::contiguous(y.offset + i * outputs, &[outputs])).collect();
    let to = mapped(&[outputs], &[], after, &[(0, &parts[0]), (3, &parts[1]), (5, &parts[2])]);
    let command = Command::Reduce(Reduce {
        kept: 1,
        shape: vec![outputs, terms],
        inputs: inputs.iter().map(|&v| v.clone()).collect(),
        code,
        folds: folds.map(fold).into(),
        output: to,
    });
    bench.case(name, vec![command], tolerance(terms))
}

fn rows(outputs: usize, terms: usize) -> Case {
    let mut bench = Bench::default();
    let (x, scale) = (bench.random(&[outputs, terms]), bench.random(&[terms]));
    let y = bench.room(&[3, outputs]);
    let scale = repeated(&scale, &[outputs, terms]);
    folds(format!("four folds of {outputs} rows of {terms}"), bench, &[&x, &scale], outputs, &y, terms)
}

fn columns(outputs: usize, terms: usize) -> Case {
    let mut bench = Bench::default();
    let (x, z) = (bench.random(&[terms, outputs]), bench.random(&[terms, outputs]));
    let y = bench.room(&[3, outputs]);
    let (x, z) = (transposed(&x, &[1, 0]), transposed(&z, &[1, 0]));
    folds(format!("four folds of {outputs} columns of {terms}"), bench, &[&x, &z], outputs, &y, terms)
}

/// Memory runs one way in one operand and the other way in the other.
fn mixed(outputs: usize, terms: usize) -> Case {
    let mut bench = Bench::default();
    let (x, z) = (bench.random(&[terms, outputs]), bench.random(&[outputs, terms]));
    let y = bench.room(&[3, outputs]);
    let x = transposed(&x, &[1, 0]);
    folds(format!("four folds of {outputs} rows and columns of {terms}"), bench, &[&x, &z], outputs, &y, terms)
}
