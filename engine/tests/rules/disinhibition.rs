//! The dis-inhibitory circuit rests where it should, and its imbalance is the top-down signal.

use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Program, Value};
use engine::lesson::Lesson;
use engine::ops::Tensor;
use engine::registry::Setting;

use crate::bench::*;
use crate::support::*;

const BATCH: usize = 5;
const CLASSES: usize = 3;

fn circuit(settings: &[(&str, Setting)]) -> (Bench, Lesson) {
    let layer = |units| vec![linear(units), activation("softplus")];
    let net = net(CLASSES, vec![layer(6), layer(4), read_out()]);
    let mut bench = Bench::new("disinhibition", settings, net, &[4], BATCH);
    let lesson = bench.learn();
    (bench, lesson)
}

fn run(bench: &Bench, lesson: &Lesson) -> Oracle {
    let mut oracle = bench.registers();
    oracle.run(&Program::new(Rc::new(bench.g.clone()), "before", lesson.before.clone()));
    oracle
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn register(oracle: &Oracle, bench: &Bench, name: &str) -> Vec<f64> {
    oracle.read(bench.slot(name)).data.clone()
}

/// Without control nothing moves from where the circuit was said to rest, and no hidden unit learns.
#[test]
fn it_rests_where_it_is_said_to() {
    let none = [("proportional", float(0.0)), ("integral", float(0.0)), ("steps", int(300)), ("time-step", float(1.0))];
    let (bench, lesson) = circuit(&none);
    let oracle = run(&bench, &lesson);
    let begin = {
        let mut oracle = bench.registers();
        oracle.run(&Program::new(Rc::new(bench.g.clone()), "begin", lesson.before[..1].to_vec()));
        oracle
    };
    for name in ["excitatory 1", "inhibitory 1", "excitatory 2", "inhibitory 2"] {
        let name = format!("rule/{name}");
        assert!(distance(&register(&oracle, &bench, &name), &register(&begin, &bench, &name)) < 1e-5, "{name}");
    }
    for update in lesson.updates.iter().filter(|u| !bench.g.slot(u.slot).name.starts_with('3')) {
        let gradient = oracle.values(&bench.g, &[update.gradient])[0].data.clone();
        assert!(gradient.iter().all(|v| v.abs() < 1e-5), "{}", bench.g.slot(update.slot).name);
    }
}

/// In equilibrium every inhibitory cell lacks exactly what is sent down to it: `u_I − φ(u_E) = −c`, of the opposite sign
/// of the dis-inhibition, and each update is `−c φ'(u_E)` times the activity below.
#[test]
fn the_imbalance_is_what_is_sent_down() {
    let (bench, lesson) = circuit(&[("steps", int(2000)), ("time-step", float(1.0))]);
    let target = bench.batch.target;
    let oracle = run(&bench, &lesson);
    let output = register(&oracle, &bench, "rule/output");
    let target = oracle.values(&bench.g, &[target])[0].data.clone();
    // In equilibrium the leaky integral is the error itself.
    let mut control = [0.0; BATCH * CLASSES];
    for b in 0..BATCH {
        let sum: f64 = (0..CLASSES).map(|c| output[b * CLASSES + c].exp()).sum();
        for c in 0..CLASSES {
            let i = b * CLASSES + c;
            control[i] = f64::from(0.2f32 + 0.4f32) * (target[i] - output[i].exp() / sum);
        }
    }
    let x = bench.batch.x;
    let mut below = oracle.values(&bench.g, &[x])[0].data.clone();
    for (stage, units, inputs) in [(1, 6, 4), (2, 4, 6)] {
        let at = |name: &str| register(&oracle, &bench, &format!("rule/{name} {stage}"));
        let (excitatory, inhibitory, way) = (at("excitatory"), at("inhibitory"), at("feedback"));
        let mut expected = vec![0.0; inputs * units];
        let mut felt = 0.0;
        for b in 0..BATCH {
            for u in 0..units {
                let i = b * units + u;
                let sent: f64 = (0..CLASSES).map(|c| way[(c * BATCH + b) * units + u] * control[b * CLASSES + c]).sum();
                let imbalance = inhibitory[i] - softplus(excitatory[i]);
                assert!((imbalance + sent).abs() < 1e-6, "stage {stage}: {imbalance} for {sent}");
                assert!(sent.abs() < 1e-5 || imbalance * sent < 0.0);
                felt = f64::max(felt, sent.abs());
                for k in 0..inputs {
                    expected[k * units + u] -= sent * sigmoid(excitatory[i]) * below[b * inputs + k] / BATCH as f64;
                }
            }
        }
        assert!(felt > 1e-3, "nothing is sent");
        let update = bench.update(&lesson, &format!("{stage}/1.linear/weight"));
        let got = oracle.values(&bench.g, &[update])[0].data.clone();
        assert!(distance(&got, &expected) < 1e-6, "stage {stage}");
        below = excitatory.iter().map(|&u| softplus(u)).collect();
    }
    // The controller has done its work: the loss at the controlled output is below that at rest.
    let rest = oracle.values(&bench.g, &[lesson.logits])[0].data.clone();
    let loss = |y: &[f64]| -> f64 {
        let row = |b: usize| {
            let y = &y[b * CLASSES..(b + 1) * CLASSES];
            let sum: f64 = y.iter().map(|v| v.exp()).sum();
            (0..CLASSES).map(|c| -target[b * CLASSES + c] * (y[c] - sum.ln())).sum::<f64>()
        };
        (0..BATCH).map(row).sum()
    };
    assert!(loss(&output) < loss(&rest), "{} and {}", loss(&output), loss(&rest));
}

/// Under weak control the update is, to first order, the error of the answer at rest sent down the same way: halving the
/// gains halves what it is off.
#[test]
fn weak_control_sends_the_error_at_rest() {
    let mut off = Vec::new();
    for gain in [0.4, 0.2, 0.1] {
        let gains = [("proportional", float(0.0)), ("integral", float(gain))];
        let all = [&gains[..], &[("steps", int(1500)), ("time-step", float(1.0))]].concat();
        let (mut bench, lesson) = circuit(&all);
        let oracle = run(&bench, &lesson);
        let begin = {
            let mut oracle = bench.registers();
            oracle.run(&Program::new(Rc::new(bench.g.clone()), "begin", lesson.before[..2].to_vec()));
            oracle
        };
        let (logits, target) = (lesson.logits, bench.batch.target);
        let loss = bench.with(|cx| cx.losses(logits, target));
        let total = bench.g.total(loss);
        let error = ad::gradients(&mut bench.g, total, &[logits], &Exact)[0];
        let error = oracle.values(&bench.g, &[error])[0].data.clone();
        let way = register(&begin, &bench, "rule/feedback 1");
        let excitatory = register(&begin, &bench, "rule/excitatory 1");
        let x = bench.batch.x;
        let x = oracle.values(&bench.g, &[x])[0].data.clone();
        let mut expected = vec![0.0; 4 * 6];
        for b in 0..BATCH {
            for u in 0..6 {
                let sent: f64 = (0..CLASSES).map(|c| way[(c * BATCH + b) * 6 + u] * error[b * CLASSES + c]).sum();
                for k in 0..4 {
                    expected[k * 6 + u] += gain * sent * sigmoid(excitatory[b * 6 + u]) * x[b * 4 + k] / BATCH as f64;
                }
            }
        }
        let update: Value = bench.update(&lesson, "1/1.linear/weight");
        let got = oracle.values(&bench.g, &[update])[0].data.clone();
        let size = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        off.push(got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size);
    }
    assert!(off[0] < 0.3 && off[1] < 0.6 * off[0] && off[2] < 0.6 * off[1], "{off:?}");
}

/// The answer passes the derivative of a circuit at rest, as differences give it: the reference to hold updates against.
#[test]
fn the_reference_passes_the_circuit() {
    let (mut bench, lesson) = circuit(&[]);
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let slot = bench.slot("1/1.linear/weight");
    let i = lesson.updates.iter().position(|u| u.slot == slot).unwrap();
    let oracle = bench.registers();
    let got = oracle.values(&bench.g, &[exact[i]])[0].data[0];
    let at = |by: f64| {
        let mut moved = oracle.clone();
        let mut t: Tensor = oracle.read(slot).clone();
        t.data[0] += by;
        moved.write(slot, t);
        moved.values(&bench.g, &[lesson.loss])[0].data[0]
    };
    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert!((got - expected).abs() < 1e-6 && expected.abs() > 1e-5, "{got} and {expected}");
}

#[test]
fn other_stages_are_refused() {
    for stage in [vec![linear(4), node("layer-norm", &[], vec![])], vec![node("residual", &[], vec![linear(3)])]] {
        let message = Bench::new("disinhibition", &[], net(2, vec![stage, read_out()]), &[3], 4).fits().unwrap_err();
        assert!(message.contains("1: its units are no pairs"), "{message}");
    }
}
