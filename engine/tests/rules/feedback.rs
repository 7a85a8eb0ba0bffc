//! Feedback through other weights than those of the way forward.

use engine::exec::oracle::Oracle;
use engine::lesson::Signal;
use engine::net::Net;
use engine::ops::Tensor;
use engine::registry::find;
use engine::rules::RULES;

use crate::bench::*;
use crate::support::*;

fn deep() -> Net {
    net(3, vec![hidden(5), hidden(4), hidden(6), read_out()])
}

/// Stages that hold more than a layer: convolutions in groups, norms, ways past, experts with a loss of their own.
fn mixed() -> Net {
    let conv = |groups: i64| node("conv2d", &[("channels", int(4)), ("groups", int(groups))], vec![]);
    let past = node("residual", &[], vec![linear(6), activation("gelu"), linear(6)]);
    let experts = route(3, "top-k", &[("balance", float(0.5))], vec![linear(6)]);
    net(
        3,
        vec![
            vec![conv(1), activation("relu")],
            vec![conv(2), activation("tanh"), node("max-pool", &[], vec![])],
            vec![linear(6), node("layer-norm", &[], vec![])],
            vec![past],
            vec![experts, activation("silu")],
            read_out(),
        ],
    )
}

fn sorted(mut list: Vec<(String, Vec<f64>)>) -> Vec<(String, Vec<f64>)> {
    list.sort_by(|a, b| a.0.cmp(&b.0));
    list
}

/// Lays in the feedback register of every weight what `of` makes of the weight and of the register.
fn stand_in(bench: &Bench, oracle: &mut Oracle, of: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> usize {
    let mut count = 0;
    for id in bench.g.slot_ids() {
        let name = &bench.g.slot(id).name;
        let Some(weight) = name.strip_prefix("rule/feedback/") else { continue };
        let (weight, own) = (data(bench, oracle, weight), data(bench, oracle, name));
        let shape = bench.g.slot(id).shape.clone();
        oracle.write(id, Tensor::new(shape, of(&weight, &own)));
        count += 1;
    }
    count
}

/// With the forward weights themselves on the way back, feedback alignment is backpropagation to the last bit, whatever
/// the stages are made of; with its own, it is not.
#[test]
fn feedback_alignment_with_true_weights_is_backprop() {
    for (build, input, crossed) in [(deep as fn() -> Net, &[3][..], 3), (mixed, &[4, 4, 2], 7)] {
        let mut bench = Bench::new("feedback-alignment", &[], build(), input, 6);
        let lesson = bench.learn();
        let batch = bench.batch;
        let backprop = find(RULES, "backprop", "").unwrap();
        let exact = bench.with(|cx| backprop.learn(cx, batch));
        let mut oracle = bench.registers();
        let random = sorted(gradients(&bench, &oracle, &lesson));
        assert_eq!(stand_in(&bench, &mut oracle, |weight, _| weight.to_vec()), crossed);
        let expected = sorted(gradients(&bench, &oracle, &exact));
        assert_eq!(sorted(gradients(&bench, &oracle, &lesson)), expected);
        for ((name, random), (_, exact)) in random.iter().zip(&expected) {
            let last = name.starts_with(&build().stages.len().to_string());
            assert_eq!(random == exact, last, "{name}: the read-out alone is taught exactly");
        }
    }
}

/// Of the weights, sign-symmetric feedback knows the signs: it is feedback alignment with signs in the place of weights.
#[test]
fn sign_symmetric_feedback_knows_signs() {
    let sign = |w: f64| {
        if w > 0.0 {
            1.0
        } else if w < 0.0 {
            -1.0
        } else {
            0.0
        }
    };
    for magnitude in ["uniform", "fixed"] {
        let mut signed = Bench::new("sign-symmetric", &[("magnitude", word(magnitude))], deep(), &[3], 6);
        let mut aligned = Bench::new("feedback-alignment", &[], deep(), &[3], 6);
        let (a, b) = (signed.learn(), aligned.learn());
        let ours = signed.registers();
        let mut theirs = aligned.registers();
        for id in aligned.g.slot_ids() {
            let name = aligned.g.slot(id).name.clone();
            match name.strip_prefix("rule/feedback/") {
                None => {
                    let same = ours.read(signed.slot(&name)).clone();
                    theirs.write(id, same);
                }
                Some(weight) => {
                    let slot = aligned.g.slot(aligned.slot(weight)).clone();
                    // He's initial weights have variance 2 / inputs.
                    let size = f64::from((2.0 / slot.shape[0] as f32).sqrt());
                    let weight = data(&signed, &ours, weight);
                    let stood: Vec<f64> = if magnitude == "uniform" {
                        weight.iter().map(|&w| size * sign(w)).collect()
                    } else {
                        let own = data(&signed, &ours, &name);
                        weight.iter().zip(own).map(|(&w, r)| r.abs() * sign(w)).collect()
                    };
                    theirs.write(id, Tensor::new(slot.shape, stood));
                }
            }
        }
        for ((name, a), (_, b)) in gradients(&signed, &ours, &a).iter().zip(&gradients(&aligned, &theirs, &b)) {
            assert!(distance(a, b) < 1e-6, "{magnitude}: {name}");
        }
    }
    let mut redrawn = Bench::new("sign-symmetric", &[("magnitude", word("redrawn"))], deep(), &[3], 6);
    let lesson = redrawn.learn();
    let mut oracle = redrawn.registers();
    let before = gradients(&redrawn, &oracle, &lesson);
    oracle.write(redrawn.step, Tensor::new([2], vec![1.0, 0.0]));
    let after = gradients(&redrawn, &oracle, &lesson);
    let changed = before.iter().zip(&after).filter(|(a, b)| a.1 != b.1).count();
    assert_eq!(changed, 6, "all weights and biases of the three hidden stages");
}

/// Kolen and Pollack's difference between the ways forward and back follows its decay alone, and vanishes under any
/// optimizer.
#[test]
fn kolen_pollack_comes_to_agree() {
    let apart = |bench: &Bench, oracle: &Oracle| -> Vec<f64> {
        let pair = |name: &str| (data(bench, oracle, name), data(bench, oracle, &format!("rule/feedback/{name}")));
        let (w, b) = pair("2/1.linear/weight");
        w.iter().zip(b).map(|(w, b)| w - b).collect()
    };
    let size = |d: &[f64]| d.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut bench = Bench::new("kolen-pollack", &[("decay", float(0.05))], deep(), &[3], 6);
    let lesson = bench.learn();
    let plain = step(&mut bench, &lesson, "sgd", &[("momentum", float(0.0))], 0.2);
    let mut oracle = bench.registers();
    let first = apart(&bench, &oracle);
    (0..30).for_each(|_| oracle.run(&plain));
    let expected: Vec<f64> = first.iter().map(|d| d * (1.0 - 0.2f32 as f64 * 0.05f32 as f64).powi(30)).collect();
    assert!(distance(&apart(&bench, &oracle), &expected) < 1e-12);
    for (optimizer, rate, steps) in [("sgd", 0.2, 80), ("adam", 0.01, 300)] {
        let mut bench = Bench::new("kolen-pollack", &[("decay", float(0.05))], deep(), &[3], 6);
        let lesson = bench.learn();
        let program = step(&mut bench, &lesson, optimizer, &[], rate);
        let mut oracle = bench.registers();
        (0..steps).for_each(|_| oracle.run(&program));
        let left = size(&apart(&bench, &oracle)) / size(&first);
        assert!(left < 0.1, "{optimizer}: {left} of the difference is left");
    }
}

/// `R − W B` of every weight: groups of units side by side.
fn detour(bench: &Bench, oracle: &Oracle, weight: &str, groups: usize) -> Vec<f64> {
    let w = oracle.read(bench.slot(weight));
    let r = oracle.read(bench.slot(&format!("rule/feedback/{weight}/learnt")));
    let b = oracle.read(bench.slot(&format!("rule/feedback/{weight}/fixed")));
    let (n, k) = (b.shape[0], b.shape[1]);
    let rows = w.data.len() / (groups * n);
    let mut out = Vec::new();
    for (row, part, j) in (0..rows).flat_map(|i| (0..groups).flat_map(move |p| (0..k).map(move |j| (i, p, j)))) {
        let sum: f64 = (0..n).map(|u| w.data[(row * groups + part) * n + u] * b.data[u * k + j]).sum();
        out.push(r.data[(row * groups + part) * k + j] - sum);
    }
    out
}

/// The detour of product feedback keeps its distance from the weights under any optimizer that is linear in the
/// gradients, and loses it as the weights decay.
#[test]
fn product_feedback_follows_the_weights() {
    let weights = [("2/1.conv2d/weight", 2), ("3/1.linear/weight", 1), ("5/1.route/1.linear/weight", 1)];
    for (decay, kept) in [(0.0, 1.0), (0.1, (1.0 - 0.05f32 as f64 * 0.1f32 as f64).powi(20))] {
        let settings = [("decay", float(decay))];
        let mut bench = Bench::new("product-feedback-alignment", &settings, mixed(), &[4, 4, 2], 6);
        let lesson = bench.learn();
        let momentum = if decay == 0.0 { 0.9 } else { 0.0 };
        let program = step(&mut bench, &lesson, "sgd", &[("momentum", float(momentum))], 0.05);
        let mut oracle = bench.registers();
        let before: Vec<Vec<f64>> = weights.iter().map(|(w, groups)| detour(&bench, &oracle, w, *groups)).collect();
        let started = data(&bench, &oracle, "3/1.linear/weight");
        (0..20).for_each(|_| oracle.run(&program));
        assert!(distance(&started, &data(&bench, &oracle, "3/1.linear/weight")) > 1e-3, "the weights have moved");
        for ((weight, groups), before) in weights.iter().zip(before) {
            let expected: Vec<f64> = before.iter().map(|d| d * kept).collect();
            let far = distance(&detour(&bench, &oracle, weight, *groups), &expected);
            assert!(far < 1e-12, "{weight}: {far:e}");
        }
    }
}

/// Once `R = W B`, the way back of product feedback lies as close to that of backpropagation as the width of the detour
/// allows.
#[test]
fn product_feedback_is_as_exact_as_it_is_wide() {
    for factor in [0.5, 1.0, 4.0, 20.0] {
        let stages = vec![hidden(24), hidden(24), read_out()];
        let settings = [("k-factor", float(factor))];
        let mut bench = Bench::new("product-feedback-alignment", &settings, net(3, stages), &[6], 8);
        let lesson = bench.learn();
        let weight = "2/1.linear/weight";
        let mut oracle = bench.registers();
        let learnt = bench.slot(&format!("rule/feedback/{weight}/learnt"));
        let far = detour(&bench, &oracle, weight, 1);
        let mut r = oracle.read(learnt).clone();
        r.data.iter_mut().zip(far).for_each(|(r, far)| *r -= far);
        let agrees = |s: &&Signal| s.stage == 2 && s.name.contains("weights");
        let signal = lesson.signals.iter().find(agrees).unwrap().value;
        let before = oracle.values(&bench.g, &[signal])[0].data[0];
        oracle.write(learnt, r);
        let after = oracle.values(&bench.g, &[signal])[0].data[0];
        let law = 1.0 / (1.0 + 1.0 / factor).sqrt();
        assert!((after - law).abs() < 0.05 && before.abs() < 0.2, "{factor}: {before}, then {after} for {law}");
    }
}

/// With the transposed read-out as feedback, the last hidden stage learns as by backpropagation.
#[test]
fn true_feedback_is_backprop() {
    let build = || net(3, vec![hidden(5), hidden(4), read_out()]);
    let mut dfa = Bench::new("direct-feedback-alignment", &[], build(), &[3], 6);
    let lesson = dfa.learn();
    let target = dfa.batch.target;
    let exact = dfa.with(|cx| cx.reference(&lesson, target));
    let mut oracle = dfa.registers();
    let weight = oracle.read(dfa.slot("3/1.linear/weight")).data.clone();
    let transposed = (0..3).flat_map(|c| (0..4).map(move |h| (c, h))).map(|(c, h)| weight[h * 3 + c]).collect();
    oracle.write(dfa.slot("rule/feedback 2"), Tensor::new([3, 4], transposed));
    let mut alike = Vec::new();
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let both = oracle.values(&dfa.g, &[update.gradient, exact]);
        if distance(&both[0].data, &both[1].data) < 1e-12 {
            alike.push(dfa.g.slot(update.slot).name.clone());
        }
    }
    let expected = ["2/1.linear/weight", "2/1.linear/bias", "3/1.linear/weight", "3/1.linear/bias"];
    assert_eq!(alike, expected, "the first stage alone is taught otherwise");
}
