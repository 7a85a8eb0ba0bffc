//! What unconventional neurons and layers of learned curves promise, beyond their derivatives.

use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role};
use engine::net::{Build, Mode};
use engine::ops::Tensor;

use super::bench::*;
use super::stepped::*;
use super::support::*;

const CORNERS: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];

#[test]
fn one_gated_perceptron_is_xor() {
    let (g, y, mut oracle) = made(&[4, 2], 0.0, &[node("gated-perceptron", &[("units", int(1))], vec![])]);
    write(&g, &mut oracle, "x", &CORNERS);
    write(&g, &mut oracle, "1.gated-perceptron/weight", &[1.0, 1.0]);
    write(&g, &mut oracle, "1.gated-perceptron/product weight", &[-2.0]);
    assert_eq!(eval(&g, &oracle, y), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn gated_perceptrons_multiply() {
    for (product, width) in [("all", 5), ("pairs", 5), ("all", 1), ("pairs", 1)] {
        let block = node("gated-perceptron", &[("units", int(1)), ("product", word(product))], vec![]);
        let (g, y, mut oracle) = made(&[1, width], 0.0, &[block]);
        write(&g, &mut oracle, "1.gated-perceptron/weight", &vec![0.0; width]);
        write(&g, &mut oracle, "1.gated-perceptron/product weight", &[1.0]);
        let x = read(&g, &oracle, "x");
        let pairs: Vec<f64> = (0..width).flat_map(|i| (0..i).map(|j| x[i] * x[j]).collect::<Vec<_>>()).collect();
        let mean = pairs.iter().sum::<f64>() / pairs.len().max(1) as f64;
        let expected = if product == "all" { x.iter().product() } else { mean };
        assert!(distance(&eval(&g, &oracle, y), &[expected]) < 1e-7, "{product} of {width}");
    }
}

/// One unit with one exponent on two inputs of equal weight.
fn mean(exponent: f64, of: [f64; 2]) -> f64 {
    let settings = [("units", int(1)), ("exponents", int(1)), ("positive", word("floor"))];
    let (g, y, mut oracle) = made(&[1, 2], 0.0, &[node("multiplet", &settings, vec![])]);
    write(&g, &mut oracle, "x", &of);
    write(&g, &mut oracle, "1.multiplet/weight", &[0.3, 0.3]);
    write(&g, &mut oracle, "1.multiplet/exponent", &[exponent - 1.0]);
    eval(&g, &oracle, y)[0]
}

#[test]
fn lehmer_means() {
    let (a, b) = (0.4, 2.5);
    let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-9, "{got}, not {expected}");
    near(mean(1.0, [a, b]), (a + b) / 2.0);
    near(mean(0.5, [a, b]), (a * b).sqrt());
    near(mean(0.0, [a, b]), 2.0 / (1.0 / a + 1.0 / b));
    near(mean(2.0, [a, b]), (a * a + b * b) / (a + b));
    assert!((mean(8.0, [a, b]) - b).abs() < 1e-3 && (mean(-8.0, [a, b]) - a).abs() < 1e-3);
    assert_eq!(mean(9.0, [a, b]), mean(8.0, [a, b]), "exponents are kept in ±8");
    near(mean(5.0, [0.7, 0.7]), 0.7);
}

/// A multiplet of two, and the difference of its means: one layer and a read-out.
#[test]
fn a_multiplet_separates_xor() {
    let settings = [("units", int(1)), ("positive", word("floor"))];
    let (g, y, mut oracle) = made(&[4, 2], 0.0, &[node("multiplet", &settings, vec![])]);
    write(&g, &mut oracle, "x", &CORNERS);
    let means = eval(&g, &oracle, y);
    let difference: Vec<f64> = means.chunks(2).map(|m| m[1] - m[0]).collect();
    assert!(difference[0].abs() < 1e-9 && difference[3].abs() < 1e-9, "{difference:?}");
    assert!(difference[1] > 0.9 && difference[2] > 0.9, "{difference:?}");
}

#[test]
fn simba_adds_to_its_input() {
    let (g, y, mut oracle) = made(&[3, 4], 0.0, &[node("simba", &[], vec![])]);
    assert!(distance(&eval(&g, &oracle, y), &read(&g, &oracle, "x")) > 1e-3);
    write(&g, &mut oracle, "1.simba/out", &[0.0; 64]);
    assert_eq!(eval(&g, &oracle, y), read(&g, &oracle, "x"));
}

/// Layers without inhibition rise or rest when an input rises, so that XOR is out of reach; with it some fall.
#[test]
fn without_inhibition_nothing_falls() {
    let falls = |share: f64| {
        let layer = |units: i64| node("constrained", &[("units", int(units)), ("inhibitory", float(share))], vec![]);
        let blocks = [layer(6), activation("tanh"), layer(5), activation("relu"), layer(3)];
        let (g, y, mut oracle) = made(&[20, 4], 0.0, &blocks);
        for slot in g.slot_ids().filter(|&s| g.slot(s).role == Role::Param) {
            let off = numbers(50 + slot.index() as u32, g.slot(slot).shape.size());
            oracle.write(slot, Tensor::new(g.slot(slot).shape.clone(), off.iter().map(|v| 2.0 * v).collect()));
        }
        let (x, before) = (read(&g, &oracle, "x"), eval(&g, &oracle, y));
        let by = numbers(77, x.len());
        let risen: Vec<f64> = x.iter().zip(&by).map(|(x, by)| x + by.abs()).collect();
        write(&g, &mut oracle, "x", &risen);
        before.iter().zip(&eval(&g, &oracle, y)).filter(|(a, b)| *b < *a).count()
    };
    assert_eq!(falls(0.0), 0);
    assert!(falls(0.5) > 0);
}

#[test]
fn random_features_do_not_learn() {
    for function in ["tanh", "relu", "cosine"] {
        let block = node("random-features", &[("function", word(function)), ("units", int(6))], vec![]);
        for blocks in [vec![block.clone()], vec![route(2, "top-k", &[], vec![block])]] {
            let mut g = Graph::new();
            let (_, clock) = clock(&mut g);
            let x = input(&mut g, "x", &[4, 4]);
            let read = g.read(x);
            let routed = blocks[0].routing.is_some();
            let net = net(3, vec![blocks]);
            let pass = net.stage(&mut Build::new(&mut g, Mode::Train, clock, 3), 0, read);
            assert_eq!(pass.params.len(), usize::from(routed), "the router alone learns");
            check_derivatives(&mut g, pass.output, &[x], function);
        }
    }
    // The mean square of √2 cos is 1.
    let many = node("random-features", &[("function", word("cosine")), ("units", int(2000))], vec![]);
    let y = value(&[2, 4], Mode::Train, &[many]);
    let square = y.iter().map(|v| v * v).sum::<f64>() / y.len() as f64;
    assert!((square - 1.0).abs() < 0.05, "{square}");
}

/// B-splines sum to 1 on the grid, and with their coefficients at the means of three knots they sum to the input.
#[test]
fn splines_reproduce_lines() {
    let (grid, range) = (5, 2.0);
    let settings = [("units", int(1)), ("grid", int(grid)), ("range", float(range))];
    let (g, y, mut oracle) = made(&[9, 1], 0.0, &[node("kan", &settings, vec![])]);
    let x: Vec<f64> = (0..9).map(|i| -range + f64::from(i) * range / 4.0 + 1e-9).collect();
    write(&g, &mut oracle, "1.kan/base", &[0.0]);
    write(&g, &mut oracle, "x", &x);
    write(&g, &mut oracle, "1.kan/spline", &[1.0; 8]);
    assert!(distance(&eval(&g, &oracle, y)[..8], &[1.0; 8]) < 1e-6);
    let knots: Vec<f64> = (0..8).map(|i| -range + (f64::from(i) - 1.0) * 2.0 * range / grid as f64).collect();
    write(&g, &mut oracle, "1.kan/spline", &knots);
    assert!(distance(&eval(&g, &oracle, y)[..8], &x[..8]) < 1e-6);
    write(&g, &mut oracle, "x", &[20.0; 9]);
    assert_eq!(eval(&g, &oracle, y), [0.0; 9], "there is none far away");
}

/// Once the selection is final, the coefficients of other spaces than the best count for nothing; before, they do.
#[test]
fn a_selectable_layer_settles_on_one_space() {
    let settings = [("units", int(1)), ("grid", int(2)), ("settle-steps", int(100))];
    let (g, y, mut oracle) = made(&[3, 2], 0.0, &[node("s-kan", &settings, vec![])]);
    // Input 0 likes Gaussians best, input 1 waves.
    write(&g, &mut oracle, "1.s-kan/selection", &[0.0, 0.1, 0.5, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.9]);
    let own = numbers(4, 50);
    let only: Vec<f64> =
        own.iter().enumerate().map(|(i, v)| if [2, 9].contains(&(i / 5)) { *v } else { 0.0 }).collect();
    let at = |oracle: &mut Oracle, step: f64, data: &[f64]| {
        write(&g, oracle, "1.s-kan/coefficients", data);
        write(&g, oracle, "step", &[step, 0.0]);
        eval(&g, oracle, y)
    };
    assert!(distance(&at(&mut oracle, 0.0, &own), &at(&mut oracle, 0.0, &only)) > 1e-3);
    assert_eq!(at(&mut oracle, 100.0, &own), at(&mut oracle, 100.0, &only));
    // It sharpens on the way: just before the end the best space has nearly all of the say.
    let (late, end) = (at(&mut oracle, 99.0, &own), at(&mut oracle, 100.0, &own));
    let (early, size) = (at(&mut oracle, 0.0, &own), end.iter().fold(0.0, |m: f64, v| m.max(v.abs())));
    assert!(distance(&late, &end) * 2.0 < distance(&early, &end) && size > 0.0, "{early:?} {late:?} {end:?}");
}

/// The bumps of ReLU-KAN are 1 in their middle and 0 outside.
#[test]
fn bumps_of_relu_kan() {
    let settings = [("form", word("relu-kan")), ("grid", int(4)), ("units", int(1))];
    let (g, y, mut oracle) = made(&[4, 1], 0.0, &[node("af-kan", &settings, vec![])]);
    let mut one = [0.0; 7];
    one[3] = 1.0;
    write(&g, &mut oracle, "1.af-kan/weight", &one);
    write(&g, &mut oracle, "x", &[0.5, 0.0, 1.0, 0.25]);
    let low = 0.25f64 * 0.75;
    assert!(distance(&eval(&g, &oracle, y), &[1.0, 0.0, 0.0, 16.0 * low * low]) < 1e-12);
}

/// AF-KAN has one weight for each pair of input and unit, and a few that all share.
#[test]
fn af_kan_has_few_weights() {
    let size = |inputs: usize| weights(&[2, inputs], &[node("af-kan", &[("units", int(10))], vec![])]);
    assert_eq!(size(9) - size(8), 10);
    assert_eq!(size(8), 80 + 2 * 8 + 8 * 8 + 8);
    let full = node("af-kan", &[("form", word("relu-kan")), ("units", int(10))], vec![]);
    assert_eq!(weights(&[2, 8], &[full]), 8 * 8 * 10 + 2 * 8);
}
