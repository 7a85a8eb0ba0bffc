//! Tokens and attention: what a place sees, what it does not see, and what distance means.

use engine::ir::Graph;
use engine::net::{Build, Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::made::*;
use super::support::*;

fn attention(settings: &[(&str, Setting)]) -> Node {
    node("attention", settings, vec![])
}

const MASKS: [&str; 9] =
    ["none", "causal", "window", "causal-window", "block", "causal-block", "block-causal", "strided", "prefix"];

/// What each mask promises for a query at `i`, a key at `j` and a width of `w`.
fn sees(mask: &str, i: usize, j: usize, w: usize) -> bool {
    match mask {
        "none" => true,
        "causal" => j <= i,
        "window" => i.abs_diff(j) < w,
        "causal-window" => j <= i && i - j < w,
        "block" => i / w == j / w,
        "causal-block" => i / w == j / w && j <= i,
        "block-causal" => j / w <= i / w,
        "strided" => j <= i && (i - j < w || (i - j).is_multiple_of(w)),
        "prefix" => j < w || j <= i,
        other => panic!("{other}"),
    }
}

#[test]
fn embedding_reads_rows() {
    let mut g = Graph::new();
    let (_, clock) = clock(&mut g);
    let x = input(&mut g, "x", &[2, 3]);
    let read = g.read(x);
    let size = g.abs(read);
    let size = g.scale(size, 7.0);
    let tokens = g.floor(size);
    let block = node("embedding", &[("width", int(4))], vec![]);
    let y = Build::new(&mut g, Mode::Eval, clock, 3).reading(7).chain(&[block], tokens);
    assert_eq!(**g.shape(y), [2, 3, 4]);
    let table = g.find_slot("1.embedding/table").unwrap();
    assert_eq!(*g.slot(table).shape, [7, 4]);
    check_derivatives(&mut g, y, &[table], "embedding");
    let oracle = registers(&g);
    let rows = oracle.read(table).data.clone();
    let expected: Vec<f64> =
        oracle.values(&g, &[tokens])[0].data.iter().flat_map(|&t| rows[t as usize * 4..][..4].to_vec()).collect();
    assert_eq!(oracle.values(&g, &[y])[0].data, expected);
    assert!(fault(&[2, 3], &[node("embedding", &[], vec![])]).contains("choose a dataset of tokens"));
}

#[test]
fn positions() {
    let of = |kind| node("position", &[("kind", word(kind))], vec![]);
    differentiate("learned", &[2, 3, 4], &[of("learned")]);
    differentiate("sinusoidal", &[2, 3, 4], &[of("sinusoidal")]);
    let x = value(&[2, 5, 3], Mode::Eval, &[]);
    let y = value(&[2, 5, 3], Mode::Eval, &[of("sinusoidal")]);
    for (at, (x, y)) in x.iter().zip(&y).enumerate() {
        let (place, feature) = (at / 3 % 5, at % 3);
        let angle = place as f64 / 10_000f64.powf((feature / 2 * 2) as f64 / 3.0);
        let wave = if feature % 2 == 0 { angle.sin() } else { angle.cos() };
        assert!((y - x - wave).abs() < 1e-6, "place {place} feature {feature}");
    }
    assert!(fault(&[2, 3], &[of("learned")]).contains("needs a sequence"));
}

#[test]
fn patches_are_squares_in_order() {
    let patches = || node("patches", &[], vec![]);
    differentiate("patches", &[2, 4, 2, 3], &[patches()]);
    let made = made(&[1, 4, 6, 1], &[patches()]);
    assert_eq!(**made.g.shape(made.y), [1, 6, 4]);
    let x = made.read("x");
    let expected: Vec<f64> = (0..24).map(|k| x[(k / 12 * 2 + k % 4 / 2) * 6 + k / 4 % 3 * 2 + k % 2]).collect();
    assert_eq!(made.output(), expected);
    assert!(fault(&[1, 4, 5, 1], &[patches()]).contains("does not divide"));
    assert!(fault(&[2, 4], &[patches()]).contains("needs an image"));
}

#[test]
fn frames_are_pieces_in_order() {
    let frames = |size: i64| node("frames", &[("size", int(size))], vec![]);
    differentiate("frames", &[2, 6], &[frames(3)]);
    let made = made(&[2, 6], &[frames(2)]);
    assert_eq!(**made.g.shape(made.y), [2, 3, 2]);
    assert_eq!(made.output(), made.read("x"));
    assert!(fault(&[1, 5], &[frames(2)]).contains("does not divide"));
    assert!(fault(&[1, 4, 2], &[frames(2)]).contains("needs a series"));
}

#[test]
fn pooling_a_sequence() {
    let x = value(&[2, 3, 2], Mode::Eval, &[]);
    for (how, fold) in [
        ("mean", (|v: [f64; 3]| v.iter().sum::<f64>() / 3.0) as fn([f64; 3]) -> f64),
        ("max", |v| v.into_iter().fold(f64::MIN, f64::max)),
        ("first", |v| v[0]),
        ("last", |v| v[2]),
    ] {
        let pool = || node("pool-sequence", &[("how", word(how))], vec![]);
        differentiate(how, &[2, 3, 2], &[pool()]);
        let y = value(&[2, 3, 2], Mode::Eval, &[pool()]);
        let expected: Vec<f64> = (0..4).map(|k| fold([0, 1, 2].map(|t| x[k / 2 * 6 + t * 2 + k % 2]))).collect();
        assert!(distance(&y, &expected) < 1e-6, "{how}");
    }
}

#[test]
fn attention_differentiates() {
    for mask in MASKS {
        let block = attention(&[("heads", int(2)), ("mask", word(mask)), ("mask-width", int(2))]);
        differentiate(mask, &[1, 4, 2], &[block]);
    }
    let causal = ("mask", word("causal"));
    let heads = ("heads", int(2));
    for positions in ["rotary", "alibi"] {
        differentiate(positions, &[1, 3, 4], &[attention(&[heads.clone(), ("positions", word(positions))])]);
    }
    differentiate("forget", &[2, 3, 4], &[attention(&[heads, causal, ("forget", Setting::Bool(true))])]);
    differentiate("bare", &[1, 3, 4], &[attention(&[("bias", Setting::Bool(false))])]);
}

/// The shares are positive where the mask lets a place look and nothing elsewhere, and each place's sum to 1.
#[test]
fn masks_are_their_formulas() {
    let (places, heads) = (7, 2);
    for mask in MASKS {
        for width in [1, 2, 3, 9] {
            let block = attention(&[("heads", int(2)), ("mask", word(mask)), ("mask-width", int(width))]);
            let shares = made(&[2, places, 4], &[block]).shares();
            assert_eq!(*shares.shape, [2, heads, places, places]);
            for (row, shares) in shares.data.chunks(places).enumerate() {
                let i = row % places;
                for (j, &share) in shares.iter().enumerate() {
                    let place = format!("{mask} {width}: {i} to {j}");
                    assert_eq!(share > 0.0, sees(mask, i, j, width as usize), "{place}");
                }
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{mask}");
            }
        }
    }
}

/// What a place gives does not change at all with what it may not see.
#[test]
fn nothing_leaks_through_a_mask() {
    let variants = MASKS
        .iter()
        .map(|m| (*m, vec![("mask", word(m))]))
        .chain([
            ("causal", vec![("mask", word("causal")), ("forget", Setting::Bool(true))]),
            ("causal", vec![("mask", word("causal")), ("positions", word("rotary"))]),
            ("strided", vec![("mask", word("strided")), ("positions", word("alibi"))]),
        ])
        .collect::<Vec<_>>();
    let (places, width) = (6, 4);
    for (mask, mut settings) in variants {
        settings.extend([("heads", int(2)), ("mask-width", int(2))]);
        let mut made = made(&[1, places, width], &[attention(&settings)]);
        let (x, before) = (made.read("x"), made.output());
        for j in 0..places {
            let mut moved = x.clone();
            moved[j * width..][..width].iter_mut().for_each(|v| *v += 0.5);
            made.write("x", moved);
            let after = made.output();
            for i in 0..places {
                let changed = before[i * width..][..width] != after[i * width..][..width];
                assert_eq!(changed, sees(mask, i, j, 2), "{settings:?}: {i} to {j}");
            }
        }
    }
}

/// One head against loops over places.
#[test]
fn one_head_is_the_formula() {
    let (places, width) = (4, 3);
    let made = made(&[2, places, width], &[attention(&[("heads", int(1)), ("mask", word("causal"))])]);
    let weight = |name: &str| made.read(&format!("1.attention/{name}"));
    let times = |x: &[f64], w: &[f64]| -> Vec<f64> {
        (0..width).map(|u| (0..width).map(|i| x[i] * w[i * width + u]).sum()).collect()
    };
    let mut expected = Vec::new();
    for sequence in made.read("x").chunks(places * width) {
        let [q, k, v] = ["query", "key", "value"]
            .map(|name| sequence.chunks(width).map(|x| times(x, &weight(name))).collect::<Vec<_>>());
        for i in 0..places {
            let dot = |j: usize| q[i].iter().zip(&k[j]).map(|(q, k)| q * k).sum::<f64>() / (width as f64).sqrt();
            let shares: Vec<f64> = (0..=i).map(|j| dot(j).exp()).collect();
            let total: f64 = shares.iter().sum();
            let gathered: Vec<f64> =
                (0..width).map(|f| shares.iter().enumerate().map(|(j, s)| s / total * v[j][f]).sum()).collect();
            expected.extend(times(&gathered, &weight("out")));
        }
    }
    assert!(distance(&made.output(), &expected) < 1e-6);
}

/// Without mask and positions the order of the places means nothing; with either it does.
#[test]
fn order_means_nothing_without_positions() {
    let width = 4;
    let order = [2, 0, 3, 1, 4];
    let swap = |x: &[f64]| -> Vec<f64> { order.iter().flat_map(|&t| x[t * width..][..width].to_vec()).collect() };
    let follows = |settings: &[(&str, Setting)]| {
        let mut all = vec![("heads", int(2))];
        all.extend_from_slice(settings);
        let mut made = made(&[1, 5, width], &[attention(&all)]);
        let y = made.output();
        let x = swap(&made.read("x"));
        made.write("x", x);
        distance(&made.output(), &swap(&y)) < 1e-12
    };
    assert!(follows(&[]));
    assert!(!follows(&[("mask", word("causal"))]));
    assert!(!follows(&[("positions", word("rotary"))]));
    assert!(!follows(&[("positions", word("alibi"))]));
}

/// Where all places hold the same, scores differ by distance alone: `s_ij − s_ii` is a function of `i − j`.
#[test]
fn rotary_scores_depend_on_the_difference_alone() {
    let (places, width) = (6, 8);
    let mut made = made(&[1, places, width], &[attention(&[("heads", int(2)), ("positions", word("rotary"))])]);
    let row = numbers(99, width).iter().map(|v| v * 3.0).collect::<Vec<_>>();
    made.write("x", row.repeat(places));
    let shares = made.shares().data;
    let score = |head: usize, i: usize, j: usize| {
        let row = (head * places + i) * places;
        (shares[row + j] / shares[row + i]).ln()
    };
    let mut most: f64 = 0.0;
    for head in 0..2 {
        for (i, j) in (0..places).flat_map(|i| (0..places).map(move |j| (i, j))) {
            let (a, b) = if i > j { (i - j, 0) } else { (0, j - i) };
            assert!((score(head, i, j) - score(head, a, b)).abs() < 1e-5, "{head}: {i} {j}");
            most = most.max(score(head, i, j).abs());
        }
    }
    assert!(most > 1e-3, "distance counts: {most}");
}

/// A gate that is the same at every place takes `−ln f` from the score for each step back: ALiBi with that slope.
#[test]
fn constant_forgetting_is_alibi() {
    let heads = 4;
    let settings = |more: (&'static str, Setting)| [("mask", word("causal")), more];
    let alibi = made(&[2, 5, 8], &[attention(&settings(("positions", word("alibi"))))]);
    let mut fox = made(&[2, 5, 8], &[attention(&settings(("forget", Setting::Bool(true))))]);
    for name in ["query", "key", "value", "out"].map(|n| format!("1.attention/{n}")).iter().chain([&"x".to_owned()]) {
        fox.write(name, alibi.read(name));
    }
    fox.write("1.attention/forget", vec![0.0; 8 * heads]);
    let bias = |h: usize| {
        let open = (-(2f64.powf(-2.0 * (h + 1) as f64))).exp();
        (open / (1.0 - open)).ln() - 5.0 * h as f64 / 3.0
    };
    fox.write("1.attention/forget-bias", (0..heads).map(bias).collect());
    assert!(distance(&fox.shares().data, &alibi.shares().data) < 1e-6);
    assert!(distance(&fox.output(), &alibi.output()) < 1e-6);
    let flat = made(&[2, 5, 8], &[attention(&[("mask", word("causal"))])]);
    assert!(distance(&flat.shares().data, &alibi.shares().data) > 1e-3, "slopes count");
}

#[test]
fn attention_to_another_sequence() {
    let cross = |children| node("cross-attention", &[("heads", int(2))], children);
    // Of a shorter and wider sequence: the answers to global questions, and three features more.
    let other = || vec![node("global-query", &[("heads", int(2))], vec![]), linear(3)];
    differentiate("cross", &[1, 3, 2], &[cross(other())]);
    let made_cross = made(&[2, 5, 4], &[cross(other())]);
    assert_eq!(**made_cross.g.shape(made_cross.y), [2, 5, 4]);
    assert_eq!(*made_cross.shares().shape, [2, 2, 5, 2]);
    // Of itself it is self-attention.
    let (own, own_cross) = (made(&[2, 5, 4], &[attention(&[("heads", int(2))])]), made(&[2, 5, 4], &[cross(vec![])]));
    assert_eq!(own.output(), own_cross.output());
    let flat = vec![node("pool-sequence", &[], vec![])];
    assert!(fault(&[2, 5, 4], &[cross(flat)]).contains("no sequence"));
}

#[test]
fn global_queries() {
    for context in ["mean", "max", "learned"] {
        for normalise in [true, false] {
            let block = node(
                "global-query",
                &[("heads", int(2)), ("rank", int(2)), ("context", word(context)), ("normalise", normalise.into())],
                vec![],
            );
            differentiate(context, &[2, 3, 2], &[block]);
        }
    }
    let (places, width, heads, rank) = (5, 3, 2, 2);
    let settings = [("heads", int(2)), ("rank", int(2))];
    let made = made(&[1, places, width], &[node("global-query", &settings, vec![])]);
    assert_eq!(**made.g.shape(made.y), [1, heads, width]);
    let (x, p, q) = (made.read("x"), made.read("1.global-query/query"), made.read("1.global-query/key"));
    let mean: Vec<f64> = (0..width).map(|f| x.iter().skip(f).step_by(width).sum::<f64>() / places as f64).collect();
    let seen = |x: &[f64], w: &[f64], u: usize| (0..width).map(|i| x[i] * w[i * heads * rank + u]).sum::<f64>();
    let score = |t: usize, h: usize| {
        let at = &x[t * width..][..width];
        (0..rank).map(|r| seen(&mean, &p, h * rank + r) * seen(at, &q, h * rank + r)).sum::<f64>().tanh()
    };
    for h in 0..heads {
        let unit = |t: usize| score(t, h) / (score(t, 0).powi(2) + score(t, 1).powi(2) + 1e-6).sqrt();
        let total: f64 = (0..places).map(|t| unit(t).exp()).sum();
        for t in 0..places {
            assert!((made.shares().data[h * places + t] - unit(t).exp() / total).abs() < 1e-6);
        }
        for f in 0..width {
            let expected: f64 = (0..places).map(|t| unit(t).exp() / total * x[t * width + f]).sum();
            assert!((made.output()[h * width + f] - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn attention_says_what_does_not_fit() {
    assert!(fault(&[2, 5, 4], &[attention(&[("heads", int(3))])]).contains("do not divide among 3 heads"));
    assert!(fault(&[2, 5, 4], &[attention(&[("positions", word("rotary"))])]).contains("pairs of features"));
    assert!(fault(&[2, 5, 4], &[attention(&[("forget", Setting::Bool(true))])]).contains("choose the mask `causal`"));
    assert!(fault(&[2, 4], &[attention(&[])]).contains("needs a sequence"));
    assert!(fault(&[2, 4], &[route(2, "dense", &[], vec![attention(&[])])]).contains("inside an expert"));
}
