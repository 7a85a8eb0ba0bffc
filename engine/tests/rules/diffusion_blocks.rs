//! DiffusionBlocks' stages learn apart from each other, as well as theory lets them, and the answer knows no label.

use std::collections::HashSet;

use engine::ir::Value;
use engine::ops::{Op, Tensor};

use crate::bench::*;
use crate::support::*;

const RULE: &str = "diffusion-blocks";

/// The stages whose registers `roots` are made of.
fn owners(bench: &Bench, roots: &[Value]) -> HashSet<usize> {
    let read = |v: &Value| match &bench.g.node(*v).op {
        Op::Read(r) => stage_of(&bench.g.slot(r.slot).name),
        _ => None,
    };
    bench.g.live(roots).iter().filter_map(read).collect()
}

/// No stage's loss or update is made of another's weights in any way, so that no gradient can pass between them.
#[test]
fn stages_learn_apart() {
    for samples in ["all", "shared-out"] {
        let layers = vec![hidden(6), hidden(5), hidden(4), read_out()];
        let mut bench = Bench::new(RULE, &[("samples", word(samples))], net(3, layers), &[4], 6);
        let lesson = bench.learn();
        assert_eq!(lesson.updates.len(), 4 * 2 + 3 * 2);
        for update in &lesson.updates {
            let name = bench.g.slot(update.slot).name.clone();
            assert_eq!(owners(&bench, &[update.gradient]), HashSet::from([stage_of(&name).unwrap()]), "{name}");
        }
        for signal in lesson.signals.iter().filter(|s| s.name == "denoising loss") {
            assert_eq!(owners(&bench, &[signal.value]), HashSet::from([signal.stage]));
        }
    }
}

/// Shared out, every sample teaches one stage and no other; for less work than where all teach all.
#[test]
fn samples_are_shared_out() {
    let build = |samples: &str| {
        let layers = vec![hidden(6), hidden(5), hidden(4), read_out()];
        let mut bench = Bench::new(RULE, &[("samples", word(samples))], net(3, layers), &[4], 7);
        let lesson = bench.learn();
        (bench, lesson)
    };
    let (bench, lesson) = build("shared-out");
    let gradient = |stage: usize| bench.update(&lesson, &format!("{stage}/1.linear/weight"));
    let oracle = bench.registers();
    let before = oracle.values(&bench.g, &[gradient(1), gradient(2), gradient(3)]);
    let mut taught = [0; 3];
    for sample in 0..7 {
        let mut moved = oracle.clone();
        let mut x = oracle.read(bench.slot("x")).clone();
        x.data[sample * 4] += 1.0;
        moved.write(bench.slot("x"), x);
        let after = moved.values(&bench.g, &[gradient(1), gradient(2), gradient(3)]);
        let changed: Vec<usize> = (0..3).filter(|&i| after[i] != before[i]).collect();
        assert_eq!(changed.len(), 1, "sample {sample}");
        taught[changed[0]] += 1;
    }
    assert_eq!(taught, [2, 2, 3]);
    let work = |(mut bench, lesson): (Bench, engine::lesson::Lesson)| {
        engine::cost::figures(&step(&mut bench, &lesson, "sgd", &[], 0.1)).work
    };
    assert!(work(build("shared-out")) < work(build("all")));
    let few = Bench::new(
        RULE,
        &[("samples", word("shared-out"))],
        net(3, vec![hidden(6), hidden(5), hidden(4), read_out()]),
        &[4],
        2,
    );
    assert!(few.fits().unwrap_err().contains("larger batches"));
}

/// The answer, in training as in use, does not depend on the labels; what the stages learn does.
#[test]
fn the_answer_knows_no_label() {
    for inference in ["mean", "sampled"] {
        let settings = [("inference", word(inference)), ("steps", int(2))];
        let mut bench = Bench::new(RULE, &settings, net(3, vec![hidden(6), hidden(5), read_out()]), &[4], 6);
        let lesson = bench.learn();
        let (rule, x) = (bench.rule, bench.batch.x);
        let answer = bench.with(|cx| rule.predict(cx, x));
        let labels = bench.batch.labels;
        assert!(!bench.g.live(&[lesson.logits, answer]).contains(&labels));
        assert_eq!(lesson.logits, answer, "what is shown while it learns is its answer");
        assert!(lesson.updates.iter().all(|u| bench.g.live(&[u.gradient]).contains(&labels)));
        let oracle = bench.registers();
        let mut later = oracle.clone();
        later.write(bench.step, Tensor::new([2], vec![1.0, 0.0]));
        let both = [&oracle, &later].map(|o| o.values(&bench.g, &[answer])[0].clone());
        assert_eq!(both[0] == both[1], inference == "mean", "noise is new at every step, or absent");
    }
}

/// A stage that must have an image sees the noisy label and its level as planes behind the image's channels; others see
/// rows.
#[test]
fn labels_and_levels_stand_beside_the_input() {
    let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
    let mut bench = Bench::new(RULE, &[], net(5, vec![conv, hidden(6), read_out()]), &[4, 4, 2], 3);
    bench.learn();
    let shape = |name: &str| bench.g.slot(bench.slot(name)).shape.to_vec();
    assert_eq!(shape("1/1.conv2d/weight"), [3, 3, 2 + 5 + 1, 3]);
    assert_eq!(shape("2/1.linear/weight"), [4 * 4 * 2 + 5 + 1, 6]);
    assert_eq!(shape("3/1.linear/weight"), [5, 5]);
}

/// The least loss that any denoiser of two equally likely labels can have which knows nothing else, at one level: labels
/// lie `σ_d √2` from their middle on one line, and the best answer on it is `σ_d √2 tanh(σ_d √2 z / σ²)`.
fn least_at(level: f64) -> f64 {
    let (data, far) = (0.5_f64, 0.5 * 2f64.sqrt());
    let weight = (level * level + data * data) / (level * data).powi(2);
    let (mut sum, mut all) = (0.0, 0.0);
    for i in -800..=800 {
        let n = f64::from(i) / 100.0;
        let density = (-0.5 * n * n).exp();
        let z = far + level * n;
        sum += density * (far * (far * z / (level * level)).tanh() - far).powi(2);
        all += density;
    }
    // Mean over the two components of what lies on one line.
    weight * sum / all / 2.0
}

/// The same over all levels from 0.002 to 80, by their log-normal density.
fn least() -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    let (low, high) = (0.002_f64.ln(), 80_f64.ln());
    for i in 0..=2000 {
        let log = low + (high - low) * f64::from(i) / 2000.0;
        let density = (-0.5 * ((log + 1.2) / 1.2).powi(2)).exp();
        sum += density * least_at(log.exp());
        all += density;
    }
    sum / all
}

/// A single stage that sees nothing of the labels but their noisy copies comes near to the best denoiser there is, and
/// never below.
#[test]
fn the_loss_falls_to_that_of_the_best_denoiser() {
    const BATCH: usize = 256;
    let layer = vec![linear(32), activation("tanh")];
    let mut bench = Bench::new(RULE, &[], net(2, vec![layer, read_out()]), &[1], BATCH);
    let lesson = bench.learn();
    let loss = lesson.signals.iter().find(|s| s.name == "denoising loss").unwrap().value;
    let program = step(&mut bench, &lesson, "adam", &[], 0.01);
    let mut oracle = bench.registers();
    oracle.write(bench.slot("x"), Tensor::new([BATCH, 1], vec![0.0; BATCH]));
    oracle.write(bench.slot("labels"), Tensor::new([BATCH], (0..BATCH).map(|i| (i % 2) as f64).collect()));
    let mut mean = |steps: u32| {
        let mut sum = 0.0;
        for _ in 0..steps {
            sum += oracle.values(&bench.g, &[loss])[0].data[0];
            oracle.run(&program);
        }
        sum / f64::from(steps)
    };
    let first = mean(1);
    mean(1500);
    let (last, least) = (mean(300), least());
    println!("loss {first:.3}, then {last:.4}; the least is {least:.4}");
    assert!(last > 0.97 * least && last < least + 0.2 * (first - least), "{first} {last} {least}");
}
