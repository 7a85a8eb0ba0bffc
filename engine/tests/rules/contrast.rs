//! Rules that tell true labels from wrong ones: collaboration, the goodness of each label, boxes that stay closed.

use engine::ad::{self, Exact};
use engine::ops::Tensor;
use engine::registry::Setting;

use crate::bench::*;
use crate::local::held;
use crate::support::*;

fn layers() -> engine::net::Net {
    net(3, vec![hidden(6), hidden(5), hidden(4), read_out()])
}

/// Layer collaboration with γ = 0 is plain forward-forward; with γ > 0 every stage learns otherwise that has others to
/// listen to.
#[test]
fn collaboration_of_nothing_is_plain() {
    let updates = |settings: &[(&str, Setting)]| {
        let mut bench = Bench::new("forward-forward", settings, layers(), &[4], 6);
        let lesson = bench.learn();
        ["1/1.linear/weight", "2/1.linear/weight", "3/1.linear/weight", "4/1.linear/weight"]
            .map(|name| held(&bench, bench.update(&lesson, name)))
    };
    let plain = updates(&[]);
    for (way, deaf) in [("all", None), ("earlier", Some(0))] {
        let with = |gamma: f64| updates(&[("collaboration", word(way)), ("gamma", float(gamma))]);
        assert_eq!(with(0.0), plain);
        for (i, (a, b)) in with(0.5).iter().zip(&plain).enumerate() {
            let same = distance(a, b) < 1e-9;
            assert_eq!(same, deaf == Some(i) || i == 3, "{way}: stage {}", i + 1);
        }
    }
}

/// The answer by goodness has for each label what the stages make of the input with that label in it.
#[test]
fn goodness_answers_for_each_label() {
    const BATCH: usize = 8;
    for input in [vec![4], vec![3, 3, 1]] {
        for (rule, width, threshold) in [("forward-forward", 5.0, 1.0), ("model-free-forward-forward", 1.0, 0.0)] {
            let layers = net(3, vec![hidden(5), read_out()]);
            let mut bench = Bench::new(rule, &[("answer", word("goodness"))], layers, &input, BATCH);
            let lesson = bench.learn();
            let (rule, x) = (bench.rule, bench.batch.x);
            let scores = bench.with(|cx| rule.predict(cx, x));
            let signal = lesson.signals.iter().find(|s| s.name == "goodness, true label").unwrap().value;
            let oracle = bench.registers();
            let scores = oracle.values(&bench.g, &[scores])[0].data.clone();
            for class in 0..3 {
                let mut labelled = oracle.clone();
                labelled.write(bench.slot("labels"), Tensor::new([BATCH], vec![class as f64; BATCH]));
                let goodness = labelled.values(&bench.g, &[signal])[0].data[0];
                let mean = scores.iter().skip(class).step_by(3).sum::<f64>() / BATCH as f64;
                assert!((mean - width * (goodness - threshold)).abs() < 1e-9, "class {class}: {mean} and {goodness}");
            }
        }
    }
}

/// The boxes of model-free forward-forward keep their weights, and what learns behind them has no derivative through them.
#[test]
fn boxes_stay_closed() {
    let mut bench = Bench::new("model-free-forward-forward", &[], layers(), &[4], 6);
    let lesson = bench.learn();
    let names: Vec<String> = lesson.updates.iter().map(|u| bench.g.slot(u.slot).name.clone()).collect();
    assert_eq!(names, ["rule/map 1", "rule/map 2", "rule/map 3", "4/1.linear/weight", "4/1.linear/bias"]);
    assert!(lesson.writes.is_empty());
    for update in &lesson.updates {
        let shape = bench.g.shape(update.gradient).clone();
        let ct = input(&mut bench.g, "ct", &[]);
        let ct = bench.g.read(ct);
        let ct = bench.g.broadcast(ct, shape);
        for stage in 1..4 {
            let weight = bench.slot(&format!("{stage}/1.linear/weight"));
            let weight = bench.g.read(weight);
            assert!(ad::vjp(&mut bench.g, &[(update.gradient, ct)], &[weight], &Exact)[0].is_none());
        }
    }
    // The goodness is a cosine: longer maps make no difference to it.
    let signal = lesson.signals[0].value;
    let oracle = bench.registers();
    let mut longer = oracle.clone();
    let mut map = oracle.read(bench.slot("rule/map 1")).clone();
    map.data.iter_mut().for_each(|v| *v *= 7.0);
    longer.write(bench.slot("rule/map 1"), map);
    let both = [oracle, longer].map(|o| o.values(&bench.g, &[signal])[0].data[0]);
    assert!((both[0] - both[1]).abs() < 1e-9 && both[0].abs() > 1e-3, "{both:?}");
}
