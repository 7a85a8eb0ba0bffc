//! Neurons in time: spikes against closed forms, surrogates against the slopes they stand for, delays and biophysical
//! synapses against plain loops.

use engine::ad::{self, Exact};
use engine::net::{Mode, Node};
use engine::registry::Setting;

use super::bench::*;
use super::recurrent::Alone;
use super::support::*;

fn lif(settings: &[(&str, Setting)]) -> Node {
    node("lif", settings, vec![])
}

/// A neuron of time constant τ under a constant current I fires whenever `I (1 − λⁿ) / (1 − λ)`, λ = 1 − 1/τ, first
/// exceeds the threshold; never, if its limit τ I does not.
#[test]
fn spikes_come_when_the_closed_form_says() {
    for (tau, current) in [(4.0f64, 0.3), (10.0, 0.17), (2.0, 0.9), (4.0, 0.24), (1.0, 1.5), (50.0, 0.1)] {
        let mut neuron = Alone::new(Mode::Train, &[1, 40, 1], lif(&[("tau", float(tau))]));
        neuron.write("x", vec![current; 40]);
        let leak = 1.0 - 1.0 / tau;
        let after = |n: i32| current * (1.0 - leak.powi(n)) / (1.0 - leak);
        let period = (1..=40).find(|&n| after(n) > 1.0);
        let expected: Vec<f64> = (1..=40).map(|t| f64::from(u8::from(period.is_some_and(|n| t % n == 0)))).collect();
        assert_eq!(neuron.value(), expected, "τ {tau}, current {current}");
    }
    // What is over the threshold stays where the reset subtracts: the mean rate is I / θ without a leak.
    let mut neuron = Alone::new(Mode::Train, &[1, 100, 1], lif(&[("tau", float(1000.0)), ("reset", word("subtract"))]));
    neuron.write("x", vec![0.3; 100]);
    let rate = neuron.value().iter().sum::<f64>() / 100.0;
    assert!((rate - 0.3).abs() < 0.021, "{rate}");
}

/// The smooth steps that stand in for a spike's derivative, by name.
fn soft(curve: &str, x: f64) -> f64 {
    match curve {
        "sigmoid" => 1.0 / (1.0 + (-5.0 * x).exp()),
        "fast-sigmoid" => x / (1.0 + 5.0 * x.abs()),
        _ => (std::f64::consts::FRAC_PI_2 * 5.0 * x).atan() / std::f64::consts::PI,
    }
}

/// Backwards through time: what comes back at a place is the slope of the smooth step there, and what leaks on to the
/// next place where it did not fire.
#[test]
fn surrogates_are_the_slopes_of_smooth_steps() {
    for curve in ["atan", "sigmoid", "fast-sigmoid"] {
        for reset in ["zero", "subtract"] {
            let settings = [("surrogate", word(curve)), ("reset", word(reset)), ("tau", float(4.0))];
            let mut neuron = Alone::new(Mode::Train, &[1, 8, 1], lif(&settings));
            let x = [0.7, 0.6, 0.2, 1.4, 0.1, 0.3, 0.9, 0.8];
            neuron.write("x", x.to_vec());
            let cotangent = input(&mut neuron.g, "cotangent", &[1, 8, 1]);
            let slot = neuron.g.find_slot("x").unwrap();
            let (x_read, c) = (neuron.g.read(slot), neuron.g.read(cotangent));
            let back = ad::vjp(&mut neuron.g, &[(neuron.y, c)], &[x_read], &Exact)[0].unwrap();
            let mut oracle = registers(&neuron.g);
            oracle.write(slot, neuron.oracle.read(slot).clone());
            let weights = oracle.read(cotangent).data.clone();
            let got = oracle.values(&neuron.g, &[neuron.y, back]);
            let (mut u, mut above, mut fired) = (0.0, Vec::new(), Vec::new());
            for x in x {
                u = 0.75 * u + x;
                above.push(u - 1.0);
                fired.push(f64::from(u8::from(u > 1.0)));
                if u > 1.0 {
                    u = if reset == "zero" { 0.0 } else { u - 1.0 };
                }
            }
            assert_eq!(got[0].data, fired, "a surrogate does not change the spikes");
            assert!(fired.contains(&1.0) && fired.contains(&0.0));
            let mut later = 0.0;
            let mut expected = vec![0.0; 8];
            for t in (0..8).rev() {
                let slope = (soft(curve, above[t] + 1e-6) - soft(curve, above[t] - 1e-6)) / 2e-6;
                let passes = if reset == "zero" { 1.0 - fired[t] } else { 1.0 };
                later = weights[t] * slope + passes * 0.75 * later;
                expected[t] = later;
            }
            assert!(distance(&got[1].data, &expected) < 1e-6, "{curve} {reset}\n{:?}\n{expected:?}", got[1].data);
        }
    }
}

#[test]
fn potentials_differentiate() {
    differentiate("potential", &[2, 4, 3], &[lif(&[("gives", word("potential"))])]);
    differentiate("last", &[2, 4, 3], &[lif(&[("gives", word("potential")), ("output", word("last"))])]);
}

fn delays(settings: &[(&str, Setting)]) -> Node {
    node("delays", &[&[("longest", int(3)), ("units", int(2))], settings].concat(), vec![])
}

/// Sums over `[2, 5, 3]` where each input is `late [3, 2]` places late.
fn late(net: &Alone, delay: &[usize]) -> Vec<f64> {
    let (x, w) = (net.read("x"), net.read("weight"));
    let mut y = vec![0.0; 2 * 5 * 2];
    for (i, y) in y.iter_mut().enumerate() {
        let (sample, t, unit) = (i / 10, i / 2 % 5, i % 2);
        for d in 0..3 {
            if let Some(from) = t.checked_sub(delay[d * 2 + unit]) {
                *y += w[d * 2 + unit] * x[(sample * 5 + from) * 3 + d];
            }
        }
    }
    y
}

#[test]
fn delays_are_late_by_whole_places_in_tests() {
    let rounded = |net: &Alone| -> Vec<usize> {
        net.read("delay").iter().map(|p| (1.5 * (p + 1.0)).clamp(0.0, 3.0).round() as usize).collect()
    };
    for (mode, learn) in [(Mode::Eval, true), (Mode::Eval, false), (Mode::Train, false)] {
        let net = Alone::new(mode, &[2, 5, 3], delays(&[("learn", Setting::Bool(learn))]));
        assert!(distance(&net.value(), &late(&net, &rounded(&net))) < 1e-12);
    }
    // While training a bump narrows down to one place.
    let whole = vec![-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0, 1.0 / 3.0, -1.0];
    let off = |step: f64| {
        let mut net = Alone::new(Mode::Train, &[2, 5, 3], delays(&[("narrowing", int(10))]));
        net.write("delay", whole.clone());
        net.write("step", vec![step, 0.0]);
        distance(&net.value(), &late(&net, &[0, 1, 2, 3, 2, 0]))
    };
    let (first, middle, last) = (off(0.0), off(5.0), off(10.0));
    assert!(first > middle && middle > last && last < 5e-4, "{first} {middle} {last}");
    // No delays at all are a weighted sum.
    let none = Alone::new(Mode::Train, &[2, 5, 3], delays(&[("longest", int(0))]));
    assert!(distance(&none.value(), &late(&none, &[0; 6])) < 1e-12);
}

#[test]
fn delays_differentiate() {
    differentiate("delays", &[2, 4, 3], &[delays(&[])]);
    differentiate("no delays", &[2, 3, 2], &[delays(&[("longest", int(0))])]);
    assert!(fault(&[2, 4], &[delays(&[])]).contains("needs a sequence"));
}

fn liquid(settings: &[(&str, Setting)]) -> Node {
    node("liquid", &[&[("units", int(2))], settings].concat(), vec![])
}

/// Numerator and denominator of the synapses of unit `i` with what is `heard`.
fn synapses(net: &Alone, name: &str, heard: &[f64], i: usize) -> (f64, f64) {
    let [w, a, m, e] =
        ["conductance", "steepness", "middle", "reversal"].map(|what| net.read(&format!("{name}-{what}")));
    heard.iter().enumerate().fold((0.0, 0.0), |(n, d), (j, v)| {
        let k = j * 2 + i;
        let open = w[k].exp().ln_1p() / (1.0 + (-(a[k] + 4.0) * (v - m[k])).exp());
        (n + open * e[k], d + open)
    })
}

#[test]
fn liquid_neurons_follow_their_equations() {
    for steps in [1, 3] {
        let net = Alone::new(Mode::Train, &[2, 4, 3], liquid(&[("steps", int(steps))]));
        let (x, leak, rest) = (net.read("x"), 2f64.ln(), net.read("rest"));
        let mut expected = Vec::new();
        for sample in x.chunks(4 * 3) {
            let mut v = [0.0; 2];
            for at in sample.chunks(3) {
                for _ in 0..steps {
                    let long = 1.0 / steps as f64;
                    let old = v;
                    for i in 0..2 {
                        let ((n, d), (m, e)) = (synapses(&net, "input", at, i), synapses(&net, "state", &old, i));
                        v[i] = (old[i] + long * (leak * rest[i] + n + m)) / (1.0 + long * (leak + d + e));
                    }
                }
                expected.extend(v);
            }
        }
        assert!(distance(&net.value(), &expected) < 1e-6, "{steps}");
        // A potential is a mean of what pulls at it: it never leaves their range.
        assert!(net.value().iter().all(|v| v.abs() <= 1.0));
    }
}

/// A neuron that hears nothing from others comes to rest where the static form says.
#[test]
fn liquid_neurons_come_to_rest() {
    let mut net = Alone::new(Mode::Train, &[1, 60, 3], liquid(&[("output", word("last"))]));
    net.write("state-conductance", vec![-60.0; 4]);
    let place = numbers(5, 3);
    net.write("x", place.repeat(60));
    let mut rest = Alone::new(Mode::Train, &[1, 1, 3], liquid(&[("form", word("static"))]));
    for name in ["input-conductance", "input-steepness", "input-middle", "input-reversal", "leak", "rest"] {
        rest.write(name, net.read(name));
    }
    rest.write("x", place);
    assert!(distance(&net.value(), &rest.value()) < 1e-9);
}

#[test]
fn liquid_neurons_differentiate() {
    differentiate("liquid", &[2, 3, 3], &[liquid(&[("steps", int(2))])]);
    differentiate("static", &[2, 3, 3], &[liquid(&[("form", word("static"))])]);
    differentiate("static last", &[2, 3, 3], &[liquid(&[("form", word("static")), ("output", word("last"))])]);
}
