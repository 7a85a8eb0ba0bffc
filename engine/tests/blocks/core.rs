//! What the blocks promise that every network is made of, beyond their derivatives: see `bench` for those.

use engine::ir::{Graph, Role};
use engine::net::{Build, Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::recurrent::affine;
use super::support::{self, *};

#[test]
fn linear() {
    for init in ["he", "glorot", "lecun"] {
        let node = node("linear", &[("units", int(5)), ("init", word(init))], vec![]);
        differentiate(init, &[3, 4], &[node]);
    }
    differentiate("of an image", &[2, 2, 3, 2], &[support::linear(4)]);
    differentiate("of a series", &[2, 3, 2], &[support::linear(4)]);
    let none = node("linear", &[("bias", Setting::Bool(false))], vec![]);
    assert_eq!(value(&[2, 4], Mode::Train, &[none]).len(), 6, "0 units are the task's outputs");
    let zero = node("linear", &[("init", word("zero"))], vec![]);
    assert!(value(&[2, 4], Mode::Train, &[zero]).iter().all(|&v| v == 0.0));
}

#[test]
fn activations() {
    for function in ["relu", "leaky-relu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"] {
        differentiate(function, &[3, 5], &[activation(function)]);
    }
}

#[test]
fn norms() {
    for id in ["layer-norm", "rms-norm", "batch-norm"] {
        differentiate(id, &[5, 4], &[node(id, &[], vec![])]);
        differentiate(id, &[2, 2, 3, 2], &[node(id, &[], vec![])]);
    }
    let y = value(&[7, 3], Mode::Train, &[node("batch-norm", &[("epsilon", float(1e-10))], vec![])]);
    for feature in 0..3 {
        let column: Vec<f64> = y.iter().skip(feature).step_by(3).copied().collect();
        let mean = column.iter().sum::<f64>() / 7.0;
        let square = column.iter().map(|v| v * v).sum::<f64>() / 7.0;
        assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "mean {mean}, mean square {square}");
    }
}

#[test]
fn batch_norm_keeps_running_statistics() {
    let mut g = Graph::new();
    let (_, _, writes) = build(&mut g, Mode::Train, &[4, 1], &[node("batch-norm", &[], vec![])]);
    let oracle = registers(&g);
    let x = oracle.read(g.find_slot("x").unwrap()).data.clone();
    let mean = x.iter().sum::<f64>() / 4.0;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 3.0;
    let (tenth, values) = (f64::from(0.1f32), oracle.values(&g, &[writes[0].1, writes[1].1]));
    assert!((values[0].data[0] - tenth * mean).abs() < 1e-7);
    assert!((values[1].data[0] - (1.0 + tenth * (variance - 1.0))).abs() < 1e-6);

    let mut g = Graph::new();
    let (y, _, writes) = build(&mut g, Mode::Eval, &[4, 1], &[node("batch-norm", &[], vec![])]);
    assert!(writes.is_empty());
    let got = registers(&g).values(&g, &[y])[0].data.clone();
    assert!(distance(&got, &x.iter().map(|v| v / (1.0 + 1e-5f64).sqrt()).collect::<Vec<_>>()) < 1e-6);
}

#[test]
fn dropout() {
    let block = || vec![node("dropout", &[("rate", float(0.25))], vec![])];
    differentiate("dropout", &[4, 5], &block());
    let x = value(&[40, 50], Mode::Eval, &[]);
    assert_eq!(value(&[40, 50], Mode::Eval, &block()), x);
    let y = value(&[40, 50], Mode::Train, &block());
    let dropped = y.iter().filter(|&&v| v == 0.0).count() as f64 / 2000.0;
    assert!((dropped - 0.25).abs() < 0.03, "{dropped}");
    assert!(x.iter().zip(&y).all(|(x, y)| *y == 0.0 || (y - x / 0.75).abs() < 1e-6));
}

#[test]
fn convolution() {
    let conv = |settings: &[(&str, Setting)]| {
        let mut all = vec![("channels", int(4))];
        all.extend_from_slice(settings);
        node("conv2d", &all, vec![])
    };
    differentiate("same", &[2, 4, 5, 2], &[conv(&[])]);
    differentiate("even kernel", &[1, 4, 5, 2], &[conv(&[("kernel", int(2))])]);
    differentiate("valid", &[1, 4, 5, 2], &[conv(&[("padding", word("valid")), ("stride", int(2))])]);
    differentiate("groups", &[1, 3, 3, 4], &[conv(&[("groups", int(2)), ("bias", Setting::Bool(false))])]);
    assert_eq!(value(&[1, 5, 5, 1], Mode::Train, &[conv(&[("stride", int(2))])]).len(), 3 * 3 * 4);
    assert!(fault(&[1, 3, 3, 3], &[conv(&[("groups", int(2))])]).contains("do not divide"));
    assert!(fault(&[1, 2, 2, 1], &[conv(&[("padding", word("valid"))])]).contains("does not fit"));
    assert!(fault(&[2, 4], &[conv(&[])]).contains("needs an image"));
}

#[test]
fn pooling() {
    for id in ["max-pool", "avg-pool"] {
        differentiate("tiles", &[2, 4, 6, 2], &[node(id, &[], vec![])]);
        differentiate("left over", &[1, 5, 4, 2], &[node(id, &[], vec![])]);
        differentiate("overlap", &[1, 5, 5, 1], &[node(id, &[("size", int(3)), ("stride", int(1))], vec![])]);
        // Tiles by shape and tiles by windows are the same numbers.
        let windows = node(id, &[("stride", int(2))], vec![]);
        let odd = value(&[1, 5, 4, 2], Mode::Eval, &[windows]);
        let x = value(&[1, 5, 4, 2], Mode::Eval, &[]);
        let first: Vec<f64> = [0, 2, 8, 10].iter().map(|&i| x[i]).collect();
        let expected = if id == "max-pool" {
            first.iter().copied().fold(f64::MIN, f64::max)
        } else {
            first.iter().sum::<f64>() / 4.0
        };
        assert!((odd[0] - expected).abs() < 1e-12);
        assert!(fault(&[1, 1, 4, 1], &[node(id, &[], vec![])]).contains("does not fit"));
    }
}

#[test]
fn composites() {
    let part = || vec![support::linear(4), activation("tanh")];
    differentiate("chain", &[3, 4], &[node("chain", &[], part())]);
    differentiate("residual", &[3, 4], &[node("residual", &[], part())]);
    differentiate("repeat", &[3, 4], &[node("repeat", &[("times", int(3))], part())]);
    for join in ["sum", "concat"] {
        differentiate(join, &[3, 4], &[node("parallel", &[("join", word(join))], part())]);
    }
    differentiate("flatten", &[2, 2, 3, 1], &[node("flatten", &[], vec![])]);
    assert!(fault(&[3, 4], &[node("residual", &[], vec![support::linear(5)])]).contains("cannot be added"));
    assert!(fault(&[3, 4], &[node("repeat", &[], vec![support::linear(5)])]).contains("again"));
    assert!(fault(&[3, 4], &[node("parallel", &[], vec![support::linear(5), support::linear(4)])]).contains("block 2"));
}

#[test]
fn repeat_shares_its_weights() {
    let mut g = Graph::new();
    let blocks = [node("repeat", &[("times", int(5))], vec![support::linear(4)])];
    build(&mut g, Mode::Train, &[3, 4], &blocks);
    assert_eq!(g.slots().iter().filter(|s| s.role == Role::Param).count(), 2);
}

#[test]
fn loops_may_be_longer_in_tests() {
    let looped = |settings: &[(&str, Setting)]| node("repeat", settings, vec![support::linear(4), activation("tanh")]);
    let of = |mode, settings: &[(&str, Setting)]| value(&[3, 4], mode, &[looped(settings)]);
    let longer = [("times", int(2)), ("test-times", int(5))];
    assert_eq!(of(Mode::Train, &longer), of(Mode::Train, &[("times", int(2))]));
    assert_eq!(of(Mode::Eval, &longer), of(Mode::Eval, &[("times", int(5))]));
    assert_ne!(of(Mode::Eval, &longer), of(Mode::Train, &longer));
    let injected = [("times", int(3)), ("inject", word("add"))];
    differentiate("injected", &[3, 4], &[looped(&injected)]);
    assert_eq!(of(Mode::Train, &[("times", int(1)), ("inject", word("add"))]), of(Mode::Train, &[("times", int(1))]));
    // z_{i+1} = f(x + z_i) by hand.
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[3, 4], &[looped(&injected)]);
    let oracle = registers(&g);
    let read = |name: &str| oracle.read(g.find_slot(name).unwrap()).data.clone();
    let [x, w, b] = ["x", "1.repeat/1.linear/weight", "1.repeat/1.linear/bias"].map(read);
    let f = |x: &[f64]| affine(x, &w, &b).into_iter().map(f64::tanh).collect::<Vec<_>>();
    let expected: Vec<f64> = x
        .chunks(4)
        .flat_map(|x| {
            let again = |z: &[f64]| f(&x.iter().zip(z).map(|(x, z)| x + z).collect::<Vec<_>>());
            again(&again(&f(x)))
        })
        .collect();
    assert!(distance(&oracle.values(&g, &[y])[0].data, &expected) < 1e-12);
}

fn expert() -> Vec<Node> {
    vec![support::linear(5), node("layer-norm", &[], vec![]), activation("tanh"), support::linear(2)]
}

#[test]
fn routes_differentiate() {
    differentiate("dense", &[4, 3], &[route(3, "dense", &[], expert())]);
    differentiate("top-1", &[4, 3], &[route(3, "top-k", &[("k", int(1))], expert())]);
    differentiate("top-2", &[4, 3], &[route(3, "top-k", &[("k", int(2)), ("jitter", float(0.1))], expert())]);
    differentiate("top-3", &[4, 3], &[route(3, "top-k", &[("k", int(3))], expert())]);
    differentiate("image", &[2, 2, 2, 1], &[route(2, "top-k", &[("k", int(1))], expert())]);
}

/// A sorted dispatch gives what each sample's own experts give, one after the other.
#[test]
fn chosen_experts_are_those_that_count() {
    let mut g = Graph::new();
    let (y, taps, _) =
        build(&mut g, Mode::Train, &[5, 3], &[route(4, "top-k", &[("k", int(2))], vec![support::linear(2)])]);
    let oracle = registers(&g);
    let read = |name: &str| oracle.read(g.find_slot(name).unwrap()).data.clone();
    let (x, router) = (read("x"), read("1.route/router"));
    let (w, bias) = (read("1.route/1.linear/weight"), read("1.route/1.linear/bias"));
    let mut expected = Vec::new();
    let mut load = [0.0; 4];
    for x in x.chunks(3) {
        let logits: Vec<f64> = (0..4).map(|e| (0..3).map(|i| x[i] * router[i * 4 + e]).sum()).collect();
        let mut order: Vec<usize> = (0..4).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        let weights: Vec<f64> = order[..2].iter().map(|&e| logits[e].exp()).collect();
        let total: f64 = weights.iter().sum();
        for unit in 0..2 {
            let outputs = order[..2].iter().zip(&weights).map(|(&e, weight)| {
                let sum: f64 = (0..3).map(|i| x[i] * w[(e * 3 + i) * 2 + unit]).sum();
                (sum + bias[e * 2 + unit]) * weight / total
            });
            expected.push(outputs.sum());
        }
        order[..2].iter().for_each(|&e| load[e] += 0.1);
    }
    let got = oracle.values(&g, &[y, taps[0].load, taps[0].entropy]);
    assert!(distance(&got[0].data, &expected) < 1e-12);
    assert!(distance(&got[1].data, &load) < 1e-7);
    assert!(got[2].data[0] > 0.0 && got[2].data[0] <= 4f64.ln());
}

/// Choosing all experts is the dense mixture.
#[test]
fn top_k_of_all_is_dense() {
    let dense = value(&[6, 3], Mode::Train, &[route(4, "dense", &[], expert())]);
    let all = value(&[6, 3], Mode::Train, &[route(4, "top-k", &[("k", int(4))], expert())]);
    assert!(distance(&dense, &all) < 1e-12);
}

#[test]
fn balance_is_one_when_all_experts_are_used_alike() {
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    // Row i is the unit vector i, and so is the router: every expert receives one sample.
    let x = input(&mut g, "x", &[3, 3]);
    let x = g.read(x);
    let net =
        net(3, vec![vec![route(3, "top-k", &[("k", int(1)), ("balance", float(1.0))], vec![support::linear(2)])]]);
    let mut b = Build::new(&mut g, Mode::Train, clock, 3);
    let pass = net.stage(&mut b, 0, x);
    let load = b.taps[0].load;
    let mut oracle = registers(&g);
    let eye = engine::ops::Tensor::new([3, 3], (0..9).map(|i| f64::from(u8::from(i % 4 == 0))).collect());
    oracle.write(g.find_slot("x").unwrap(), eye.clone());
    oracle.write(g.find_slot("1/1.route/router").unwrap(), eye);
    let got = oracle.values(&g, &[pass.losses[0], load]);
    assert!((got[0].data[0] - 1.0).abs() < 1e-6, "{}", got[0].data[0]);
    assert!(distance(&got[1].data, &[1.0 / 3.0; 3]) < 1e-6);
}

#[test]
fn experts_refuse_what_does_not_work_on_rows() {
    for id in ["batch-norm", "conv2d", "max-pool", "avg-pool"] {
        let message = fault(&[4, 3], &[route(2, "dense", &[], vec![node(id, &[], vec![])])]);
        assert!(message.contains("inside an expert"), "{message}");
    }
    let nested = route(2, "dense", &[], vec![route(2, "dense", &[], vec![support::linear(2)])]);
    assert!(fault(&[4, 3], &[nested]).contains("inside an expert"));
    let few = route(2, "top-k", &[("k", int(3))], expert());
    assert!(fault(&[4, 3], &[few]).contains("3 experts"));
}

/// Every kind of row-wise block, inside experts.
#[test]
fn experts_hold_composites() {
    let inner = vec![
        node("residual", &[], vec![support::linear(3), activation("gelu")]),
        node("parallel", &[], vec![support::linear(3), node("rms-norm", &[], vec![])]),
        node("repeat", &[], vec![node("dropout", &[], vec![]), support::linear(3)]),
        node("chain", &[], vec![node("flatten", &[], vec![])]),
    ];
    differentiate("composites in experts", &[4, 3], &[route(3, "top-k", &[], inner)]);
}
