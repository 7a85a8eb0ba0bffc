//! Counter-current learning's two networks move by their closed formulas, and no further than the clip lets them.

use engine::registry::Setting;

use crate::bench::*;
use crate::local::{held, product, transposed};
use crate::support::*;

const BATCH: usize = 6;
const CLASSES: usize = 3;

fn bench(settings: &[(&str, Setting)]) -> Bench {
    let layers = vec![vec![linear(5), activation("tanh")], vec![linear(4), activation("tanh")], read_out()];
    Bench::new("counter-current", settings, net(CLASSES, layers), &[7], BATCH)
}

fn elu(x: &f64) -> f64 {
    if *x > 0.0 { *x } else { x.exp() - 1.0 }
}

/// E = a cᵀ − Y;  ∂a = 256 / (n B C) · E c,  ∂c = the same · Eᵀ a; from there within the layer.
#[test]
fn both_networks_move_by_their_formulas() {
    let mut bench = bench(&[("clip", float(1e6))]);
    let lesson = bench.learn();
    let oracle = bench.registers();
    let read = |name: &str| oracle.read(bench.slot(name)).data.clone();
    let layer =
        |x: &[f64], name: &str, k: usize| -> Vec<f64> { product(x, &read(name), k).iter().map(|v| v.tanh()).collect() };
    let x = read("x");
    let a1 = layer(&x, "1/1.linear/weight", 7);
    let a2 = layer(&a1, "2/1.linear/weight", 5);
    let identity: Vec<f64> = (0..9).map(|i| f64::from(u8::from(i / 3 == i % 3))).collect();
    let s2 = product(&identity, &read("rule/feedback 2"), 3);
    let c2: Vec<f64> = s2.iter().map(elu).collect();
    let s1 = product(&c2, &read("rule/feedback 1"), 4);
    let c1: Vec<f64> = s1.iter().map(elu).collect();
    let c0 = product(&c1, &read("rule/feedback 0"), 5);
    let labels = read("labels");

    let error = |a: &[f64], c: &[f64], n: usize| -> Vec<f64> {
        let scores = product(a, &transposed(c, n), n);
        let wanted = |i: usize| f64::from(u8::from(labels[i / CLASSES] as usize == i % CLASSES));
        let k = 256.0 / (n * BATCH * CLASSES) as f64;
        scores.iter().enumerate().map(|(i, s)| k * (s - wanted(i))).collect()
    };
    let ahead = |input: &[f64], width: usize, a: &[f64], c: &[f64], n: usize| {
        let da = product(&error(a, c, n), c, CLASSES);
        let ds: Vec<f64> = da.iter().zip(a).map(|(d, a)| d * (1.0 - a * a)).collect();
        product(&transposed(input, width), &ds, BATCH)
    };
    let back = |input: &[f64], width: usize, a: &[f64], c: &[f64], sum: Option<&[f64]>, n: usize| {
        let dc = product(&transposed(&error(a, c, n), CLASSES), a, BATCH);
        let slope = |i: usize| sum.map_or(1.0, |s| if s[i] > 0.0 { 1.0 } else { s[i].exp() });
        let ds: Vec<f64> = dc.iter().enumerate().map(|(i, d)| d * slope(i)).collect();
        product(&transposed(input, width), &ds, CLASSES)
    };
    let expected = [
        ("1/1.linear/weight", ahead(&x, 7, &a1, &c1, 5)),
        ("2/1.linear/weight", ahead(&a1, 5, &a2, &c2, 4)),
        ("rule/feedback 2", back(&identity, 3, &a2, &c2, Some(&s2), 4)),
        ("rule/feedback 1", back(&c2, 4, &a1, &c1, Some(&s1), 5)),
        ("rule/feedback 0", back(&c1, 5, &x, &c0, None, 7)),
    ];
    for (name, expected) in expected {
        let got = held(&bench, bench.update(&lesson, name));
        assert!(distance(&got, &expected) < 1e-7, "{name}: {got:?} and {expected:?}");
    }
}

/// No group of gradients is longer than the clip, and one that was keeps its direction.
#[test]
fn the_clip_holds() {
    for over in ["stage", "network"] {
        let group = |name: &str| match (over, name.starts_with("rule/")) {
            ("stage", _) => name.split("/1.").next().unwrap().to_owned(),
            (_, true) => "feedback".to_owned(),
            (_, false) => "forward".to_owned(),
        };
        let gradients = |clip: f64| {
            let mut bench = bench(&[("clip", float(clip)), ("clip-over", word(over))]);
            let lesson = bench.learn();
            let mut groups: std::collections::BTreeMap<String, Vec<f64>> = Default::default();
            for update in &lesson.updates {
                let name = group(&bench.g.slot(update.slot).name);
                groups.entry(name).or_default().extend(held(&bench, update.gradient));
            }
            groups
        };
        let (free, short) = (gradients(1e6), gradients(0.01));
        assert_eq!(free.len(), if over == "stage" { 6 } else { 2 });
        for (name, free) in &free {
            let length = free.iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!(length > 0.01, "{name} would not be clipped");
            let expected: Vec<f64> = free.iter().map(|v| v * 0.01 / length).collect();
            assert!(distance(&short[name], &expected) < 1e-8, "{name}");
        }
    }
}
