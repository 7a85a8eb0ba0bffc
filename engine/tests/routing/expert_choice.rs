//! Expert choice: even loads, best rows, scores as weights.

use engine::ir::Graph;
use engine::net::Mode;
use engine::routing::Choice;

use super::bench::{Routed, stage};
use super::support::*;

#[test]
fn each_expert_takes_its_best_rows() {
    let routed = Routed::new("expert-choice", Mode::Train, [6, 6], 3, &[("capacity", float(1.0))]);
    let Choice::ByExpert { rows, weights } = routed.assignment.choice else { panic!("experts choose here") };
    let logits = numbers(4, 18);
    let got = routed.at(&logits, &[0.0; 3], &[rows, weights, routed.assignment.distribution]);
    let score = |row: usize, expert: usize| got[2][row * 3 + expert];
    for expert in 0..3 {
        let mut order: Vec<usize> = (0..6).collect();
        order.sort_by(|&a, &b| score(b, expert).total_cmp(&score(a, expert)));
        for place in 0..2 {
            assert_eq!(got[0][expert * 2 + place] as usize, order[place]);
            assert!((got[1][expert * 2 + place] - score(order[place], expert)).abs() < 1e-12);
        }
    }
}

/// Loads are exactly equal whatever the router says; rows that nobody chose are counted, and get nothing.
#[test]
fn loads_are_equal() {
    let mut g = Graph::new();
    let route = route(4, "expert-choice", &[("capacity", float(1.0))], vec![linear(2)]);
    let (pass, taps) = stage(&mut g, Mode::Train, &[16, 3], &[route], &[]);
    let got = registers(&g).values(&g, &[pass.output, taps[0].load, taps[0].dropped]);
    assert!(distance(&got[1].data, &[0.25; 4]) < 1e-9);
    let idle = got[0].data.chunks(2).filter(|y| y.iter().all(|&v| v == 0.0)).count();
    assert!((got[2].data[0] - idle as f64 / 16.0).abs() < 1e-9, "{idle} of 16, {:?}", got[2].data);
    assert!(idle > 0);
}

/// Where every expert takes every row, that is the dense mixture.
#[test]
fn all_of_all_is_dense() {
    let value = |id: &str, settings: &[_]| {
        let mut g = Graph::new();
        let (pass, _) = stage(&mut g, Mode::Train, &[5, 3], &[route(3, id, settings, vec![linear(2)])], &[]);
        registers(&g).values(&g, &[pass.output])[0].data.clone()
    };
    let all = value("expert-choice", &[("capacity", float(3.0))]);
    assert!(distance(&all, &value("dense", &[])) < 1e-12);
}
