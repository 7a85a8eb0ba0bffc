//! What the generated sets of points in the plane share: their knobs, the scatter and the split.

use super::{Data, Look, split};
use crate::{
    noise::{Draws, Stream},
    registry::{Knob, KnobKind, Knobs},
};

pub const SAMPLES: Knob = Knob {
    id: "samples",
    name: "Samples",
    help: "How many points there are, training and test together, half of them in each class.",
    kind: KnobKind::Int { default: 1000, min: 20, max: 10_000 },
};

pub const TRAIN: Knob = Knob {
    id: "train",
    name: "Training share",
    help: "The share of each class that is trained on; the rest is for testing.",
    kind: KnobKind::Float { default: 0.8, min: 0.1, max: 0.9, live: false },
};

/// The knob for the standard deviation of the scatter.
pub const fn noise(default: f64) -> Knob {
    Knob {
        id: "noise",
        name: "Noise",
        help: "Standard deviation of the scatter that is added to both coordinates.",
        kind: KnobKind::Float { default, min: 0.0, max: 0.5, live: false },
    }
}

/// Makes two classes of points in turn. `point` places one of class 0 or 1; the scatter is added here, after the class
/// is decided, so that noise makes classes overlap.
pub fn generate(knobs: &Knobs, seed: u32, classes: [&str; 2], point: impl Fn(u32, &mut Draws) -> [f64; 2]) -> Data {
    let samples = knobs.size("samples");
    let noise = knobs.float("noise");
    let stream = Stream::named(seed, b"data");
    let mut x = Vec::with_capacity(samples * 2);
    let mut y = Vec::with_capacity(samples);
    for i in 0..samples as u32 {
        let class = i % 2;
        let draws = &mut stream.draws(i);
        for along in point(class, draws) {
            x.push((along + noise * f64::from(draws.normal())) as f32);
        }
        y.push(class);
    }
    let (train, test) = split::stratified(&x, 2, &y, 2, knobs.float("train"), seed);
    Data::of_classes(vec![2], classes.map(str::to_owned).to_vec(), train, test, Look::Plane)
}

/// The point at `radius` and `angle` (in radians). The pure-Rust `libm` gives the same bits on every target.
pub fn polar(radius: f64, angle: f64) -> [f64; 2] {
    [radius * libm::cos(angle), radius * libm::sin(angle)]
}
