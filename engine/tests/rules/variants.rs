//! Backpropagation's variants, and the rule on a grid: what each adds is what its paper writes.

use engine::exec::oracle::Oracle;
use engine::ir::{Role, SlotId, Value};
use engine::lesson::Lesson;
use engine::ops::Tensor;
use engine::registry::Setting;
use engine::rules::Loss;

use crate::bench::*;
use crate::support::*;

fn made(rule: &str, settings: &[(&str, Setting)]) -> (Bench, Lesson) {
    let mut bench = Bench::new(rule, settings, net(3, vec![hidden(4), read_out()]), &[3], 5);
    let lesson = bench.learn();
    (bench, lesson)
}

/// A read-out alone, under the squared error: a loss of second order in its weights.
fn quadratic(rule: &str, settings: &[(&str, Setting)]) -> (Bench, Lesson) {
    let mut bench = Bench::new(rule, settings, net(3, vec![read_out()]), &[4], 6);
    bench.task.loss = Loss::MeanSquared;
    let lesson = bench.learn();
    (bench, lesson)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn at(bench: &Bench, oracle: &Oracle, v: Value) -> Vec<f64> {
    oracle.values(&bench.g, &[v])[0].data.clone()
}

/// Weights that a lesson sets, with what it sets them to.
fn weights(bench: &Bench, lesson: &Lesson) -> Vec<(SlotId, Value)> {
    lesson.writes.iter().copied().filter(|w| bench.g.slot(w.0).role == Role::Param).collect()
}

/// The exact gradient of the task's loss for these weights.
fn exact(bench: &mut Bench, lesson: &Lesson, slots: &[SlotId]) -> Vec<Value> {
    let target = bench.batch.target;
    let reads: Vec<Value> = slots.iter().map(|&s| bench.g.read(s)).collect();
    bench.with(|cx| {
        let loss = cx.loss(lesson.logits, target);
        engine::ad::gradients(cx.g, loss, &reads, &engine::ad::Exact)
    })
}

/// The noise has mean 0 and the variance η / (1 + t)^γ.
#[test]
fn gradient_noise_dies_away() {
    let net = net(3, vec![hidden(40), hidden(40), read_out()]);
    let settings = [("noise", float(0.3)), ("decay", float(0.55))];
    let mut bench = Bench::new("gradient-noise", &settings, net, &[3], 5);
    let lesson = bench.learn();
    let slots: Vec<SlotId> = lesson.updates.iter().map(|u| u.slot).collect();
    let exact = exact(&mut bench, &lesson, &slots);
    for t in [0.0, 1.0, 999.0] {
        let mut oracle = bench.registers();
        oracle.write(bench.step, Tensor::new([2], vec![t, 0.0]));
        let mut noise = Vec::new();
        for (update, &exact) in lesson.updates.iter().zip(&exact) {
            let both = [at(&bench, &oracle, update.gradient), at(&bench, &oracle, exact)];
            noise.extend(both[0].iter().zip(&both[1]).map(|(a, b)| a - b));
        }
        let count = noise.len() as f64;
        let variance = 0.3 / f64::powf(1.0 + t, 0.55);
        let mean = noise.iter().sum::<f64>() / count;
        assert!(mean.abs() < 4.0 * (variance / count).sqrt(), "step {t}: mean {mean}");
        let got = dot(&noise, &noise) / count;
        // 1,900 numbers: the variance's own deviation is 3 %.
        assert!((got / variance - 1.0).abs() < 0.12, "step {t}: variance {got} where {variance} is set");
    }
}

/// With the whole bonus the true logit is pulled with −1 however sure the network is; along the tangent as derived; and
/// without a bonus as backpropagation does.
#[test]
fn encouraging_pulls_evenly() {
    let pull = |bonus: f64, until: f64, logit: f64| {
        let settings = [("bonus", float(bonus)), ("until", float(until))];
        let mut bench = Bench::new("encouraging-loss", &settings, net(3, vec![read_out()]), &[2], 1);
        let lesson = bench.learn();
        let bias = bench.slot("1/1.linear/bias");
        let weight = bench.slot("1/1.linear/weight");
        let mut oracle = bench.registers();
        oracle.write(weight, Tensor::new([2, 3], vec![0.0; 6]));
        oracle.write(bias, Tensor::new([3], vec![logit, 0.0, 0.0]));
        oracle.write(bench.slot("labels"), Tensor::new([1], vec![0.0]));
        let p = logit.exp() / (logit.exp() + 2.0);
        (at(&bench, &oracle, bench.update(&lesson, "1/1.linear/bias"))[0], p)
    };
    for logit in [-4.0, 0.0, 2.0, 6.0] {
        let (whole, p) = pull(1.0, 1.0, logit);
        assert!((whole + 1.0).abs() < 1e-6, "logit {logit}: {whole}");
        let (none, _) = pull(0.0, 1.0, logit);
        assert!((none + (1.0 - p)).abs() < 1e-6, "logit {logit}: {none}");
        let (bounded, _) = pull(1.0, 0.75, logit);
        let bonus = if p < 0.75 { p } else { p * (1.0 - p) / 0.25 };
        assert!((bounded + (1.0 - p) + bonus).abs() < 1e-6, "logit {logit}: {bounded}");
    }
    // Far beyond the bound all is finite.
    assert!(pull(1.0, 1.0, 200.0).0.abs() < 1e-3);
    let mut bench = Bench::new("encouraging-loss", &[], net(3, vec![read_out()]), &[2], 1);
    bench.task.loss = Loss::MeanSquared;
    assert!(bench.fits().unwrap_err().contains("cross-entropy"));
}

/// A trial that pays is a step of plain descent; one that does not is replaced by the step of the paper's formula.
#[test]
fn model_building_steps() {
    for (rate, accept) in [(0.05, true), (20.0, false)] {
        let settings = [("rate", float(rate)), ("sufficient", float(if accept { 0.1 } else { 1.0 }))];
        let (mut bench, lesson) = made("model-building", &settings);
        let set = weights(&bench, &lesson);
        let slots: Vec<SlotId> = set.iter().map(|w| w.0).collect();
        assert_eq!(slots.len(), 4);
        let gradients = exact(&mut bench, &lesson, &slots);
        let oracle = bench.prepared(&lesson);
        let rate = f64::from(rate as f32);
        let mut there = oracle.clone();
        let here: Vec<Vec<f64>> = gradients.iter().map(|&g| at(&bench, &oracle, g)).collect();
        for (&slot, g) in slots.iter().zip(&here) {
            let mut w = oracle.read(slot).clone();
            w.data.iter_mut().zip(g).for_each(|(w, g)| *w -= rate * g);
            there.write(slot, w);
        }
        assert_eq!(at(&bench, &oracle, lesson.signals[0].value)[0], f64::from(u8::from(accept)));
        for (i, &(slot, value)) in set.iter().enumerate() {
            let w = oracle.read(slot).data.clone();
            let got: Vec<f64> = at(&bench, &oracle, value).iter().zip(&w).map(|(new, w)| new - w).collect();
            let g = &here[i];
            let s: Vec<f64> = g.iter().map(|g| -rate * g).collect();
            let expected = if accept { s } else { modelled(g, &s, &at(&bench, &there, gradients[i])) };
            assert!(distance(&got, &expected) < 1e-9, "{}: {got:?} and {expected:?}", bench.g.slot(slot).name);
        }
    }
}

/// The paper's step of one tensor.
fn modelled(g: &[f64], s: &[f64], there: &[f64]) -> Vec<f64> {
    let y: Vec<f64> = there.iter().zip(g).map(|(a, b)| a - b).collect();
    let (ys, yg, sg, ss, yy, gg) = (dot(&y, s), dot(&y, g), dot(s, g), dot(s, s), dot(&y, &y), dot(g, g));
    let eta = f64::from(0.99f32);
    let sigma = 0.5 * (ss.sqrt() * (yy.sqrt() + gg.sqrt() / eta) - ys);
    let outer = ys + 2.0 * sigma;
    let theta = outer * outer - ss * yy;
    let c_g = -ss / (2.0 * sigma);
    let c_s = c_g / theta * (-outer * yg + yy * sg);
    let c_y = c_g / theta * (-outer * sg + ss * yg);
    (0..g.len()).map(|i| c_g * g[i] + c_s * s[i] + c_y * y[i]).collect()
}

/// Where the loss is of second order, one iteration goes as far along the gradient as pays; as many as there are gains
/// leave no input whose gain could be better; and an input that is always 0 has none.
#[test]
fn gains_are_the_best() {
    for iterations in [1, 40] {
        let (mut bench, lesson) =
            quadratic("optimal-input-gain", &[("iterations", int(iterations)), ("rate", float(1.0))]);
        let set = weights(&bench, &lesson);
        let slots: Vec<SlotId> = set.iter().map(|w| w.0).collect();
        let gradients = exact(&mut bench, &lesson, &slots);
        let mut oracle = bench.registers();
        let mut x = oracle.read(bench.slot("x")).clone();
        x.data.iter_mut().skip(2).step_by(4).for_each(|v| *v = 0.0);
        oracle.write(bench.slot("x"), x);
        oracle.write(bench.slot("rule/damping"), Tensor::new([], vec![0.0]));
        oracle.run(&engine::ir::Program::new(std::rc::Rc::new(bench.g.clone()), "before", lesson.before.clone()));
        let mut after = oracle.clone();
        for &(slot, value) in &set {
            let shape = bench.g.slot(slot).shape.clone();
            after.write(slot, Tensor::new(shape, at(&bench, &oracle, value)));
        }
        let before: Vec<Vec<f64>> = gradients.iter().map(|&g| at(&bench, &oracle, g)).collect();
        let now: Vec<Vec<f64>> = gradients.iter().map(|&g| at(&bench, &after, g)).collect();
        let along: f64 = before.iter().zip(&now).map(|(a, b)| dot(a, b)).sum();
        let length: f64 = before.iter().map(|a| dot(a, a)).sum();
        assert!(along.abs() < 1e-6 * length, "{iterations}: the loss still falls along the gradient: {along}");
        let weight = slots.iter().position(|&s| bench.g.slot(s).name.ends_with("weight")).unwrap();
        let gains = oracle.read(bench.slot(&format!("rule/gain {}", weight + 1))).data.clone();
        assert_eq!(gains[2], 0.0);
        let alive = [gains[0], gains[1], gains[3]];
        assert!(alive.iter().all(|g| *g != 0.0));
        let alike = alive.iter().all(|g| (g - alive[0]).abs() < 1e-9 * g.abs());
        assert_eq!(alike, iterations == 1, "{gains:?}");
        if iterations > 1 {
            for (input, (a, b)) in before[weight].chunks(3).zip(now[weight].chunks(3)).enumerate() {
                assert!(dot(a, b).abs() < 1e-6 * length, "input {input}: {}", dot(a, b));
            }
        }
    }
}

/// Each kind of block has its factor; the sharpness shown is the mean of the Hessian's diagonal.
#[test]
fn blocks_have_rates_of_their_own() {
    let norm = vec![linear(4), node("layer-norm", &[], vec![]), activation("tanh")];
    let settings = [("first", float(3.0)), ("hidden", float(2.0)), ("read-out", float(0.5)), ("norm", float(0.25))];
    let mut bench = Bench::new("blockwise-rate", &settings, net(3, vec![norm, hidden(4), read_out()]), &[3], 5);
    let lesson = bench.learn();
    for update in &lesson.updates {
        let name = &bench.g.slot(update.slot).name;
        let expected = match name.as_bytes()[0] {
            _ if name.contains("norm") => 0.25,
            b'1' => 3.0,
            b'2' => 2.0,
            _ => 0.5,
        };
        assert_eq!(update.rate, expected, "{name}");
    }

    let (mut bench, lesson) = quadratic("blockwise-rate", &[]);
    let slots: Vec<SlotId> = lesson.updates.iter().map(|u| u.slot).collect();
    let gradients = exact(&mut bench, &lesson, &slots);
    let oracle = bench.registers();
    let (mut trace, mut count) = (0.0, 0.0);
    for (&slot, &gradient) in slots.iter().zip(&gradients) {
        for i in 0..oracle.read(slot).data.len() {
            let mut moved = oracle.clone();
            let mut w = oracle.read(slot).clone();
            w.data[i] += 1.0;
            moved.write(slot, w);
            trace += at(&bench, &moved, gradient)[i] - at(&bench, &oracle, gradient)[i];
            count += 1.0;
        }
    }
    let steps = 1000;
    let mut mean = 0.0;
    for step in 0..steps {
        let mut oracle = oracle.clone();
        oracle.write(bench.step, Tensor::new([2], vec![f64::from(step), 0.0]));
        mean += at(&bench, &oracle, lesson.signals[0].value)[0] / f64::from(steps);
    }
    assert!((mean / (trace / count) - 1.0).abs() < 0.1, "{mean} and {}", trace / count);
}

/// Weights stay on the grid, and move away from the side that had the higher loss.
#[test]
fn fixed_point_stays_on_its_grid() {
    let settings = [("bits", int(8)), ("directions", int(1)), ("rate", float(0.25)), ("sigma", float(1e-5))];
    let (bench, lesson) = made("fixed-point-forward-gradient", &settings);
    let oracle = bench.prepared(&lesson);
    let mut sides = [oracle.clone(), oracle.clone()];
    for (slot, value) in weights(&bench, &lesson) {
        let new = at(&bench, &oracle, value);
        let old = oracle.read(slot).data.clone();
        // Ranges are powers of two of at most 4, in 128 steps on either side.
        let range = if bench.g.slot(slot).name.ends_with("bias") { 1.0 } else { grid(&bench, slot) };
        let step = range / 128.0;
        let mut z = Vec::new();
        for (new, old) in new.iter().zip(&old) {
            assert_eq!(new / step, (new / step).round(), "{}", bench.g.slot(slot).name);
            let rounded = (old / step + 0.5).floor() * step;
            assert!(((new - rounded).abs() - 0.25).abs() <= step, "{old} became {new}");
            z.push((rounded - new).signum());
        }
        for (side, by) in sides.iter_mut().zip([step, -step]) {
            let moved = old.iter().zip(&z).map(|(w, z)| (w / step + 0.5).floor() * step + by * z).collect();
            side.write(slot, Tensor::new(bench.g.slot(slot).shape.clone(), moved));
        }
    }
    let [ahead, behind] = sides.map(|side| at(&bench, &side, lesson.loss)[0]);
    assert!(ahead > behind, "{ahead} and {behind}");
}

/// The range of a weight's grid: the power of two from four times the bound of its initial values on.
fn grid(bench: &Bench, slot: SlotId) -> f64 {
    match bench.g.slot(slot).init {
        engine::ir::Init::Uniform { bound } => f64::from((4.0 * bound).log2().ceil().exp2()),
        other => panic!("{other:?}"),
    }
}
