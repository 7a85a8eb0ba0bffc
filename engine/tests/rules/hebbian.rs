//! Hebbian rules find what theory says they find: principal components, prototypes, weights of length 1.

use std::rc::Rc;

use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt};
use engine::net::Mode;
use engine::ops::Tensor;
use engine::registry::Setting;

use crate::bench::*;
use crate::support::*;

const SAMPLES: usize = 40;
const INPUTS: usize = 6;

fn at_work(rule: &str, settings: &[(&str, Setting)], units: i64) -> Bench {
    let plain = node("linear", &[("units", int(units)), ("bias", Setting::Bool(false))], vec![]);
    Bench::new(rule, settings, net(3, vec![vec![plain], read_out()]), &[INPUTS], SAMPLES)
}

/// The inputs as the first stage sees them, and its weights `[inputs][units]` after `ticks` ticks of what is set.
fn learnt(bench: &mut Bench, ticks: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>, Oracle) {
    let (rule, x) = (bench.rule, bench.batch.x);
    let seen = bench.with(|cx| rule.forward(cx, Mode::Train, x)).passes[0].input;
    let lesson = bench.learn();
    let program = Program::new(Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(lesson.writes.clone())]);
    let mut oracle = bench.registers();
    // Uneven spreads, so that components are apart.
    let spread = [3.0, 2.0, 1.4, 1.0, 0.7, 0.5];
    let data = numbers(21, SAMPLES * INPUTS).iter().enumerate().map(|(i, v)| v * spread[i % INPUTS]).collect();
    oracle.write(bench.slot("x"), Tensor::new([SAMPLES, INPUTS], data));
    (0..ticks).for_each(|_| oracle.run(&program));
    let seen = oracle.values(&bench.g, &[seen])[0].data.chunks(INPUTS).map(<[f64]>::to_vec).collect();
    let weight = oracle.read(bench.slot("1/1.linear/weight"));
    let weight = weight.data.chunks(weight.shape.last()).map(<[f64]>::to_vec).collect();
    (seen, weight, oracle)
}

fn unit(weight: &[Vec<f64>], i: usize) -> Vec<f64> {
    weight.iter().map(|row| row[i]).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Principal components of `rows` about the origin, largest first, by the power method with deflation.
fn components(rows: &[Vec<f64>], count: usize) -> Vec<Vec<f64>> {
    let mut found: Vec<Vec<f64>> = Vec::new();
    for k in 0..count {
        let mut v = numbers(50 + k as u32, INPUTS);
        for _ in 0..5000 {
            let mut next = vec![0.0; INPUTS];
            for row in rows {
                let along = dot(row, &v);
                next.iter_mut().zip(row).for_each(|(n, x)| *n += along * x);
            }
            for old in &found {
                let along = dot(&next, old);
                next.iter_mut().zip(old).for_each(|(n, x)| *n -= along * x);
            }
            let length = dot(&next, &next).sqrt();
            v = next.iter().map(|n| n / length).collect();
        }
        found.push(v);
    }
    found
}

#[test]
fn oja_finds_the_first_principal_component() {
    let mut bench = at_work("hebbian", &[("form", word("oja")), ("rate", float(0.5))], 3);
    let (seen, weight, _) = learnt(&mut bench, 3000);
    let first = &components(&seen, 1)[0];
    for i in 0..3 {
        let w = unit(&weight, i);
        let (along, length) = (dot(&w, first), dot(&w, &w).sqrt());
        assert!((along.abs() - 1.0).abs() < 1e-6 && (length - 1.0).abs() < 1e-6, "unit {i}: {along} of {length}");
    }
}

#[test]
fn sanger_finds_them_in_order() {
    let mut bench = at_work("hebbian", &[("form", word("sanger")), ("rate", float(0.5))], 3);
    let (seen, weight, _) = learnt(&mut bench, 6000);
    for (i, component) in components(&seen, 3).iter().enumerate() {
        let along = dot(&unit(&weight, i), component);
        assert!((along.abs() - 1.0).abs() < 1e-4, "component {i}: {along}");
    }
}

/// At rate 1 a unit's weights are the mean direction of the inputs it won; those of one that won nothing stay.
#[test]
fn winners_become_prototypes() {
    let mut bench = at_work("hebbian", &[("rate", float(1.0))], 5);
    let (seen, old, _) = learnt(&mut bench, 0);
    let mut bench = at_work("hebbian", &[("rate", float(1.0))], 5);
    let (_, new, _) = learnt(&mut bench, 1);
    let mut sums = vec![vec![0.0; INPUTS]; 5];
    let mut wins = [0.0; 5];
    for row in &seen {
        let best = (0..5).max_by(|&a, &b| dot(row, &unit(&old, a)).total_cmp(&dot(row, &unit(&old, b)))).unwrap();
        wins[best] += 1.0;
        sums[best].iter_mut().zip(row).for_each(|(s, x)| *s += x / (INPUTS as f64).sqrt());
    }
    assert!(wins.iter().filter(|w| **w > 0.0).count() > 2, "{wins:?}");
    for i in 0..5 {
        let expected = match wins[i] {
            0.0 => unit(&old, i),
            n => sums[i].iter().map(|s| s / n).collect(),
        };
        assert!(distance(&unit(&new, i), &expected) < 1e-6, "unit {i}");
    }
}

#[test]
fn soft_hebb_lengths_go_to_one() {
    let mut bench = at_work("soft-hebb", &[("sharpness", float(4.0))], 5);
    let (_, start, _) = learnt(&mut bench, 0);
    let mut bench = at_work("soft-hebb", &[("sharpness", float(4.0))], 5);
    let (_, weight, _) = learnt(&mut bench, 2000);
    let length = |w: &[Vec<f64>], i| dot(&unit(w, i), &unit(w, i)).sqrt();
    for i in 0..5 {
        assert!((length(&weight, i) - 1.0).abs() < 1e-2, "unit {i}: {} to {}", length(&start, i), length(&weight, i));
    }
    assert!((0..5).any(|i| (length(&start, i) - 1.0).abs() > 0.2));
}

/// What SoftHebb changes is what its equation says, sample by sample.
#[test]
fn soft_hebb_follows_its_equation() {
    for anti in [false, true] {
        let settings = [("adaptive", Setting::Bool(false)), ("anti-hebbian", Setting::Bool(anti))];
        let mut bench = at_work("soft-hebb", &settings, 4);
        let (seen, old, _) = learnt(&mut bench, 0);
        let mut bench = at_work("soft-hebb", &settings, 4);
        let (_, new, _) = learnt(&mut bench, 1);
        let mut change = vec![vec![0.0; 4]; INPUTS];
        for row in &seen {
            let u: Vec<f64> = (0..4).map(|i| dot(row, &unit(&old, i))).collect();
            let e: Vec<f64> = u.iter().map(|u| (50.0 * u / (INPUTS as f64).sqrt()).exp()).collect();
            let best = u.iter().copied().fold(f64::MIN, f64::max);
            for i in 0..4 {
                let sign = if anti && u[i] != best { -1.0 } else { 1.0 };
                let y = sign * e[i] / e.iter().sum::<f64>();
                (0..INPUTS).for_each(|k| change[k][i] += y * (row[k] - u[i] * old[k][i]));
            }
        }
        let most = change.iter().flatten().fold(0.0, |m: f64, c| m.max(c.abs()));
        for k in 0..INPUTS {
            for i in 0..4 {
                let expected = old[k][i] + f64::from(0.03f32) * change[k][i] / most;
                assert!((new[k][i] - expected).abs() < 1e-6, "{anti}: {} and {expected}", new[k][i]);
            }
        }
    }
}

/// Where the answer is the same for every sample, every sample matters the same: the modulated rule is the plain one.
#[test]
fn an_even_answer_modulates_nothing() {
    let rate = ("rate", float(0.01));
    let mut plain = at_work("soft-hebb", &[rate.clone(), ("adaptive", Setting::Bool(false))], 4);
    plain.net.stages[1].blocks = vec![node("linear", &[("init", word("zero"))], vec![])];
    let (_, expected, _) = learnt(&mut plain, 1);
    for modulator in ["surprise", "doubt", "success"] {
        let mut bench = at_work("neuro-modulated-hebb", &[rate.clone(), ("modulator", word(modulator))], 4);
        let lesson = bench.learn();
        let program = Program::new(Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(lesson.writes.clone())]);
        let [mut even, mut uneven] = [0.0, 2.0].map(|size| {
            let mut oracle = bench.registers();
            let spread = [3.0, 2.0, 1.4, 1.0, 0.7, 0.5];
            let data = numbers(21, SAMPLES * INPUTS).iter().enumerate().map(|(i, v)| v * spread[i % INPUTS]).collect();
            oracle.write(bench.slot("x"), Tensor::new([SAMPLES, INPUTS], data));
            let read_out = numbers(4, 12).iter().map(|v| v * size).collect();
            oracle.write(bench.slot("2/1.linear/weight"), Tensor::new([4, 3], read_out));
            oracle
        });
        even.run(&program);
        uneven.run(&program);
        let got = |oracle: &Oracle| oracle.read(bench.slot("1/1.linear/weight")).data.clone();
        let expected: Vec<f64> = expected.iter().flatten().copied().collect();
        assert!(distance(&got(&even), &expected) < 1e-9, "{modulator}");
        assert!(distance(&got(&uneven), &expected) > 1e-4, "{modulator}");
    }
}

#[test]
fn stages_whose_units_cannot_compete_are_refused() {
    for rule in ["hebbian", "soft-hebb", "neuro-modulated-hebb"] {
        let experts = vec![route(2, "dense", &[], vec![linear(4)])];
        let message = Bench::new(rule, &[], net(2, vec![experts, read_out()]), &[3], 4).fits().unwrap_err();
        assert!(message.contains("1: its experts"), "{rule}: {message}");
        let groups = vec![node("conv2d", &[("channels", int(4)), ("groups", int(2))], vec![])];
        let message = Bench::new(rule, &[], net(2, vec![groups, read_out()]), &[4, 4, 2], 4).fits().unwrap_err();
        assert!(message.contains("1: its filters"), "{rule}: {message}");
    }
}
