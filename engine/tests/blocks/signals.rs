//! Convolution along time, filters over frequencies, and forecasts of series.

use std::f64::consts::TAU;

use engine::ad::{self, Exact};
use engine::ir::{Graph, Role};
use engine::net::{Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::support::*;

/// How a window moves along one axis.
#[derive(Clone, Copy)]
struct Along {
    extent: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    places: usize,
}

/// A convolution by its definition, over an image `[1, H, W, C]` with weights `[KH, KW, C/groups, O]`.
fn naive(x: &[f64], w: &[f64], axes: [Along; 2], inputs: usize, units: usize, groups: usize) -> Vec<f64> {
    let mut y = Vec::new();
    let place = |a: Along, p: usize, j: usize| {
        (p * a.stride + j * a.dilation).checked_sub(a.before).filter(|&at| at < a.extent)
    };
    let [v, h] = axes;
    let each = inputs / groups;
    for (p, q) in (0..v.places).flat_map(|p| (0..h.places).map(move |q| (p, q))) {
        for o in 0..units {
            let mut sum = 0.0;
            for (i, j) in (0..v.kernel).flat_map(|i| (0..h.kernel).map(move |j| (i, j))) {
                let (Some(row), Some(column)) = (place(v, p, i), place(h, q, j)) else { continue };
                for c in 0..each {
                    let channel = o / (units / groups) * each + c;
                    sum += x[(row * h.extent + column) * inputs + channel]
                        * w[((i * h.kernel + j) * each + c) * units + o];
                }
            }
            y.push(sum);
        }
    }
    y
}

const STILL: Along = Along { extent: 1, kernel: 1, stride: 1, dilation: 1, before: 0, places: 1 };

/// Zeros before, and places, by the definitions of the three ways to pad.
fn along(extent: usize, kernel: usize, stride: usize, dilation: usize, padding: &str) -> Along {
    let span = (kernel - 1) * dilation + 1;
    let (before, places) = match padding {
        "valid" => (0, (extent - span) / stride + 1),
        "causal" => (span - 1, extent.div_ceil(stride)),
        _ => {
            let places = extent.div_ceil(stride);
            (((places - 1) * stride + span).saturating_sub(extent) / 2, places)
        }
    };
    Along { extent, kernel, stride, dilation, before, places }
}

#[test]
fn convolution_in_time_is_the_naive_one() {
    let shapes = [(7, 3, 1, 1), (7, 3, 1, 2), (8, 2, 1, 3), (9, 3, 2, 1), (9, 3, 2, 3), (10, 4, 3, 2), (5, 1, 1, 4)];
    for (places, kernel, stride, dilation) in shapes {
        for padding in ["same", "causal", "valid"] {
            if padding == "valid" && (kernel - 1) * dilation >= places {
                continue;
            }
            for (given, groups) in [(1, 1), (2, 2), (0, 4)] {
                let settings = [
                    ("channels", int(8)),
                    ("kernel", int(kernel as i64)),
                    ("stride", int(stride as i64)),
                    ("dilation", int(dilation as i64)),
                    ("padding", word(padding)),
                    ("groups", int(given)),
                ];
                let mut g = Graph::new();
                let (y, ..) = build(&mut g, Mode::Train, &[1, places, 4], &[node("conv1d", &settings, vec![])]);
                assert!(g.faults().is_empty(), "{:?}", g.faults());
                let oracle = registers(&g);
                let axis = along(places, kernel, stride, dilation, padding);
                let (x, w) = (held(&oracle, &g, "x"), held(&oracle, &g, "weight"));
                let expected = naive(&x, &w, [STILL, axis], 4, 8, groups);
                assert_eq!(g.shape(y)[1], axis.places);
                let got = &oracle.values(&g, &[y])[0].data;
                assert!(distance(got, &expected) < 1e-12, "{places} {kernel} {stride} {dilation} {padding} {groups}");
            }
        }
    }
}

#[test]
fn dilated_convolution_of_images_is_the_naive_one() {
    for (stride, dilation, padding) in [(1, 2, "same"), (1, 3, "valid"), (2, 2, "same"), (3, 2, "valid")] {
        let settings = [
            ("channels", int(4)),
            ("stride", int(stride as i64)),
            ("dilation", int(dilation as i64)),
            ("padding", word(padding)),
            ("groups", int(2)),
        ];
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Train, &[1, 8, 9, 2], &[node("conv2d", &settings, vec![])]);
        let oracle = registers(&g);
        let axes = [8, 9].map(|extent| along(extent, 3, stride, dilation, padding));
        let expected = naive(&held(&oracle, &g, "x"), &held(&oracle, &g, "weight"), axes, 2, 4, 2);
        assert!(distance(&oracle.values(&g, &[y])[0].data, &expected) < 1e-12, "{stride} {dilation} {padding}");
    }
    let wide = node("conv2d", &[("dilation", int(4)), ("padding", word("valid"))], vec![]);
    assert!(fault(&[1, 8, 9, 2], &[wide]).contains("9×9 does not fit"));
}

#[test]
fn convolutions_differentiate() {
    let conv = |settings: &[(&str, Setting)]| node("conv1d", settings, vec![]);
    differentiate("plain", &[2, 5, 2], &[conv(&[])]);
    differentiate("causal", &[2, 5, 2], &[conv(&[("padding", word("causal")), ("dilation", int(2))])]);
    differentiate("strided", &[1, 7, 2], &[conv(&[("stride", int(2)), ("dilation", int(2)), ("groups", int(0))])]);
    differentiate(
        "dilated image",
        &[1, 5, 4, 2],
        &[node("conv2d", &[("channels", int(2)), ("dilation", int(2))], vec![])],
    );
    let separable = |settings: &[(&str, Setting)]| node("separable-conv", settings, vec![]);
    differentiate("separable image", &[1, 4, 5, 2], &[separable(&[("channels", int(3))])]);
    differentiate("separable in time", &[2, 6, 2], &[separable(&[("padding", word("causal")), ("dilation", int(2))])]);
    assert!(fault(&[1, 4, 4, 2], &[separable(&[("padding", word("causal"))])]).contains("before and after"));
    assert!(fault(&[2, 4], &[conv(&[])]).contains("needs a sequence"));
    assert!(fault(&[1, 5, 3], &[conv(&[("groups", int(2))])]).contains("do not divide"));
}

/// A separable convolution is the convolution by the products of its weights, and has K C + C O of them.
#[test]
fn separable_weights_multiply() {
    let settings = [("channels", int(5)), ("kernel", int(3)), ("dilation", int(2))];
    let mut g = Graph::new();
    let (y, ..) = build(&mut g, Mode::Train, &[1, 8, 3], &[node("separable-conv", &settings, vec![])]);
    let oracle = registers(&g);
    let (depth, point) = (held(&oracle, &g, "depthwise"), held(&oracle, &g, "pointwise"));
    assert_eq!((depth.len(), point.len()), (9, 15));
    let mut w = Vec::new();
    for tap in 0..3 {
        for channel in 0..3 {
            w.extend((0..5).map(|o| depth[tap * 3 + channel] * point[channel * 5 + o]));
        }
    }
    let expected = naive(&held(&oracle, &g, "x"), &w, [STILL, along(8, 3, 1, 2, "same")], 3, 5, 1);
    assert!(distance(&oracle.values(&g, &[y])[0].data, &expected) < 1e-12);
}

#[test]
fn a_unit_filter_is_the_identity() {
    for places in [1, 2, 5, 8, 64] {
        let x = value(&[2, places, 3], Mode::Train, &[]);
        let y = value(&[2, places, 3], Mode::Train, &[node("spectral-filter", &[("start", word("identity"))], vec![])]);
        assert!(distance(&x, &y) < 1e-6, "{places}: {}", distance(&x, &y));
    }
    assert!(fault(&[1, 257, 1], &[node("spectral-filter", &[], vec![])]).contains("longer than the 256"));
}

/// The filter convolves each feature, round the ends, with the inverse transform of its weights.
#[test]
fn a_filter_is_a_circular_convolution() {
    for places in [6, 7] {
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Train, &[1, places, 2], &[node("spectral-filter", &[], vec![])]);
        let oracle = registers(&g);
        let (x, real, imaginary) = (held(&oracle, &g, "x"), held(&oracle, &g, "real"), held(&oracle, &g, "imaginary"));
        let mut expected = vec![0.0; places * 2];
        for d in 0..2 {
            let kernel: Vec<f64> = (0..places)
                .map(|t| {
                    let term = |k: usize| {
                        let twins = if k == 0 || 2 * k == places { 1.0 } else { 2.0 };
                        let angle = TAU * (k * t) as f64 / places as f64;
                        twins * (real[k * 2 + d] * angle.cos() - imaginary[k * 2 + d] * angle.sin())
                    };
                    (0..=places / 2).map(term).sum::<f64>() / places as f64
                })
                .collect();
            for t in 0..places {
                expected[t * 2 + d] = (0..places).map(|s| kernel[(t + places - s) % places] * x[s * 2 + d]).sum();
            }
        }
        let got = &oracle.values(&g, &[y])[0].data;
        assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-7), "{got:?}\n{expected:?}");
    }
}

#[test]
fn filters_differentiate() {
    differentiate("odd", &[2, 5, 2], &[node("spectral-filter", &[], vec![])]);
    differentiate("even", &[2, 4, 2], &[node("spectral-filter", &[("start", word("identity"))], vec![])]);
    differentiate("global", &[2, 5, 2], &[node("adaptive-spectral", &[("local", Setting::Bool(false))], vec![])]);
    differentiate_but("local", &[2, 6, 2], &[node("adaptive-spectral", &[], vec![])], &["threshold"]);
}

/// The threshold learns as if the mask were the threshold: by all that the mask lets pass.
#[test]
fn the_threshold_learns_straight_through() {
    let mut g = Graph::new();
    let block = node("adaptive-spectral", &[("threshold", float(1.0))], vec![]);
    let (y, ..) = build(&mut g, Mode::Train, &[1, 6, 2], &[block]);
    let total = g.total(y);
    let slot = g.slot_ids().find(|&s| g.slot(s).name.ends_with("threshold")).unwrap();
    let threshold = g.read(slot);
    let slope = ad::gradients(&mut g, total, &[threshold], &Exact)[0];
    let mut oracle = registers(&g);
    let slope = oracle.values(&g, &[slope])[0].data[0];
    let mut at = |threshold: f64| {
        set(&mut oracle, &g, "threshold", vec![threshold]);
        oracle.values(&g, &[total])[0].data[0]
    };
    let (open, some, shut) = (at(-1.0), at(1.0), at(1e9));
    assert!((slope - (open - shut)).abs() < 1e-9 && open != shut && some != open, "{slope} {open} {some} {shut}");
}

/// Of a wave in slight noise, the local filter passes the wave alone.
#[test]
fn the_mask_opens_where_power_stands_out() {
    let mut g = Graph::new();
    let block = node("adaptive-spectral", &[("threshold", float(50.0))], vec![]);
    let (y, ..) = build(&mut g, Mode::Train, &[1, 16, 1], &[block]);
    let mut oracle = registers(&g);
    let wave: Vec<f64> = (0..16).map(|t| (TAU * 3.0 * f64::from(t) / 16.0).cos()).collect();
    let noisy = wave.iter().zip(held(&oracle, &g, "x")).map(|(w, n)| w + 0.02 * n).collect();
    set(&mut oracle, &g, "x", noisy);
    for (name, value) in
        [("global real", 0.0), ("global imaginary", 0.0), ("local real", 1.0), ("local imaginary", 0.0)]
    {
        set(&mut oracle, &g, name, vec![value]);
    }
    let got = &oracle.values(&g, &[y])[0].data;
    let size = got.iter().zip(&wave).map(|(a, b)| a * b).sum::<f64>() / 8.0;
    let phase: f64 = (0..16).map(|t| got[t] * (TAU * 3.0 * t as f64 / 16.0).sin()).sum::<f64>() / 8.0;
    assert!((size - 1.0).abs() < 0.02, "{size}");
    // Nothing of any other frequency.
    let rest = (0..16).map(|t| got[t] - size * wave[t] - phase * (TAU * 3.0 * t as f64 / 16.0).sin());
    assert!(rest.map(f64::abs).fold(0.0, f64::max) < 1e-6);
}

fn n_beats(settings: &[(&str, Setting)]) -> Node {
    let small = [("hidden", int(3)), ("stacks", int(2)), ("per-stack", int(1)), ("coefficients", int(2))];
    node("n-beats", &[&small, settings].concat(), vec![])
}

#[test]
fn forecasts_differentiate() {
    for basis in ["generic", "trend", "seasonality", "interpretable"] {
        differentiate(basis, &[2, 6], &[n_beats(&[("basis", word(basis)), ("horizon", int(4))])]);
    }
    differentiate("shared", &[2, 5, 1], &[n_beats(&[("shared", Setting::Bool(true)), ("per-stack", int(3))])]);
    // Wide enough that no layer is silent altogether, where relu has a bend.
    let expert = n_beats(&[("basis", word("trend")), ("hidden", int(8))]);
    differentiate("in experts", &[3, 4], &[route(2, "dense", &[], vec![expert])]);
    differentiate("autoregression", &[2, 5], &[node("ar-net", &[("lags", int(3))], vec![])]);
    differentiate("in experts", &[3, 4], &[route(2, "top-k", &[("k", int(1))], vec![node("ar-net", &[], vec![])])]);
    let basis = node("ada-fnn", &[("functions", int(2)), ("hidden", int(3))], vec![]);
    differentiate("basis", &[2, 6], std::slice::from_ref(&basis));
    assert_eq!(value(&[2, 6], Mode::Train, &[n_beats(&[])]).len(), 6, "horizon 0 is the task's outputs");
    assert!(fault(&[2, 5, 2], &[n_beats(&[])]).contains("needs a series"));
    assert!(fault(&[2, 5], &[node("ar-net", &[("lags", int(6))], vec![])]).contains("more than the 5"));
    assert!(fault(&[2, 1], &[basis]).contains("not known"));
}

/// With all hidden units at 1, a block writes what its coefficients say: exact polynomials, and exact waves.
#[test]
fn fixed_bases_are_exact() {
    for (basis, terms, settings) in [("trend", 4, vec![("degree", int(3))]), ("seasonality", 6, vec![])] {
        let mut all = vec![("basis", word(basis)), ("stacks", int(1)), ("hidden", int(1)), ("horizon", int(7))];
        all.extend(settings);
        let mut g = Graph::new();
        let (y, ..) = build(&mut g, Mode::Train, &[1, 5], &[n_beats(&all)]);
        let mut oracle = registers(&g);
        for layer in 1..=4 {
            let name = format!("layer {layer}");
            let zeros = vec![0.0; held(&oracle, &g, &name).len()];
            set(&mut oracle, &g, &name, zeros);
            set(&mut oracle, &g, &format!("bias {layer}"), vec![1.0]);
        }
        let theta: Vec<f64> = (0..terms).map(|i| f64::from(i) - 1.5).collect();
        set(&mut oracle, &g, "forecast coefficients", theta.clone());
        let expected: Vec<f64> = (0..7)
            .map(|t| {
                let t = f64::from(t) / 7.0;
                if basis == "trend" {
                    theta.iter().rev().fold(0.0, |sum, c| sum * t + c)
                } else {
                    let wave = |i: usize| TAU * i as f64 * t;
                    (0..3).map(|i| theta[i] * wave(i).cos() + theta[i + 3] * wave(i).sin()).sum()
                }
            })
            .collect();
        assert!(distance(&oracle.values(&g, &[y])[0].data, &expected) < 1e-6, "{basis}");
    }
}

/// The second block sees what the first left, and the forecasts add up.
#[test]
fn residuals_are_double() {
    let mut g = Graph::new();
    let blocks = [n_beats(&[("basis", word("trend")), ("stacks", int(1)), ("per-stack", int(2)), ("hidden", int(1))])];
    let (y, ..) = build(&mut g, Mode::Train, &[1, 4], &blocks);
    let mut oracle = registers(&g);
    // The first block explains the straight line 2 − t entirely; the second one multiplies the last value of what is left.
    for layer in 1..=4 {
        let zeros = vec![0.0; if layer == 1 { 4 } else { 1 }];
        set(&mut oracle, &g, &format!("block 1 layer {layer}"), zeros);
        set(&mut oracle, &g, &format!("block 1 bias {layer}"), vec![1.0]);
        let last = if layer == 1 { vec![0.0, 0.0, 0.0, 1.0] } else { vec![1.0] };
        set(&mut oracle, &g, &format!("block 2 layer {layer}"), last);
    }
    set(&mut oracle, &g, "block 1 backcast coefficients", vec![2.0, -1.0, 0.0]);
    set(&mut oracle, &g, "block 1 forecast coefficients", vec![5.0, 0.0, 0.0]);
    set(&mut oracle, &g, "block 2 forecast coefficients", vec![3.0, 0.0, 0.0]);
    set(&mut oracle, &g, "x", vec![2.0, 1.75, 1.5, 1.25]);
    let flat = oracle.values(&g, &[y])[0].data.clone();
    assert!(distance(&flat, &[5.0; 3]) < 1e-6, "{flat:?}");
    set(&mut oracle, &g, "x", vec![2.0, 1.75, 1.5, 1.35]);
    let more = oracle.values(&g, &[y])[0].data.clone();
    assert!(distance(&more, &[5.3; 3]) < 1e-6, "{more:?}");
}

#[test]
fn stacks_may_share_their_weights() {
    let count = |shared: bool| {
        let mut g = Graph::new();
        let settings = [("basis", word("interpretable")), ("per-stack", int(3)), ("shared", Setting::Bool(shared))];
        build(&mut g, Mode::Train, &[1, 6], &[n_beats(&settings)]);
        g.slots().iter().filter(|s| s.role == Role::Param).count()
    };
    // Four layers with biases, coefficients forward and back; the very last block writes nothing back.
    assert_eq!((count(true), count(false)), (2 * 10, 6 * 10 - 1));
}

#[test]
fn few_lags_are_asked_for_as_the_paper_does() {
    let mut g = Graph::new();
    let block = node("ar-net", &[("penalty", float(0.5)), ("sparsity", float(0.25)), ("units", int(1))], vec![]);
    let pass = pass(&mut g, Mode::Train, &[2, 5], &[block]);
    let mut oracle = registers(&g);
    let w = [0.0, 0.001, -0.2, 0.7, 2.0];
    set(&mut oracle, &g, "weight", w.to_vec());
    let got = oracle.values(&g, &[pass.output, pass.losses[0]]);
    let x = held(&oracle, &g, "x");
    let expected: Vec<f64> = x.chunks(5).map(|x| x.iter().zip(&w).map(|(x, w)| x * w).sum()).collect();
    assert!(distance(&got[0].data, &expected) < 1e-12);
    let size = |w: f64| 2.0 / (1.0 + (-3.0 * (w.abs() + 1e-4).cbrt()).exp()) - 1.0;
    let expected = 0.5 * 3.0 * w.iter().map(|&w| size(w)).sum::<f64>();
    assert!((got[1].data[0] - expected).abs() < 1e-5, "{} {expected}", got[1].data[0]);
    check_derivatives(&mut g, pass.losses[0], &pass.params[..1], "penalty");
}

/// A function that is 1 integrates by the trapezoid rule; the penalties are those of the functions themselves.
#[test]
fn basis_functions_integrate() {
    let settings = [("functions", int(3)), ("hidden", int(2)), ("orthogonality", float(2.0)), ("sparsity", float(3.0))];
    let mut g = Graph::new();
    let pass = pass(&mut g, Mode::Train, &[6, 6], &[node("ada-fnn", &settings, vec![])]);
    let mut oracle = registers(&g);
    let x = held(&oracle, &g, "x");
    let weights = [0.1, 0.2, 0.2, 0.2, 0.2, 0.1];
    let unit = (0..36).map(|i| if i % 7 == 0 { 1.0 } else { 0.0 }).collect();
    // Row j of the values is ω_j β(t_j) for a curve that is 1 at t_j alone.
    set(&mut oracle, &g, "x", unit);
    let got = oracle.values(&g, &[pass.output, pass.losses[0], pass.losses[1]]);
    let beta = |k: usize, j: usize| got[0].data[j * 3 + k] / weights[j];
    let product = |a: usize, b: usize| (0..6).map(|j| weights[j] * beta(a, j) * beta(b, j)).sum::<f64>();
    let cosine = |a, b| product(a, b).abs() / (product(a, a) * product(b, b)).sqrt();
    let likeness = 2.0 / 6.0 * (cosine(0, 1) + cosine(0, 2) + cosine(1, 2));
    assert!((got[1].data[0] - likeness).abs() < 1e-5, "{} {likeness}", got[1].data[0]);
    let area: f64 = (0..3).map(|k| (0..6).map(|j| weights[j] * beta(k, j).abs()).sum::<f64>()).sum();
    assert!((got[2].data[0] - area).abs() < 1e-5, "{} {area}", got[2].data[0]);
    assert!(cosine(0, 1) < 0.999 || cosine(0, 2) < 0.999, "the functions differ from the beginning");

    set(&mut oracle, &g, "/value", vec![0.0; 6]);
    set(&mut oracle, &g, "value bias", vec![1.0; 3]);
    set(&mut oracle, &g, "x", x.clone());
    let got = &oracle.values(&g, &[pass.output])[0].data;
    for (i, x) in x.chunks(6).enumerate() {
        let area: f64 = x.iter().zip(weights).map(|(x, w)| x * w).sum();
        assert!((0..3).all(|k| (got[i * 3 + k] - area).abs() < 1e-6));
    }
}
