//! What holds of every rule: it learns, it teaches images, it refuses with a reason.

use engine::exec::oracle::Oracle;
use engine::ir::{Program, Role, Shape, SlotId, Stmt, Value};
use engine::lesson::Lesson;
use engine::net::Net;
use engine::ops::Tensor;
use engine::rules::{Credit, RULES};

use crate::bench::*;
use crate::support::*;

/// Rules from which less is to be expected, or later: steps, and the share of right answers that they pass.
const EXPECTED: &[(&str, u32, f64)] = &[
    // Its boxes stay the random layers that they are.
    ("model-free-forward-forward", 1000, 0.95),
    // One bit of knowledge a direction, and steps of the same length throughout: it is made for fine-tuning.
    ("fixed-point-forward-gradient", 1000, 0.8),
];

#[test]
fn every_rule_learns() {
    for rule in RULES {
        let id = rule.meta().id;
        let relu = net(2, vec![vec![linear(12), activation("relu")], vec![linear(12), activation("relu")], read_out()]);
        let relu = Bench::new(id, &[], relu, &[2], 32);
        let bench = if relu.fits().is_ok() { relu } else { fitting(id, &[], 12, 2, 2, &[2], 32) };
        let (steps, bound) = EXPECTED.iter().find(|e| e.0 == id).map_or((250, 0.95), |e| (e.1, e.2));
        let accuracy = trained(bench, steps);
        assert!(accuracy > bound, "{id}: {accuracy}");
    }
}

#[test]
fn variants_learn() {
    let deep = || net(2, vec![hidden(12), hidden(12), read_out()]);
    let relu = || net(2, vec![vec![linear(16), activation("relu")], vec![linear(16), activation("relu")], read_out()]);
    let shared = taught("direct-feedback-alignment", &[("feedback", word("shared"))], deep(), 250);
    let hard = taught("forward-forward", &[("negatives", word("hard"))], relu(), 250);
    let pipeline = taught("direct-feedback-alignment", &[("delay", int(1))], deep(), 250);
    let uniform = taught("sign-symmetric", &[("magnitude", word("uniform"))], deep(), 250);
    let redrawn = taught("sign-symmetric", &[("magnitude", word("redrawn"))], deep(), 250);
    let mirrored = taught("pepita", &[("feedback", word("mirrored"))], relu(), 250);
    let added = taught("pepita", &[("sign", word("add"))], relu(), 250);
    let back = [pipeline, uniform, redrawn, mirrored, added];
    assert!(back.iter().all(|&a| a > 0.95), "{back:?}");
    let one = net(2, vec![vec![linear(16), activation("relu")], read_out()]);
    let single = taught("forward-forward", &[], one, 250);
    let routed = || net(2, vec![vec![route(3, "top-k", &[], hidden(8))], read_out()]);
    let experts = taught("backprop", &[], routed(), 250);
    assert!(shared > 0.95 && hard > 0.95 && single > 0.95 && experts > 0.95, "{shared} {hard} {single} {experts}");
}

#[test]
fn rules_refuse_with_a_reason() {
    let refused = |rule: &str, net: Net, what: &str| {
        let message = Bench::new(rule, &[], net, &[3], 4).fits().unwrap_err();
        assert!(message.contains(what), "{rule}: {message}");
    };
    let batch_norm = || vec![linear(4), node("batch-norm", &[], vec![])];
    for rule in RULES {
        let id = rule.meta().id;
        refused(id, net(2, vec![]), "");
        refused(id, net(2, vec![hidden(3), hidden(5)]), "read-out");
        refused(id, net(2, vec![vec![node("conv2d", &[], vec![])], read_out()]), "image");
    }
    for id in ["direct-feedback-alignment", "feedback-alignment", "product-feedback-alignment", "pepita"] {
        refused(id, net(2, vec![read_out()]), "two stages");
    }
    refused("forward-forward", net(2, vec![read_out()]), "hidden stage");
    refused("forward-forward", net(2, vec![batch_norm(), read_out()]), "1: its samples");
    let nested = vec![node("residual", &[], vec![linear(3), node("batch-norm", &[], vec![])])];
    refused("forward-forward", net(2, vec![nested, read_out()]), "1: its samples");
    refused("model-free-forward-forward", net(2, vec![batch_norm(), read_out()]), "1: its samples");
    refused("lls", net(4, vec![hidden(4), read_out()]), "1: 4 units");
    for rule in ["mono-forward", "local-classifiers", "lls", "momentum-auxiliary", "counter-current"] {
        refused(rule, net(2, vec![read_out()]), "hidden stage");
    }
    for rule in ["backprop", "direct-feedback-alignment"] {
        Bench::new(rule, &[], net(2, vec![batch_norm(), read_out()]), &[3], 4).fits().unwrap();
    }
}

/// Rules that ask for stages of another form than [`rules_teach_images`] has, and say so.
const NO_IMAGES: &[(&str, &str)] = &[("highway-backprop", "way past"), ("block-coordinate-descent", "closed form")];

/// Steps after which every stage of a pipeline has something to learn from.
const FILLED: u32 = 6;

/// The registers before the tick of the last of the steps for which a batch stays, or of one at which a pipeline is full,
/// had the weights kept still meanwhile.
fn at_the_last_step(bench: &mut Bench, lesson: &Lesson) -> Oracle {
    let one = input(&mut bench.g, "one", &[2]);
    let one_read = bench.g.read(one);
    let next = bench.g.add(bench.clock.step, one_read);
    let mut tick: Vec<(SlotId, Value)> = lesson.writes.clone();
    tick.retain(|w| bench.g.slot(w.0).role != Role::Param);
    tick.push((bench.step, next));
    let mut oracle = bench.registers();
    oracle.write(one, Tensor::new([2], vec![1.0, 0.0]));
    let graph = std::rc::Rc::new(bench.g.clone());
    let mut step = lesson.before.clone();
    step.push(Stmt::Tick(tick));
    let step = Program::new(graph.clone(), "step", step);
    let steps = match bench.rule.hold(&bench.knobs) {
        1 => FILLED,
        hold => hold - 1,
    };
    (0..steps).for_each(|_| oracle.run(&step));
    oracle.run(&Program::new(graph, "before", lesson.before.clone()));
    oracle
}

/// Convolutional stages under every rule, with images that hold the label.
#[test]
fn rules_teach_images() {
    for rule in RULES {
        let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
        let pooled = vec![node("max-pool", &[], vec![]), linear(6), activation("relu")];
        let id = rule.meta().id;
        let mut bench = Bench::new(id, &[], net(3, vec![conv, pooled, read_out()]), &[4, 4, 1], 5);
        if let Some((_, why)) = NO_IMAGES.iter().find(|n| n.0 == id) {
            assert!(bench.fits().is_err_and(|fault| fault.contains(why)), "{id} does fit");
            continue;
        }
        let lesson = bench.learn();
        let moved: Vec<(SlotId, Value)> =
            lesson.updates.iter().map(|u| (u.slot, u.gradient)).chain(lesson.writes.iter().copied()).collect();
        let weights: Vec<SlotId> = bench.g.slot_ids().filter(|&id| bench.g.slot(id).role == Role::Param).collect();
        assert!(weights.len() == 6 || rule.credit() == Credit::None, "{id}: {weights:?}");
        // A rule that never asks for the blocks' derivatives may leave them as they are, if it learns something at their stage.
        let black_box = !rule.needs(&bench.knobs).derivatives;
        for weight in weights.iter().filter(|_| rule.credit() != Credit::None) {
            let name = &bench.g.slot(*weight).name;
            let own = |m: &(SlotId, Value)| {
                let moved = &bench.g.slot(m.0).name;
                m.0 == *weight || (black_box && moved.starts_with("rule/") && stage_of(moved) == stage_of(name))
            };
            assert!(moved.iter().any(own), "{id}: {name}");
        }
        let all: Vec<Value> = moved.iter().map(|m| m.1).collect();
        let oracle = at_the_last_step(&mut bench, &lesson);
        for ((slot, _), t) in moved.iter().zip(oracle.values(&bench.g, &all)) {
            let slot = bench.g.slot(*slot);
            let moves = t.data.iter().any(|v| *v != 0.0) || !matches!(slot.role, Role::Param | Role::Feedback);
            assert!(moves && t.data.iter().all(|v| v.is_finite()), "{id}: {}", slot.name);
        }
        assert_eq!(*bench.g.shape(lesson.loss), Shape::default());
    }
}
