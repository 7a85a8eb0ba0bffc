//! Random feature boosting solves what it says it solves.

use engine::ir::Role;
use engine::ops::Tensor;

use crate::bench::*;
use crate::support::*;

/// The solution of a small system of equations, by elimination.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for i in 0..n {
        for j in 0..n {
            if i == j {
                continue;
            }
            let by = a[j][i] / a[i][i];
            for rows in [&mut a, &mut b] {
                let with = rows[i].clone();
                rows[j].iter_mut().zip(with).for_each(|(to, v)| *to -= by * v);
            }
        }
    }
    (0..n).map(|i| b[i].iter().map(|v| v / a[i][i]).collect()).collect()
}

/// With nothing forgotten the read-out of the input is the ridge solution over all batches seen.
#[test]
fn the_ridge_is_the_closed_form() {
    const RIDGE: f64 = 0.05;
    const BATCHES: u32 = 40;
    let settings = [("memory", float(1.0)), ("ridge", float(RIDGE))];
    let mut bench = Bench::new("random-feature-boosting", &settings, net(3, vec![hidden(5), read_out()]), &[3], 6);
    let lesson = bench.learn();
    let mut oracle = bench.registers();
    let (mut products, mut targets, mut samples) = (vec![vec![0.0; 4]; 4], vec![vec![0.0; 3]; 4], 0.0);
    for step in 0..BATCHES {
        let x = numbers(40 + step, 18);
        let labels: Vec<usize> = (0..6).map(|i| (i * 5 + step as usize) % 3).collect();
        oracle.write(bench.slot("x"), Tensor::new([6, 3], x.clone()));
        oracle.write(bench.slot("labels"), Tensor::new([6], labels.iter().map(|&l| l as f64).collect()));
        for (row, &label) in x.chunks(3).zip(&labels) {
            let row = [row[0], row[1], row[2], 1.0];
            for i in 0..4 {
                (0..4).for_each(|j| products[i][j] += row[i] * row[j]);
                targets[i][label] += row[i];
            }
            samples += 1.0;
        }
        bench.remember(&lesson, &mut oracle);
    }
    (0..4).for_each(|i| products[i][i] += f64::from(RIDGE as f32) * samples);
    let exact: Vec<f64> = solve(products, targets).concat();
    let got = &oracle.read(bench.slot("rule/read-out 0/solution")).data;
    let far = distance(&exact, got);
    assert!(far < 1e-9, "{far:e}");
}

/// The random stages stay as they were drawn; the read-out alone is set.
#[test]
fn random_stages_stay() {
    let layers = vec![hidden(5), hidden(4), read_out()];
    let mut bench = Bench::new("random-feature-boosting", &[], net(3, layers), &[3], 6);
    let lesson = bench.learn();
    assert!(lesson.updates.is_empty());
    let set: Vec<&str> = lesson
        .writes
        .iter()
        .map(|w| bench.g.slot(w.0))
        .filter(|s| s.role == Role::Param)
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(set, ["3/1.linear/weight", "3/1.linear/bias"]);
}

/// One stage takes most of an error that a line leaves whole, and the next does not spoil that.
#[test]
fn stages_boost_each_other() {
    let relu = || vec![linear(12), activation("relu")];
    let layers = vec![relu(), relu(), relu(), read_out()];
    let mut bench = Bench::new("random-feature-boosting", &[], net(2, layers), &[2], 32);
    let lesson = bench.learn();
    let mut oracle = bench.registers();
    let (points, labels) = corners();
    oracle.write(bench.slot("x"), Tensor::new([32, 2], points));
    oracle.write(bench.slot("labels"), Tensor::new([32], labels));
    (0..400).for_each(|_| bench.remember(&lesson, &mut oracle));
    let left: Vec<_> = lesson.signals.iter().map(|s| s.value).collect();
    let left: Vec<f64> = oracle.values(&bench.g, &left).iter().map(|t| t.data[0]).collect();
    assert!(left[0] > 0.45 && left[1] < 0.2 * left[0] && left[2] < 1.1 * left[1], "{left:?}");
}
