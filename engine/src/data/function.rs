//! Functions of one or two numbers in −1 to 1, to be told from samples. The scatter is on what is trained on alone: the
//! test asks for the function itself.

use std::f64::consts::PI;

use super::{Answer, Data, Dataset, Look, Source, plane, split};
use crate::noise::Stream;
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

pub struct Function;

/// Functions of one number; the other ones are of two.
const OF_ONE: [&str; 7] = ["sine", "chirp", "square", "staircase", "sinc", "bumps", "runge"];

impl Entry for Function {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "function",
            name: "Function fitting",
            help: "A curve or a surface is to be told from samples of it.",
            source: "Signalbox; Runge 1901, Franke 1979",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "function",
                name: "Function",
                help: "Curves from sine to runge; surfaces from franke on.",
                kind: KnobKind::Choice {
                    default: "sine",
                    options: &[
                        "sine",
                        "chirp",
                        "square",
                        "staircase",
                        "sinc",
                        "bumps",
                        "runge",
                        "franke",
                        "ripple",
                        "saddle",
                        "checks",
                    ],
                },
            },
            Knob {
                id: "frequency",
                name: "Frequency",
                help: "Half waves from the middle to the edge, of functions that have waves or steps.",
                kind: KnobKind::Float { default: 3.0, min: 0.5, max: 20.0, live: false },
            },
            Knob {
                id: "samples",
                name: "Samples",
                help: "How many points there are, training and test together.",
                kind: KnobKind::Int { default: 1000, min: 20, max: 20_000 },
            },
            Knob {
                id: "noise",
                name: "Noise",
                help: "Standard deviation of the scatter on the values that are trained on.",
                kind: KnobKind::Float { default: 0.0, min: 0.0, max: 1.0, live: false },
            },
            Knob { help: "The share of the points that is trained on; the rest is for testing.", ..plane::TRAIN },
        ];
        KNOBS
    }
}

impl Dataset for Function {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (name, frequency, noise) = (knobs.choice("function"), knobs.float("frequency"), knobs.float("noise"));
        let width = if OF_ONE.contains(&name) { 1 } else { 2 };
        let stream = Stream::named(seed, b"data");
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for i in 0..knobs.size("samples") as u32 {
            let mut draws = stream.draws(i);
            let point = [0, 1].map(|_| 2.0 * draws.uniform() - 1.0);
            x.extend_from_slice(&point[..width]);
            y.push(value(name, frequency, point.map(f64::from)) as f32);
        }
        let (mut train, test) = split::random(&x, width, &y, 1, knobs.float("train"), seed);
        let scatter = Stream::named(seed, b"nois");
        for (i, y) in (0..).zip(&mut train.y) {
            *y += noise as f32 * scatter.normal(0, i);
        }
        let (look, columns) = if width == 1 { (Look::Table, vec!["x".to_owned()]) } else { (Look::Plane, Vec::new()) };
        let data = Data::of_classes(vec![width], vec!["value".to_owned()], train, test, look);
        Ok(Data { answer: Answer::Numbers, columns, ..data })
    }
}

/// The function's value at x, or at (x, y). The pure-Rust `libm` gives the same bits on every target.
fn value(name: &str, frequency: f64, [x, y]: [f64; 2]) -> f64 {
    let bell = |x: f64, middle: f64, width: f64| libm::exp(-0.5 * ((x - middle) / width) * ((x - middle) / width));
    let turn = PI * frequency;
    match name {
        "sine" => libm::sin(turn * x),
        // Its frequency grows from 0 at the left edge to the one set at the right.
        "chirp" => libm::sin(turn * (x + 1.0) * (x + 1.0) / 4.0),
        "square" => sign(libm::sin(turn * x)),
        "staircase" => libm::floor(frequency * x) / frequency,
        "sinc" if x == 0.0 => 1.0,
        "sinc" => libm::sin(turn * x) / (turn * x),
        "bumps" => bell(x, -0.6, 0.08) - 0.7 * bell(x, -0.1, 0.2) + 0.9 * bell(x, 0.5, 0.05),
        "runge" => 1.0 / (1.0 + 25.0 * x * x),
        "franke" => franke((x + 1.0) / 2.0, (y + 1.0) / 2.0),
        "ripple" => libm::cos(turn * (x * x + y * y).sqrt()),
        "saddle" => x * x - y * y,
        _ => sign(libm::sin(turn * x) * libm::sin(turn * y)),
    }
}

/// 1 or −1.
fn sign(v: f64) -> f64 {
    if v < 0.0 { -1.0 } else { 1.0 }
}

/// Franke 1979, "A critical comparison of some methods for interpolation of scattered data", on the unit square.
fn franke(x: f64, y: f64) -> f64 {
    let (x, y) = (9.0 * x, 9.0 * y);
    let square = |v: f64| v * v;
    0.75 * libm::exp(-(square(x - 2.0) + square(y - 2.0)) / 4.0)
        + 0.75 * libm::exp(-square(x + 1.0) / 49.0 - (y + 1.0) / 10.0)
        + 0.5 * libm::exp(-(square(x - 7.0) + square(y - 3.0)) / 4.0)
        - 0.2 * libm::exp(-square(x - 4.0) - square(y - 7.0))
}
