//! The tree: weights that sum to 1, one leaf in evaluation, losses that harden and balance.

use engine::ir::Graph;
use engine::net::Mode;
use engine::registry::Setting;

use super::bench::{Routed, stage};
use super::support::*;

fn tree(mode: Mode, rows: usize, leaves: usize, settings: &[(&str, Setting)]) -> Routed {
    Routed::new("tree", mode, [rows, rows], leaves, settings)
}

/// The weight of each leaf, by going down the tree by hand: node `(m, n)` stands at `2ᵐ − 1 + n`.
fn by_hand(c: &[f64], leaves: usize) -> Vec<f64> {
    let depth = leaves.ilog2();
    (0..leaves)
        .map(|leaf| {
            let node = |level: u32| (1 << level) - 1 + (leaf >> (depth - level));
            let right = |level: u32| leaf >> (depth - level - 1) & 1 == 1;
            (0..depth).map(|m| if right(m) { c[node(m)] } else { 1.0 - c[node(m)] }).product()
        })
        .collect()
}

#[test]
fn weights_are_products_along_paths() {
    for leaves in [2, 4, 8] {
        let logits = numbers(7, 5 * (leaves - 1));
        let routed = tree(Mode::Train, 5, leaves, &[]);
        let got = routed.at(&logits, &vec![0.0; leaves - 1], &[routed.weights(), routed.experts()]);
        for (i, weights) in got[0].chunks(leaves).enumerate() {
            let c: Vec<f64> =
                logits[i * (leaves - 1)..][..leaves - 1].iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
            assert!(distance(weights, &by_hand(&c, leaves)) < 1e-12);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(got[1][..leaves], (0..leaves).map(|l| l as f64).collect::<Vec<_>>());
    }
}

/// One leaf in evaluation; it is the one of all the weight where decisions are saturated.
#[test]
fn hard_is_soft_where_decisions_are_certain() {
    let (rows, leaves) = (16, 8);
    let signs: Vec<f64> = numbers(3, rows * (leaves - 1)).iter().map(|v| 60.0 * v.signum()).collect();
    let bias = vec![0.0; leaves - 1];
    let (soft, hard) = (tree(Mode::Train, rows, leaves, &[]), tree(Mode::Eval, rows, leaves, &[]));
    let weights = &soft.at(&signs, &bias, &[soft.weights()])[0];
    let got = hard.at(&signs, &bias, &[hard.experts(), hard.weights()]);
    assert_eq!(got[0].len(), rows);
    assert!(got[1].iter().all(|&w| w == 1.0));
    for (row, &leaf) in weights.chunks(leaves).zip(&got[0]) {
        assert!((row[leaf as usize] - 1.0).abs() < 1e-12, "{row:?} and leaf {leaf}");
    }
    let output = |mode| {
        let mut g = Graph::new();
        let (pass, _) = stage(&mut g, mode, &[6, 3], &[route(4, "tree", &[], vec![linear(2)])], &[]);
        let mut oracle = registers(&g);
        let slot = g.find_slot("1/1.route/node").unwrap();
        let mut steep = oracle.read(slot).clone();
        steep.data.iter_mut().for_each(|w| *w *= 1e5);
        oracle.write(slot, steep);
        oracle.values(&g, &[pass.output])[0].data.clone()
    };
    assert!(distance(&output(Mode::Train), &output(Mode::Eval)) < 1e-9);
}

/// A tree too deep for all of its nodes to be computed at once ends at the same leaves.
#[test]
fn deep_trees_look_up_their_nodes() {
    let (rows, leaves) = (40, 256);
    let logits = numbers(11, rows * (leaves - 1));
    let bias = numbers(12, leaves - 1);
    let routed = tree(Mode::Eval, rows, leaves, &[]);
    let got = &routed.at(&logits, &bias, &[routed.experts()])[0];
    for (row, &leaf) in got.iter().enumerate() {
        let right = |node: usize| logits[row * (leaves - 1) + node] + bias[node] >= 0.0;
        let end = (0..8).fold(0, |at, level| 2 * at + usize::from(right((1 << level) - 1 + at)));
        assert_eq!(leaf as usize, end, "row {row}");
    }
}

/// With all levels soft, evaluation is the function that was trained; with some, the mixture under the node that the hard
/// path has reached, at the work of its leaves.
#[test]
fn levels_soften() {
    let (rows, leaves) = (7, 8);
    let (logits, bias) = (numbers(5, rows * (leaves - 1)), numbers(6, leaves - 1));
    let whole = {
        let routed = tree(Mode::Train, rows, leaves, &[]);
        routed.at(&logits, &bias, &[routed.weights()]).remove(0)
    };
    for soft in [1, 2, 3] {
        let routed = tree(Mode::Eval, rows, leaves, &[("soft", int(soft))]);
        let got = routed.at(&logits, &bias, &[routed.experts(), routed.weights()]);
        let under = 1 << soft;
        for row in 0..rows {
            let (numbers, weights) = (&got[0][row * under..][..under], &got[1][row * under..][..under]);
            let first = numbers[0] as usize;
            assert_eq!(first % under, 0, "a node's leaves: {numbers:?}");
            let soft = &whole[row * leaves + first..][..under];
            let all: f64 = soft.iter().sum();
            let wanted: Vec<f64> = soft.iter().map(|w| w / all).collect();
            assert!(distance(weights, &wanted) < 1e-12, "{weights:?} and {wanted:?}");
        }
    }
    let output = |mode, settings: &[(&str, Setting)]| {
        let mut g = Graph::new();
        let (pass, _) = stage(&mut g, mode, &[6, 3], &[route(4, "tree", settings, vec![linear(2)])], &[]);
        registers(&g).values(&g, &[pass.output])[0].data.clone()
    };
    let soft = output(Mode::Eval, &[("soft", int(2))]);
    assert!(distance(&soft, &output(Mode::Train, &[])) < 1e-9);
    assert!(distance(&soft, &output(Mode::Eval, &[])) > 1e-3);
    let mut g = Graph::new();
    stage(&mut g, Mode::Eval, &[4, 3], &[route(4, "tree", &[("soft", int(3))], vec![linear(2)])], &[]);
    assert!(g.faults()[0].to_string().contains("2 levels"), "{:?}", g.faults());
}

/// The undecided go right, as the paper has it.
#[test]
fn half_goes_right() {
    let routed = tree(Mode::Eval, 1, 4, &[]);
    assert_eq!(routed.at(&[0.0; 3], &[0.0; 3], &[routed.experts()])[0], [3.0]);
}

#[test]
fn losses() {
    let of = |logits: &[f64], settings: &[(&str, Setting)]| {
        let routed = tree(Mode::Train, 4, 4, settings);
        let losses: Vec<_> = routed.losses.clone();
        routed.at(logits, &[0.0; 3], &losses).concat()
    };
    let undecided = of(&[0.0; 12], &[]);
    assert!((undecided[0] - 2f64.ln()).abs() < 1e-6, "the entropy of a coin: {undecided:?}");
    assert!((undecided[1] - 1.0).abs() < 1e-6, "no leaf is likelier, whoever is reached: {undecided:?}");
    // Each sample certain of a leaf of its own: nothing to harden, and balanced.
    let certain = [-50.0, -50.0, 0.0, -50.0, 50.0, 0.0, 50.0, 0.0, -50.0, 50.0, 0.0, 50.0];
    let spread = of(&certain.map(|z: f64| if z == 0.0 { 50.0 } else { z }), &[]);
    assert!(spread[0] < 1e-9 && (spread[1] - 1.0).abs() < 1e-6, "{spread:?}");
    let collapsed = of(&[50.0; 12], &[("balance", float(0.5)), ("hardening", float(0.0))]);
    assert!((collapsed[0] - 2.0).abs() < 1e-6, "half of 4: {collapsed:?}");
}

#[test]
fn leaks_swap_decisions_while_training() {
    let settings = [("leak", float(0.25))];
    let rows = 200;
    let logits = vec![50.0; rows];
    let leaky = tree(Mode::Train, rows, 2, &settings);
    let weights = &leaky.at(&logits, &[0.0], &[leaky.weights()])[0];
    let swapped = weights.chunks(2).filter(|w| w[0] > 0.5).count() as f64 / rows as f64;
    assert!((swapped - 0.25).abs() < 0.1, "{swapped}");
    let still = tree(Mode::Eval, rows, 2, &settings);
    assert!(still.at(&logits, &[0.0], &[still.experts()])[0].iter().all(|&leaf| leaf == 1.0));
}

#[test]
fn leaves_are_a_power_of_two() {
    for (experts, mend) in [(3, "2 or 4"), (12, "8 or 16"), (1, "2 or 4")] {
        let mut g = Graph::new();
        stage(&mut g, Mode::Train, &[4, 3], &[route(experts, "tree", &[], vec![linear(2)])], &[]);
        let said = g.faults()[0].to_string();
        assert!(said.contains("leaves") && said.contains(mend), "{said}");
    }
}
