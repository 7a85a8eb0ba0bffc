//! Continual backpropagation replaces the least useful units, and nothing is noticed of it at that moment.

use std::rc::Rc;

use engine::exec::oracle::Oracle;
use engine::ir::{Program, Stmt};
use engine::lesson::Lesson;
use engine::ops::Tensor;
use engine::optim::{OPTIMIZERS, Recipe, SCHEDULES};
use engine::registry::{Knobs, find};

use crate::bench::*;
use crate::support::*;

const UNITS: usize = 6;

fn run(bench: &Bench, body: Vec<Stmt>, oracle: &mut Oracle) {
    oracle.run(&Program::new(Rc::new(bench.g.clone()), "part", body));
}

fn set(bench: &Bench, oracle: &mut Oracle, name: &str, data: Vec<f64>) {
    let slot = bench.slot(name);
    let shape = oracle.read(slot).shape.clone();
    oracle.write(slot, Tensor::new(shape, data));
}

fn read(bench: &Bench, oracle: &Oracle, name: &str) -> Vec<f64> {
    oracle.read(bench.slot(name)).data.clone()
}

/// A network whose first layer is about to have one unit replaced. Unit 2 is saturated and gives 1 whatever it sees;
/// unit 4, of still less use, is too young to go.
fn due() -> (Bench, Lesson, Oracle) {
    let layers = vec![hidden(UNITS as i64), hidden(4), read_out()];
    let mut bench = Bench::new("continual-backprop", &[], net(3, layers), &[4], 8);
    let lesson = bench.learn();
    let mut oracle = bench.registers();
    set(&bench, &mut oracle, "1/1.linear/bias", vec![0.1, -0.2, 40.0, 0.3, -0.1, 0.2]);
    set(&bench, &mut oracle, "rule/layer 1/age", vec![300.0, 300.0, 300.0, 300.0, 50.0, 300.0]);
    set(&bench, &mut oracle, "rule/layer 1/utility", vec![0.9, 0.8, 0.1, 0.7, 0.0, 0.6]);
    set(&bench, &mut oracle, "rule/layer 1/debt", vec![0.9999]);
    // The running mean of what never changes, 300 steps after it began.
    let mut mean = vec![0.05; UNITS];
    mean[2] = 1.0 - 0.99f64.powi(300);
    set(&bench, &mut oracle, "rule/layer 1/mean", mean);
    (bench, lesson, oracle)
}

/// Exactly the mature unit of least utility goes; the answer is the same before and after.
#[test]
fn the_least_useful_mature_unit_goes_unnoticed() {
    let (bench, lesson, mut oracle) = due();
    bench.remember(&lesson, &mut oracle);
    let before = oracle.clone();
    run(&bench, lesson.after.clone(), &mut oracle);

    let changed = |name: &str| -> Vec<usize> {
        let (old, new) = (read(&bench, &before, name), read(&bench, &oracle, name));
        (0..old.len()).filter(|&i| old[i] != new[i]).collect()
    };
    assert_eq!(changed("1/1.linear/weight"), [2, 8, 14, 20], "the column of unit 2");
    assert_eq!(changed("1/1.linear/bias"), [2]);
    assert_eq!(changed("2/1.linear/weight"), [8, 9, 10, 11], "the row of unit 2");
    assert_eq!(changed("2/1.linear/bias").len(), 4);
    assert!(changed("3/1.linear/weight").is_empty() && changed("3/1.linear/bias").is_empty());
    assert!(read(&bench, &oracle, "2/1.linear/weight")[8..12].iter().all(|w| *w == 0.0));
    let fresh = read(&bench, &oracle, "1/1.linear/weight");
    assert!([2, 8, 14, 20].iter().all(|&i| fresh[i] != 0.0));
    for what in ["age", "utility", "mean"] {
        assert_eq!(read(&bench, &oracle, &format!("rule/layer 1/{what}"))[2], 0.0);
    }
    assert_eq!(read(&bench, &oracle, "rule/layer 1/age")[0], 301.0);
    assert_eq!(read(&bench, &oracle, "rule/layer 1/replaced"), [1.0]);
    assert!(read(&bench, &oracle, "rule/layer 1/debt")[0] < 0.01);

    let [old, new] = [&before, &oracle].map(|o| o.values(&bench.g, &[lesson.logits])[0].data.clone());
    let far = distance(&old, &new);
    assert!(far < 1e-6, "the answer moved by {far:e}");
    // Nor does it matter what the new unit says.
    let mut louder = oracle.clone();
    set(
        &bench,
        &mut louder,
        "1/1.linear/weight",
        fresh.iter().enumerate().map(|(i, w)| if i % UNITS == 2 { 9.0 } else { *w }).collect(),
    );
    assert_eq!(louder.values(&bench.g, &[lesson.logits])[0].data, new);
}

/// No unit goes before its share of a replacement has come together.
#[test]
fn replacements_wait_until_they_are_whole() {
    let (bench, lesson, mut oracle) = due();
    set(&bench, &mut oracle, "rule/layer 1/debt", vec![0.0]);
    let before = read(&bench, &oracle, "1/1.linear/weight");
    let mut steps = 0;
    while read(&bench, &oracle, "1/1.linear/weight") == before {
        bench.remember(&lesson, &mut oracle);
        run(&bench, lesson.after.clone(), &mut oracle);
        steps += 1;
        assert!(steps < 3000);
    }
    // Five mature units for the first 50 steps, then six, at a rate of 1e-4.
    let expected = 50 + ((1.0 - 50.0 * 5e-4) / 6e-4_f64).ceil() as i32;
    assert!((steps - expected).abs() <= 2, "{steps} steps, not {expected}");
}

/// The optimizer takes a renewed weight for new: its next step is what the first one ever would be.
#[test]
fn the_optimizer_forgets_what_is_renewed() {
    for id in ["adam", "sgd"] {
        let (mut bench, lesson, mut oracle) = due();
        let optimizer = find(OPTIMIZERS, id, "").unwrap();
        let recipe = Recipe {
            optimizer,
            knobs: Knobs::defaults(optimizer.knobs()),
            schedule: find(SCHEDULES, "constant", "").unwrap(),
            schedule_knobs: Knobs::default(),
            rate: 0.01,
            clip: 0.0,
        };
        let (clock, step) = (bench.clock, bench.step);
        let mut writes = recipe.step_aged(&mut bench.g, clock, &lesson.updates, &lesson.ages);
        writes.extend(&lesson.writes);
        let registers = registers(&bench.g);
        for slot in bench.g.slot_ids().filter(|&s| bench.g.slot(s).name.starts_with("optim/")) {
            let mut t = registers.read(slot).clone();
            if bench.g.slot(slot).shape.size() > 1 {
                // As if much had been learnt.
                t.data.fill(0.5);
            }
            oracle.write(slot, t);
        }
        oracle.write(step, Tensor::new([2], vec![400.0, 0.0]));
        let gradient = bench.update(&lesson, "1/1.linear/weight");
        // Replace unit 2, then take a step.
        bench.remember(&lesson, &mut oracle);
        run(&bench, lesson.after.clone(), &mut oracle);
        let before = read(&bench, &oracle, "1/1.linear/weight");
        set(&bench, &mut oracle, "2/1.linear/weight", vec![0.3; 4 * UNITS]);
        let gradient = oracle.values(&bench.g, &[gradient])[0].data.clone();
        run(&bench, vec![Stmt::Tick(writes)], &mut oracle);
        let after = read(&bench, &oracle, "1/1.linear/weight");
        for i in 0..before.len() {
            let first = if id == "adam" { 0.01 * gradient[i].signum() } else { 0.01 * gradient[i] };
            let alike = (before[i] - after[i] - first).abs() < 1e-6;
            assert_eq!(alike, i % UNITS == 2, "{id}, weight {i}: {} and {first}", before[i] - after[i]);
        }
    }
}

/// Behind an image a unit is a channel, and its weights out of it those from all its places.
#[test]
fn channels_are_units() {
    let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
    let layers = vec![conv, vec![node("max-pool", &[], vec![]), linear(5)], read_out()];
    let mut bench = Bench::new("continual-backprop", &[], net(3, layers), &[4, 4, 1], 5);
    let lesson = bench.learn();
    let mut oracle = bench.registers();
    set(&bench, &mut oracle, "rule/layer 1/age", vec![300.0; 3]);
    set(&bench, &mut oracle, "rule/layer 1/utility", vec![9.0, 0.0, 9.0]);
    set(&bench, &mut oracle, "rule/layer 1/debt", vec![0.9999]);
    bench.remember(&lesson, &mut oracle);
    run(&bench, lesson.after.clone(), &mut oracle);
    let out = read(&bench, &oracle, "2/2.linear/weight");
    let silent: Vec<usize> = (0..12).filter(|row| out[row * 5..][..5].iter().all(|w| *w == 0.0)).collect();
    assert_eq!(silent, [1, 4, 7, 10], "channel 1 of each of the 2 × 2 places");
}
