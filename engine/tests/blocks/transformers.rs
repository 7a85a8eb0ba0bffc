//! Transformers by their letters, and what lies in them: shaped attention, residual units, scales.

use engine::ir::Graph;
use engine::net::{Build, Mode, Node, Picture};
use engine::registry::Setting;

use super::bench::*;
use super::made::*;
use super::support::*;

#[test]
fn shaped_attention_begins_as_the_identity() {
    for mask in ["none", "causal", "window", "prefix"] {
        let shaped = || with("shaped-attention", &[("heads", int(2)), ("mask", word(mask))]);
        differentiate(mask, &[1, 3, 4], &[shaped()]);
        let mut made = made(&[2, 5, 4], &[shaped()]);
        assert!(distance(&made.output(), &made.read("x")) < 1e-12, "{mask}");
        // α, β and γ weigh identity, attention and the uniform: with α alone the input is scaled by it.
        for name in ["beta", "gamma"] {
            made.write(&format!("1.shaped-attention/{name}"), vec![0.0; 2]);
        }
        made.write("1.shaped-attention/alpha", vec![2.0, 3.0]);
        let x = made.read("x");
        let expected: Vec<f64> = x.iter().enumerate().map(|(i, v)| v * if i % 4 < 2 { 2.0 } else { 3.0 }).collect();
        assert!(distance(&made.output(), &expected) < 1e-12, "{mask}");
    }
    let values = with("shaped-attention", &[("heads", int(2)), ("values", Setting::Bool(true))]);
    differentiate("values", &[1, 3, 4], &[values]);
    // With queries that are not zero it is no longer the identity, and still sees nothing ahead.
    let mut made = made(&[1, 4, 4], &[with("shaped-attention", &[("heads", int(2)), ("mask", word("causal"))])]);
    made.write("1.shaped-attention/query", numbers(5, 16));
    let (x, before) = (made.read("x"), made.output());
    assert!(distance(&before, &x) > 1e-3);
    let mut moved = x.clone();
    moved[12..].iter_mut().for_each(|v| *v += 1.0);
    made.write("x", moved);
    assert_eq!(made.output()[..12], before[..12]);
}

#[test]
fn transformers_differentiate() {
    for order in ["s", "f", "p", "h", "q", "m"] {
        let settings = [("order", word(order)), ("heads", int(2)), ("expand", int(1)), ("function", word("gelu"))];
        differentiate(order, &[1, 3, 2], &[node("brainformer", &settings, vec![activation("tanh")])]);
    }
    for norm in ["rms", "none"] {
        let settings = [("order", word("sf")), ("heads", int(1)), ("expand", int(1)), ("norm", word(norm))];
        differentiate(norm, &[1, 3, 2], &[with("transformer", &settings)]);
    }
}

#[test]
fn letters_are_layers() {
    let (heads, shape) = (("heads", int(2)), [2, 5, 4]);
    let by = |order: &str| with("transformer", &[("order", word(order)), heads.clone()]);
    let attention = || with("attention", std::slice::from_ref(&heads));
    let shaped = || with("shaped-attention", std::slice::from_ref(&heads));
    let together = |ways| node("parallel", &[], ways);
    let mlp = || forward(16, 4, "relu");
    let s = || residual_of(vec![norm(), attention()]);
    let f = || residual_of([vec![norm()], mlp()].concat());
    same(&shape, &[by("s")], &[s()]);
    same(&shape, &[by("sff")], &[s(), f(), f()]);
    let p = residual_of(vec![norm(), together(vec![attention(), node("chain", &[], mlp())])]);
    same(&shape, &[by("p")], &[p]);
    same(&shape, &[by("hf")], &[norm(), shaped(), f()]);
    let held = node("brainformer", &[("order", word("mfm")), heads.clone()], vec![linear(4)]);
    let m = || residual_of(vec![norm(), linear(4)]);
    same(&shape, &[held], &[m(), f(), m()]);
    let gain = with("affine", &[("start", float(0.1)), ("shared", true.into()), ("shift", false.into())]);
    let q = together(vec![shaped(), node("chain", &[], [mlp(), vec![gain]].concat())]);
    same(&shape, &[by("q")], &[norm(), q]);
    assert!(fault(&[2, 4], &[by("s")]).contains("needs a sequence"));
}

/// Both in parallel is both in series as long as the first adds little: the two have the same weights.
#[test]
fn parallel_layers_have_the_weights_of_series() {
    let by = |order: &str| weights(&[2, 5, 4], &[with("transformer", &[("order", word(order))])]);
    // One normalisation less.
    assert_eq!(by("p") + 8, by("sf"));
    // No values, no projection and no biases; two gains, one normalisation less.
    assert!(by("q") < by("sf"));
}

#[test]
fn a_causal_transformer_sees_nothing_ahead() {
    let causal = [("order", word("sfpq")), ("heads", int(2)), ("mask", word("causal"))];
    let mut made = made(&[1, 5, 4], &[with("transformer", &causal)]);
    let (x, before) = (made.read("x"), made.output());
    for j in 0..5 {
        let mut moved = x.clone();
        moved[j * 4] += 0.5;
        made.write("x", moved);
        let after = made.output();
        assert_eq!(after[..j * 4], before[..j * 4], "{j}");
        assert_ne!(after[j * 4..][..4], before[j * 4..][..4], "{j}");
    }
}

#[test]
fn shortcuts() {
    let part = || vec![linear(4), activation("tanh")];
    let by = |shortcut: &str| node("residual", &[("shortcut", word(shortcut)), ("gate-bias", float(-0.5))], part());
    for shortcut in ["identity", "scale", "exclusive-gate", "shortcut-gate", "projection", "dropout"] {
        differentiate(shortcut, &[3, 4], &[by(shortcut)]);
        differentiate(shortcut, &[2, 2, 1, 4], &[node("residual", &[("shortcut", word(shortcut))], vec![norm()])]);
    }
    let (x, f) = (value(&[3, 4], Mode::Eval, &[]), value(&[3, 4], Mode::Eval, &part()));
    let combined = |of: &dyn Fn(f64, f64) -> f64| x.iter().zip(&f).map(|(&x, &f)| of(x, f)).collect::<Vec<_>>();
    let output = |shortcut: &str| value(&[3, 4], Mode::Eval, &[by(shortcut)]);
    assert!(distance(&output("identity"), &combined(&|x, f| x + f)) < 1e-12);
    assert!(distance(&output("scale"), &combined(&|x, f| 0.5 * x + f)) < 1e-12);
    assert_eq!(output("dropout"), output("identity"), "in evaluation nothing is dropped");
    assert_ne!(value(&[3, 4], Mode::Train, &[by("dropout")]), output("identity"));
    // Without weights before its bias the gate is σ(−0.5) everywhere.
    let gate = 1.0 / (1.0 + 0.5f64.exp());
    for (shortcut, of) in [
        ("exclusive-gate", (|g, x, f| (1.0 - g) * x + g * f) as fn(f64, f64, f64) -> f64),
        ("shortcut-gate", |g, x, f| (1.0 - g) * x + f),
    ] {
        let mut made = made(&[3, 4], &[by(shortcut)]);
        made.write("1.residual/gate", vec![0.0; 16]);
        assert!(distance(&made.output(), &combined(&|x, f| of(gate, x, f))) < 1e-6, "{shortcut}");
        assert_eq!(made.exhibits[0].picture, Picture::Gates);
    }
    // A projection lets the width change, also inside an expert.
    let wider = || node("residual", &[("shortcut", word("projection"))], vec![linear(6)]);
    differentiate("wider", &[3, 4], &[wider()]);
    differentiate("in experts", &[3, 4], &[route(2, "dense", &[], vec![wider()])]);
    assert!(fault(&[3, 4], &[node("residual", &[], vec![linear(6)])]).contains("cannot be added"));
}

/// Through `n` shortcuts that scale by λ an error shrinks to `λⁿ`; through identities it stays.
#[test]
fn a_scaled_shortcut_shrinks_errors() {
    for (shortcut, left) in [("identity", 1.0), ("scale", 0.5f64.powi(6))] {
        let zero = || with("linear", &[("units", int(3)), ("init", word("zero"))]);
        let units: Vec<Node> =
            (0..6).map(|_| node("residual", &[("shortcut", word(shortcut))], vec![zero()])).collect();
        let mut g = Graph::new();
        let (_, clock) = clock(&mut g);
        let x = input(&mut g, "x", &[2, 3]);
        let x = g.read(x);
        let y = Build::new(&mut g, Mode::Train, clock, 3).chain(&units, x);
        let sum = g.total(y);
        let error = engine::ad::gradients(&mut g, sum, &[x], &engine::ad::Exact)[0];
        let got = registers(&g).values(&g, &[error])[0].data.clone();
        assert!(got.iter().all(|&v| (v - left).abs() < 1e-12), "{shortcut}: {got:?}");
    }
}

#[test]
fn affine() {
    for settings in [vec![], vec![("shared", true.into())], vec![("shift", false.into()), ("start", float(0.5))]] {
        differentiate("affine", &[2, 3, 4], &[with("affine", &settings)]);
        differentiate("in experts", &[3, 4], &[route(2, "dense", &[], vec![with("affine", &settings)])]);
    }
    let x = value(&[2, 4], Mode::Eval, &[]);
    assert_eq!(value(&[2, 4], Mode::Eval, &[with("affine", &[])]), x);
    assert!(
        x.iter()
            .zip(value(&[2, 4], Mode::Eval, &[with("affine", &[("start", float(0.5))])]))
            .all(|(x, y)| y == x * 0.5)
    );
}
