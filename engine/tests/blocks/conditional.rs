//! What the blocks of conditional computation promise: nested widths, skipped layers, predicted masks, low-rank changes,
//! sequences of modules.

use engine::ir::{Graph, Role};
use engine::net::{Build, Mode, Node, Picture};
use engine::ops::Tensor;
use engine::registry::Setting;

use super::bench::*;
use super::support::{self, *};

fn layer() -> Vec<Node> {
    vec![node("chain", &[], vec![support::linear(4), activation("tanh")])]
}

fn layers(count: usize) -> Vec<Node> {
    (0..count).flat_map(|_| layer()).collect()
}

#[test]
fn derivatives() {
    for nested in [true, false] {
        differentiate("nested-ffn", &[3, 4], &[node("nested-ffn", &[("nested", Setting::Bool(nested))], vec![])]);
    }
    differentiate("of a sequence", &[2, 3, 4], &[node("nested-ffn", &[("hidden", int(8))], vec![])]);
    for count in [1, 2, 3, 5] {
        differentiate("skip-middle", &[3, 4], &[node("skip-middle", &[], layers(count))]);
        differentiate("skip-saturated", &[2, 3, 4], &[node("skip-saturated", &[], layers(count))]);
        differentiate("rows of room", &[6, 4], &[node("skip-middle", &[("room", float(0.5))], layers(count))]);
    }
    differentiate("mask-gate", &[3, 4], &[node("mask-gate", &[], layer())]);
    let conv = node("conv2d", &[("channels", int(3))], vec![]);
    differentiate("mask-gate of an image", &[2, 3, 3, 2], &[node("mask-gate", &[], vec![conv])]);
    differentiate("lora", &[3, 4], &[node("lora", &[("frozen", Setting::Bool(false))], layer())]);
    let mixed = vec![node("lora", &[("frozen", Setting::Bool(false))], vec![support::linear(5)])];
    differentiate("experts of lora", &[4, 3], &[route(3, "top-k", &[], mixed)]);
    differentiate("module-sequence", &[2, 3, 4], &[node("module-sequence", &[("steps", int(3))], layers(3))]);
    let inside = vec![node("module-sequence", &[], layers(2)), node("nested-ffn", &[("hidden", int(8))], vec![])];
    differentiate("in experts", &[4, 4], &[route(2, "top-k", &[("k", int(1))], inside)]);
}

/// Values of a block after some of its registers were set by hand.
fn with(mode: Mode, shape: &[usize], blocks: &[Node], set: &[(&str, f64)]) -> Vec<f64> {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, mode, shape, blocks);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let mut oracle = registers(&g);
    for (name, value) in set {
        let slot = g.find_slot(name).unwrap();
        let shape = g.slot(slot).shape.clone();
        oracle.write(slot, Tensor::new(shape.clone(), vec![*value; shape.size()]));
    }
    oracle.values(&g, &[y])[0].data.clone()
}

/// An evaluation uses the first units alone; in training those of the granularity that the step drew.
#[test]
fn nested_layers_are_slices() {
    let at = |granularity: &str| node("nested-ffn", &[("hidden", int(16)), ("granularity", word(granularity))], vec![]);
    let mut g = Graph::new();
    build(&mut g, Mode::Eval, &[2, 4], &[at("whole")]);
    let oracle = registers(&g);
    let read = |name: &str| oracle.read(g.find_slot(&format!("1.nested-ffn/{name}")).unwrap()).data.clone();
    let (up, down) = (read("up"), read("down"));
    let x = oracle.read(g.find_slot("x").unwrap()).data.clone();
    let by_hand = |width: usize| -> Vec<f64> {
        let of_row = |x: &[f64]| -> Vec<f64> {
            let unit = |j: usize| (0..4).map(|i| x[i] * up[i * 16 + j]).sum::<f64>().max(0.0);
            (0..4).map(|o| (0..width).map(|j| unit(j) * down[j * 4 + o]).sum()).collect()
        };
        x.chunks(4).flat_map(of_row).collect()
    };
    let sizes = [("eighth", 2), ("quarter", 4), ("half", 8), ("whole", 16)];
    for (granularity, width) in sizes {
        assert!(distance(&value(&[2, 4], Mode::Eval, &[at(granularity)]), &by_hand(width)) < 1e-12, "{granularity}");
    }
    // Over many steps every width is drawn, about equally often, and all layers draw the same one.
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[2, 4], &[at("whole")]);
    let mut oracle = registers(&g);
    let mut drawn = [0; 4];
    for step in 0..200 {
        oracle.write(g.find_slot("step").unwrap(), Tensor::new([2], vec![f64::from(step), 0.0]));
        let y = oracle.values(&g, &[y])[0].data.clone();
        let width = sizes.iter().position(|s| distance(&by_hand(s.1), &y) < 1e-12).unwrap();
        drawn[width] += 1;
    }
    assert!(drawn.iter().all(|&n| (25..75).contains(&n)), "{drawn:?}");
    assert!(fault(&[2, 4], &[node("nested-ffn", &[("hidden", int(12))], vec![])]).contains("no eighth"));
}

/// Evaluating the eighth costs an eighth.
#[test]
fn nested_layers_save_work() {
    let work = |granularity: &str| -> u64 {
        let mut g = Graph::new();
        let settings = [("hidden", int(64)), ("granularity", word(granularity))];
        let (y, ..) = build(&mut g, Mode::Eval, &[2, 4], &[node("nested-ffn", &settings, vec![])]);
        let products = |v: &engine::ir::Value| {
            let node = g.node(*v);
            let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
            let product = matches!(node.op, engine::ops::Op::MatMul(_));
            product.then(|| engine::ops::Primitive::cost(&node.op, &args, &node.shape).work)
        };
        g.live(&[y]).iter().filter_map(products).sum()
    };
    assert_eq!(8 * work("eighth"), work("whole"));
}

/// Open gates are a plain residual network; shut ones leave out the middle, from within.
#[test]
fn the_middle_is_skipped_from_within() {
    let block = || [node("skip-middle", &[], layers(4))];
    let series: Vec<Node> = (0..4).map(|_| node("residual", &[], layer())).collect();
    let whole = {
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Eval, &[3, 4], &series);
        let (mut a, mut b) = (registers(&g), Graph::new());
        let (z, ..) = build(&mut b, Mode::Eval, &[3, 4], &block());
        let mut other = registers(&b);
        for gate in ["gate 1", "gate 2"] {
            other.write(b.find_slot(&format!("1.skip-middle/{gate}")).unwrap(), Tensor::new([4, 1], vec![0.0; 4]));
        }
        for id in b.slot_ids().filter(|&id| b.slot(id).name.contains("chain")) {
            let name = b.slot(id).name.replace("1.skip-middle/", "");
            let (number, rest) = name.split_once('.').unwrap();
            let slot = g.find_slot(&format!("{number}.residual/1.{rest}")).unwrap();
            a.write(slot, other.read(id).clone());
        }
        a.write(g.find_slot("x").unwrap(), other.read(b.find_slot("x").unwrap()).clone());
        assert!(distance(&a.values(&g, &[y])[0].data, &other.values(&b, &[z])[0].data) < 1e-12);
        other.values(&b, &[z])[0].data.clone()
    };
    let shut = |first: f64, second: f64| {
        let (gate, bias) = ("1.skip-middle/gate", "1.skip-middle/gate bias");
        let [g1, g2, b1, b2] = [format!("{gate} 1"), format!("{gate} 2"), format!("{bias} 1"), format!("{bias} 2")];
        with(Mode::Eval, &[3, 4], &block(), &[(&g1, 0.0), (&g2, 0.0), (&b1, first), (&b2, second)])
    };
    let (inner, all) = (shut(0.0, 1.0), shut(1.0, 0.0));
    let x = value(&[3, 4], Mode::Eval, &[]);
    assert!(distance(&all, &x) < 1e-12, "nothing but the input is left");
    assert!(distance(&inner, &x) > 1e-3 && distance(&inner, &whole) > 1e-3);
}

/// The coefficients of the control loss move by the gates' distance from their targets.
#[test]
fn the_middle_is_controlled() {
    let settings = [("target", float(0.25)), ("control", float(0.5))];
    let mut g = Graph::new();
    let (_, _, writes) = build(&mut g, Mode::Train, &[3, 4], &[node("skip-middle", &settings, layers(4))]);
    let next: Vec<_> = writes.iter().map(|w| w.1).collect();
    let mut oracle = registers(&g);
    for gate in ["gate 1", "gate 2"] {
        oracle.write(g.find_slot(&format!("1.skip-middle/{gate}")).unwrap(), Tensor::new([4, 1], vec![0.0; 4]));
    }
    let got: Vec<f64> = oracle.values(&g, &next).iter().map(|t| t.data[0]).collect();
    // All open at first: means of 1 where 0.625 and 0.25 are aimed at, no variance where m (1 − m) is.
    let expected = [0.5 * 0.375, -0.5 * 0.625 * 0.375, 0.5 * 0.75, -0.5 * 0.25 * 0.75];
    assert!(distance(&got, &expected) < 1e-6, "{got:?}");
}

/// A threshold of 1 skips nothing, one of −1 all that may be skipped; training never skips.
#[test]
fn saturated_rows_skip() {
    let block = |settings: &[(&str, Setting)]| [node("skip-saturated", settings, layers(4))];
    let value = |mode, settings: &[(&str, Setting)]| value(&[2, 3, 4], mode, &block(settings));
    let none = value(Mode::Train, &[("threshold", float(-1.0))]);
    assert!(distance(&none, &value(Mode::Eval, &[("skip", int(0))])) < 1e-12);
    let all = [("threshold", float(-1.0)), ("skip", int(3))];
    let skipped = value(Mode::Eval, &all);
    let first = {
        // The first layer alone, with the same numbers in the same registers.
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Eval, &[2, 3, 4], &[node("skip-saturated", &[], layers(1))]);
        registers(&g).values(&g, &[y])[0].data.clone()
    };
    assert!(distance(&skipped, &first) < 1e-12 && distance(&skipped, &none) > 1e-3);
    // Cold blocks on either side leave nothing to skip, and neither do places that warm up.
    let cold = [all[0].clone(), all[1].clone(), ("cold", int(2))];
    assert!(distance(&value(Mode::Eval, &cold), &none) < 1e-12);
    let warm = value(Mode::Eval, &[all[0].clone(), all[1].clone(), ("warm-up", int(2))]);
    for (place, (a, b)) in warm.chunks(4).zip(none.chunks(4)).enumerate() {
        assert_eq!(distance(a, b) < 1e-12, place % 3 < 2, "place {}", place % 3);
    }
}

/// Operations of the products of `block` on `shape` in evaluation.
fn products(shape: &[usize], block: Node) -> u64 {
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Eval, shape, &[block]);
    assert!(g.faults().is_empty(), "{:?}", g.faults());
    let work = |v: &engine::ir::Value| {
        let node = g.node(*v);
        let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
        let product = matches!(node.op, engine::ops::Op::MatMul(_));
        product.then(|| engine::ops::Primitive::cost(&node.op, &args, &node.shape).work)
    };
    g.live(&[y]).iter().filter_map(work).sum()
}

/// Layers that may be left out cost what there is room for; with none they are not built.
#[test]
fn room_is_work() {
    let saturated = |room: f64, cold: i64| {
        let settings = [("room", float(room)), ("cold", int(cold)), ("threshold", float(1.0))];
        products(&[4, 6, 4], node("skip-saturated", &settings, layers(5)))
    };
    let layer = saturated(1.0, 0) / 5;
    for (room, share) in [(0.0, 0), (0.25, 1), (0.5, 2), (0.75, 3)] {
        assert_eq!(saturated(room, 0), layer + 4 * layer * share / 4, "all but the first, at {room}");
        assert_eq!(saturated(room, 1), 2 * layer + 3 * layer * share / 4, "all but the cold, at {room}");
    }
    let middle = |room: f64| {
        let gates = products(&[4, 6, 4], node("skip-middle", &[("room", float(1.0))], layers(4))) - 4 * layer;
        products(&[4, 6, 4], node("skip-middle", &[("room", float(room))], layers(4))) - gates
    };
    // Without the innermost layers their gate is not asked for either: 24 rows of 4 features.
    assert_eq!((middle(1.0), middle(0.5), middle(0.0)), (4 * layer, 5 * layer / 2, layer - 2 * 24 * 4));
}

/// With room for all rows that are not to skip, left out is left out: the same numbers. With less, those that the layer
/// before turned least go without.
#[test]
fn rows_without_room_are_left_out() {
    let block = |settings: &[(&str, Setting)]| [node("skip-saturated", settings, layers(2))];
    let value = |settings: &[(&str, Setting)]| value(&[2, 5, 4], Mode::Eval, &block(settings));
    let whole = value(&[("skip", int(0))]);
    let one = {
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Eval, &[2, 5, 4], &[node("skip-saturated", &[], layers(1))]);
        registers(&g).values(&g, &[y])[0].data.clone()
    };
    let x = super::bench::value(&[2, 5, 4], Mode::Eval, &[]);
    let cosine = |row: usize| {
        let (a, b) = (&x[row * 4..][..4], &one[row * 4..][..4]);
        let inner = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
        inner(a, b) / (inner(a, a) * inner(b, b)).sqrt()
    };
    let mut order: Vec<usize> = (0..10).collect();
    order.sort_by(|&a, &b| cosine(a).total_cmp(&cosine(b)));
    for kept in [0, 3, 7, 10] {
        let got = value(&[("skip", int(0)), ("room", float(kept as f64 / 10.0))]);
        for (place, &row) in order.iter().enumerate() {
            let wanted = if place < kept { &whole } else { &one };
            assert!(distance(&got[row * 4..][..4], &wanted[row * 4..][..4]) < 1e-12, "row {row} of {kept}");
        }
    }
    // A threshold that leaves out the last four, and room for the six that are left.
    let between = f64::midpoint(cosine(order[5]), cosine(order[6]));
    let masked = value(&[("threshold", float(between))]);
    assert!(distance(&masked, &value(&[("threshold", float(between)), ("room", float(0.6))])) < 1e-12);
    assert!(distance(&masked, &whole) > 1e-3);
    // Places that warm up come first, however little they turn.
    let warm = value(&[("skip", int(0)), ("room", float(0.4)), ("warm-up", int(2))]);
    for (row, (got, all)) in warm.chunks(4).zip(whole.chunks(4)).enumerate() {
        assert_eq!(distance(got, all) < 1e-12, row % 5 < 2, "row {row}");
    }
    // Training goes through everything; and what looks at other rows is refused.
    let train = |room| super::bench::value(&[2, 5, 4], Mode::Train, &block(&[("room", float(room))]));
    assert_eq!(train(0.2), train(1.0));
    for id in ["skip-saturated", "skip-middle"] {
        let mut g = Graph::new();
        let mixing = node(id, &[("room", float(0.5))], (0..3).map(|_| node("attention", &[], vec![])).collect());
        build(&mut g, Mode::Eval, &[2, 5, 4], &[mixing]);
        assert!(g.faults()[0].to_string().contains("rows are left out"), "{:?}", g.faults());
    }
}

/// Rows whose gates are shut need no room, neither for what is learnt.
#[test]
fn shut_gates_need_no_room() {
    let of = |room: f64| {
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Train, &[6, 4], &[node("skip-middle", &[("room", float(room))], layers(2))]);
        let total = g.total(y);
        let slots: Vec<_> = g.slot_ids().filter(|&s| g.slot(s).role == Role::Param).collect();
        let weights: Vec<_> = slots.iter().map(|&s| g.read(s)).collect();
        let mut wanted = engine::ad::gradients(&mut g, total, &weights, &engine::ad::Exact);
        wanted.push(y);
        let mut oracle = registers(&g);
        // Gates by the first feature alone: three rows of it are shut.
        set(&mut oracle, &g, "gate 1", vec![2.0, 0.0, 0.0, 0.0]);
        let signs = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
        set(&mut oracle, &g, "x", (0..24).map(|i| if i % 4 == 0 { signs[i / 4] } else { 0.1 * i as f64 }).collect());
        oracle.values(&g, &wanted).into_iter().map(|t| t.data).collect::<Vec<_>>()
    };
    let (all, half, less) = (of(1.0), of(0.5), of(0.3));
    for (a, b) in all.iter().zip(&half) {
        assert!(distance(a, b) < 1e-12);
    }
    assert!(distance(&all[all.len() - 1], &less[less.len() - 1]) > 1e-3);
}

/// The predictor's target is the fewest channels of the mass, and neither loss reaches what belongs to the other.
#[test]
fn masks_are_learnt_apart() {
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let x = input(&mut g, "x", &[6, 4]);
    let x = g.read(x);
    let net = net(3, vec![vec![node("mask-gate", &[("mass", float(0.6))], vec![support::linear(5)])]]);
    let mut b = Build::new(&mut g, Mode::Train, clock, 3);
    let pass = net.stage(&mut b, 0, x);
    let open = b.exhibits.iter().find(|e| e.picture == Picture::Gates).unwrap().value;
    let made = b.made.iter().find(|(path, _)| path.ends_with("linear")).unwrap().1;
    let read = |g: &mut Graph, name: &str| {
        let slot = g.find_slot(&format!("1/1.mask-gate/{name}")).unwrap();
        g.read(slot)
    };
    let [weight, predictor] = ["1.linear/weight", "predictor"].map(|name| read(&mut g, name));
    let total = g.total(pass.output);
    let of = |g: &mut Graph, y| engine::ad::gradients(g, y, &[weight, predictor], &engine::ad::Exact);
    let (task, own) = (of(&mut g, total), of(&mut g, pass.losses[0]));
    let oracle = registers(&g);
    let size = |v| oracle.values(&g, &[v])[0].data.iter().map(|v| v.abs()).sum::<f64>();
    assert!(size(task[0]) > 0.0 && size(task[1]) == 0.0);
    assert!(size(own[0]) == 0.0 && size(own[1]) > 0.0);
    let got = oracle.values(&g, &[made, open, pass.output, pass.losses[0]]);
    for ((made, open), y) in got[0].data.iter().zip(&got[1].data).zip(&got[2].data) {
        assert_eq!(*y, made * open);
    }
    // By hand: channels in order of heat until the mass is reached, and the cross-entropy of the predictor's logits.
    let (w, x) = (oracle.read(g.find_slot("1/1.mask-gate/predictor").unwrap()), oracle.read(g.find_slot("x").unwrap()));
    let mut loss = 0.0;
    for (row, x) in got[0].data.chunks(5).zip(x.data.chunks(4)) {
        let mut order: Vec<usize> = (0..5).collect();
        order.sort_by(|&a, &b| row[b].abs().total_cmp(&row[a].abs()));
        let whole: f64 = row.iter().map(|v| v.abs()).sum();
        let mut so_far = 0.0;
        for c in order {
            let z = 1.0 + (0..4).map(|i| x[i] * w.data[i * 5 + c]).sum::<f64>();
            let target = f64::from(u8::from(so_far < f64::from(0.6f32) * whole));
            loss += z.exp().ln_1p() - target * z;
            so_far += row[c].abs();
        }
    }
    assert!((got[3].data[0] - loss / 30.0).abs() < 1e-6, "{} and {}", got[3].data[0], loss / 30.0);
}

/// At first there is no change; the base is no weight that learns, and one for all experts.
#[test]
fn lora_changes_a_frozen_base() {
    let lora = |settings: &[(&str, Setting)]| node("lora", settings, vec![support::linear(5)]);
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let x = input(&mut g, "x", &[3, 4]);
    let x = g.read(x);
    let net_of = net(3, vec![vec![lora(&[])]]);
    let pass = net_of.stage(&mut Build::new(&mut g, Mode::Train, clock, 3), 0, x);
    let learnt: Vec<_> = pass.params.iter().map(|&p| g.slot(p).name.clone()).collect();
    assert_eq!(learnt, ["1/1.lora/a", "1/1.lora/b"]);
    let oracle = registers(&g);
    let base = oracle.read(g.find_slot("1/1.lora/1.linear/weight").unwrap()).data.clone();
    let x = oracle.read(g.find_slot("x").unwrap()).data.clone();
    let expected: Vec<f64> = x
        .chunks(4)
        .flat_map(|x| (0..5).map(|o| (0..4).map(|i| x[i] * base[i * 5 + o]).sum::<f64>()).collect::<Vec<_>>())
        .collect();
    assert!(distance(&oracle.values(&g, &[pass.output])[0].data, &expected) < 1e-12);
    // W + α / r A B.
    let changed = with(
        Mode::Eval,
        &[3, 4],
        &[lora(&[("rank", int(2)), ("alpha", float(3.0))])],
        &[("1.lora/a", 1.0), ("1.lora/b", 1.0)],
    );
    let plain = with(Mode::Eval, &[3, 4], &[lora(&[("rank", int(2)), ("alpha", float(3.0))])], &[]);
    let mut g = Graph::new();
    build(&mut g, Mode::Eval, &[3, 4], &[lora(&[("rank", int(2)), ("alpha", float(3.0))])]);
    let x = registers(&g).read(g.find_slot("x").unwrap()).data.clone();
    for (i, (a, b)) in changed.iter().zip(&plain).enumerate() {
        let sum: f64 = x[i / 5 * 4..][..4].iter().sum();
        assert!((a - b - 3.0 * sum).abs() < 1e-6, "1.5 · 2 · Σ x");
    }
    // In experts the base has no axis of experts, the change has.
    let mut g = Graph::new();
    build(&mut g, Mode::Train, &[4, 4], &[route(3, "top-k", &[], vec![lora(&[])])]);
    let shape = |name: &str| g.slot(g.find_slot(&format!("1.route/1.lora/{name}")).unwrap()).shape.clone();
    assert_eq!((&*shape("1.linear/weight"), &*shape("a")), (&[4, 5][..], &[3, 4, 4][..]));
}

/// Below its threshold the change is gone; the score's derivative is that of a factor, and its size has a price.
#[test]
fn scores_select_changes() {
    let lora = || [node("lora", &[("selective", Setting::Bool(true))], vec![support::linear(5)])];
    let at = |score| with(Mode::Eval, &[3, 4], &lora(), &[("1.lora/b", 1.0), ("1.lora/score", score)]);
    let gone = with(Mode::Eval, &[3, 4], &lora(), &[("1.lora/b", 0.0)]);
    assert!(distance(&at(0.05), &gone) < 1e-12);
    assert!(distance(&at(0.2), &gone) > 1e-3);
    assert!(distance(&at(0.2), &at(7.0)) < 1e-12, "there or not");
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[3, 4], &lora());
    let slot = g.find_slot("1.lora/score").unwrap();
    let score = g.read(slot);
    let total = g.total(y);
    let slope = engine::ad::gradients(&mut g, total, &[score], &engine::ad::Exact)[0];
    let mut oracle = registers(&g);
    let b = g.find_slot("1.lora/b").unwrap();
    let shape = g.slot(b).shape.clone();
    oracle.write(b, Tensor::new(shape.clone(), vec![1.0; shape.size()]));
    let slope = oracle.values(&g, &[slope])[0].data[0];
    let sum: f64 = oracle.values(&g, &[y])[0].data.iter().sum();
    oracle.write(b, Tensor::new(shape.clone(), vec![0.0; shape.size()]));
    let without: f64 = oracle.values(&g, &[y])[0].data.iter().sum();
    assert!((slope - (sum - without)).abs() < 1e-9, "{slope} and {}", sum - without);
}

/// One module is a repetition; in evaluation the weights can be hardened to one module.
#[test]
fn modules_in_sequence() {
    let only = value(&[3, 4], Mode::Eval, &[node("module-sequence", &[("steps", int(3))], layers(1))]);
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Eval, &[3, 4], &[node("repeat", &[("times", int(3))], layers(1))]);
    let mut oracle = registers(&g);
    let mut other = Graph::new();
    build(&mut other, Mode::Eval, &[3, 4], &[node("module-sequence", &[("steps", int(3))], layers(1))]);
    let values = registers(&other);
    for id in g.slot_ids().filter(|&id| g.slot(id).role == Role::Param || g.slot(id).name == "x") {
        let name = g.slot(id).name.replace("repeat", "module-sequence");
        oracle.write(id, values.read(other.find_slot(&name).unwrap()).clone());
    }
    assert!(distance(&oracle.values(&g, &[y])[0].data, &only) < 1e-12);
    let steep = [("1.module-sequence/choice", 0.0)];
    let soft = with(Mode::Eval, &[3, 4], &[node("module-sequence", &[("steps", int(1))], layers(2))], &steep);
    let hard = [("steps", int(1)), ("hard", Setting::Bool(true))];
    let first = with(Mode::Eval, &[3, 4], &[node("module-sequence", &hard, layers(2))], &steep);
    assert!(distance(&soft, &first) > 1e-6, "undecided is the mean of both, and the first when hard");
    assert!(fault(&[3, 4], &[node("module-sequence", &[], vec![support::linear(5)])]).contains("block 1"));
}
