//! What holds of every routing around experts: derivatives, shares, and counted work.

use std::rc::Rc;

use engine::cost::figures;
use engine::ir::{Graph, Init, Program, Role, Slot, Stmt};
use engine::net::{Mode, Node};
use engine::ops::{Op, Primitive};
use engine::registry::Setting;

use super::bench::{differentiate, stage};
use super::support::*;

const SHARES: [f32; 4] = [0.4, 0.3, 0.2, 0.1];

/// A routing's id and its settings.
type Case = (&'static str, Vec<(&'static str, Setting)>);

fn cases() -> Vec<Case> {
    let balanced = |form| vec![("balance", float(0.3)), ("balance-by", word(form))];
    let mut cases = vec![
        ("dense", vec![]),
        ("top-k", vec![("k", int(1)), ("capacity", float(0.75))]),
        ("top-k", vec![("k", int(2)), ("noise", Setting::Bool(true)), ("normalise", word("all"))]),
        ("top-k", vec![("k", int(2)), ("capacity", float(1.0)), ("jitter", float(0.2))]),
        ("importance", vec![("k", int(2)), ("capacity", float(0.5)), ("balance", float(0.5))]),
        ("importance", vec![("order", word("arrival"))]),
        ("expert-choice", vec![]),
        ("expert-choice", vec![("capacity", float(1.0))]),
        ("tree", vec![]),
        ("tree", vec![("leak", float(0.3)), ("hardening", float(3.0))]),
    ];
    cases.extend(["switch", "gshard", "squared-variation"].map(|form| ("top-k", balanced(form))));
    cases.extend(["random", "balanced", "previous", "bigram", "position"].map(|by| ("hash", vec![("by", word(by))])));
    cases.push(("hash", vec![("hashes", int(2))]));
    cases
}

fn expert() -> Vec<Node> {
    vec![linear(3), activation("tanh"), linear(2)]
}

#[test]
fn every_routing_differentiates() {
    for (id, settings) in cases() {
        let what = format!("{id} {settings:?}");
        differentiate(&what, &[3, 2, 3], &[route(4, id, &settings, expert())], &SHARES);
    }
    for (what, mixing) in [("added", false), ("mixed in", true)] {
        let mut node = route(4, "tree", &[], expert());
        node.knobs = with_shared(&node, mixing);
        differentiate(what, &[4, 3], &[node], &[]);
    }
}

fn with_shared(of: &Node, mixing: bool) -> engine::registry::Knobs {
    let shared = [("experts", int(4)), ("shared", Setting::Bool(true)), ("mixing", Setting::Bool(mixing))];
    node(of.block.meta().id, &shared, vec![]).knobs
}

/// A master leaf is mixed in by a share that begins at σ(1/2).
#[test]
fn the_shared_expert_is_mixed_in() {
    let value = |mixing: Option<bool>| {
        let mut g = Graph::new();
        let mut node = route(4, "tree", &[], expert());
        if let Some(mixing) = mixing {
            node.knobs = with_shared(&node, mixing);
        }
        let (pass, _) = stage(&mut g, Mode::Train, &[4, 3], &[node], &[]);
        registers(&g).values(&g, &[pass.output])[0].data.clone()
    };
    let (alone, added, mixed) = (value(None), value(Some(false)), value(Some(true)));
    let share = 1.0 / (1.0 + (-0.5f64).exp());
    let expected: Vec<f64> = alone.iter().zip(&added).map(|(y, sum)| share * y + (1.0 - share) * (sum - y)).collect();
    assert!(distance(&mixed, &expected) < 1e-9);
}

/// Loads and what is left out make up the whole, where rows choose.
#[test]
fn loads_and_the_dropped_sum_to_one() {
    for (id, settings) in cases() {
        let mut g = Graph::new();
        let nodes = [route(4, id, &settings, expert())];
        let (_, taps) = stage(&mut g, Mode::Train, &[3, 2, 3], &nodes, &SHARES);
        let got = registers(&g).values(&g, &[taps[0].load, taps[0].dropped]);
        let whole = got[0].data.iter().sum::<f64>();
        let dropped = got[1].data[0];
        assert!((0.0..1.0).contains(&dropped), "{id}: {dropped}");
        let sum = if id == "expert-choice" { whole } else { whole + dropped };
        assert!((sum - 1.0).abs() < 1e-6, "{id} {settings:?}: {sum}");
    }
}

/// Work of the grouped products of a forward pass as it is counted, and the rows that they have.
fn counted(id: &str, settings: &[(&str, Setting)], rows: usize) -> (u64, usize) {
    let mut g = Graph::new();
    let (inputs, units) = (5, 7);
    let nodes = [route(8, id, settings, vec![linear(units as i64)])];
    let (pass, taps) = stage(&mut g, Mode::Eval, &[rows, inputs], &nodes, &[]);
    let of = |v: &engine::ir::Value| {
        let node = g.node(*v);
        let Op::GroupedMatMul(op) = &node.op else { return None };
        let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
        Some((op.cost(&args, &node.shape).work, node.shape[0]))
    };
    let products: Vec<_> = g.live(&[pass.output]).iter().filter_map(of).collect();
    let [(work, most)] = products[..] else { panic!("one product for one layer: {products:?}") };
    // No more rows than these belong to an expert.
    let got = registers(&g).values(&g, &[taps[0].load, taps[0].dropped]);
    let asked = match id {
        "top-k" | "importance" => rows * settings.iter().find(|s| s.0 == "k").map_or(2, |_| 1),
        _ => most,
    };
    let active = (got[0].data.iter().sum::<f64>() * asked as f64).round() as usize;
    assert!(active <= most, "{active} active rows of {most}");
    assert_eq!(work, (most * inputs * units * 2) as u64);
    (work, most)
}

/// The counted work of the experts is that of the rows they can have at most: rows × chosen, or their room.
#[test]
fn counted_work_is_that_of_active_rows() {
    let rows = 32;
    let (dense, all) = counted("dense", &[], rows);
    assert_eq!(all, rows * 8);
    let (two, _) = counted("top-k", &[], rows);
    assert_eq!(two * 4, dense);
    let (one, _) = counted("top-k", &[("k", int(1))], rows);
    assert_eq!(one * 8, dense);
    let (half, seats) = counted("importance", &[("k", int(1)), ("capacity", float(0.5))], rows);
    assert_eq!((half * 16, seats), (dense, rows / 2));
    let (roomy, seats) = counted("top-k", &[("k", int(1)), ("capacity", float(2.0))], rows);
    assert_eq!((roomy, seats), (one, rows), "room for all is no more work");
    let (chosen, _) = counted("expert-choice", &[("capacity", float(1.0))], rows);
    assert_eq!(chosen * 8, dense);
    let (leaf, seats) = counted("tree", &[], rows);
    assert_eq!((leaf * 8, seats), (dense, rows), "one leaf in evaluation");
}

/// A program's figures hold the saving: a route of one of eight experts counts less than a quarter of the dense one.
#[test]
fn programs_count_the_saving() {
    let work = |id: &str, settings: &[(&str, Setting)]| {
        let mut g = Graph::new();
        let nodes = [route(8, id, settings, vec![linear(64)])];
        let (pass, _) = stage(&mut g, Mode::Eval, &[16, 32], &nodes, &[]);
        let slot = Slot { name: "y".into(), role: Role::Metric, shape: [16, 64].into(), init: Init::Constant(0.0) };
        let out = g.declare(slot);
        figures(&Program::new(Rc::new(g), "answer", vec![Stmt::Tick(vec![(out, pass.output)])])).work
    };
    assert!(4 * work("top-k", &[("k", int(1))]) < work("dense", &[]));
}
