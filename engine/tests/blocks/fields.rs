//! Coordinates as waves, grids over space, and weights that are computed.

use std::f64::consts::TAU;

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role};
use engine::net::{Mode, Node};
use engine::ops::Tensor;
use engine::registry::Setting;

use super::bench::*;
use super::support::{self, *};

#[test]
fn fields_differentiate() {
    let random = node("fourier-features", &[("count", int(3))], vec![]);
    let octaves = [("frequencies", word("geometric")), ("count", int(3)), ("scale", float(0.25))];
    let geometric = node("fourier-features", &octaves, vec![]);
    differentiate_but("random", &[3, 2], std::slice::from_ref(&random), &["frequencies"]);
    differentiate_but("of places", &[2, 3, 2], std::slice::from_ref(&random), &["frequencies"]);
    differentiate("geometric", &[3, 2], &[geometric]);
    differentiate_but("in experts", &[3, 2], &[route(2, "dense", &[], vec![random, linear(2)])], &["frequencies"]);
    differentiate_but("progressive", &[3, 2], &[node("sape", &[("count", int(3))], vec![])], &["frequencies"]);
    for (normalise, shape) in [(true, [3, 2]), (false, [3, 1])] {
        let settings = [("normalise", Setting::Bool(normalise)), ("grid", int(4))];
        differentiate("modulation", &shape, &[node("cam", &settings, vec![linear(3)]), activation("tanh")]);
    }
    let inner = node("cam", &[("grid", int(3))], vec![linear(3)]);
    let outer = node("cam", &[("grid", int(2))], vec![inner, activation("tanh"), linear(2)]);
    differentiate("in experts", &[3, 2], &[route(2, "dense", &[], vec![outer])]);
    for kind in ["static", "dynamic"] {
        let settings = [("kind", word(kind)), ("units", int(3)), ("embedding", int(2)), ("hidden", int(3))];
        differentiate(kind, &[2, 4], &[node("hypernetwork", &settings, vec![])]);
        differentiate(kind, &[2, 2, 3], &[node("hypernetwork", &settings, vec![])]);
    }
    let deep = [("layers", int(3)), ("units", int(4)), ("embedding", int(2)), ("hidden", int(3))];
    differentiate("in series", &[2, 4], &[node("hypernetwork", &deep, vec![])]);
    let dynamic = node("hypernetwork", &[("kind", word("dynamic")), ("units", int(2))], vec![]);
    differentiate("in experts", &[3, 4], &[route(2, "dense", &[], vec![dynamic])]);
    let held = || vec![linear(3), activation("tanh"), node("layer-norm", &[], vec![]), linear(2)];
    differentiate("latent", &[3, 4], &[doh(5, held())]);
    differentiate("latent of experts", &[3, 4], &[route(2, "dense", &[], vec![doh(5, held())])]);
    differentiate("latent of a route", &[3, 4], &[doh(5, vec![route(2, "dense", &[], held())])]);
}

#[test]
fn fields_refuse() {
    let many = node("fourier-features", &[("frequencies", word("geometric")), ("count", int(25))], vec![]);
    assert!(fault(&[2, 2], &[many]).contains("25 doublings"));
    assert!(fault(&[2, 3], &[node("cam", &[("grid", int(100))], vec![linear(2)])]).contains("too large"));
    let layers = node("hypernetwork", &[("layers", int(2)), ("units", int(3))], vec![]);
    assert!(fault(&[2, 4], &[layers]).contains("4 features to 3"));
    let layers = node("hypernetwork", &[("layers", int(2)), ("kind", word("dynamic"))], vec![]);
    assert!(fault(&[2, 4], &[layers]).contains("share no network"));
}

/// The inner product of two codes depends on the difference of their coordinates alone.
#[test]
fn random_waves_know_distances_alone() {
    let mut g = Graph::new();
    let blocks = [node("fourier-features", &[("count", int(7)), ("scale", float(2.0))], vec![])];
    let pass = pass(&mut g, Mode::Train, &[4, 2], &blocks);
    assert!(pass.params.is_empty(), "frequencies do not learn");
    let mut oracle = registers(&g);
    set(&mut oracle, &g, "x", vec![0.3, -0.2, 0.7, 0.1, 0.3 + 0.4, -0.2 - 0.6, 0.7 + 0.4, 0.1 - 0.6]);
    let code = oracle.values(&g, &[pass.output])[0].data.clone();
    let product = |a: usize, b: usize| (0..14).map(|i| code[a * 14 + i] * code[b * 14 + i]).sum::<f64>();
    assert!((product(0, 1) - product(2, 3)).abs() < 1e-6);
    assert!((product(0, 0) - 7.0).abs() < 1e-9 && product(0, 1) < 6.9);
}

#[test]
fn geometric_waves_double() {
    let octaves = [("frequencies", word("geometric")), ("count", int(3)), ("scale", float(0.5))];
    let x = value(&[2, 2], Mode::Train, &[]);
    let y = value(&[2, 2], Mode::Train, &[node("fourier-features", &octaves, vec![])]);
    let mut expected = Vec::new();
    for x in x.chunks(2) {
        let phases: Vec<f64> = x.iter().flat_map(|x| [1.0, 2.0, 4.0].map(|octave| TAU * 0.5 * octave * x)).collect();
        expected.extend(phases.iter().map(|p| p.sin()).chain(phases.iter().map(|p| p.cos())));
    }
    assert!(distance(&y, &expected) < 1e-6);
}

/// Nothing but the coordinates at first, the low half of the frequencies half-way, all of them at last.
#[test]
fn frequencies_come_in_by_height() {
    for frequencies in ["random", "geometric"] {
        let settings = [("frequencies", word(frequencies)), ("count", int(6))];
        let mut g = Graph::new();
        let mut all = settings.to_vec();
        all.push(("steps", int(60)));
        let (y, ..) = build(&mut g, Mode::Eval, &[2, 1], &[node("sape", &all, vec![])]);
        let (plain, ..) = build(&mut g, Mode::Eval, &[2, 1], &[node("fourier-features", &settings, vec![])]);
        let mut oracle = registers(&g);
        if frequencies == "random" {
            let rates = vec![0.9, -0.1, 0.5, 1.7, -1.1, 0.3];
            set(&mut oracle, &g, "sape/frequencies", rates.clone());
            set(&mut oracle, &g, "features/frequencies", rates);
        }
        let x = held(&oracle, &g, "x");
        let plain = oracle.values(&g, &[plain])[0].data.clone();
        let shares = |oracle: &mut Oracle, step: f64| -> Vec<f64> {
            set(oracle, &g, "step", vec![step, 0.0]);
            let got = oracle.values(&g, &[y])[0].data.clone();
            assert!((got[0] - x[0]).abs() < 1e-12);
            (0..12).map(|i| got[i + 1] / plain[i]).collect()
        };
        let order = if frequencies == "random" { [3, 0, 2, 5, 4, 1] } else { [0, 1, 2, 3, 4, 5] };
        for (step, reached) in [(0.0, 0.0), (30.0, 3.0), (35.0, 3.5), (60.0, 6.0), (1000.0, 6.0)] {
            let got = shares(&mut oracle, step);
            for i in 0..12 {
                let expected = (reached - f64::from(order[i % 6])).clamp(0.0, 1.0);
                assert!((got[i] - expected).abs() < 1e-5, "{frequencies} at {step}: {got:?}");
            }
        }
    }
}

/// At first the grids change nothing; between their points they are linear in each coordinate; beyond, their border.
#[test]
fn grids_interpolate() {
    let mut g = Graph::new();
    let settings = [("normalise", Setting::Bool(false)), ("grid", int(5)), ("extent", float(2.0))];
    let (y, ..) = build(&mut g, Mode::Train, &[6, 2], &[node("cam", &settings, vec![linear(3)])]);
    let (plain, ..) = build(&mut g, Mode::Train, &[6, 2], &[node("chain", &[], vec![linear(3)])]);
    let mut oracle = registers(&g);
    for name in ["weight", "bias"] {
        let data = held(&oracle, &g, &format!("cam/1.linear/{name}"));
        set(&mut oracle, &g, &format!("chain/1.linear/{name}"), data);
    }
    let got = oracle.values(&g, &[y, plain]);
    assert!(distance(&got[0].data, &got[1].data) < 1e-12);
    // Grids of the function 3 + 0.5 u − 2 v + 0.25 u v, whose mixed term is what bilinear interpolation still meets.
    let function = |u: f64, v: f64| 3.0 + 0.5 * u - 2.0 * v + 0.25 * u * v;
    let points = (0..25).map(|i| function(f64::from(i / 5) - 2.0, f64::from(i % 5) - 2.0)).collect::<Vec<_>>();
    set(&mut oracle, &g, "/scale", points.iter().map(|p| p - 1.0).collect());
    set(&mut oracle, &g, "/shift", points.iter().map(|p| p * 10.0).collect());
    let x = vec![0.3, -0.7, 1.99, 0.01, -2.0, 2.0, 0.0, 0.0, 5.0, 0.5, -0.4, -9.0];
    set(&mut oracle, &g, "x", x.clone());
    let got = oracle.values(&g, &[y, plain]);
    for (i, x) in x.chunks(2).enumerate() {
        let at = function(x[0].clamp(-2.0, 2.0), x[1].clamp(-2.0, 2.0));
        for j in 0..3 {
            let expected = at * got[1].data[i * 3 + j] + at * 10.0;
            assert!((got[0].data[i * 3 + j] - expected).abs() < 1e-5, "{x:?}");
        }
    }
}

#[test]
fn modulation_normalises_features() {
    let blocks = || vec![linear(4)];
    let modulated = value(&[3, 2], Mode::Train, &[node("cam", &[], blocks())]);
    for row in modulated.chunks(4) {
        assert!(row.iter().sum::<f64>().abs() < 1e-9);
        assert!((row.iter().map(|v| v * v).sum::<f64>() / 4.0 - 1.0).abs() < 0.05);
    }
}

fn weights(shape: &[usize], blocks: &[Node]) -> usize {
    let mut g = Graph::new();
    let pass = pass(&mut g, Mode::Train, shape, blocks);
    pass.params.iter().map(|&s| g.slot(s).shape.size()).sum()
}

/// Every further static layer adds its embedding and its bias.
#[test]
fn a_hypernetwork_does_not_grow_with_depth() {
    let deep = |layers: i64| {
        let settings = [("layers", int(layers)), ("units", int(16)), ("embedding", int(3)), ("hidden", int(5))];
        weights(&[2, 16], &[node("hypernetwork", &settings, vec![])])
    };
    let network = 16 * 5 * 3 + 16 * 5 + 5 * 16 + 16;
    assert_eq!((deep(1), deep(9)), (network + 3 + 16, network + 9 * (3 + 16)));
}

/// K is what two linear layers make of the embedding; the dynamic layer begins as a plain one.
#[test]
fn a_hypernetwork_makes_weights() {
    let mut g = Graph::new();
    let settings = [("units", int(2)), ("embedding", int(2)), ("hidden", int(3))];
    let (y, ..) = build(&mut g, Mode::Train, &[2, 4], &[node("hypernetwork", &settings, vec![])]);
    let mut oracle = registers(&g);
    set(&mut oracle, &g, "rows bias", numbers(91, 12));
    set(&mut oracle, &g, "columns bias", numbers(92, 2));
    let [x, z, rows, columns] = ["x", "embedding 1", "/rows", "/columns"].map(|name| held(&oracle, &g, name));
    let (a, c) = (numbers(91, 12), numbers(92, 2));
    let mut expected = vec![0.0; 4];
    for (b, x) in x.chunks(4).enumerate() {
        for u in 0..2 {
            for i in 0..4 {
                let row = |h: usize| z[0] * rows[i * 3 + h] + z[1] * rows[12 + i * 3 + h] + a[i * 3 + h];
                let weight = (0..3).map(|h| row(h) * columns[h * 2 + u]).sum::<f64>() + c[u];
                expected[b * 2 + u] += x[i] * weight;
            }
        }
    }
    assert!(distance(&oracle.values(&g, &[y])[0].data, &expected) < 1e-12);

    let mut g = Graph::new();
    let settings = [("units", int(2)), ("kind", word("dynamic"))];
    let (y, ..) = build(&mut g, Mode::Train, &[2, 4], &[node("hypernetwork", &settings, vec![])]);
    let oracle = registers(&g);
    let (x, w) = (held(&oracle, &g, "x"), held(&oracle, &g, "/weight"));
    let plain: Vec<f64> =
        x.chunks(4).flat_map(|x| [0, 1].map(|u| (0..4).map(|i| x[i] * w[i * 2 + u]).sum::<f64>())).collect();
    assert!(distance(&oracle.values(&g, &[y])[0].data, &plain) < 1e-12);
}

fn doh(latent: i64, blocks: Vec<Node>) -> Node {
    node("random-hypernetwork", &[("latent", int(latent))], blocks)
}

/// Only the latent vector learns, whatever the network; the projections follow from the seed alone.
#[test]
fn projected_weights_are_reproducible() {
    let blocks = || vec![linear(30), activation("relu"), support::linear(3)];
    assert_eq!(weights(&[2, 4], &[doh(7, blocks())]), 7);
    let mut g = Graph::new();
    build(&mut g, Mode::Train, &[2, 4], &[doh(7, blocks())]);
    let params: Vec<_> = g.slots().iter().filter(|s| s.role == Role::Param).map(|s| s.shape.size()).collect();
    assert_eq!(params, [7], "nothing else is stored");

    let run = |projection: i64, seed: f64, step: f64| {
        let settings = [("latent", int(7)), ("projection", int(projection))];
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Train, &[2, 4], &[node("random-hypernetwork", &settings, blocks())]);
        let mut oracle = registers(&g);
        set(&mut oracle, &g, "seed", vec![seed, 0.0]);
        set(&mut oracle, &g, "step", vec![step, 0.0]);
        oracle.values(&g, &[y])[0].data.clone()
    };
    let once = run(0, 0.0, 0.0);
    assert_eq!(once, run(0, 5.0, 9.0), "neither the run's seed nor its step counts");
    assert!(distance(&once, &run(1, 0.0, 0.0)) > 0.01);
}

/// Weights begin with the variance that their block asks for, and follow the latent vector linearly.
#[test]
fn projected_weights_have_the_variance_asked_for() {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[41, 40], &[doh(1024, vec![linear(50)])]);
    let mut oracle = registers(&g);
    // A row for each weight's input, and one of zeros for the biases.
    let eye = (0..41 * 40).map(|i| if i / 40 == i % 40 { 1.0 } else { 0.0 }).collect();
    oracle.write(g.find_slot("x").unwrap(), Tensor::new([41, 40], eye));
    let got = oracle.values(&g, &[y])[0].data.clone();
    let (w, bias) = got.split_at(40 * 50);
    let square = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v * v, count + 1.0));
        sum / count
    };
    let variance = square(&mut w.iter().enumerate().map(|(i, w)| w - bias[i % 50]));
    assert!((variance * 20.0 - 1.0).abs() < 0.15, "{variance}");
    let deviation = square(&mut bias.iter().copied()).sqrt();
    assert!((deviation - 0.1).abs() < 0.04, "{deviation}");
    let twice = held(&oracle, &g, "latent").iter().map(|z| 2.0 * z).collect();
    set(&mut oracle, &g, "latent", twice);
    let doubled: Vec<f64> = got.iter().map(|v| 2.0 * v).collect();
    assert!(distance(&oracle.values(&g, &[y])[0].data, &doubled) < 1e-9);
}

/// What is frozen inside keeps its register; what is held inside frozen blocks is computed all the same.
#[test]
fn frozen_and_computed_weights_nest() {
    let inner = vec![node("freeze", &[], vec![linear(4)]), linear(2)];
    assert_eq!(weights(&[2, 4], &[doh(3, inner.clone())]), 3);
    let mut g = Graph::new();
    build(&mut g, Mode::Train, &[2, 4], &[doh(3, inner)]);
    assert_eq!(g.slots().iter().filter(|s| s.role == Role::Param).count(), 3, "latent, and two frozen ones");
    let outer = [node("freeze", &[], vec![doh(3, vec![linear(2)])])];
    assert_eq!(weights(&[2, 4], &outer), 0);
    let mut g = Graph::new();
    build(&mut g, Mode::Train, &[2, 4], &outer);
    assert_eq!(g.slots().iter().filter(|s| s.role == Role::Param).count(), 1);
}
