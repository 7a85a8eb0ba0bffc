//! What top-k routing promises beyond its derivatives: the bias chooses and does not weigh, moves against the imbalance,
//! and it and the jitter change while training alone.

use engine::ad::{self, Exact};
use engine::net::Mode;
use engine::registry::Setting;

use super::bench::Routed;
use super::support::*;

fn top_k(mode: Mode, shape: [usize; 2], experts: usize, knobs: &[(&str, Setting)]) -> Routed {
    Routed::new("top-k", mode, shape, experts, knobs)
}

/// Logits of two samples for three experts.
const LOGITS: [f64; 6] = [3.0, 2.0, 1.0, 2.0, 3.0, 1.0];

#[test]
fn the_bias_chooses_and_does_not_weigh() {
    for mode in [Mode::Train, Mode::Eval] {
        let routed = top_k(mode, [2, 2], 3, &[]);
        let wanted = [routed.experts(), routed.weights(), routed.assignment.distribution];
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
    let routed = top_k(Mode::Train, [2, 2], 3, &[("bias-rate", float(0.5))]);
    let &[(slot, next)] = &routed.writes[..] else { panic!("one register is written: {:?}", routed.writes) };
    assert_eq!(slot, routed.slot("/bias"));
    // Both samples choose the first two: loads of 1/2, 1/2 and 0 where a third each is even.
    let next = routed.at(&LOGITS, &[0.1, 0.2, 0.3], &[next]);
    assert!(distance(&next[0], &[0.1 - 0.25, 0.2 - 0.25, 0.3 + 0.5]) < 1e-7, "{:?}", next[0]);
}

#[test]
fn the_bias_is_still_where_nothing_is_to_be_learnt_or_chosen() {
    let eval = top_k(Mode::Eval, [2, 2], 3, &[]);
    assert!(eval.writes.is_empty() && eval.g.find_slot("/bias").is_some());
    for knobs in [[("bias-rate", float(0.0)), ("k", int(2))], [("bias-rate", float(0.1)), ("k", int(3))]] {
        let none = top_k(Mode::Train, [2, 2], 3, &knobs);
        assert!(none.writes.is_empty() && none.g.find_slot("/bias").is_none(), "{knobs:?}");
    }
}

#[test]
fn no_gradient_reaches_the_bias() {
    let mut routed = top_k(Mode::Train, [2, 2], 3, &[]);
    let reads = ["/bias", "/router"].map(|name| {
        let slot = routed.slot(name);
        routed.g.read(slot)
    });
    let seed = input(&mut routed.g, "cotangent", &[2, 2]);
    let seed = routed.g.read(seed);
    let weights = routed.weights();
    let pulled = ad::vjp(&mut routed.g, &[(weights, seed)], &reads, &Exact);
    assert!(pulled[0].is_none() && pulled[1].is_some());
}

/// Samples that are nearly alike, as images are, all go to the same experts of a fixed router; the bias divides them.
#[test]
fn the_bias_evens_out_what_a_router_does_not() {
    let (samples, experts) = (64, 8);
    let routed = top_k(Mode::Train, [samples, samples], experts, &[]);
    let spread = numbers(5, samples * experts);
    let logits: Vec<f64> = spread.iter().enumerate().map(|(i, r)| (i % experts) as f64 + 0.5 * r).collect();
    let mut bias = vec![0.0; experts];
    let load = |bias: &[f64]| {
        let chosen = &routed.at(&logits, bias, &[routed.experts()])[0];
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
        let routed = top_k(mode, [2, 2], 3, knobs);
        routed.at(&LOGITS, &[0.0; 3], &[routed.assignment.distribution]).remove(0)
    };
    let plain = distribution(Mode::Train, &[]);
    assert_eq!(distribution(Mode::Eval, &knobs), plain);
    assert!(distance(&distribution(Mode::Train, &knobs), &plain) > 1e-3);
}

/// For one expert the raw probability counts, so that the router learns; for more, shares among the chosen, unless all are
/// asked for.
#[test]
fn weights_are_shares_among_the_chosen_or_probabilities() {
    let of = |settings: &[(&str, Setting)]| {
        let routed = top_k(Mode::Train, [2, 2], 3, settings);
        routed.at(&LOGITS, &[0.0; 3], &[routed.weights(), routed.assignment.distribution])
    };
    let one = of(&[("k", int(1))]);
    assert!(distance(&one[0], &[one[1][0], one[1][4]]) < 1e-12, "{one:?}");
    assert_eq!(of(&[("k", int(1)), ("normalise", word("chosen"))])[0], [1.0, 1.0]);
    let raw = of(&[("normalise", word("all"))]);
    assert!(distance(&raw[0], &[raw[1][0], raw[1][1], raw[1][4], raw[1][3]]) < 1e-12, "{raw:?}");
    let shares = &of(&[])[0];
    assert!((shares[0] + shares[1] - 1.0).abs() < 1e-12 && shares[0] > shares[1]);
}

/// Noise is there while training alone. Its learned size begins at ln 2, and the choice then follows the noisy logits.
#[test]
fn noisy_gating_is_for_training() {
    let settings = [("noise", Setting::Bool(true)), ("bias-rate", float(0.0))];
    let distribution = |mode, settings: &[(&str, Setting)]| {
        let routed = top_k(mode, [2, 2], 3, settings);
        routed.at(&LOGITS, &[0.0; 3], &[routed.assignment.distribution]).remove(0)
    };
    let plain = distribution(Mode::Eval, &[]);
    assert_eq!(distribution(Mode::Eval, &settings), plain);
    let noisy = distribution(Mode::Train, &settings);
    assert!(distance(&noisy, &plain) > 1e-3);
    // What was added to the logits, over ln 2, is normal noise.
    let routed = top_k(Mode::Train, [64, 64], 8, &settings);
    let got = &routed.at(&[0.0; 512], &[0.0; 8], &[routed.assignment.distribution])[0];
    let noise: Vec<f64> = got
        .chunks(8)
        .flat_map(|row| {
            let mean = row.iter().map(|p| p.ln()).sum::<f64>() / 8.0;
            row.iter().map(move |p| (p.ln() - mean) / 2f64.ln()).collect::<Vec<_>>()
        })
        .collect();
    let variance = noise.iter().map(|n| n * n).sum::<f64>() / 512.0;
    assert!((variance - 7.0 / 8.0).abs() < 0.15, "{variance}");
}

/// The three losses rest at perfect balance and rise with imbalance.
#[test]
fn balancing_losses() {
    let loss = |form: &str, logits: &[f64], k: i64| {
        let settings = [("balance", float(1.0)), ("balance-by", word(form)), ("k", int(k)), ("bias-rate", float(0.0))];
        let experts = 4;
        let routed = top_k(Mode::Train, [4, 4], experts, &settings);
        routed.at(logits, &[0.0; 4], &[routed.losses[0]])[0][0]
    };
    // Sample i likes expert i, then expert i + 1.
    let even: Vec<f64> = (0..16).map(|i| [9.0, 8.0, 0.0, 0.0][(i % 4 + 4 - i / 4) % 4]).collect();
    let alike: Vec<f64> = (0..16).map(|i| [9.0, 8.0, 0.0, 0.0][i % 4]).collect();
    for (form, rest) in [("switch", 1.0), ("gshard", 1.0), ("squared-variation", 0.0)] {
        for k in [1, 2] {
            let (even, alike) = (loss(form, &even, k), loss(form, &alike, k));
            assert!((even - rest).abs() < 1e-6, "{form}, k = {k}: {even}");
            assert!(alike > rest + 0.9, "{form}, k = {k}: {alike}");
        }
    }
    // All of four experts' weight on one: Var = 3 mean² . And all first choices on one, of probability p: E p.
    assert!((loss("squared-variation", &alike, 1) - 3.0).abs() < 1e-5);
    let p = 9f64.exp() / (9f64.exp() + 8f64.exp() + 2.0);
    assert!((loss("gshard", &alike, 2) - 4.0 * p).abs() < 1e-5);
}

/// The loss of expected loads is least when all experts can expect the same, and has a slope where counts have none. Its
/// value is held to PyTorch's in `torch.rs`.
#[test]
fn expected_loads() {
    let on = |by: &str| {
        let noise = ("noise", Setting::Bool(true));
        [noise, ("bias-rate", float(0.0)), ("balance", float(1.0)), ("balance-by", word(by)), ("k", int(2))]
    };
    let (rows, experts) = (6, 4);
    let settings = on("load");
    let mut routed = top_k(Mode::Train, [rows, rows], experts, &settings);
    let (clean, bias, loss) = (numbers(21, rows * experts), vec![0.0; experts], routed.losses[0]);
    // Counts have no slope by the router; expected loads do.
    let router = routed.slot("/router");
    let router = routed.g.read(router);
    let slope = ad::gradients(&mut routed.g, loss, &[router], &Exact)[0];
    assert!(routed.at(&clean, &bias, &[slope])[0].iter().any(|s| s.abs() > 1e-3));
    // All rows alike for one pair of experts, against one that likes each as much.
    let of = |by: &str, logits: &[f64]| {
        let routed = top_k(Mode::Train, [64, 64], experts, &on(by));
        routed.at(logits, &bias, &[routed.losses[0]])[0][0]
    };
    let (even, alike) = (vec![0.0; 256], [9.0, 9.0, 0.0, 0.0].repeat(64));
    assert!(of("load", &even) < 0.02 && (of("load", &alike) - 1.0).abs() < 1e-3, "{}", of("load", &alike));
    let both = of("load-and-weights", &alike);
    assert!((both - of("load", &alike) - of("squared-variation", &alike)).abs() < 1e-9, "{both}");
    // Evaluation has no noise to expect anything of, and where all are chosen nothing is left to expect.
    assert!(top_k(Mode::Eval, [4, 4], 4, &settings).losses.is_empty());
    assert!(top_k(Mode::Train, [2, 2], 2, &settings).losses.is_empty());
    let mut g = engine::ir::Graph::new();
    let node = route(4, "top-k", &on("load")[1..], vec![linear(2)]);
    super::bench::stage(&mut g, Mode::Train, &[4, 3], &[node], &[]);
    assert!(g.faults()[0].to_string().contains("without noise"), "{:?}", g.faults());
}

/// An expert has room for so many assignments: first choices before second ones, and those who come first.
#[test]
fn capacity_leaves_out_exactly_the_overflow() {
    let settings = [("capacity", float(1.0)), ("bias-rate", float(0.0))];
    let routed = top_k(Mode::Eval, [4, 4], 4, &settings);
    // Room for 2 each. All like expert 0, then 1, but the last, who likes 1 and then 2.
    let mut logits = [9.0, 8.0, 0.0, 0.0].repeat(4);
    logits[12..].copy_from_slice(&[0.0, 9.0, 8.0, 0.0]);
    let got = routed.at(&logits, &[0.0; 4], &[routed.experts(), routed.weights()]);
    assert_eq!(got[0], [0.0, 1.0, 0.0, 4.0, 4.0, 4.0, 1.0, 2.0]);
    for (expert, weight) in got[0].iter().zip(&got[1]) {
        assert_eq!(*expert == 4.0, *weight == 0.0);
    }
    let roomy = top_k(Mode::Eval, [4, 4], 4, &[("capacity", float(2.0)), ("bias-rate", float(0.0))]);
    let got = roomy.at(&logits, &[0.0; 4], &[roomy.experts()]);
    assert_eq!(got[0], [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 2.0]);
}
