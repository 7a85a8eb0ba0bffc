//! The momentum auxiliary network's copies follow the next stage by their formula, and are followed by nothing.

use std::rc::Rc;

use engine::ir::{Program, Stmt};
use engine::ops::Tensor;

use crate::bench::*;
use crate::support::*;

const COPY: &str = "rule/copy 1/2/1.linear/weight";
const ORIGINAL: &str = "2/1.linear/weight";

/// E ← m E + (1 − m) W, from E = W.
#[test]
fn copies_follow() {
    let settings = [("momentum", float(0.75))];
    let mut bench =
        Bench::new("momentum-auxiliary", &settings, net(3, vec![hidden(5), hidden(4), read_out()]), &[4], 6);
    let lesson = bench.learn();
    let update = bench.update(&lesson, "1/1.linear/weight");
    let step = Program::new(Rc::new(bench.g.clone()), "step", vec![Stmt::Tick(lesson.writes.clone())]);
    let mut oracle = bench.registers();
    let original = oracle.read(bench.slot(ORIGINAL)).clone();
    let before = oracle.values(&bench.g, &[update])[0].data.clone();
    oracle.run(&step);
    assert_eq!(oracle.read(bench.slot(COPY)), &original, "the copy begins as what it copies");
    assert_eq!(oracle.values(&bench.g, &[update])[0].data, before, "before there is a copy, the original serves");

    let moved = Tensor::new(original.shape.clone(), original.data.iter().map(|w| 2.0 * w + 1.0).collect());
    oracle.write(bench.slot(ORIGINAL), moved.clone());
    let blind = oracle.values(&bench.g, &[update])[0].data.clone();
    assert_eq!(blind, before, "the stage hears of the next one through the copy alone");
    oracle.run(&step);
    let expected: Vec<f64> = original.data.iter().zip(&moved.data).map(|(e, w)| 0.75 * e + 0.25 * w).collect();
    assert!(distance(&oracle.read(bench.slot(COPY)).data, &expected) < 1e-12);
    let seeing = oracle.values(&bench.g, &[update])[0].data.clone();
    assert!(distance(&seeing, &before) > 1e-4, "and learns otherwise when the copy has moved");
}

/// No copy has an update; what stands beside it has one, of the next stage's form.
#[test]
fn copies_take_no_gradient() {
    let mut bench = Bench::new("momentum-auxiliary", &[], net(3, vec![hidden(5), hidden(4), read_out()]), &[4], 6);
    let lesson = bench.learn();
    let names: Vec<&str> = lesson.updates.iter().map(|u| bench.g.slot(u.slot).name.as_str()).collect();
    assert!(names.iter().all(|name| !name.contains("copy")), "{names:?}");
    assert!(lesson.writes.iter().any(|w| w.0 == bench.slot(COPY)));
    for weight in ["2/1.linear/weight", "2/1.linear/bias", "3/1.linear/weight", "3/1.linear/bias"] {
        let stage = if weight.starts_with('2') { 1 } else { 2 };
        let beside = format!("rule/beside {stage}/{weight}");
        assert!(names.contains(&beside.as_str()), "{beside}");
        let shape = |name: &str| bench.g.slot(bench.slot(name)).shape.clone();
        assert_eq!(shape(&beside), shape(weight));
    }
    // Before the read-out the sum of copy and companion is the answer itself; elsewhere a classifier stands behind it.
    assert!(names.contains(&"rule/head 1") && !names.contains(&"rule/head 2"));
}

/// A copy of a stage leaves no running statistic behind: the stage's own are written once, by its own pass.
#[test]
fn copies_leave_nothing_behind() {
    let normed = vec![linear(4), node("batch-norm", &[], vec![]), activation("relu")];
    let layers = || vec![hidden(5), normed.clone(), read_out()];
    let written = |ahead: &str| {
        let mut bench = Bench::new("momentum-auxiliary", &[("ahead", word(ahead))], net(3, layers()), &[4], 6);
        let lesson = bench.learn();
        let slot = bench.slot("2/2.batch-norm/mean");
        let writes: Vec<_> = lesson.writes.iter().filter(|w| w.0 == slot).collect();
        assert_eq!(writes.len(), 1);
        let mut oracle = bench.registers();
        for (i, weight) in ["1/1.linear/weight", "1/1.linear/bias", "2/1.linear/weight"].into_iter().enumerate() {
            let shape = bench.g.slot(bench.slot(weight)).shape.clone();
            oracle.write(bench.slot(weight), Tensor::new(shape.clone(), numbers(i as u32, shape.size())));
        }
        oracle.values(&bench.g, &[writes[0].1])[0].data.clone()
    };
    assert!(distance(&written("none"), &written("both")) < 1e-12);
}
