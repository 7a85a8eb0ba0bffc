//! Forward-forward keeps its stages apart and its labels out of sight.

use engine::ops::Tensor;
use engine::registry::Setting;

use crate::bench::*;
use crate::support::*;

/// The reference gradient of forward-forward is that of the task's loss, as differences give it: through all stages.
#[test]
fn reference_passes_detached_stages() {
    let mut bench = Bench::new("forward-forward", &[], net(3, vec![hidden(5), hidden(4), read_out()]), &[3], 6);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let oracle = bench.registers();
    let slot = bench.slot("1/1.linear/weight");
    let i = lesson.updates.iter().position(|u| u.slot == slot).unwrap();
    let got = oracle.values(&bench.g, &[exact[i]])[0].data[0];
    let at = |by: f64| {
        let mut moved = oracle.clone();
        let mut t = oracle.read(slot).clone();
        t.data[0] += by;
        moved.write(slot, t);
        moved.values(&bench.g, &[lesson.loss])[0].data[0]
    };
    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert!((got - expected).abs() < 1e-7 && expected.abs() > 1e-5, "{got} and {expected}");
}

/// What the network answers, and what its read-out learns from, does not depend on the label's place in the input.
#[test]
fn forward_forward_hides_the_label() {
    for input in [vec![4], vec![3, 3, 1]] {
        let mut bench = Bench::new("forward-forward", &[], net(3, vec![hidden(6), hidden(5), read_out()]), &input, 6);
        let lesson = bench.learn();
        let oracle = bench.registers();
        let mut other = oracle.clone();
        other.write(bench.slot("labels"), Tensor::new([6], vec![2.0, 2.0, 1.0, 0.0, 0.0, 1.0]));
        let head = bench.update(&lesson, "3/1.linear/weight");
        let before = oracle.values(&bench.g, &[lesson.logits, head]);
        let after = other.values(&bench.g, &[lesson.logits, head]);
        assert_eq!(before[0], after[0]);
        assert_ne!(before[1], after[1]);
        if input.len() == 3 {
            // The first three pixels hold the label: what stood there cannot matter.
            let mut other = oracle.clone();
            let mut x = oracle.read(bench.slot("x")).clone();
            x.data[..3].fill(9.0);
            other.write(bench.slot("x"), x);
            assert_eq!(other.values(&bench.g, &[lesson.logits])[0], before[0]);
        }
    }
}

/// A stage that hands on its strength lets the next one read the answer off it; a normalised one does not.
#[test]
fn normalising_hides_the_strength() {
    for normalise in [true, false] {
        let settings = [("normalise", Setting::Bool(normalise))];
        let net = net(3, vec![vec![linear(6), activation("relu")], vec![linear(5)], read_out()]);
        let mut bench = Bench::new("forward-forward", &settings, net, &[4], 6);
        let lesson = bench.learn();
        let weight = bench.slot("1/1.linear/weight");
        let oracle = bench.registers();
        let mut stronger = oracle.clone();
        let mut w = oracle.read(weight).clone();
        w.data.iter_mut().for_each(|v| *v *= 3.0);
        stronger.write(weight, w);
        let update = bench.update(&lesson, "2/1.linear/weight");
        let both = (oracle.values(&bench.g, &[update]), stronger.values(&bench.g, &[update]));
        assert_eq!(distance(&both.0[0].data, &both.1[0].data) < 1e-5, normalise);
    }
}
