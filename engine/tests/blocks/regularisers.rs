//! What keeps networks from learning by heart: absence, small weights, uncertain labels, weights that stand still.

use engine::ad::{self, Exact};
use engine::ir::{Graph, Role, Value};
use engine::net::{Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::support::*;

#[test]
fn regularisers_differentiate() {
    differentiate("squares", &[2, 5, 5, 2], &[node("drop-block", &[("rate", float(0.4))], vec![])]);
    let inner = || vec![linear(4), activation("tanh")];
    for rate in [0.0, 0.5, 1.0] {
        differentiate("depth", &[6, 4], &[node("stochastic-depth", &[("rate", float(rate))], inner())]);
    }
    differentiate("depth of images", &[3, 2, 2, 2], &[node("stochastic-depth", &[], vec![conv("conv2d", &[])])]);
    let depth = node("stochastic-depth", &[("rate", float(0.5))], inner());
    differentiate("in experts", &[4, 4], &[route(2, "top-k", &[], vec![depth])]);
    differentiate("penalised", &[3, 4], &[node("penalty", &[("l1", float(0.1))], inner())]);
    differentiate("labels", &[3, 4], &[node("label-smoothing", &[], vec![])]);
    differentiate_but(
        "frozen",
        &[3, 4],
        &[node("freeze", &[], inner()), linear(2)],
        &["1.linear/weight", "1.linear/bias"],
    );
    for mode in ["train", "eval", "tune"] {
        differentiate(mode, &[2, 4, 4, 2], &[conv("conv-bn", &[("mode", word(mode)), ("stride", int(2))])]);
    }
}

fn conv(id: &str, settings: &[(&str, Setting)]) -> Node {
    node(id, &[&[("channels", int(2))], settings].concat(), vec![])
}

#[test]
fn drop_block_silences_squares_and_keeps_the_share() {
    let block = |settings: &[(&str, Setting)]| vec![node("drop-block", settings, vec![])];
    let shape = [40, 14, 14, 4];
    let x = value(&shape, Mode::Train, &[]);
    assert!(value(&shape, Mode::Eval, &block(&[])) == x, "evaluation sees all");
    for (rate, size) in [(0.1, 3), (0.2, 3), (0.2, 1), (0.3, 5)] {
        let y = value(&shape, Mode::Train, &block(&[("rate", float(rate)), ("size", int(size))]));
        let size = size as usize;
        let absent = |n: usize, i: usize, j: usize, c: usize| y[((n * 14 + i) * 14 + j) * 4 + c] == 0.0;
        let left = y.iter().filter(|&&v| v != 0.0).count() as f64 / y.len() as f64;
        // A pixel stays when none of the squares that would cover it is taken; overlaps leave more than asked for.
        let places = 15 - size;
        let gamma = rate / (size * size) as f64 * 196.0 / (places * places) as f64;
        let cover = |i: usize| (i.min(places - 1) + 1 - i.saturating_sub(size - 1)) as i32;
        let pixels = (0..14).flat_map(|i| (0..14).map(move |j| cover(i) * cover(j)));
        let expected = pixels.map(|squares| (1.0 - gamma).powi(squares)).sum::<f64>() / 196.0;
        assert!((left - expected).abs() < 0.02 && expected > 1.0 - rate - 1e-12, "{rate} {size}: {left} {expected}");
        let scale = x.iter().zip(&y).filter(|(_, y)| **y != 0.0).map(|(x, y)| y / x);
        assert!(scale.into_iter().all(|s| (s * left - 1.0).abs() < 1e-6), "scaled by what is left");
        for (n, c) in (0..40).flat_map(|n| (0..4).map(move |c| (n, c))) {
            for (i, j) in (0..14usize).flat_map(|i| (0..14usize).map(move |j| (i, j))) {
                let mut corners = (i.saturating_sub(size - 1)..=i)
                    .flat_map(|p| (j.saturating_sub(size - 1)..=j).map(move |q| (p, q)))
                    .filter(|(p, q)| p + size <= 14 && q + size <= 14);
                let whole = |(p, q): (usize, usize)| (p..p + size).all(|r| (q..q + size).all(|s| absent(n, r, s, c)));
                assert!(!absent(n, i, j, c) || corners.any(whole), "every absence is part of a square");
            }
        }
    }
    let early = value(&shape, Mode::Train, &block(&[("ramp", int(100))]));
    assert!(distance(&early, &x) < 1e-6, "the ramp begins at 0");
    assert!(fault(&[1, 2, 2, 1], &block(&[])).contains("does not fit"));
}

#[test]
fn a_ramp_arrives() {
    let at = |ramp: i64, step: f64| {
        let mut g = Graph::new();
        let settings = [("rate", float(0.3)), ("ramp", int(ramp))];
        let (y, ..) = build(&mut g, Mode::Train, &[4, 8, 8, 2], &[node("drop-block", &settings, vec![])]);
        let mut oracle = registers(&g);
        set(&mut oracle, &g, "step", vec![step, 0.0]);
        let y = oracle.values(&g, &[y])[0].data.clone();
        y.iter().filter(|&&v| v == 0.0).count()
    };
    assert_eq!(at(100, 500.0), at(0, 500.0));
    assert!(at(100, 30.0) < at(0, 30.0) * 2 / 3 && at(100, 30.0) > 0);
}

#[test]
fn stochastic_depth_is_residual_or_nothing() {
    let named = |id: &str, settings: &[(&str, Setting)], mode: Mode| {
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, mode, &[40, 4], &[node(id, settings, vec![linear(4)])]);
        let mut oracle = registers(&g);
        set(&mut oracle, &g, "weight", numbers(77, 16));
        (held(&oracle, &g, "x"), oracle.values(&g, &[y])[0].data.clone())
    };
    let (x, residual) = named("residual", &[], Mode::Train);
    for mode in [Mode::Train, Mode::Eval] {
        assert_eq!(named("stochastic-depth", &[("rate", float(0.0))], mode).1, residual);
        assert_eq!(named("stochastic-depth", &[("rate", float(1.0))], mode).1, x);
    }
    let rate = [("rate", float(0.25))];
    let eval = named("stochastic-depth", &rate, Mode::Eval).1;
    let mean: Vec<f64> = x.iter().zip(&residual).map(|(x, r)| x + 0.75 * (r - x)).collect();
    assert!(distance(&eval, &mean) < 1e-12);
    let train = named("stochastic-depth", &rate, Mode::Train).1;
    let rows = train.chunks(4).zip(x.chunks(4)).zip(residual.chunks(4));
    let past = rows.clone().filter(|((t, x), _)| t == x).count();
    let through = rows.filter(|((t, _), r)| t == r).count();
    assert!(past + through == 40 && (3..=20).contains(&past), "{past} past, {through} through");
    assert!(fault(&[3, 4], &[node("stochastic-depth", &[], vec![linear(5)])]).contains("cannot be added"));
}

fn losses(shape: &[usize], blocks: &[Node]) -> (Graph, Vec<Value>) {
    let mut g = Graph::new();
    let losses = pass(&mut g, Mode::Train, shape, blocks).losses;
    (g, losses)
}

#[test]
fn penalties_count_every_weight_once() {
    let settings = [("l1", float(0.5)), ("l2", float(0.25))];
    let inner = || vec![linear(4), node("freeze", &[], vec![linear(4)])];
    for blocks in [
        vec![node("penalty", &settings, inner())],
        vec![node("repeat", &[("times", int(3))], vec![node("penalty", &settings, inner())])],
        vec![node("penalty", &settings, vec![node("repeat", &[], inner())])],
    ] {
        let (g, losses) = losses(&[2, 4], &blocks);
        let mut oracle = registers(&g);
        set(&mut oracle, &g, "1.linear/bias", vec![0.1, -0.2, 0.0, 0.3]);
        let got: f64 = oracle.values(&g, &losses).iter().map(|loss| loss.data[0]).sum();
        let learns = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param && !g.slot(s).name.contains("freeze"));
        let expected: f64 =
            learns.flat_map(|s| oracle.read(s).data.clone()).map(|w| 0.5 * w.abs() + 0.125 * w * w).sum();
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        assert_eq!(losses.len(), 4);
    }
    let (_, none) = losses(&[2, 4], &[node("penalty", &[("l2", float(0.0))], inner())]);
    assert!(none.is_empty());
}

/// H(q, p) + β H(u, p) is H of the smoothed labels, times 1 + β.
#[test]
fn label_smoothing_smooths_labels() {
    let beta = 0.25;
    let mut g = Graph::new();
    let pass = pass(&mut g, Mode::Train, &[4, 3], &[node("label-smoothing", &[("weight", float(beta))], vec![])]);
    assert_eq!(pass.output, pass.input);
    let oracle = registers(&g);
    let got = oracle.values(&g, &[pass.losses[0]])[0].data[0];
    let epsilon = beta / (1.0 + beta);
    let (mut hard, mut soft) = (0.0, 0.0);
    for (i, x) in held(&oracle, &g, "x").chunks(3).enumerate() {
        let total = x.iter().map(|v| v.exp()).sum::<f64>().ln();
        for (c, v) in x.iter().enumerate() {
            let label = if c == i % 3 { 1.0 } else { 0.0 };
            hard -= label * (v - total) / 4.0;
            soft -= ((1.0 - epsilon) * label + epsilon / 3.0) * (v - total) / 4.0;
        }
    }
    assert!((hard + got - (1.0 + beta) * soft).abs() < 1e-6);
}

/// Output, and derivatives of a weighted sum of it by weight, scale, shift and input.
fn conv_bn(mode: &str, at: Mode) -> (Vec<f64>, [Vec<f64>; 4]) {
    let mut g = Graph::new();
    let (y, _, writes) = build(&mut g, at, &[2, 5, 5, 2], &[conv("conv-bn", &[("mode", word(mode))])]);
    assert_eq!(writes.is_empty(), mode != "train" || at == Mode::Eval, "running statistics of {mode}");
    let shape = g.shape(y).clone();
    let ct = input(&mut g, "ct", &shape);
    let ct = g.read(ct);
    let score = g.dot(y, ct);
    let slots =
        ["weight", "scale", "shift", "x"].map(|end| g.slot_ids().find(|&s| g.slot(s).name.ends_with(end)).unwrap());
    let reads = slots.map(|s| g.read(s));
    let gradients = ad::gradients(&mut g, score, &reads, &Exact);
    let mut oracle = registers(&g);
    for (name, data) in [("mean", [0.3, -0.2]), ("variance", [0.4, 2.5]), ("scale", [1.5, -0.7]), ("shift", [0.2, 0.1])]
    {
        set(&mut oracle, &g, name, data.to_vec());
    }
    set(&mut oracle, &g, "weight", numbers(55, 36));
    set(&mut oracle, &g, "x", numbers(56, 100));
    set(&mut oracle, &g, "ct", numbers(57, 100));
    let values = oracle.values(&g, &[&[y], &gradients[..]].concat());
    let data = |i: usize| values[i].data.clone();
    (data(0), [data(1), data(2), data(3), data(4)])
}

#[test]
fn conv_bn_modes_agree() {
    let (eval, slopes) = conv_bn("eval", Mode::Train);
    for mode in ["tune", "deploy"] {
        assert!(distance(&eval, &conv_bn(mode, Mode::Train).0) < 1e-9, "{mode}");
    }
    for mode in ["train", "eval", "tune", "deploy"] {
        assert!(distance(&eval, &conv_bn(mode, Mode::Eval).0) < 1e-9, "{mode} outside of training");
    }
    assert!(distance(&eval, &conv_bn("train", Mode::Train).0) > 0.01);
    let tune = conv_bn("tune", Mode::Train).1;
    for (a, b) in slopes.iter().zip(&tune) {
        assert!(distance(a, b) < 1e-9, "eval and tune learn alike");
    }
    // Deploy moves w by ∂w′/c where the others move it by c ∂w′; the scale stands still.
    let deploy = conv_bn("deploy", Mode::Train).1;
    let factor = |channel: usize| [1.5, -0.7][channel] / ([0.4, 2.5][channel] + 1e-5f64).sqrt();
    let expected: Vec<f64> = tune[0].iter().enumerate().map(|(i, g)| g / factor(i % 2).powi(2)).collect();
    assert!(distance(&deploy[0], &expected) < 1e-6);
    assert!(deploy[1].iter().all(|&v| v == 0.0));
    assert!(distance(&deploy[2], &tune[2]) < 1e-9 && distance(&deploy[3], &tune[3]) < 1e-9);
}

#[test]
fn conv_bn_is_convolution_and_norm() {
    let mut g = Graph::new();
    let pair = [conv("conv2d", &[("bias", Setting::Bool(false))]), node("batch-norm", &[], vec![])];
    let (one, ..) = build(&mut g, Mode::Train, &[2, 4, 4, 2], &[conv("conv-bn", &[])]);
    let (two, ..) = build(&mut g, Mode::Train, &[2, 4, 4, 2], &[node("chain", &[], pair.to_vec())]);
    let mut oracle = registers(&g);
    let weight = held(&oracle, &g, "conv-bn/weight");
    set(&mut oracle, &g, "conv2d/weight", weight);
    let got = oracle.values(&g, &[one, two]);
    assert!(distance(&got[0].data, &got[1].data) < 1e-12);
}

/// Frozen weights change no value, do not learn, and let credit pass.
#[test]
fn frozen_blocks_stand_still() {
    let inner = || vec![linear(4), activation("tanh")];
    let mut g = Graph::new();
    let pass = pass(&mut g, Mode::Train, &[3, 4], &[linear(4), node("freeze", &[], inner()), linear(2)]);
    let names: Vec<_> = pass.params.iter().map(|&s| g.slot(s).name.clone()).collect();
    assert!(names.len() == 4 && names.iter().all(|n| !n.contains("freeze")), "{names:?}");
    let total = g.total(pass.output);
    let first = g.read(pass.params[0]);
    let frozen = g.find_slot("1/2.freeze/1.linear/weight").unwrap();
    let fixed = g.read(frozen);
    let slopes = ad::gradients(&mut g, total, &[first, fixed], &Exact);
    let values = registers(&g).values(&g, &slopes);
    assert!(values[0].data.iter().any(|&v| v.abs() > 1e-3));
    assert!(values[1].data.iter().all(|&v| v == 0.0));
}
