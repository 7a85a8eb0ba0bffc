//! Cutting samples into a training and a test split, and scaling them by what the training split shows.

use super::Split;
use crate::noise::Stream;

/// Cuts each class by itself, so that both splits keep the class balance, then puts both in random order. Of a class
/// with `n` ≥ 2 samples `share · n` go to training, rounded, at least one to either side; a class with a single sample
/// goes to training.
pub fn stratified(x: &[f32], width: usize, y: &[u32], classes: usize, share: f64, seed: u32) -> (Split, Split) {
    let stream = Stream::named(seed, b"splt");
    let mut members = vec![Vec::new(); classes];
    for i in stream.permutation(0, y.len()) {
        members[y[i as usize] as usize].push(i);
    }
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for class in members {
        let wanted = (class.len() as f64 * share).round() as usize;
        let cut = if class.len() < 2 { class.len() } else { wanted.clamp(1, class.len() - 1) };
        train.extend_from_slice(&class[..cut]);
        test.extend_from_slice(&class[cut..]);
    }
    stream.shuffle(1, &mut train);
    stream.shuffle(2, &mut test);
    let y: Vec<f32> = y.iter().map(|&label| label as f32).collect();
    (take(x, width, &y, 1, &train), take(x, width, &y, 1, &test))
}

/// Cuts samples that ask for `answers` numbers each: `share` of them, drawn at random, go to training, rounded, at least
/// one to either side.
pub fn random(x: &[f32], width: usize, y: &[f32], answers: usize, share: f64, seed: u32) -> (Split, Split) {
    let mut train = Stream::named(seed, b"splt").permutation(0, y.len() / answers);
    let wanted = (train.len() as f64 * share).round() as usize;
    let test = train.split_off(wanted.clamp(1, train.len().saturating_sub(1).max(1)).min(train.len()));
    (take(x, width, y, answers, &train), take(x, width, y, answers, &test))
}

fn take(x: &[f32], width: usize, y: &[f32], answers: usize, order: &[u32]) -> Split {
    let len = order.len();
    let mut split = Split { x: Vec::with_capacity(len * width), y: Vec::with_capacity(len * answers), len };
    for &i in order {
        let i = i as usize;
        split.x.extend_from_slice(&x[i * width..(i + 1) * width]);
        split.y.extend_from_slice(&y[i * answers..(i + 1) * answers]);
    }
    split
}

/// Scores beyond this are cut off. Only a test value of a column that hardly varies in training comes so far out, and
/// without a bound it could overflow.
const SCORE_MAX: f64 = 1e4;

/// Brings every column of the samples to mean 0 and variance 1: [`scores`].
pub fn standardise(train: &mut Split, test: &mut Split, width: usize) {
    scores(&mut train.x, &mut test.x, width);
}

/// Brings every column of rows of `width` values to mean 0 and variance 1 by the figures of the training rows alone. A
/// column that is constant there becomes 0 in training.
pub fn scores(train: &mut [f32], test: &mut [f32], width: usize) {
    for column in 0..width {
        let values = || train.iter().skip(column).step_by(width).map(|&v| f64::from(v));
        let n = (train.len() / width).max(1) as f64;
        let mean = values().sum::<f64>() / n;
        let deviation = (values().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
        // What rounding leaves of a constant column is no variation.
        let scale = if deviation > mean.abs() * 1e-9 { 1.0 / deviation } else { 1.0 };
        for rows in [&mut *train, &mut *test] {
            for v in rows.iter_mut().skip(column).step_by(width) {
                *v = ((f64::from(*v) - mean) * scale).clamp(-SCORE_MAX, SCORE_MAX) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_lands_once_and_classes_keep_their_share() {
        let y: Vec<u32> = (0..100).map(|i| u32::from(i % 4 == 0)).collect();
        let x: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let (train, test) = stratified(&x, 1, &y, 2, 0.8, 5);
        assert_eq!((train.len, test.len), (80, 20));
        assert_eq!(test.y.iter().filter(|&&c| c == 1.0).count(), 5);
        let mut all: Vec<f32> = train.x.iter().chain(&test.x).copied().collect();
        all.sort_by(f32::total_cmp);
        assert_eq!(all, x);
        assert!(train.x.iter().zip(&train.y).all(|(&v, &c)| c == y[v as usize] as f32));
        assert_ne!(train.x, stratified(&x, 1, &y, 2, 0.8, 6).0.x);
    }

    #[test]
    fn small_classes_still_have_a_test_sample() {
        let (train, test) = stratified(&[0.0, 1.0, 2.0, 3.0, 4.0], 1, &[0, 0, 1, 1, 2], 3, 0.9, 0);
        assert_eq!((train.len, test.len), (3, 2));
    }

    #[test]
    fn standardising_uses_the_training_split_alone() {
        let mut train = Split { x: vec![1.0, 7.0, 3.0, 7.0], y: vec![0.0, 1.0], len: 2 };
        let mut test = Split { x: vec![5.0, 8.0], y: vec![0.0], len: 1 };
        standardise(&mut train, &mut test, 2);
        assert_eq!(train.x, [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!(test.x, [3.0, 1.0]);
    }

    #[test]
    fn standardising_never_overflows() {
        let mut train = Split { x: vec![0.0, 1e-38], y: vec![0.0, 1.0], len: 2 };
        let mut test = Split { x: vec![f32::MAX], y: vec![0.0], len: 1 };
        standardise(&mut train, &mut test, 1);
        assert_eq!(test.x, [1e4]);
    }
}
