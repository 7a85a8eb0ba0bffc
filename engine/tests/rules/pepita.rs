//! PEPITA carries its error forward, through the input.

use std::rc::Rc;

use engine::ad;
use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt};
use engine::net::Mode;
use engine::ops::Tensor;

use crate::bench::*;
use crate::support::*;

/// To first order PEPITA's first stage learns from the error carried through `J Fᵀ`, with the sign that is set.
#[test]
fn pepita_is_feedback_through_the_input() {
    for (sign, factor) in [("subtract", 1.0), ("add", -1.0)] {
        let stages = vec![hidden(5), hidden(4), read_out()];
        let mut bench = Bench::new("pepita", &[("sign", word(sign))], net(3, stages), &[6], 7);
        let lesson = bench.learn();
        let (x, matrix) = (bench.batch.x, bench.slot("rule/feedback"));
        let error = bench.with(|cx| {
            let forward = cx.series(Mode::Train, x);
            let one = cx.g.constant(1.0);
            ad::vjp(cx.g, &[(lesson.loss, one)], &[forward.logits()], &ad::Exact)[0].unwrap()
        });
        let outputs = bench.with(|cx| cx.series(Mode::Train, x).passes.iter().map(|p| p.output).collect::<Vec<_>>());
        let matrix = bench.g.read(matrix);
        let sent = bench.g.matmul(error, matrix);
        let mut expected = Vec::new();
        let mut seen = x;
        for (stage, &output) in outputs.iter().enumerate().take(2) {
            let change = ad::jvp(&mut bench.g, output, &[(x, sent)], &ad::Exact).unwrap();
            expected.push((format!("{}/1.linear/weight", stage + 1), bench.g.matmul_t(seen, change, true, false)));
            seen = output;
        }
        let mut oracle = bench.registers();
        let mut off = Vec::new();
        for scale in [1e-2, 1e-3] {
            oracle.write(bench.slot("rule/scale"), Tensor::new([], vec![scale]));
            for (name, expected) in &expected {
                let both = oracle.values(&bench.g, &[bench.update(&lesson, name), *expected]);
                let got: Vec<f64> = both[0].data.iter().map(|v| factor * v / scale).collect();
                let size = both[1].data.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                off.push(got.iter().zip(&both[1].data).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size);
            }
        }
        assert!(off[0] < 0.1 && off[1] < 0.1, "{sign}: {off:?}");
        assert!(off[2] < 0.2 * off[0] && off[3] < 0.2 * off[1], "{sign}: not of first order: {off:?}");
    }
}

/// Mirrored feedback comes to be the network's own mean derivative, transposed, without being told a weight.
#[test]
fn mirrored_feedback_finds_the_weights() {
    let stages = vec![vec![linear(6)], hidden(5), read_out()];
    let mut bench = Bench::new("pepita", &[("feedback", word("mirrored"))], net(3, stages), &[4], 64);
    let lesson = bench.learn();
    assert_eq!(lesson.writes.len(), 3);
    let advance = Stmt::Tick([&lesson.writes[..], &[(bench.step, bench.advanced())]].concat());
    let program = Program::new(Rc::new(bench.g.clone()), "mirror", vec![advance]);
    let mut oracle = bench.registers();
    let mirrored = |oracle: &Oracle, stage: usize, shape: [usize; 2]| {
        let w = data(&bench, oracle, &format!("{stage}/1.linear/weight"));
        let [inputs, units] = shape;
        let turned: Vec<f64> =
            (0..units).flat_map(|u| (0..inputs).map(move |i| i * units + u)).map(|at| w[at]).collect();
        cosine(&turned, &data(&bench, oracle, &format!("rule/feedback {stage}")))
    };
    let shapes = [(1, [4, 6]), (2, [6, 5]), (3, [5, 3])];
    let before: Vec<f64> = shapes.iter().map(|(s, shape)| mirrored(&oracle, *s, *shape)).collect();
    (0..600).for_each(|_| oracle.run(&program));
    let after: Vec<f64> = shapes.iter().map(|(s, shape)| mirrored(&oracle, *s, *shape)).collect();
    assert!(before.iter().all(|c| c.abs() < 0.7) && after.iter().all(|c| *c > 0.97), "{before:?} to {after:?}");
}
