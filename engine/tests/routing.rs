//! What top-k routing promises beyond its derivatives: the bias chooses and does not weigh, moves against the imbalance,
//! and it and the jitter change while training alone.

#![allow(clippy::unwrap_used)]

mod support;

use engine::ad::{self, Exact};
use engine::ir::{Graph, SlotId, Value};
use engine::net::{Build, Mode};
use engine::ops::Tensor;
use engine::registry::Setting;
use engine::routing::{Choice, Rows};
use support::*;

/// Experts and weights `[B, k]` of each sample, and the router's distribution `[B, E]`.
struct ByRow {
    experts: Value,
    weights: Value,
    distribution: Value,
}

/// A routing by itself, on a register `x [B, features]`.
struct Routed {
    g: Graph,
    choice: ByRow,
    writes: Vec<(SlotId, Value)>,
}

impl Routed {
    fn new(mode: Mode, shape: [usize; 2], experts: usize, knobs: &[(&str, Setting)]) -> Self {
        let route = route(experts as i64, "top-k", knobs, vec![]);
        let (routing, settings) = route.routing.unwrap();
        let mut g = Graph::new();
        let (_, clock) = clock(&mut g);
        let x = input(&mut g, "x", &shape);
        let x = g.read(x);
        let mut b = Build::new(&mut g, mode, clock, 3);
        let assignment = routing.route(&settings, &mut b, Rows { x, places: 1, tokens: None }, experts);
        let Choice::ByRow { experts, weights } = assignment.choice else { panic!("rows choose here") };
        let choice = ByRow { experts, weights, distribution: assignment.distribution };
        let writes = b.writes;
        assert!(g.faults().is_empty(), "{:?}", g.faults());
        Self { g, choice, writes }
    }

    fn slot(&self, name: &str) -> SlotId {
        self.g.find_slot(name).unwrap()
    }

    /// The values of `wanted` where the router's logits for sample `i` are row `i` of `logits`.
    fn at(&self, logits: &[f64], bias: &[f64], wanted: &[Value]) -> Vec<Vec<f64>> {
        let mut oracle = registers(&self.g);
        let rows = logits.len() / bias.len();
        let eye = (0..rows * rows).map(|i| f64::from(u8::from(i % (rows + 1) == 0))).collect();
        oracle.write(self.slot("x"), Tensor::new([rows, rows], eye));
        oracle.write(self.slot("/router"), Tensor::new([rows, bias.len()], logits.to_vec()));
        oracle.write(self.slot("/bias"), Tensor::new([bias.len()], bias.to_vec()));
        oracle.values(&self.g, wanted).into_iter().map(|t| t.data).collect()
    }
}

/// Logits of two samples for three experts.
const LOGITS: [f64; 6] = [3.0, 2.0, 1.0, 2.0, 3.0, 1.0];

#[test]
fn the_bias_chooses_and_does_not_weigh() {
    for mode in [Mode::Train, Mode::Eval] {
        let routed = Routed::new(mode, [2, 2], 3, &[]);
        let wanted = [routed.choice.experts, routed.choice.weights, routed.choice.distribution];
        let plain = routed.at(&LOGITS, &[0.0; 3], &wanted);
        assert_eq!(plain[0], [0.0, 1.0, 1.0, 0.0]);
        // The third expert is now the first choice of both; its logit is still the least.
        let biased = routed.at(&LOGITS, &[0.0, 0.0, 5.0], &wanted);
        assert_eq!(biased[0], [2.0, 0.0, 2.0, 1.0]);
        let small = 1.0 / (1.0 + 2f64.exp());
        assert!(distance(&biased[1], &[small, 1.0 - small, small, 1.0 - small]) < 1e-12, "{:?}", biased[1]);
        assert_eq!(biased[2], plain[2], "the router's own distribution is shown");
    }
}

#[test]
fn the_bias_moves_against_the_imbalance() {
    let routed = Routed::new(Mode::Train, [2, 2], 3, &[("bias-rate", float(0.5))]);
    let &[(slot, next)] = &routed.writes[..] else { panic!("one register is written: {:?}", routed.writes) };
    assert_eq!(slot, routed.slot("/bias"));
    // Both samples choose the first two: loads of 1/2, 1/2 and 0 where a third each is even.
    let next = routed.at(&LOGITS, &[0.1, 0.2, 0.3], &[next]);
    assert!(distance(&next[0], &[0.1 - 0.25, 0.2 - 0.25, 0.3 + 0.5]) < 1e-7, "{:?}", next[0]);
}

#[test]
fn the_bias_is_still_where_nothing_is_to_be_learnt_or_chosen() {
    let eval = Routed::new(Mode::Eval, [2, 2], 3, &[]);
    assert!(eval.writes.is_empty() && eval.g.find_slot("/bias").is_some());
    for knobs in [[("bias-rate", float(0.0)), ("k", int(2))], [("bias-rate", float(0.1)), ("k", int(3))]] {
        let none = Routed::new(Mode::Train, [2, 2], 3, &knobs);
        assert!(none.writes.is_empty() && none.g.find_slot("/bias").is_none(), "{knobs:?}");
    }
}

#[test]
fn no_gradient_reaches_the_bias() {
    let mut routed = Routed::new(Mode::Train, [2, 2], 3, &[]);
    let reads = ["/bias", "/router"].map(|name| {
        let slot = routed.slot(name);
        routed.g.read(slot)
    });
    let seed = input(&mut routed.g, "cotangent", &[2, 2]);
    let seed = routed.g.read(seed);
    let pulled = ad::vjp(&mut routed.g, &[(routed.choice.weights, seed)], &reads, &Exact);
    assert!(pulled[0].is_none() && pulled[1].is_some());
}

/// Samples that are nearly alike, as images are, all go to the same experts of a fixed router; the bias divides them.
#[test]
fn the_bias_evens_out_what_a_router_does_not() {
    let (samples, experts) = (64, 8);
    let routed = Routed::new(Mode::Train, [samples, samples], experts, &[]);
    let spread = numbers(5, samples * experts);
    let logits: Vec<f64> = spread.iter().enumerate().map(|(i, r)| (i % experts) as f64 + 0.5 * r).collect();
    let mut bias = vec![0.0; experts];
    let load = |bias: &[f64]| {
        let chosen = &routed.at(&logits, bias, &[routed.choice.experts])[0];
        let of = |e: usize| chosen.iter().filter(|&&c| c as usize == e).count() as f64 / chosen.len() as f64;
        (0..experts).map(of).collect::<Vec<_>>()
    };
    let starved = load(&bias).iter().filter(|&&l| l == 0.0).count();
    assert_eq!(starved, 6);
    for _ in 0..100 {
        bias = routed.at(&logits, &bias, &[routed.writes[0].1]).remove(0);
    }
    assert!(bias.iter().sum::<f64>().abs() < 1e-5, "{bias:?}");
    let load = load(&bias);
    assert!(load.iter().all(|l| (l - 0.125).abs() < 0.05), "{load:?}");
}

#[test]
fn jitter_is_for_training() {
    let knobs = [("jitter", float(0.3)), ("bias-rate", float(0.1))];
    let distribution = |mode, knobs: &[(&str, Setting)]| {
        let routed = Routed::new(mode, [2, 2], 3, knobs);
        routed.at(&LOGITS, &[0.0; 3], &[routed.choice.distribution]).remove(0)
    };
    let plain = distribution(Mode::Train, &[]);
    assert_eq!(distribution(Mode::Eval, &knobs), plain);
    assert!(distance(&distribution(Mode::Train, &knobs), &plain) > 1e-3);
}
