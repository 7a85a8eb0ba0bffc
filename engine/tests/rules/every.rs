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
const EXPECTED: &[(&str, u32, f64)] = &[];

#[test]
fn every_rule_learns() {
    for rule in RULES {
        let net = net(2, vec![vec![linear(12), activation("relu")], vec![linear(12), activation("relu")], read_out()]);
        let id = rule.meta().id;
        let (steps, bound) = EXPECTED.iter().find(|e| e.0 == id).map_or((250, 0.95), |e| (e.1, e.2));
        let accuracy = taught(id, &[], net, steps);
        assert!(accuracy > bound, "{id}: {accuracy}");
    }
}

#[test]
fn variants_learn() {
    let deep = || net(2, vec![hidden(12), hidden(12), read_out()]);
    let relu = || net(2, vec![vec![linear(16), activation("relu")], vec![linear(16), activation("relu")], read_out()]);
    let shared = taught("direct-feedback-alignment", &[("feedback", word("shared"))], deep(), 250);
    let hard = taught("forward-forward", &[("negatives", word("hard"))], relu(), 250);
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
    refused("direct-feedback-alignment", net(2, vec![read_out()]), "two stages");
    refused("forward-forward", net(2, vec![read_out()]), "hidden stage");
    refused("forward-forward", net(2, vec![batch_norm(), read_out()]), "1: its samples");
    let nested = vec![node("residual", &[], vec![linear(3), node("batch-norm", &[], vec![])])];
    refused("forward-forward", net(2, vec![nested, read_out()]), "1: its samples");
    for rule in ["backprop", "direct-feedback-alignment"] {
        Bench::new(rule, &[], net(2, vec![batch_norm(), read_out()]), &[3], 4).fits().unwrap();
    }
}

/// The registers before the tick of the last of the steps for which a batch stays, had the weights kept still meanwhile.
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
    (1..bench.rule.hold(&bench.knobs)).for_each(|_| oracle.run(&step));
    oracle.run(&Program::new(graph, "before", lesson.before.clone()));
    oracle
}

/// Convolutional stages under every rule, with images that hold the label.
#[test]
fn rules_teach_images() {
    for rule in RULES {
        let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
        let pooled = vec![node("max-pool", &[], vec![]), linear(6), activation("relu")];
        let mut bench = Bench::new(rule.meta().id, &[], net(3, vec![conv, pooled, read_out()]), &[4, 4, 1], 5);
        let lesson = bench.learn();
        let moved: Vec<(SlotId, Value)> =
            lesson.updates.iter().map(|u| (u.slot, u.gradient)).chain(lesson.writes.iter().copied()).collect();
        let weights: Vec<SlotId> = bench.g.slot_ids().filter(|&id| bench.g.slot(id).role == Role::Param).collect();
        assert_eq!(weights.len(), 6);
        for weight in weights.iter().filter(|_| rule.credit() != Credit::None) {
            assert!(moved.iter().any(|m| m.0 == *weight), "{}: {}", rule.meta().id, bench.g.slot(*weight).name);
        }
        let all: Vec<Value> = moved.iter().map(|m| m.1).collect();
        let oracle = at_the_last_step(&mut bench, &lesson);
        for ((slot, _), t) in moved.iter().zip(oracle.values(&bench.g, &all)) {
            let name = &bench.g.slot(*slot).name;
            let fine = t.data.iter().all(|v| v.is_finite());
            assert!(fine && t.data.iter().any(|v| *v != 0.0), "{}: {name}", rule.meta().id);
        }
        assert_eq!(*bench.g.shape(lesson.loss), Shape::default());
    }
}
