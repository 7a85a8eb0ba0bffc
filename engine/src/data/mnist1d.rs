//! MNIST-1D (Greydanus 2020, "Scaling down deep learning"; Greydanus and Kobak 2024), made from its recipe: a hand-drawn
//! template of 12 points a digit is padded, scaled, shifted, covered with noise, sheared and sampled at 40 points.
//!
//! Two things differ from the published file: the random numbers, so that the samples follow from our seed, and the
//! split, which is cut class by class.

use super::{Data, Dataset, Look, Source, split};
use crate::{
    diagnostic::Diagnostic,
    noise::{Draws, Stream},
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const SAMPLES: u32 = 5000;
const TRAIN_SHARE: f64 = 0.8;
/// Length of a finished sample.
const LENGTH: usize = 40;
/// Length of a template, and the shortest and longest padding behind it.
const TEMPLATE: usize = 12;
const PADDING: (u32, u32) = (36, 60);
/// Length at which a sample is shifted and covered with noise.
const CANVAS: usize = TEMPLATE + PADDING.1 as usize;
const SCALE: f64 = 0.4;
const SHIFT_MAX: u32 = 48;
const SHEAR: f64 = 0.75;
/// Deviation of the noise that is smoothed and fills the padding, and of the white noise over everything.
const SMOOTH_NOISE: f64 = 0.25;
const WHITE_NOISE: f64 = 0.02;
/// The smoothing kernel: a Gaussian of this deviation, cut off at four of them.
const BLUR: f64 = 2.0;
const BLUR_REACH: usize = 8;

/// The height of each digit's template at its 12 points: data of Greydanus 2020, as published in the package `mnist1d`
/// (Apache-2.0).
const TEMPLATES: [[f64; TEMPLATE]; 10] = [
    [5.0, 6.0, 6.5, 6.75, 7.0, 7.0, 7.0, 7.0, 6.75, 6.5, 6.0, 5.0],
    [5.0, 3.0, 3.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4, 5.8, 5.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.25, 4.75, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.0, 5.0, 6.0, 6.5, 6.5, 6.0, 5.0],
    [5.0, 4.4, 3.8, 3.2, 2.6, 2.6, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    [5.0, 3.0, 3.0, 3.0, 3.0, 5.0, 6.0, 6.5, 6.5, 6.0, 4.5, 5.0],
    [5.0, 4.0, 3.5, 3.25, 3.0, 3.0, 3.0, 3.0, 3.25, 3.5, 4.0, 5.0],
    [5.0, 7.0, 7.0, 6.6, 6.2, 5.8, 5.4, 5.0, 4.6, 4.2, 5.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 5.0, 5.0, 4.7, 4.3, 5.0],
];

pub struct Mnist1d;

impl Entry for Mnist1d {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "mnist1d",
            name: "MNIST-1D",
            help: "Ten digits as short signals, 4,000 to train on and 1,000 to test: small, yet it tells linear, dense and convolutional networks apart.",
            source: "Greydanus 2020; Greydanus and Kobak 2024",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        &[Knob {
            id: "shuffled",
            name: "Shuffle the positions",
            help: "Puts the 40 positions in one random order for all samples: a dense network does as well as before, a convolution loses its advantage.",
            kind: KnobKind::Bool { default: false },
        }]
    }
}

impl Dataset for Mnist1d {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let stream = Stream::named(seed, b"mn1d");
        let templates = TEMPLATES.map(whitened);
        let kernel = gaussian();
        let mut signals = Vec::with_capacity(SAMPLES as usize * LENGTH);
        let y: Vec<u32> = (0..SAMPLES).map(|i| i % 10).collect();
        for (&class, step) in y.iter().zip(0..) {
            signals.extend(sample(&templates[class as usize], &kernel, &mut stream.draws(step)));
        }
        if knobs.bool("shuffled") {
            let order = Stream::named(seed, b"mn1p").permutation(0, LENGTH);
            for signal in signals.chunks_exact_mut(LENGTH) {
                let straight = signal.to_vec();
                for (v, &from) in signal.iter_mut().zip(&order) {
                    *v = straight[from as usize];
                }
            }
        }
        let (mean, deviation) = moments(&signals);
        let x: Vec<f32> = signals.iter().map(|v| ((v - mean) / deviation) as f32).collect();
        let (train, test) = split::stratified(&x, LENGTH, &y, 10, TRAIN_SHARE, seed);
        let outputs = (0..10).map(|c| c.to_string()).collect();
        Ok(Data::of_classes(vec![LENGTH], outputs, train, test, Look::Series))
    }
}

/// One signal of [`LENGTH`] points from a template.
fn sample(template: &[f64; TEMPLATE], kernel: &[f64; 2 * BLUR_REACH + 1], draws: &mut Draws) -> Vec<f64> {
    let padding = PADDING.0 + draws.below(PADDING.1 - PADDING.0 + 1);
    let mut padded = template.to_vec();
    padded.resize(TEMPLATE + padding as usize, 0.0);
    let mut signal = resampled(&padded, CANVAS);
    // Which points still carry template, however faint: the rest is padding, to be filled with smooth noise.
    let reach = (padded.len() - 1) as f64 / (CANVAS - 1) as f64;
    let mut drawn: Vec<bool> = (0..CANVAS).map(|i| i as f64 * reach < TEMPLATE as f64).collect();
    let gain = 1.0 + SCALE * (f64::from(draws.uniform()) - 0.5);
    let shift = draws.below(SHIFT_MAX) as usize;
    signal.rotate_right(shift);
    drawn.rotate_right(shift);

    let rough: Vec<f64> = (0..CANVAS).map(|_| SMOOTH_NOISE * f64::from(draws.normal())).collect();
    let smooth = blurred(&rough, kernel);
    let slope = SHEAR * (f64::from(draws.uniform()) - 0.5);
    for (i, v) in signal.iter_mut().enumerate() {
        let ground = if drawn[i] { *v * gain } else { smooth[i] };
        let along = i as f64 / (CANVAS - 1) as f64 - 0.5;
        *v = ground + WHITE_NOISE * f64::from(draws.normal()) - slope * along;
    }
    resampled(&signal, LENGTH)
}

/// A template at unit variance, starting at 0, divided by six.
fn whitened(template: [f64; TEMPLATE]) -> [f64; TEMPLATE] {
    let (_, deviation) = moments(&template);
    template.map(|v| (v - template[0]) / deviation / 6.0)
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
}

/// The signal at `length` even positions from its first to its last point, joined by straight lines.
fn resampled(signal: &[f64], length: usize) -> Vec<f64> {
    let last = signal.len() - 1;
    (0..length)
        .map(|i| {
            let at = (i * last) as f64 / (length - 1) as f64;
            let left = (at as usize).min(last);
            let right = (left + 1).min(last);
            signal[left] + (at - left as f64) * (signal[right] - signal[left])
        })
        .collect()
}

fn gaussian() -> [f64; 2 * BLUR_REACH + 1] {
    let weights = std::array::from_fn(|i| {
        let off = (i as f64 - BLUR_REACH as f64) / BLUR;
        libm::exp(-0.5 * off * off)
    });
    let total: f64 = weights.iter().sum();
    weights.map(|w| w / total)
}

/// Convolution with the signal mirrored at both ends, the end point included.
fn blurred(signal: &[f64], kernel: &[f64; 2 * BLUR_REACH + 1]) -> Vec<f64> {
    let n = signal.len() as isize;
    let mirrored = |i: isize| {
        let i = if i < 0 { -1 - i } else { i };
        signal[(if i >= n { 2 * n - 1 - i } else { i }) as usize]
    };
    (0..n).map(|i| kernel.iter().zip(i - BLUR_REACH as isize..).map(|(w, at)| w * mirrored(at)).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampling_keeps_both_ends_and_straight_lines() {
        assert_eq!(resampled(&[0.0, 1.0, 2.0], 5), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(resampled(&[0.0, 1.0, 2.0, 3.0, 4.0], 3), [0.0, 2.0, 4.0]);
    }

    #[test]
    fn blurring_keeps_a_level_and_the_total() {
        let kernel = gaussian();
        assert!(blurred(&[1.0; 20], &kernel).iter().all(|v| (v - 1.0).abs() < 1e-12));
        let mut spike = [0.0; 40];
        spike[0] = 1.0;
        assert!((blurred(&spike, &kernel).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn templates_start_at_zero_with_unit_variance_over_six() {
        for template in TEMPLATES.map(whitened) {
            assert_eq!(template[0], 0.0);
            assert!((moments(&template).1 - 1.0 / 6.0).abs() < 1e-12);
        }
    }
}
