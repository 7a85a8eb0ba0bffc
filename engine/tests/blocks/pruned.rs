//! Blocks of which something is gone or goes: masks, N:M sparsity, fading.

use engine::ir::{Graph, Role};
use engine::net::{Build, Mode, Node};
use engine::ops::Tensor;

use super::bench::*;
use super::support::*;

fn n_of_m(decay: &str) -> Node {
    let settings = [("units", int(3)), ("n", int(1)), ("m", int(4)), ("decay", word(decay)), ("decay-steps", int(10))];
    let settings: Vec<_> = settings.into_iter().chain([("dense-steps", int(10))]).collect();
    node("nm-linear", &settings, vec![])
}

#[test]
fn derivatives() {
    differentiate("masked", &[3, 4], &[node("masked-linear", &[("units", int(5))], vec![])]);
    for decay in ["mask", "structure"] {
        differentiate(decay, &[3, 8], &[n_of_m(decay)]);
    }
    differentiate("fade", &[3, 4], &[node("fade", &[], vec![linear(4)])]);
    let experts = vec![node("masked-linear", &[("units", int(4))], vec![]), n_of_m("mask")];
    differentiate("inside experts", &[5, 4], &[route(3, "dense", &[], experts)]);
}

/// What `block` gives at step `step`, and the registers `x` and `weight`.
fn at(step: f64, block: Node) -> (Vec<f64>, [Vec<f64>; 3]) {
    let mut g = Graph::new();
    let (counter, clock) = clock(&mut g);
    let x = input(&mut g, "x", &[2, 8]);
    let read = g.read(x);
    let y = Build::new(&mut g, Mode::Eval, clock, 3).chain(&[block], read);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let mut oracle = registers(&g);
    oracle.write(counter, Tensor::new(g.slot(counter).shape.clone(), vec![step, 0.0]));
    let weights = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param).collect::<Vec<_>>();
    let [weight, bias] = [0, 1].map(|i| oracle.read(weights[i]).data.clone());
    (oracle.values(&g, &[y])[0].data.clone(), [oracle.read(x).data.clone(), weight, bias])
}

/// `x (mask ⊙ W) + b` where of every four weights of a unit the `kept` largest count 1 and the others `share`.
fn expected([x, weight, bias]: &[Vec<f64>; 3], kept: usize, share: f64) -> Vec<f64> {
    let mut w = weight.clone();
    for (group, unit) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        let mut places: Vec<usize> = (0..4).map(|i| (group * 4 + i) * 3 + unit).collect();
        places.sort_by(|&a, &b| weight[b].abs().total_cmp(&weight[a].abs()));
        places[kept..].iter().for_each(|&i| w[i] *= share);
    }
    (0..6).map(|i| (0..8).map(|k| x[i / 3 * 8 + k] * w[k * 3 + i % 3]).sum::<f64>() + bias[i % 3]).collect()
}

#[test]
fn the_flow_to_small_weights_fades() {
    for (decay, step, kept, share) in [
        ("mask", 0.0, 1, 1.0),
        ("mask", 10.0, 1, 1.0),
        ("mask", 15.0, 1, 0.5),
        ("mask", 20.0, 1, 0.0),
        ("mask", 900.0, 1, 0.0),
        ("structure", 10.0, 4, 0.0),
        ("structure", 15.0, 2, 0.0),
        ("structure", 20.0, 1, 0.0),
        ("sr-ste", 0.0, 1, 0.0),
    ] {
        let (got, parts) = at(step, n_of_m(decay));
        let far = distance(&got, &expected(&parts, kept, share));
        assert!(far < 1e-6, "{decay} at {step}: {far}");
    }
}

#[test]
fn what_fades_is_gone_in_the_end() {
    let block = || node("fade", &[("steps", int(10))], vec![node("linear", &[("units", int(3))], vec![])]);
    let [(whole, _), (half, _), (none, _)] = [0.0, 5.0, 12.0].map(|step| at(step, block()));
    assert!(half.iter().zip(&whole).all(|(h, w)| (h - 0.5 * w).abs() < 1e-6));
    assert!(none.iter().all(|v| *v == 0.0));
}

#[test]
fn groups_must_divide_the_inputs() {
    let said = fault(&[2, 6], &[n_of_m("mask")]);
    assert!(said.contains("6 inputs do not divide into groups of 4"), "{said}");
    let said = fault(&[2, 8], &[node("nm-linear", &[("n", int(5)), ("m", int(4))], vec![])]);
    assert!(said.contains("5 of every 4"), "{said}");
}
