//! Every entry of every registry: named, described, sourced, with defaults in range; and what all of a kind must do.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use engine::blocks::{BLOCKS, Holds};
use engine::check::check;
use engine::data::DATASETS;
use engine::ir::{Graph, Init, Program, Role, Slot, Stmt};
use engine::net::{Build, Mode, Node};
use engine::optim::{OPTIMIZERS, SCHEDULES};
use engine::registry::{Entry, KnobKind, Knobs, Settings};
use engine::routing::ROUTINGS;
use engine::rules::RULES;
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
}

/// With its defaults, every block builds on rows or on images, in both modes.
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
                let builds = |shape: &[usize]| {
                    let mut g = Graph::new();
                    let (_, clock) = clock(&mut g);
                    let x = input(&mut g, "x", shape);
                    let x = g.read(x);
                    let y = Build::new(&mut g, mode, clock, 3).chain(&[node(routing.clone())], x);
                    let shape = g.shape(y).clone();
                    let out = Slot { name: "out".into(), role: Role::Metric, shape, init: Init::Constant(0.0) };
                    let out = g.declare(out);
                    let program = Program::new(g.into(), "block", vec![Stmt::Tick(vec![(out, y)])]);
                    check(&program).is_empty()
                };
                assert!(builds(&[5, 4]) || builds(&[5, 6, 6, 4]), "{}", block.meta().id);
            }
        }
    }
}
