//! Every entry of every registry: named, described, sourced, with defaults in range; and what all of a kind must do.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use engine::blocks::{BLOCKS, Holds};
use engine::check::check;
use engine::data::DATASETS;
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::ir::{Graph, Init, Program, Role, Slot, Stmt};
use engine::lab::{Lab, STEP};
use engine::net::{Build, Mode, Node};
use engine::optim::{OPTIMIZERS, SCHEDULES};
use engine::registry::{Entry, KnobKind, Knobs, Settings, find};
use engine::routing::ROUTINGS;
use engine::rules::RULES;
use engine::spec::{BlockSpec, Choice, Spec};
use engine::transforms::TRANSFORMS;
use support::*;

fn kebab(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn walk<T: Entry + ?Sized>(registry: &[&'static T]) {
    let mut ids = HashSet::new();
    assert!(!registry.is_empty());
    for entry in registry {
        let meta = entry.meta();
        assert!(kebab(meta.id), "{}", meta.id);
        assert!(ids.insert(meta.id), "{} stands twice", meta.id);
        assert!(!meta.name.is_empty() && !meta.source.is_empty(), "{}", meta.id);
        assert!(meta.help.ends_with('.') && meta.help.len() > 15, "{}: {}", meta.id, meta.help);
        let mut knobs = HashSet::new();
        for knob in entry.knobs() {
            let place = format!("{} › {}", meta.id, knob.id);
            assert!(kebab(knob.id) && knobs.insert(knob.id), "{place}");
            assert!(!knob.name.is_empty() && knob.help.ends_with('.'), "{place}: {}", knob.help);
            if let KnobKind::Choice { options, .. } = knob.kind {
                assert!(options.iter().all(|o| kebab(o)), "{place}");
            }
            let default = Settings::from([(knob.id.to_owned(), knob.kind.default())]);
            Knobs::resolve(entry.knobs(), &default, meta.id).unwrap();
        }
    }
}

#[test]
fn entries() {
    walk(BLOCKS);
    walk(ROUTINGS);
    walk(RULES);
    walk(OPTIMIZERS);
    walk(SCHEDULES);
    walk(DATASETS);
    walk(TRANSFORMS);
}

/// With its defaults, every block builds on a sample of the kind it takes, in both modes.
#[test]
fn blocks_build_with_their_defaults() {
    for block in BLOCKS {
        let node = |routing| {
            let children = match block.holds() {
                Holds::Nothing => vec![],
                Holds::Blocks | Holds::Experts => vec![linear(4)],
            };
            Node { block: *block, knobs: Knobs::defaults(block.knobs()), routing, children }
        };
        let routings: Vec<_> = match block.holds() {
            Holds::Nothing | Holds::Blocks => vec![None],
            Holds::Experts => ROUTINGS.iter().map(|r| Some((*r, Knobs::defaults(r.knobs())))).collect(),
        };
        for routing in routings {
            for mode in [Mode::Train, Mode::Eval] {
                let builds = |sample: &[usize]| {
                    let shape = [&[5], sample].concat();
                    let mut g = Graph::new();
                    let (_, clock) = clock(&mut g);
                    let x = input(&mut g, "x", &shape);
                    let x = g.read(x);
                    let tokens = input(&mut g, "tokens", &[5]);
                    let tokens = g.read(tokens);
                    let mut b = Build::new(&mut g, mode, clock, 3).reading(7);
                    b.tokens = (block.holds() == Holds::Experts).then_some(tokens);
                    let y = b.chain(&[node(routing.clone())], x);
                    let shape = g.shape(y).clone();
                    let out = Slot { name: "out".into(), role: Role::Metric, shape, init: Init::Constant(0.0) };
                    let out = g.declare(out);
                    let program = Program::new(g.into(), "block", vec![Stmt::Tick(vec![(out, y)])]);
                    check(&program).is_empty()
                };
                assert!(builds(block.takes().sample()), "{}", block.meta().id);
            }
        }
    }
}

/// Whatever block stands wherever under whatever rule: the experiment is compiled to a plan or refused, and runs. Every
/// rule meets every block, at one place; backpropagation meets it at all.
#[test]
fn every_block_anywhere_under_every_rule_runs_or_is_refused() {
    let block = |entry: &&dyn engine::blocks::Block| {
        let id = entry.meta().id;
        let inner = || vec![BlockSpec::new("linear").with("units", 6)];
        match entry.holds() {
            Holds::Nothing if id == "linear" => BlockSpec::new(id).with("units", 6),
            Holds::Nothing => BlockSpec::new(id),
            Holds::Blocks => BlockSpec::new(id).holding(inner()),
            Holds::Experts => BlockSpec::new(id).routed(Choice::new("top-k")).holding(inner()),
        }
    };
    let dense = || vec![BlockSpec::new("linear").with("units", 6), BlockSpec::new("activation")];
    let mut ran = 0;
    for data in ["digits", "moons"] {
        let file = std::fs::read(format!("{}/../assets/data/digits.sbd", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let dataset = find(DATASETS, data, "data").unwrap();
        let files: &[&[u8]] = if data == "digits" { &[&file] } else { &[] };
        let knobs = Knobs::resolve(dataset.knobs(), &Settings::new(), "data").unwrap();
        let data = (data, dataset.load(files, &knobs, 1).unwrap());
        for rule in RULES {
            for (number, entry) in BLOCKS.iter().enumerate() {
                let all = rule.meta().id == "backprop";
                for at in (0..4).filter(|at| all || number % 4 == *at) {
                    let mut stages = vec![dense(), dense(), vec![BlockSpec::new("linear")]];
                    match at {
                        0 => stages[0].insert(0, block(entry)),
                        1 => stages[0].push(block(entry)),
                        2 => stages.insert(1, vec![block(entry)]),
                        _ => stages[2].insert(0, block(entry)),
                    }
                    let mut spec = Spec::new(Choice::new(data.0), stages);
                    (spec.rule, spec.batch) = (Choice::new(rule.meta().id), 8);
                    let Ok(lab) = Lab::new(&spec, &data.1) else { continue };
                    let place = format!("{} under {} at {at}", entry.meta().id, rule.meta().id);
                    let mut cpu = Cpu::new(lab.plan.clone());
                    cpu.run(STEP, 1);
                    assert!(pollster::block_on(cpu.read(&[lab.plan.checkpoint()])).is_ok(), "{place}");
                    ran += 1;
                }
            }
        }
    }
    assert!(ran > 100, "{ran}");
}
