//! Derivatives against central differences along random directions, in 64-bit floats.

use engine::ad::{self, Exact};
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, SlotId, Value};
use engine::ops::{Op, Tensor};

use crate::cases::{Case, cases};
use crate::support::*;

/// Blocks that are no smooth functions as a whole, and why. They pass a value on and detach what they do to it, so that
/// credit travels as if nothing had been done, or they keep credit from going where it has no business. Their derivatives
/// are those of the block with everything that it detaches held at its present value, and are tested as such.
const DETACHING: &[(&str, &str)] = &[
    ("lif", "a spike has no slope; that of a smooth step stands in for it"),
    ("adaptive-spectral", "a frequency is let through or not; the threshold learns as if it were the mask"),
    ("conv-bn", "`deploy` learns a product as if it were a register"),
    ("lora", "a change that is selected is there or not; its score learns as if it were that"),
    ("mask-gate", "the predictor's loss reaches the predictor alone"),
    ("nm-linear", "`sr-ste` gives weights that are out their whole gradient"),
];

const STEP: f64 = 1e-5;
/// Relative to the terms that make up a slope: our constants have 24 bits.
const TOLERANCE: f64 = 1e-6;
const DIRECTIONS: u32 = 2;

#[test]
fn every_block_is_differentiated_rightly() {
    let wrong: Vec<String> = cases().into_iter().flat_map(faults).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_excused_has_something_to_detach() {
    for (id, why) in DETACHING {
        let detaches = |c: &Case| c.g.live(&c.roots()).iter().any(|&v| matches!(c.g.node(v).op, Op::Detach(_)));
        assert!(cases().iter().any(|c| c.block == *id && detaches(c)), "{id} detaches nothing: {why}");
    }
}

/// `roots` with everything that they detach held at its value in `oracle`, which learns these values.
fn held(g: &mut Graph, roots: &[Value], oracle: &mut Oracle) -> Vec<Value> {
    let detached: Vec<Value> = g.live(roots).into_iter().filter(|&v| matches!(g.node(v).op, Op::Detach(_))).collect();
    let values = oracle.values(g, &detached);
    let still: Vec<(Value, Value)> = detached
        .into_iter()
        .zip(values)
        .map(|(v, value)| {
            let slot = input(g, &format!("held {}", v.index()), &value.shape.0.clone());
            oracle.write(slot, value);
            (v, g.read(slot))
        })
        .collect();
    ad::replaced(g, roots, &still)
}

/// `oracle` with each of `slots` moved along its direction.
fn moved(oracle: &Oracle, directions: &[(SlotId, &[f64])], by: f64) -> Oracle {
    let mut moved = oracle.clone();
    for (slot, direction) in directions {
        let old = oracle.read(*slot);
        let data = old.data.iter().zip(*direction).map(|(v, d)| v + by * d).collect();
        moved.write(*slot, Tensor::new(old.shape.clone(), data));
    }
    moved
}

fn faults(mut case: Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut oracle = case.registers();
    let gradients: Vec<Vec<f64>> = case
        .by
        .iter()
        .zip(&case.gradients)
        .map(|(&slot, v)| match v {
            Some(v) => oracle.values(&case.g, &[*v]).remove(0).data,
            None => vec![0.0; case.g.slot(slot).shape.size()],
        })
        .collect();
    let directions: Vec<Vec<f64>> = (0..DIRECTIONS)
        .flat_map(|n| gradients.iter().enumerate().map(move |(i, v)| numbers(2000 + 100 * i as u32 + n, v.len())))
        .collect();
    let tangents: Vec<(SlotId, &[f64])> = case.by.iter().copied().zip(directions.iter().map(Vec::as_slice)).collect();
    // Forward first, while `y` is still what the block built.
    let pairs: Vec<(Value, Value)> = tangents
        .iter()
        .map(|(slot, direction)| {
            let (name, shape) = (format!("tangent {}", case.g.slot(*slot).name), case.g.slot(*slot).shape.clone());
            let tangent = input(&mut case.g, &name, &shape);
            oracle.write(tangent, Tensor::new(shape, direction.to_vec()));
            (case.g.read(*slot), case.g.read(tangent))
        })
        .collect();
    let pushed = ad::jvp(&mut case.g, case.y, &pairs, &Exact);

    let mut roots = case.roots();
    if DETACHING.iter().any(|e| e.0 == case.block) {
        roots = held(&mut case.g, &roots, &mut oracle);
    }
    let g = &case.g;
    let c = oracle.read(case.cotangent).data.clone();
    let difference = |along: &[(SlotId, &[f64])], step: f64| -> Vec<Vec<f64>> {
        let up = moved(&oracle, along, step).values(g, &roots);
        let down = moved(&oracle, along, -step).values(g, &roots);
        let slope =
            |(u, d): (&Tensor, &Tensor)| u.data.iter().zip(&d.data).map(|(u, d)| (u - d) / (2.0 * step)).collect();
        up.iter().zip(&down).map(slope).collect()
    };
    // Two steps, of whose errors the first terms cancel (Richardson 1911): high waves bend within one.
    let slopes = |along: &[(SlotId, &[f64])]| -> Vec<Vec<f64>> {
        let (whole, half) = (difference(along, STEP), difference(along, STEP / 2.0));
        let better = |(w, h): (&f64, &f64)| (4.0 * h - w) / 3.0;
        whole.iter().zip(&half).map(|(w, h)| w.iter().zip(h).map(better).collect()).collect()
    };
    for (i, direction) in directions.iter().enumerate() {
        let (slot, gradient) = (case.by[i % case.by.len()], &gradients[i % case.by.len()]);
        let slopes = slopes(&[(slot, direction)]);
        let expected =
            slopes[0].iter().zip(&c).map(|(d, c)| d * c).sum::<f64>() + slopes[1..].iter().flatten().sum::<f64>();
        let terms = gradient.iter().zip(direction).map(|(g, d)| g * d);
        let (got, size): (f64, f64) = terms.fold((0.0, 0.01), |(sum, size), t| (sum + t, size + t.abs()));
        let far = (got - expected).abs() / size.max(expected.abs());
        // A NaN fails too.
        if far.is_nan() || far > TOLERANCE {
            let name = &g.slot(slot).name;
            wrong.push(format!("{}: along {name} the slope is {expected:e}, not {got:e}", case.name));
        }
    }
    if let Some(pushed) = pushed {
        let expected = slopes(&tangents).remove(0);
        let far = distance(&oracle.values(g, &[pushed])[0].data, &expected);
        if far > TOLERANCE {
            wrong.push(format!("{}: the forward derivative is off by {far:e}", case.name));
        }
    }
    wrong
}
