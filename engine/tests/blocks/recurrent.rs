//! Recurrences against plain loops, and what their papers promise.

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Value};
use engine::net::{Mode, Node};
use engine::ops::shape::Pad;
use engine::ops::{Op, Tensor};
use engine::registry::Setting;

use super::bench::*;
use super::support::*;

/// One block on a register `x`, whose numbers can be set.
pub struct Alone {
    pub g: Graph,
    pub y: Value,
    pub oracle: Oracle,
    id: String,
}

impl Alone {
    pub fn new(mode: Mode, shape: &[usize], block: Node) -> Self {
        let id = block.block.meta().id.to_owned();
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, mode, shape, &[block]);
        assert!(g.faults().is_empty(), "{:?}", g.faults());
        let oracle = registers(&g);
        Self { g, y, oracle, id }
    }

    fn slot(&self, name: &str) -> engine::ir::SlotId {
        let own = format!("1.{}/{name}", self.id);
        self.g.find_slot(&own).or_else(|| self.g.find_slot(name)).unwrap_or_else(|| panic!("no {name}"))
    }

    pub fn read(&self, name: &str) -> Vec<f64> {
        self.oracle.read(self.slot(name)).data.clone()
    }

    pub fn write(&mut self, name: &str, data: Vec<f64>) {
        let slot = self.slot(name);
        self.oracle.write(slot, Tensor::new(self.g.slot(slot).shape.clone(), data));
    }

    /// A matrix of zeros but for these elements.
    pub fn entries(&mut self, name: &str, entries: &[(usize, usize, f64)]) {
        let shape = self.g.slot(self.slot(name)).shape.clone();
        let mut data = vec![0.0; shape.size()];
        entries.iter().for_each(|&(row, column, v)| data[row * shape.last() + column] = v);
        self.write(name, data);
    }

    pub fn value(&self) -> Vec<f64> {
        self.oracle.values(&self.g, &[self.y])[0].data.clone()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `x W + b` of one row.
pub fn affine(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    let units = b.len();
    (0..units).map(|u| b[u] + x.iter().enumerate().map(|(i, x)| x * w[i * units + u]).sum::<f64>()).collect()
}

/// A loop over `[2, 4, 3]` with 5 units: what `step` makes of the input's say, the state's say and the state.
fn by_hand(alone: &Alone, state: usize, step: impl Fn(&[f64], &[f64], &mut [Vec<f64>])) -> Vec<f64> {
    let [x, w, b, u, c] = ["x", "input-weight", "input-bias", "state-weight", "state-bias"].map(|n| alone.read(n));
    let mut out = Vec::new();
    for sample in x.chunks(4 * 3) {
        let mut held = vec![vec![0.0; 5]; state];
        for at in sample.chunks(3) {
            let (input, said) = (affine(at, &w, &b), affine(&held[0], &u, &c));
            step(&input, &said, &mut held);
            out.extend(&held[0]);
        }
    }
    out
}

fn cell(id: &str, settings: &[(&str, Setting)]) -> Node {
    node(id, &[&[("units", int(5))], settings].concat(), vec![])
}

#[test]
fn cells_are_the_loops_of_their_equations() {
    for (curve, f) in [("tanh", f64::tanh as fn(f64) -> f64), ("relu", |x| x.max(0.0))] {
        let rnn = Alone::new(Mode::Train, &[2, 4, 3], cell("rnn", &[("cell", word(curve))]));
        let expected = by_hand(&rnn, 1, |x, h, held| {
            held[0] = (0..5).map(|i| f(x[i] + h[i])).collect();
        });
        assert!(distance(&rnn.value(), &expected) < 1e-12, "{curve}");
    }
    let gru = Alone::new(Mode::Train, &[2, 4, 3], cell("gru", &[]));
    let expected = by_hand(&gru, 1, |x, h, held| {
        for i in 0..5 {
            let (r, z) = (sigmoid(x[i] + h[i]), sigmoid(x[5 + i] + h[5 + i]));
            let n = (x[10 + i] + r * h[10 + i]).tanh();
            held[0][i] = (1.0 - z) * n + z * held[0][i];
        }
    });
    assert!(distance(&gru.value(), &expected) < 1e-12);
    let lstm = Alone::new(Mode::Train, &[2, 4, 3], cell("lstm", &[]));
    let expected = by_hand(&lstm, 2, |x, h, held| {
        for i in 0..5 {
            let gate = |k: usize| x[5 * k + i] + h[5 * k + i];
            held[1][i] = sigmoid(gate(1)) * held[1][i] + sigmoid(gate(0)) * gate(2).tanh();
            held[0][i] = sigmoid(gate(3)) * held[1][i].tanh();
        }
    });
    assert!(distance(&lstm.value(), &expected) < 1e-12);
}

#[test]
fn cells_differentiate() {
    for id in ["rnn", "gru", "lstm"] {
        differentiate(id, &[2, 3, 2], &[cell(id, &[])]);
        differentiate(id, &[1, 3, 2], &[cell(id, &[("output", word("last")), ("direction", word("backward"))])]);
    }
    assert!(fault(&[2, 4], &[cell("gru", &[])]).contains("needs a sequence"));
    let inside = route(2, "dense", &[], vec![cell("gru", &[])]);
    assert!(fault(&[2, 3, 4], &[inside]).contains("inside an expert"));
}

/// The last place alone is the last of all; read backward, the last place is the first.
#[test]
fn outputs_and_directions() {
    for id in ["rnn", "gru", "lstm"] {
        let all = value(&[1, 4, 3], Mode::Train, &[cell(id, &[])]);
        let last = value(&[1, 4, 3], Mode::Train, &[cell(id, &[("output", word("last"))])]);
        assert_eq!(all[15..], last[..]);
        let back = [("direction", word("backward"))];
        let mut turned = Alone::new(Mode::Train, &[1, 4, 3], cell(id, &back));
        let x: Vec<f64> = turned.read("x").chunks(3).rev().flatten().copied().collect();
        turned.write("x", x);
        let turned: Vec<f64> = turned.value().chunks(5).rev().flatten().copied().collect();
        assert_eq!(turned, all, "{id}");
    }
}

/// What comes back to a sequence that was taken apart is put side by side, not padded and added place by place.
#[test]
fn derivatives_of_places_are_laid_down_once() {
    let Alone { mut g, y, .. } = Alone::new(Mode::Train, &[2, 6, 3], cell("gru", &[]));
    let loss = g.total(y);
    let reads: Vec<Value> = g
        .slot_ids()
        .filter(|&s| g.slot(s).name.contains("gru"))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|s| g.read(s))
        .collect();
    let gradients = ad::gradients(&mut g, loss, &reads, &Exact);
    let pads = g.live(&gradients).into_iter().filter(|v| matches!(g.node(*v).op, Op::Pad(_))).count();
    assert_eq!(pads, 0);
}

/// Padded pieces that touch are put side by side whichever comes first; others are added.
#[test]
fn padded_pieces_add_up() {
    let mut g = Graph::new();
    let slots = [2, 3].map(|len| input(&mut g, &format!("{len}"), &[2, len]));
    let [a, b] = slots.map(|s| g.read(s));
    let sum = |g: &mut Graph, [at, to]: [usize; 2], turned: bool| {
        let a = g.push(Pad { axis: 1, before: at, after: 7 - at - 2 }, &[a]);
        let b = g.push(Pad { axis: 1, before: to, after: 7 - to - 3 }, &[b]);
        if turned { g.add(b, a) } else { g.add(a, b) }
    };
    for (at, to, touch) in [(1, 3, true), (3, 0, true), (0, 4, false), (2, 3, false), (5, 2, true), (0, 2, true)] {
        for turned in [false, true] {
            let y = sum(&mut g, [at, to], turned);
            assert_eq!(matches!(g.node(y).op, Op::Binary(_)), !touch);
            let oracle = registers(&g);
            let mut expected = vec![0.0; 14];
            for row in 0..2 {
                for (slot, from, len) in [(slots[0], at, 2), (slots[1], to, 3)] {
                    for i in 0..len {
                        expected[row * 7 + from + i] += oracle.read(slot).data[row * len + i];
                    }
                }
            }
            assert_eq!(oracle.values(&g, &[y])[0].data, expected);
        }
    }
}

#[test]
fn lru_by_doubling_is_the_recurrence() {
    for len in [1, 2, 3, 7, 8] {
        let lru = Alone::new(Mode::Train, &[2, len, 3], node("lru", &[], vec![]));
        let [x, fw, fb, ww, wb, lambda] =
            ["x", "fade-weight", "fade-bias", "write-weight", "write-bias", "lambda"].map(|n| lru.read(n));
        let mut expected = Vec::new();
        for sample in x.chunks(len * 3) {
            let mut h = [0.0; 3];
            for at in sample.chunks(3) {
                let (r, i) = (affine(at, &fw, &fb), affine(at, &ww, &wb));
                for d in 0..3 {
                    let lambda = lambda[d] + f64::from(-6.65f32);
                    let a = (-8.0 * lambda.exp().ln_1p() * sigmoid(r[d])).exp();
                    h[d] = a * h[d] + (1.0 - a * a).sqrt() * sigmoid(i[d]) * at[d];
                }
                expected.extend(h);
            }
        }
        assert!(distance(&lru.value(), &expected) < 1e-12, "{len}");
    }
    differentiate("lru", &[2, 4, 2], &[node("lru", &[], vec![])]);
}

fn delta(id: &str, settings: &[(&str, Setting)]) -> Node {
    node(id, settings, vec![])
}

#[test]
fn chunks_of_the_delta_rule_are_the_recurrence() {
    let forms = |id: &str, more: &[(&str, Setting)]| {
        let of = |chunk: i64| {
            let settings = [&[("chunk", int(chunk))], more].concat();
            value(&[2, 7, 6], Mode::Train, &[delta(id, &settings)])
        };
        let one_by_one = of(0);
        for chunk in [1, 2, 3, 5, 16] {
            let far = distance(&of(chunk), &one_by_one);
            assert!(far < 1e-13, "{id} by chunks of {chunk} is off by {far:e}");
        }
    };
    for negative in [false, true] {
        let negative = ("negative-eigenvalues", Setting::Bool(negative));
        let settings = [negative, ("steps", int(3))];
        forms("delta-net", &settings[..1]);
        forms("delta-product", &settings);
    }
    let one = value(&[2, 7, 6], Mode::Train, &[delta("delta-net", &[])]);
    let single = [("steps", int(1)), ("negative-eigenvalues", Setting::Bool(false))];
    assert_eq!(one, value(&[2, 7, 6], Mode::Train, &[delta("delta-product", &single)]), "one write is DeltaNet");
    assert!(fault(&[2, 3, 5], &[delta("delta-net", &[])]).contains("do not divide"));
}

#[test]
fn delta_rules_differentiate() {
    for chunk in [0, 3] {
        let settings = [("chunk", int(chunk))];
        differentiate("delta-net", &[2, 4, 4], &[delta("delta-net", &settings)]);
        differentiate("delta-product", &[1, 3, 4], &[delta("delta-product", &settings)]);
    }
}

/// A projection that is so large that the silu curve before a key is the identity.
const LARGE: f64 = 1000.0;

/// What is written under orthonormal keys is read back exactly, the last word counting.
#[test]
fn delta_net_stores_associations() {
    for chunk in [0, 4] {
        let mut net =
            Alone::new(Mode::Train, &[1, 9, 8], delta("delta-net", &[("heads", int(1)), ("chunk", int(chunk))]));
        let diagonal =
            |row: usize, column: usize, by: f64| (0..4).map(|i| (row + i, column + i, by)).collect::<Vec<_>>();
        // The first half of a token is a key to write under, the second the value, or a key to read at.
        net.entries("key", &diagonal(0, 0, LARGE));
        net.entries("query", &diagonal(4, 0, LARGE));
        net.entries("value", &diagonal(4, 0, 1.0));
        net.entries("share", &(0..4).map(|i| (i, 0, 40.0)).collect::<Vec<_>>());
        net.entries("output", &(0..8).map(|i| (i, i, 1.0)).collect::<Vec<_>>());
        let values: Vec<Vec<f64>> = (0..5).map(|i| numbers(i, 4)).collect();
        let unit = |i: usize| (0..4).map(|j| f64::from(u8::from(i == j))).collect::<Vec<_>>();
        // Under key 0 twice.
        let writes = [0, 1, 2, 3, 0].iter().zip(&values).map(|(&k, v)| [unit(k), v.clone()].concat());
        let reads = (0..4).map(|k| [vec![0.0; 4], unit(k)].concat());
        net.write("x", writes.chain(reads).flatten().collect());
        let got = net.value();
        for (k, stored) in [4, 1, 2, 3].into_iter().enumerate() {
            assert!(distance(&got[(5 + k) * 8..][..4], &values[stored]) < 1e-11, "key {k}");
        }
    }
}

/// With a share of 2 a write is a reflection, and one channel counts parity for ever; with shares up to 1 it forgets.
#[test]
fn reflections_keep_parity() {
    let bits = [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1];
    let run = |negative: bool| {
        let settings = [("heads", int(1)), ("negative-eigenvalues", Setting::Bool(negative))];
        let mut net = Alone::new(Mode::Train, &[1, bits.len() + 1, 3], delta("delta-net", &settings));
        // Tokens: start, one, zero. The start writes 1, a one turns it around, a zero has no key.
        net.entries("key", &[(0, 0, LARGE), (1, 0, LARGE)]);
        net.entries("query", &[(0, 0, LARGE), (1, 0, LARGE), (2, 0, LARGE)]);
        net.entries("value", &[(0, 0, 1.0)]);
        net.entries("share", &[(0, 0, if negative { 0.0 } else { 40.0 }), (1, 0, 40.0)]);
        net.entries("output", &[(0, 0, 1.0)]);
        let mut x = vec![1.0, 0.0, 0.0];
        bits.iter().for_each(|b| x.extend([0.0, f64::from(*b), 1.0 - f64::from(*b)]));
        net.write("x", x);
        net.value().chunks(3).skip(1).map(|y| y[0]).collect::<Vec<_>>()
    };
    let mut sign = 1.0;
    let parity: Vec<f64> = bits
        .iter()
        .map(|&b| {
            if b == 1 {
                sign = -sign
            }
            sign
        })
        .collect();
    assert!(distance(&run(true), &parity) < 1e-10);
    assert!(run(false).iter().all(|v| v.abs() < 1e-10));
}

/// Two reflections whose mirrors stand at 36° turn by 72°: after five places all is as it was.
#[test]
fn two_reflections_are_a_rotation() {
    for chunk in [0, 16] {
        let settings = [("heads", int(1)), ("steps", int(2)), ("chunk", int(chunk))];
        let mut net = Alone::new(Mode::Train, &[1, 11, 2], delta("delta-product", &settings));
        let (sin, cos) = (std::f64::consts::PI / 5.0).sin_cos();
        // The first token writes the identity, the second kind reflects twice.
        net.entries("key", &[(0, 0, LARGE), (0, 3, LARGE), (1, 0, LARGE), (1, 2, cos * LARGE), (1, 3, sin * LARGE)]);
        net.entries("query", &[(0, 0, LARGE), (1, 0, LARGE)]);
        net.entries("value", &[(0, 0, 1.0), (0, 3, 1.0)]);
        net.entries("share", &[(1, 0, 40.0), (1, 1, 40.0)]);
        net.entries("output", &[(0, 0, 1.0), (1, 1, 1.0)]);
        net.write("x", (0..11).flat_map(|t| if t == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect());
        for (t, got) in net.value().chunks(2).enumerate() {
            let angle = f64::from(t as u32) * 2.0 * std::f64::consts::PI / 5.0;
            assert!(distance(got, &[angle.cos(), -angle.sin()]) < 1e-10, "{t}: {got:?}");
        }
    }
}

#[test]
fn taps_are_a_filter() {
    let settings = [("lookback", int(2)), ("lookahead", int(1)), ("stride", int(2))];
    let block = || node("fsmn", &settings, vec![]);
    let fsmn = Alone::new(Mode::Train, &[2, 5, 3], block());
    let (x, taps) = (fsmn.read("x"), fsmn.read("taps"));
    let mut expected = x.clone();
    for (i, y) in expected.iter_mut().enumerate() {
        let (sample, t, d) = (i / 15, (i / 3 % 5) as isize, i % 3);
        for tap in 0..4 {
            let from = t + (tap - 2) * 2;
            if (0..5).contains(&from) {
                *y += taps[tap as usize * 3 + d] * x[sample * 15 + from as usize * 3 + d];
            }
        }
    }
    assert!(distance(&fsmn.value(), &expected) < 1e-12);
    differentiate("fsmn", &[2, 4, 2], &[block()]);
    differentiate(
        "one tap",
        &[2, 3, 2],
        &[node("fsmn", &[("lookback", int(0)), ("skip", Setting::Bool(false))], vec![])],
    );
}

fn blockwise(settings: &[(&str, Setting)]) -> Node {
    node("block-recurrent", &[&[("window", int(2)), ("states", int(3))], settings].concat(), vec![])
}

#[test]
fn block_recurrent_cells_differentiate() {
    for gate in ["fixed", "lstm"] {
        differentiate(gate, &[1, 5, 4], &[blockwise(&[("gate", word(gate))])]);
    }
    assert!(fault(&[1, 5, 3], &[blockwise(&[])]).contains("do not divide"));
}

/// A token sees its window; what lies before reaches it through the states alone, and nothing reaches it from behind.
#[test]
fn states_are_the_only_way_past_the_window() {
    for (gate, shut) in [("fixed", "keep"), ("lstm", "write-bias")] {
        let mut net = Alone::new(Mode::Train, &[1, 7, 4], blockwise(&[("gate", word(gate))]));
        let reach = |net: &mut Alone, from: usize| {
            let (x, before) = (net.read("x"), net.value());
            let mut moved = x.clone();
            moved[from * 4] += 0.5;
            net.write("x", moved);
            let after = net.value();
            net.write("x", x);
            let differs =
                |t: usize| before[t * 4..][..4].iter().zip(&after[t * 4..]).any(|(a, b)| (a - b).abs() > 1e-12);
            (0..7).map(differs).collect::<Vec<bool>>()
        };
        // Token 0 is heard by 0 and 1 in the window, and by all later blocks through the states.
        assert_eq!(reach(&mut net, 0), [true, true, true, true, true, true, true], "{gate}");
        assert_eq!(reach(&mut net, 3), [false, false, false, true, true, true, true], "{gate}");
        net.write(shut, vec![if gate == "fixed" { 60.0 } else { -60.0 }; 4]);
        assert_eq!(reach(&mut net, 0), [true, true, false, false, false, false, false], "{gate}");
        assert_eq!(reach(&mut net, 3), [false, false, false, true, true, false, false], "{gate}");
    }
}
