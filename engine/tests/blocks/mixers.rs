//! Mixers: what they are as blocks made of blocks, and as matrices.

use engine::ir::Graph;
use engine::net::{Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::made::*;
use super::support::*;

fn made_shape(shape: &[usize], blocks: &[Node]) -> Vec<usize> {
    let made = made(shape, blocks);
    made.g.shape(made.y).to_vec()
}

#[test]
fn products() {
    let ways = || vec![linear(4), activation("tanh")];
    let product = node("parallel", &[("join", word("product"))], ways());
    differentiate("product", &[3, 4], std::slice::from_ref(&product));
    let made = made(&[3, 4], &[product]);
    let (x, w) = (made.read("x"), made.read("1.parallel/1.linear/weight"));
    let sum = |row: usize, u: usize| (0..4).map(|i| x[row * 4 + i] * w[i * 4 + u]).sum::<f64>();
    let expected: Vec<f64> = (0..12).map(|k| sum(k / 4, k % 4) * x[k].tanh()).collect();
    assert!(distance(&made.output(), &expected) < 1e-12);
}

#[test]
fn excitement() {
    for shape in [&[2, 2, 3, 5][..], &[2, 3, 5]] {
        differentiate("squeeze-excite", shape, &[with("squeeze-excite", &[("reduction", int(2))])]);
        let mut made = made(shape, &[with("squeeze-excite", &[])]);
        let gates = made.oracle.values(&made.g, &[made.exhibits[0].value])[0].clone();
        assert_eq!(gates.data.len(), 2 * 5, "a gate for each sample and channel");
        let (x, y) = (made.read("x"), made.output());
        let rest = x.len() / 10;
        for (k, (x, y)) in x.iter().zip(&y).enumerate() {
            assert!((y - x * gates.data[k / (5 * rest) * 5 + k % 5]).abs() < 1e-12);
        }
        // Without weights the gates stand half open.
        made.write("1.squeeze-excite/excite", vec![0.0; 10]);
        assert!(x.iter().zip(made.output()).all(|(x, y)| (y - x * 0.5).abs() < 1e-12));
    }
    assert_eq!(weights(&[1, 2, 2, 16], &[with("squeeze-excite", &[])]), 16 * 4 + 4 + 4 * 16 + 16);
    assert!(fault(&[2, 4], &[with("squeeze-excite", &[])]).contains("needs an image"));
}

#[test]
fn across_places() {
    let tanh = || vec![activation("tanh")];
    let across = |settings: &[(&str, Setting)], inner| node("across", settings, inner);
    let image = [2, 2, 3, 4];
    for along in ["all", "height", "width"] {
        for rafts in [1, 2] {
            let settings = [("along", word(along)), ("rafts", int(rafts))];
            // What works on each number by itself does not see the turn.
            same(&image, &[across(&settings, tanh())], &tanh());
            let length =
                rafts as usize * [6, 2, 3][["all", "height", "width"].iter().position(|a| *a == along).unwrap()];
            differentiate(along, &image, &[across(&settings, vec![linear(length as i64)])]);
        }
    }
    // Along the height, with two rafts: place (row, raft) of each column and feature of a raft.
    let made = made(&image, &[across(&[("along", word("height")), ("rafts", int(2))], vec![linear(4)])]);
    let (x, w) = (made.read("x"), made.read("1.across/1.linear/weight"));
    let at = |b: usize, h: usize, w: usize, c: usize| ((b * 2 + h) * 3 + w) * 4 + c;
    for (b, h, col, c) in (0..48).map(|k| (k / 24, k / 12 % 2, k / 4 % 3, k % 4)) {
        let (raft, feature) = (c / 2, c % 2);
        let expected: f64 = (0..4).map(|i| x[at(b, i % 2, col, i / 2 * 2 + feature)] * w[i * 4 + raft * 2 + h]).sum();
        assert!((made.output()[at(b, h, col, c)] - expected).abs() < 1e-12);
    }
    assert!(fault(&[2, 3, 4], &[across(&[("along", word("width"))], tanh())]).contains("needs an image"));
    assert!(fault(&[2, 3, 4], &[across(&[("rafts", int(3))], tanh())]).contains("do not divide into 3 rafts"));
    // Places may become more or fewer, but not those of a whole image.
    let more = |shape: &[usize], settings: &[(&str, Setting)]| made_shape(shape, &[across(settings, vec![linear(8)])]);
    assert_eq!(more(&[2, 3, 4], &[]), [2, 8, 4]);
    assert_eq!(more(&[2, 3, 5, 4], &[("along", word("height")), ("rafts", int(2))]), [2, 4, 5, 4]);
    assert_eq!(more(&[2, 3, 5, 4], &[("along", word("width"))]), [2, 3, 8, 4]);
    differentiate("longer", &[1, 2, 2, 2], &[across(&[("along", word("width"))], vec![linear(3)])]);
    assert!(fault(&[2, 3, 5, 4], &[across(&[], vec![linear(8)])]).contains("turned back"));
    assert!(fault(&[2, 3, 4], &[across(&[("rafts", int(2))], vec![linear(5)])]).contains("turned back"));
    let pooled = vec![node("pool-sequence", &[], vec![])];
    assert!(fault(&[2, 3, 4], &[across(&[], pooled)]).contains("turned back"));
    assert!(fault(&[2, 4], &[across(&[], tanh())]).contains("needs a sequence"));
}

#[test]
fn mixers_differentiate() {
    let small = |id: &str| {
        let tokens: &[(&str, Setting)] = if id == "res-mlp" { &[] } else { &[("token-expand", int(1))] };
        with(id, &[tokens, &[("expand", int(1))]].concat())
    };
    for id in ["mlp-mixer", "res-mlp", "nin-gate"] {
        differentiate(id, &[1, 3, 2], &[small(id)]);
        assert!(fault(&[2, 4], &[small(id)]).contains("needs a sequence"));
    }
    differentiate("raft-mlp", &[1, 2, 3, 2], &[small("raft-mlp")]);
    assert!(fault(&[2, 4], &[small("raft-mlp")]).contains("needs an image"));
    assert!(fault(&[2, 2, 2, 3], &[small("raft-mlp")]).contains("do not divide into 2 rafts"));
}

#[test]
fn mixers_are_their_equations() {
    let shape = [2, 5, 4];
    let across = |inner| node("across", &[], inner);
    let mixer = || {
        let tokens = residual_of(vec![norm(), across(forward(10, 5, "gelu"))]);
        vec![tokens, residual_of([vec![norm()], forward(16, 4, "gelu")].concat())]
    };
    same(&shape, &[with("mlp-mixer", &[])], &mixer());
    let gated = node("parallel", &[("join", word("product"))], vec![linear(4), node("chain", &[], mixer())]);
    let channels = residual_of([vec![norm()], forward(16, 4, "gelu")].concat());
    same(&shape, &[with("nin-gate", &[])], &[residual_of(vec![norm(), gated]), channels]);
    let affine = || with("affine", &[]);
    let branch = |inner: Vec<Node>| residual_of([vec![affine()], inner, vec![affine()]].concat());
    let res_mlp = [branch(vec![across(vec![linear(5)])]), branch(forward(16, 4, "gelu"))];
    same(&shape, &[with("res-mlp", &[])], &res_mlp);
    let start = made(&shape, &[with("res-mlp", &[("start", float(0.0))])]);
    assert_eq!(start.output(), start.read("x"), "a scale of 0 is the identity");
}

/// The weights that mix places: `2 e (r H)²` and `2 e (r W)²` of a raft against `2 e (H W)²` of a mixer, and biases.
#[test]
fn rafts_need_fewer_weights() {
    let (h, w, c, e) = (6, 4, 4, 2);
    let mlp = |n: usize, e: usize| 2 * e * n * n + e * n + n;
    let channels = mlp(c, 4) + 2 * c;
    let mixer = weights(&[1, h * w, c], &[with("mlp-mixer", &[])]);
    assert_eq!(mixer, mlp(h * w, e) + 2 * c + channels);
    for r in [1, 2] {
        let raft = weights(&[1, h, w, c], &[with("raft-mlp", &[("rafts", int(r as i64))])]);
        assert_eq!(raft, mlp(r * h, e) + mlp(r * w, e) + 4 * c + channels);
        assert!(raft < mixer);
    }
}

/// `A ⊗ B`, as rows.
fn kronecker(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let (a, b) = (&a[i / b.len()], &b[i % b.len()]);
        a.iter().flat_map(|a| b.iter().map(move |b| a * b)).collect()
    };
    (0..a.len() * b.len()).map(row).collect()
}

fn identity(n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

/// A mixer's layers are Kronecker products: `vec(W X) = (I ⊗ W) vec(X)` and `vec(X V) = (Vᵀ ⊗ I) vec(X)`.
#[test]
fn mixing_is_a_kronecker_product() {
    let (places, features) = (3, 4);
    let m = places * features;
    let pk = |size: usize, permutation: &str| {
        let settings = [("size", int(size as i64)), ("permutation", word(permutation)), ("bias", false.into())];
        made(&[1, m], &[with("permuted-kronecker", &settings)])
    };
    let plain = |units: usize| with("linear", &[("units", int(units as i64)), ("bias", false.into())]);
    let apply = |matrix: &[Vec<f64>], x: &[f64]| -> Vec<f64> {
        matrix.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    };
    // `vec` reads column by column: X [S, C] lies in memory as a row of C columns of S.
    let vec = |x: &[f64]| -> Vec<f64> { (0..m).map(|k| x[k % places * features + k / places]).collect() };
    let square =
        |w: &[f64], n: usize| -> Vec<Vec<f64>> { (0..n).map(|u| (0..n).map(|i| w[i * n + u]).collect()).collect() };

    // Places: W is the matrix of `linear` transposed, as units are columns there.
    let mut tokens = made(&[1, places, features], &[node("across", &[], vec![plain(places)])]);
    let w = tokens.read("1.across/1.linear/weight");
    let mut block = pk(places, "none");
    block.write("1.permuted-kronecker/weight", w.clone());
    let x = vec(&tokens.read("x"));
    block.write("x", x.clone());
    let expected = apply(&kronecker(&identity(features), &square(&w, places)), &x);
    assert!(distance(&block.output(), &expected) < 1e-12);
    assert!(distance(&vec(&tokens.output()), &expected) < 1e-12);

    // Features: Vᵀ ⊗ I, which is J (I ⊗ Vᵀ) Jᵀ.
    let channels = made(&[1, places, features], &[plain(features)]);
    let v = channels.read("1.linear/weight");
    let mut block = pk(features, "commute");
    block.write("1.permuted-kronecker/weight", v.clone());
    let x = vec(&channels.read("x"));
    block.write("x", x.clone());
    let expected = apply(&kronecker(&square(&v, features), &identity(places)), &x);
    assert!(distance(&block.output(), &expected) < 1e-12);
    assert!(distance(&vec(&channels.output()), &expected) < 1e-12);
    tokens.write("x", vec![0.0; m]);
    assert!(tokens.output().iter().all(|&v| v == 0.0));
}

#[test]
fn random_permutations_keep_width_and_sparsity() {
    for permutation in ["none", "commute", "random"] {
        let settings = [("size", int(3)), ("permutation", word(permutation))];
        let block = || with("permuted-kronecker", &settings);
        let (m, size) = (6, 3);
        let mut made = made(&[1, m], &[block()]);
        let zero = made.output();
        // The matrix, column by column: `size` entries in each, and every row as full.
        let mut full = vec![0; m];
        for i in 0..m {
            let unit = |j| f64::from(u8::from(i == j));
            made.write("x", (0..m).map(unit).collect());
            let column = made.output();
            let entries: Vec<usize> = (0..m).filter(|&u| column[u].abs() > 1e-9).collect();
            assert_eq!(entries.len(), size, "{permutation}");
            entries.iter().for_each(|&u| full[u] += 1);
        }
        assert_eq!(full, [size; 6], "{permutation}");
        assert_eq!(zero.len(), m);
    }
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[3, 6], &[with("permuted-kronecker", &[("size", int(3))])]);
    let slots: Vec<_> = ["x", "1.permuted-kronecker/weight", "1.permuted-kronecker/bias"]
        .map(|name| g.find_slot(name).unwrap())
        .to_vec();
    check_derivatives(&mut g, y, &slots, "permuted-kronecker");
    assert!(fault(&[3, 5], &[with("permuted-kronecker", &[])]).contains("do not divide into blocks of 2"));
}
