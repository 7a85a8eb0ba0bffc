//! Stages that learn alone: no loss reaches another stage's weights, and each learns what its paper says.

use engine::ad::{self, Exact};
use engine::ir::{SlotId, Value};
use engine::lesson::Lesson;
use engine::ops::Op;
use engine::registry::Setting;
use engine::rules::{Credit, RULES};

use crate::bench::*;
use crate::support::*;

/// What a lesson's `value` holds, by the registers of `bench`.
pub fn held(bench: &Bench, value: Value) -> Vec<f64> {
    bench.registers().values(&bench.g, &[value])[0].data.clone()
}

/// `a [n, k] · b [k, m]`, plainly.
pub fn product(a: &[f64], b: &[f64], k: usize) -> Vec<f64> {
    let (n, m) = (a.len() / k, b.len() / k);
    let cell = |i: usize| (0..k).map(|j| a[i / m * k + j] * b[j * m + i % m]).sum();
    (0..n * m).map(cell).collect()
}

/// The transpose of `a [n, m]`.
pub fn transposed(a: &[f64], m: usize) -> Vec<f64> {
    let n = a.len() / m;
    (0..a.len()).map(|i| a[i % n * m + i / n]).collect()
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let sum: f64 = row.iter().map(|v| v.exp()).sum();
    row.iter().map(|v| v.exp() / sum).collect()
}

/// The rules whose credit is local, with the knobs that change what a stage hears.
fn local_rules() -> Vec<(&'static str, Vec<(&'static str, Setting)>)> {
    let local = RULES.iter().filter(|rule| rule.credit() == Credit::Local);
    let mut cases: Vec<_> = local.map(|rule| (rule.meta().id, Vec::new())).collect();
    assert!(cases.len() >= 7);
    cases.push(("forward-forward", vec![("collaboration", word("all"))]));
    cases.push(("mono-forward", vec![("answer", word("all"))]));
    cases.push(("momentum-auxiliary", vec![("ahead", word("copy"))]));
    cases.push(("lls", vec![("mixing", word("matrix")), ("basis", word("random"))]));
    cases
}

/// No derivative leads from what moves one stage to the weights of another: what a stage knows of others it takes as
/// given.
#[test]
fn no_loss_reaches_another_stage() {
    for (rule, settings) in local_rules() {
        let layers = vec![hidden(6), hidden(7), hidden(8), read_out()];
        let mut bench = Bench::new(rule, &settings, net(3, layers), &[4], 6);
        let lesson = bench.learn();
        let weights: Vec<SlotId> = bench.g.slot_ids().filter(|&id| bench.g.slot(id).name.contains("weight")).collect();
        let mut within = 0;
        for update in &lesson.updates {
            let own = bench.g.slot(update.slot).name.clone();
            let shape = bench.g.shape(update.gradient).clone();
            let ct = input(&mut bench.g, "ct", &[]);
            let ct = bench.g.read(ct);
            let ct = bench.g.broadcast(ct, shape);
            for &other in weights.iter().chain(lesson.updates.iter().map(|u| &u.slot)) {
                let name = bench.g.slot(other).name.clone();
                let weight = bench.g.read(other);
                let reaches = ad::vjp(&mut bench.g, &[(update.gradient, ct)], &[weight], &Exact)[0].is_some();
                assert!(
                    !reaches || stage_of(&name) == stage_of(&own),
                    "{rule}: {own} depends on {name} beyond its input"
                );
                within += usize::from(reaches);
            }
        }
        assert!(within > 0, "{rule}: the test would see a dependency");
    }
}

/// The network's weights that a head which learns alone leaves alone: every update is of its own stage.
fn slots(bench: &Bench, lesson: &Lesson) -> Vec<String> {
    lesson.updates.iter().map(|u| bench.g.slot(u.slot).name.clone()).collect()
}

/// δ = softmax(h M) − y;  ∂M = hᵀ δ,  ∂W = xᵀ (δ Mᵀ ⊙ 1[h > 0]), means over the batch.
#[test]
fn mono_forward_is_its_formula() {
    // A power of two, whose reciprocal is exact.
    const BATCH: usize = 8;
    let one = vec![node("linear", &[("units", int(5))], vec![]), activation("relu")];
    let mut bench = Bench::new("mono-forward", &[], net(3, vec![one, read_out()]), &[4], BATCH);
    let lesson = bench.learn();
    let oracle = bench.registers();
    let read = |name: &str| oracle.read(bench.slot(name)).data.clone();
    let (x, w, m) = (read("x"), read("1/1.linear/weight"), read("rule/goodness 1"));
    let h: Vec<f64> = product(&x, &w, 4).iter().map(|v| v.max(0.0)).collect();
    assert!(h.contains(&0.0) && h.iter().any(|v| *v > 0.0));
    let labels = read("labels");
    let mut delta: Vec<f64> = product(&h, &m, 5).chunks(3).flat_map(softmax).collect();
    for (i, label) in labels.iter().enumerate() {
        delta[i * 3 + *label as usize] -= 1.0;
    }
    delta.iter_mut().for_each(|d| *d /= BATCH as f64);
    let dm = product(&transposed(&h, 5), &delta, BATCH);
    let mut dh = product(&delta, &transposed(&m, 3), 3);
    dh.iter_mut().zip(&h).for_each(|(d, h)| *d *= f64::from(u8::from(*h > 0.0)));
    let dw = product(&transposed(&x, 4), &dh, BATCH);
    for (name, expected) in [("rule/goodness 1", dm), ("1/1.linear/weight", dw)] {
        assert!(distance(&held(&bench, bench.update(&lesson, name)), &expected) < 1e-12, "{name}");
    }
}

/// A linear local classifier without its bias is Mono-Forward.
#[test]
fn a_linear_classifier_is_mono_forward() {
    let build = || net(3, vec![hidden(5), hidden(4), read_out()]);
    let mut mono = Bench::new("mono-forward", &[], build(), &[4], 6);
    let mut greedy = Bench::new("local-classifiers", &[("head", word("linear"))], build(), &[4], 6);
    let (a, b) = (mono.learn(), greedy.learn());
    let mut oracle = greedy.registers();
    let network: Vec<String> = slots(&mono, &a).into_iter().filter(|name| !name.starts_with("rule/")).collect();
    let mut pairs = vec![("rule/goodness 1", "rule/head 1/scores"), ("rule/goodness 2", "rule/head 2/scores")];
    pairs.extend(network.iter().map(|name| (name.as_str(), name.as_str())));
    for (from, to) in pairs {
        oracle.write(greedy.slot(to), mono.registers().read(mono.slot(from)).clone());
    }
    for name in &network {
        let got = oracle.values(&greedy.g, &[greedy.update(&b, name)])[0].data.clone();
        assert!(distance(&got, &held(&mono, mono.update(&a, name))) < 1e-12, "{name}");
    }
    assert!(slots(&greedy, &b).contains(&"rule/head 1/scores bias".to_owned()));
}

/// The basis of LLS is never written, neither by an update nor otherwise; its waves are orthogonal, its square waves
/// their signs.
#[test]
fn the_basis_of_lls_stays() {
    const UNITS: usize = 20;
    let learn = |basis: &str, mixing: &str| {
        let settings = [("basis", word(basis)), ("mixing", word(mixing))];
        let mut bench = Bench::new("lls", &settings, net(4, vec![hidden(UNITS as i64), read_out()]), &[3], 5);
        let lesson = bench.learn();
        (bench, lesson)
    };
    for mixing in ["none", "gains", "matrix"] {
        let (bench, lesson) = learn("random", mixing);
        let basis = bench.slot("rule/basis 1");
        assert!(lesson.updates.iter().all(|u| u.slot != basis) && lesson.writes.iter().all(|w| w.0 != basis));
        let own = lesson.updates.iter().filter(|u| bench.g.slot(u.slot).name.starts_with("rule/")).count();
        assert_eq!(own, usize::from(mixing != "none"));
    }
    let waves = |basis: &str| {
        let (bench, lesson) = learn(basis, "none");
        let live = bench.g.live(&[bench.update(&lesson, "1/1.linear/weight")]);
        let basis = live.into_iter().find_map(|v| match bench.g.node(v).op {
            Op::MatMul(m) if m.tb => Some(bench.g.node(v).args[1]).filter(|&b| **bench.g.shape(b) == [4, UNITS]),
            _ => None,
        });
        let basis = basis.unwrap();
        let reads = bench.g.live(&[basis]).into_iter().any(|v| matches!(bench.g.node(v).op, Op::Read(_)));
        assert!(!reads, "the waves depend on no register");
        held(&bench, basis)
    };
    let (sine, square) = (waves("sine"), waves("square"));
    for (i, v) in product(&sine, &transposed(&sine, UNITS), UNITS).iter().enumerate() {
        let expected = if i / 4 == i % 4 { UNITS as f64 / 2.0 } else { 0.0 };
        assert!((v - expected).abs() < 1e-5, "waves {} and {}: {v}", i / 4, i % 4);
    }
    for (s, q) in sine.iter().zip(&square) {
        assert!(q.abs() == 1.0 && (s * q > 0.0 || s.abs() < 1e-5), "{s} and {q}");
    }
}

/// The loss of scalable forward-forward is softplus(ln Σ exp wrong goodness − true goodness), goodness the mean square of
/// each class's channels.
#[test]
fn scalable_goodness_is_its_formula() {
    let settings = [("channels", int(2))];
    let one = vec![linear(5), activation("relu")];
    let mut bench = Bench::new("scalable-forward-forward", &settings, net(3, vec![one, read_out()]), &[4], 8);
    let lesson = bench.learn();
    let oracle = bench.registers();
    let read = |name: &str| oracle.read(bench.slot(name)).data.clone();
    let h: Vec<f64> = product(&read("x"), &read("1/1.linear/weight"), 4).iter().map(|v| v.max(0.0)).collect();
    let u = product(&h, &read("rule/map 1"), 5);
    let labels = read("labels");
    let loss = |(i, row): (usize, &[f64])| {
        let goodness: Vec<f64> = row.chunks(2).map(|c| (c[0] * c[0] + c[1] * c[1]) / 2.0).collect();
        let label = labels[i] as usize;
        let wrong: f64 = (0..3).filter(|&c| c != label).map(|c| goodness[c].exp()).sum();
        (1.0 + (wrong.ln() - goodness[label]).exp()).ln()
    };
    let expected = u.chunks(6).enumerate().map(loss).sum::<f64>() / 8.0;
    let signal = lesson.signals.iter().find(|s| s.name == "loss of the stage").unwrap();
    assert!((held(&bench, signal.value)[0] - expected).abs() < 1e-12);
}

/// The mean of all answers is what its name says.
#[test]
fn all_stages_answer() {
    let build = || net(3, vec![hidden(5), hidden(4), read_out()]);
    let answer = |answer: &str| {
        let mut bench = Bench::new("mono-forward", &[("answer", word(answer))], build(), &[4], 6);
        let lesson = bench.learn();
        let (rule, x) = (bench.rule, bench.batch.x);
        let predicted = bench.with(|cx| rule.predict(cx, x));
        assert_eq!(held(&bench, predicted), held(&bench, lesson.logits), "what is shown is what is answered");
        (held(&bench, predicted), bench)
    };
    let ((last, _), (all, bench)) = (answer("last"), answer("all"));
    let oracle = bench.registers();
    let read = |name: &str| oracle.read(bench.slot(name)).data.clone();
    let layer = |x: &[f64], w: &[f64], k: usize| -> Vec<f64> { product(x, w, k).iter().map(|v| v.tanh()).collect() };
    let h = layer(&read("x"), &read("1/1.linear/weight"), 4);
    let first = product(&h, &read("rule/goodness 1"), 5);
    let second = product(&layer(&h, &read("2/1.linear/weight"), 5), &read("rule/goodness 2"), 4);
    let expected: Vec<f64> = (0..last.len()).map(|i| (last[i] + first[i] + second[i]) / 3.0).collect();
    assert!(distance(&all, &expected) < 1e-7);
}
