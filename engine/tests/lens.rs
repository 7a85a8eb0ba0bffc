//! What the microscope shows is what the next step uses, and looking changes nothing.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::rc::Rc;

use engine::exec::Device;
use engine::lens::{Kind, Subject, ValueInfo};
use engine::protocol::{Command, Event, Message};
use engine::rules::RULE_ENTRIES;
use engine::session::Session;
use engine::session::devices::{Devices, Opening, Unavailable};
use engine::spec::{BlockSpec, Choice, Spec, text};

/// A machine without a graphics device.
struct NoGpu;

impl Devices for NoGpu {
    fn gpu(&self, _: Rc<engine::plan::Plan>) -> Opening {
        let none = Unavailable { reason: "there is none".to_owned(), advice: "buy one".to_owned() };
        Box::pin(std::future::ready(Err(none)))
    }
    fn lose_gpu(&self) {}
}

fn spec(rule: &str) -> Spec {
    let text = format!(
        r#"{{"version":1,"data":{{"id":"moons"}},
            "stages":[[{{"block":"linear","units":6}},{{"block":"activation","function":"tanh"}}],
                      [{{"block":"linear","units":5}},{{"block":"activation","function":"tanh"}}],
                      [{{"block":"linear"}}]],
            "rule":{{"id":"{rule}"}},"optimizer":{{"id":"adam"}},"rate":0.01,"batch":8,"seed":3}}"#
    );
    text::read(&text).unwrap()
}

fn handle(s: &mut Session, c: Command) -> Vec<Message> {
    pollster::block_on(s.handle(c, Vec::new()))
}

/// A session with the run of a spec, or `None` where the rule does not fit it.
fn loaded(spec: Spec) -> Option<Session> {
    let mut s = Session::new(Box::new(NoGpu));
    let out = handle(&mut s, Command::Load { run: 1, spec: Box::new(spec), device: Some(Device::Cpu), from: None });
    out.iter().any(|m| matches!(m.event, Event::Loaded { .. })).then_some(s)
}

const NOW: Subject = Subject { sample: None, phase: None };

/// Values, and phases with how often each comes.
type Found = (Vec<ValueInfo>, Vec<(String, u32)>);

fn find(s: &mut Session, query: &str, of: Subject) -> Result<Found, String> {
    let out = handle(s, Command::Find { query: query.to_owned(), of });
    let Event::Found { values, phases, faults, .. } = &out[0].event else { panic!("{out:?}") };
    match faults.first() {
        Some(fault) => Err(fault.to_string()),
        None => Ok((values.clone(), phases.iter().map(|p| (p.name.clone(), p.times)).collect())),
    }
}

fn names(s: &mut Session, query: &str) -> Vec<String> {
    find(s, query, NOW).unwrap().0.into_iter().map(|v| v.name).collect()
}

fn show(s: &mut Session, name: &str, of: Subject) -> Result<(Vec<usize>, Vec<f32>), String> {
    let out = handle(s, Command::Show { name: name.to_owned(), from: 0, of });
    let Event::Shown { value, figures, faults, .. } = &out[0].event else { panic!("{out:?}") };
    match value {
        Some(value) => {
            assert_eq!(value.shape.iter().product::<usize>(), out[0].payload.len(), "{name}");
            assert_eq!(figures.count, out[0].payload.len() as u64);
            Ok((value.shape.clone(), out[0].payload.clone()))
        }
        None => Err(faults[0].to_string()),
    }
}

fn seen(s: &mut Session, name: &str) -> Vec<f32> {
    show(s, name, NOW).unwrap().1
}

#[track_caller]
fn near(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 2e-5 * (1.0 + a.abs()), "{what}: {a} and {b}");
    }
}

/// A block's output is what its weights make of the batch, the error at the read-out is softmax less target, and
/// backpropagation's own update is its gradient.
#[test]
fn values_are_the_arithmetic_of_the_step() {
    let mut s = loaded(spec("backprop")).unwrap();
    handle(&mut s, Command::Step);
    let [x, w, b, z] =
        ["batch:x", "1/1.linear/weight", "1/1.linear/bias", "1/1.linear:output"].map(|n| seen(&mut s, n));
    let by_hand: Vec<f32> =
        (0..8 * 6).map(|i| b[i % 6] + (0..2).map(|k| x[i / 6 * 2 + k] * w[k * 6 + i % 6]).sum::<f32>()).collect();
    near(&by_hand, &z, "z = x·w + b");
    let [logits, labels, error] = ["answer:logits", "batch:labels", "3/1.linear:error"].map(|n| seen(&mut s, n));
    let by_hand: Vec<f32> = (0..16)
        .map(|i| {
            let row = &logits[i / 2 * 2..i / 2 * 2 + 2];
            let share = logits[i].exp() / row.iter().map(|l| l.exp()).sum::<f32>();
            (share - f32::from(labels[i / 2] as usize == i % 2)) / 8.0
        })
        .collect();
    near(&by_hand, &error, "softmax − target, mean over the batch");
    for weight in names(&mut s, "is:weight") {
        near(&seen(&mut s, &format!("{weight}:update")), &seen(&mut s, &format!("{weight}:gradient")), &weight);
    }
}

/// What `:change` foretells is what the next step does, whatever the rule; and looking leaves the run as it is.
#[test]
fn changes_are_those_of_the_next_step() {
    for rule in ["backprop", "direct-feedback-alignment", "forward-forward", "predictive-coding", "node-perturbation"] {
        let (mut s, mut undisturbed) = (loaded(spec(rule)).unwrap(), loaded(spec(rule)).unwrap());
        for _ in 0..3 {
            handle(&mut s, Command::Step);
            handle(&mut undisturbed, Command::Step);
        }
        let told: BTreeMap<String, [Vec<f32>; 2]> = names(&mut s, "is:weight")
            .into_iter()
            .map(|n| (n.clone(), [seen(&mut s, &n), seen(&mut s, &format!("{n}:change"))]))
            .collect();
        assert!(told.values().any(|[_, change]| change.iter().any(|c| *c != 0.0)), "{rule} changes something");
        handle(&mut s, Command::Step);
        handle(&mut undisturbed, Command::Step);
        for (name, [was, change]) in told {
            let now = seen(&mut s, &name);
            let foretold: Vec<f32> = was.iter().zip(&change).map(|(w, c)| w + c).collect();
            near(&foretold, &now, &format!("{rule}: {name}"));
            assert_eq!(now, seen(&mut undisturbed, &name), "{rule}: {name} with and without looking");
        }
    }
}

/// The probe of the update's size says what the change and the weights say.
#[test]
fn the_size_of_an_update_is_that_of_its_change() {
    for rule in ["backprop", "predictive-coding"] {
        let mut s = loaded(spec(rule)).unwrap();
        handle(&mut s, Command::Step);
        let out = handle(&mut s, Command::Watch { probes: vec!["update-size".to_owned()], every: 1 });
        let sizes = out.iter().find(|m| matches!(m.event, Event::Measured { .. })).unwrap().payload.clone();
        assert_eq!(sizes.len(), 3);
        let norm = |s: &mut Session, names: &[String], what: &str| -> f32 {
            names.iter().flat_map(|n| seen(s, &format!("{n}{what}"))).map(|v| v * v).sum::<f32>().sqrt()
        };
        for (stage, size) in sizes.iter().enumerate() {
            let names = names(&mut s, &format!("is:weight {}/*", stage + 1));
            let by_hand = norm(&mut s, &names, ":change") / norm(&mut s, &names, "");
            assert!(by_hand > 0.0 && (by_hand - size).abs() < 1e-4 * by_hand, "{rule}: {by_hand} and {size}");
        }
    }
}

/// A unit's inputs times its weights, and its bias, are its sum; what is behind it is the activation of that.
#[test]
fn a_unit_is_explained_by_its_numbers() {
    let mut s = loaded(spec("backprop")).unwrap();
    handle(&mut s, Command::Step);
    let explain = |s: &mut Session, block: &str, unit, row| {
        let out = handle(s, Command::Explain { block: block.to_owned(), unit, row, of: NOW });
        let Event::Explained { inputs, faults, .. } = &out[0].event else { panic!("{out:?}") };
        (*inputs, out[0].payload.clone(), faults.first().map(ToString::to_string))
    };
    let (inputs, terms, _) = explain(&mut s, "2/1.linear", 3, 5);
    assert_eq!((inputs, terms.len()), (6, 29));
    let [bias, z, after] = [terms[24], terms[27], terms[28]];
    let sum: f32 = (0..6).map(|k| terms[k] * terms[6 + k]).sum();
    assert!((sum + bias - z).abs() < 1e-5 && (z.tanh() - after).abs() < 1e-5, "{terms:?}");
    let change = seen(&mut s, "2/1.linear/weight:change");
    assert_eq!(terms[18..24], (0..6).map(|k| change[k * 5 + 3]).collect::<Vec<_>>());
    assert!(explain(&mut s, "3/1.linear", 1, 0).1.last().unwrap().is_nan(), "no activation is behind the read-out");
    for (block, unit, row, why) in [("2/1.linear", 5, 0, "no unit 5"), ("2/2.activation", 0, 0, "not to be seen")] {
        let fault = explain(&mut s, block, unit, row).2.unwrap();
        assert!(fault.contains(why), "{fault}");
    }
}

/// Everything that is found can be shown, of a batch and, where the rule has such a step, of one sample.
#[test]
fn every_rule_can_be_looked_into() {
    let mut looked = 0;
    for rule in RULE_ENTRIES {
        let Some(mut s) = loaded(spec(rule.meta().id)) else { continue };
        looked += 1;
        for of in [NOW, Subject { sample: Some(4), phase: None }] {
            let values = match find(&mut s, "", of) {
                Ok((values, _)) => values,
                Err(fault) => {
                    assert!(of.sample.is_some(), "{}: {fault}", rule.meta().id);
                    continue;
                }
            };
            assert!(values.iter().any(|v| v.kind == Kind::Activation), "{}", rule.meta().id);
            for value in values {
                match show(&mut s, &value.name, of) {
                    // A register that remembers a whole batch does so whatever is looked at.
                    Ok((shape, _)) => {
                        assert!(of.sample.is_some() || shape == value.shape, "{}: {}", rule.meta().id, value.name);
                    }
                    Err(fault) => {
                        assert!(of.sample.is_some() && fault.contains("batch"), "{}: {fault}", rule.meta().id);
                    }
                }
            }
        }
    }
    assert!(looked > 20, "{looked} rules fit the network");
}

/// One sample alone: its activations are its row of the batch.
#[test]
fn one_sample_is_a_row_of_the_batch() {
    let mut s = loaded(spec("backprop")).unwrap();
    let (x, output) = (seen(&mut s, "batch:x"), seen(&mut s, "2/2.activation:output"));
    let row = (0..4000)
        .find(|&i| {
            let of = Subject { sample: Some(i), phase: None };
            show(&mut s, "batch:x", of).unwrap().1 == x[..2]
        })
        .unwrap();
    let of = Subject { sample: Some(row), phase: None };
    let (shape, alone) = show(&mut s, "2/2.activation:output", of).unwrap();
    assert_eq!(shape, [1, 5]);
    near(&alone, &output[..5], "the first sample of the batch");
    let fault = show(&mut s, "batch:x", Subject { sample: Some(1 << 30), phase: None }).unwrap_err();
    assert!(fault.contains("there is no training sample"), "{fault}");
}

/// Predictive coding settles iteration by iteration, and its energy falls; only then do the weights move.
#[test]
fn a_step_is_walked_through_phase_by_phase() {
    let mut s = loaded(spec("predictive-coding")).unwrap();
    let (_, phases) = find(&mut s, "", NOW).unwrap();
    let named: Vec<&str> = phases.iter().map(|p| p.0.as_str()).collect();
    assert_eq!(named, ["prepare", "settle", "forward", "credit", "update"]);
    let settles = phases[1].1;
    let after =
        |s: &mut Session, name: &str, phase| show(s, name, Subject { sample: None, phase: Some(phase) }).unwrap().1;
    // What is wrong with the answer goes back one stage an iteration.
    for (stage, moves) in [(2, 2), (1, 3)] {
        let (activity, output) =
            (format!("rule/activity {stage}"), seen(&mut s, &format!("{stage}/2.activation:output")));
        near(&after(&mut s, &activity, moves - 1), &output, "activities begin where the forward pass has them");
        assert_ne!(after(&mut s, &activity, moves), output, "and move when they settle");
        let settled = after(&mut s, &activity, 1 + settles);
        assert_eq!(settled, seen(&mut s, &activity), "unless a phase is asked for, all of it is");
    }
    let weight = seen(&mut s, "1/1.linear/weight");
    assert_eq!(after(&mut s, "1/1.linear/weight", settles + 3), weight, "until the update");
    assert_ne!(after(&mut s, "1/1.linear/weight", settles + 4), weight);
}

/// A weight set by hand stays set, counts in the next evaluation, and is what a rewind goes back to.
#[test]
fn a_weight_is_set_by_hand() {
    let mut s = loaded(spec("backprop")).unwrap();
    handle(&mut s, Command::Step);
    let before = seen(&mut s, "2/1.linear/weight");
    let put = |s: &mut Session, register: &str, element, value| {
        handle(s, Command::Put { register: register.to_owned(), element, value })
    };
    let out = put(&mut s, "2/1.linear/weight", 7, 1.5);
    let Event::Put { element: 7, was, now, .. } = out[0].event else { panic!("{out:?}") };
    assert_eq!((was, now), (Some(before[7]), 1.5));
    let after = seen(&mut s, "2/1.linear/weight");
    assert!(after.iter().enumerate().all(|(i, v)| if i == 7 { *v == 1.5 } else { *v == before[i] }));
    handle(&mut s, Command::Rewind);
    assert_eq!(seen(&mut s, "2/1.linear/weight"), after);
    let refused = [
        ("2/1.linear/weight", 7, 1e300, "no number that a weight can be"),
        ("2/1.linear/weight", 999, 0.0, "has no element 999"),
        ("2/1.linear:output", 0, 0.0, "cannot be set by hand"),
        ("optim/rate", 0, 0.0, "cannot be set by hand"),
    ];
    for (register, element, value, why) in refused {
        let out = put(&mut s, register, element, value);
        let Event::Failed { fault, .. } = &out[0].event else { panic!("{out:?}") };
        assert!(fault.to_string().contains(why), "{fault}");
    }
    assert_eq!(seen(&mut s, "2/1.linear/weight"), after);
}

/// The batch that is looked at is that of the next step, also where samples are windows over a series or a text.
#[test]
fn the_batch_is_that_of_the_next_step() {
    let asset = |name: &str| std::fs::read(format!("{}/../assets/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let linear = |units: u32| format!(r#"{{"block":"linear","units":{units}}}"#);
    let cases = [
        ("series", "series.sbd", format!(r#"[[{}],[{}]]"#, linear(4), linear(0))),
        ("text", "shakespeare.sbd", format!(r#"[[{{"block":"embedding"}},{}],[{}]]"#, linear(4), linear(0))),
    ];
    for (data, file, stages) in cases {
        let text = format!(
            r#"{{"version":1,"data":{{"id":"{data}"}},"stages":{stages},"rule":"backprop","batch":4,"seed":3}}"#
        );
        let mut s = Session::new(Box::new(NoGpu));
        let load =
            Command::Load { run: 1, spec: Box::new(text::read(&text).unwrap()), device: Some(Device::Cpu), from: None };
        let out = pollster::block_on(s.handle(load, vec![asset(file)]));
        assert!(out.iter().any(|m| matches!(m.event, Event::Loaded { .. })), "{data}: {out:?}");
        for _ in 0..3 {
            let foretold = seen(&mut s, "answer:loss")[0];
            let out = handle(&mut s, Command::Step);
            let told = |m: &Message| if let Event::Progress { loss, .. } = m.event { loss } else { None };
            let loss = out.iter().rev().find_map(told).unwrap();
            assert!((loss - foretold).abs() < 1e-5 * loss, "{data}: {loss} and {foretold}");
        }
    }
}

/// What a router decides can be seen: chances that sum to 1, and weights for as many experts as it chooses.
#[test]
fn routers_are_looked_into() {
    let mut spec = spec("backprop");
    let expert = BlockSpec::new("linear").with("units", 5);
    let route = BlockSpec::new("route").with("experts", 4).routed(Choice::new("top-k")).holding(vec![expert]);
    spec.stages[1].insert(0, route);
    let mut s = loaded(spec).unwrap();
    let found = names(&mut s, "is:routing");
    let of = |what: &str| {
        let named = found.iter().find(|n| n.starts_with("2/1.route") && n.ends_with(what));
        named.unwrap_or_else(|| panic!("{what} in {found:?}")).clone()
    };
    let chances = seen(&mut s, &of(":chances"));
    assert_eq!(chances.len(), 8 * 4);
    assert!(chances.chunks(4).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5), "{chances:?}");
    let load = seen(&mut s, &of(":load"));
    assert!(load.len() == 4 && (load.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{load:?}");
    let weights = seen(&mut s, &of(":weights"));
    let chosen: Vec<usize> = weights.chunks(4).map(|row| row.iter().filter(|w| **w != 0.0).count()).collect();
    assert!(chosen.iter().all(|n| *n == chosen[0] && *n < 4), "{weights:?}");
}

/// Another rule goes on from the weights as they stand; where it asks for other ones, the run stands as it is.
#[test]
fn a_rule_is_changed_and_the_weights_stay() {
    let mut s = loaded(spec("backprop")).unwrap();
    for _ in 0..40 {
        handle(&mut s, Command::Step);
    }
    let weights = names(&mut s, "is:weight");
    let kept: Vec<Vec<f32>> = weights.iter().map(|n| seen(&mut s, n)).collect();
    let loss = |s: &mut Session| {
        while !s.idle() {
            for m in pollster::block_on(s.advance()) {
                if let Event::Evaluated { train, .. } = m.event {
                    return train.loss.unwrap();
                }
            }
        }
        panic!("there was no evaluation");
    };
    handle(&mut s, Command::Pause);
    let before = loss(&mut s);
    let carry = |s: &mut Session, run, rule: &str| handle(s, Command::Carry { run, spec: Box::new(spec(rule)) });
    let out = carry(&mut s, 2, "direct-feedback-alignment");
    assert!(out.iter().any(|m| matches!(m.event, Event::Loaded { run: 2, .. })), "{out:?}");
    assert!((loss(&mut s) - before).abs() < 1e-6, "the new run begins at the old one's loss");
    for (name, kept) in weights.iter().zip(&kept) {
        assert_eq!(seen(&mut s, name), *kept, "{name}");
    }
    let out = carry(&mut s, 3, "forward-forward");
    let Event::Refused { run: 3, faults } = &out[0].event else { panic!("{out:?}") };
    assert!(faults[0].path.starts_with("weights"), "{faults:?}");
    assert_eq!(seen(&mut s, &weights[0]), kept[0]);
}

#[test]
fn what_is_not_found_is_answered_by_what_comes_near() {
    let mut s = loaded(spec("backprop")).unwrap();
    let fault = find(&mut s, "1/1.linear/wieght", NOW).unwrap_err();
    assert!(fault.contains("the nearest names are `1/1.linear/weight`"), "{fault}");
    let fault = show(&mut s, "1/1.linear/wieght", NOW).unwrap_err();
    assert!(fault.contains("did you mean `1/1.linear/weight`"), "{fault}");
}
