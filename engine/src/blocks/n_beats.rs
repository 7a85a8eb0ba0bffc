//! N-BEATS: blocks that each explain a part of a series and hand on what they could not explain.
//!
//! h = FC⁴(x_l), θᵇ = Wᵇ h, θᶠ = Wᶠ h
//! x̂_l = Vᵇ θᵇ, ŷ_l = Vᶠ θᶠ
//! x_{l+1} = x_l − x̂_l, ŷ = Σ_l ŷ_l                  (Oreshkin et al. 2020, section 3.1 and 3.2)
//!
//! V is learned (generic), or fixed: powers 1, t, …, tᵖ with t = 0, 1/n, …, (n − 1)/n (trend, eq. 2), or cos 2πit and
//! sin 2πit for i = 0 … ⌊n/2 − 1⌋ (seasonality, eq. 3), where n is the length of what is written with them.

use super::Block;
use super::series::series;
use super::spectrum::angles;
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node};
use crate::ops::scalar::Unary;
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// A series `[B, T]` or `[B, T, 1]` to its forecast `[B, horizon]`.
pub struct NBeats;

static META: Meta = Meta {
    id: "n-beats",
    name: "N-BEATS",
    help: "Forecasts a series by blocks of layers, each on what the blocks before it left unexplained.",
    source: "Oreshkin et al. 2020",
};

static KNOBS: [Knob; 8] = [
    Knob {
        id: "horizon",
        name: "Horizon",
        help: "How many values to forecast; 0 takes as many as the task has outputs.",
        kind: KnobKind::Int { default: 0, min: 0, max: 1024 },
    },
    Knob {
        id: "basis",
        name: "Basis",
        help: "What a block writes series with. generic: learned; trend: powers of time; seasonality: waves; \
               interpretable: a stack of trend, a stack of seasonality, and so on in turns.",
        kind: KnobKind::Choice { default: "generic", options: &["generic", "trend", "seasonality", "interpretable"] },
    },
    Knob {
        id: "stacks",
        name: "Stacks",
        help: "How many stacks of blocks there are.",
        kind: KnobKind::Int { default: 2, min: 1, max: 32 },
    },
    Knob {
        id: "per-stack",
        name: "Blocks",
        help: "Blocks in each stack.",
        kind: KnobKind::Int { default: 2, min: 1, max: 16 },
    },
    Knob {
        id: "shared",
        name: "Shared weights",
        help: "Whether all blocks of a stack have the same weights, as in the interpretable network of the paper.",
        kind: KnobKind::Bool { default: false },
    },
    Knob {
        id: "hidden",
        name: "Hidden units",
        help: "Width of the four layers of a block.",
        kind: KnobKind::Int { default: 32, min: 1, max: 1024 },
    },
    Knob {
        id: "coefficients",
        name: "Coefficients",
        help: "How many numbers of a block its learned basis turns into a series.",
        kind: KnobKind::Int { default: 8, min: 1, max: 512 },
    },
    Knob {
        id: "degree",
        name: "Degree",
        help: "The highest power of time in a trend.",
        kind: KnobKind::Int { default: 2, min: 0, max: 8 },
    },
];

/// The fully connected layers of a block.
const LAYERS: usize = 4;

/// The longest series that waves are tabled for: see [`angles`].
const LONGEST: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Generic,
    Trend,
    Seasonality,
}

impl Entry for NBeats {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for NBeats {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let (x, places) = match series(b, x) {
            Ok(series) => series,
            Err(fault) => return fault,
        };
        let knobs = &node.knobs;
        let horizon = match knobs.size("horizon") {
            0 => b.outputs(),
            horizon => horizon,
        };
        let (stacks, blocks) = (knobs.size("stacks"), knobs.size("per-stack"));
        let bases: Vec<Basis> = (0..stacks)
            .map(|stack| match knobs.choice("basis") {
                "trend" => Basis::Trend,
                "seasonality" => Basis::Seasonality,
                "interpretable" if stack % 2 == 0 => Basis::Trend,
                "interpretable" => Basis::Seasonality,
                _ => Basis::Generic,
            })
            .collect();
        if bases.contains(&Basis::Seasonality) && places.max(horizon) > LONGEST {
            let message = format!("waves are made for up to {LONGEST} places, not {}", places.max(horizon));
            return b.fault(message, "shorten the series, or choose another basis");
        }
        let (mut rest, mut forecast) = (x, None);
        for (i, &basis) in bases.iter().enumerate() {
            for j in 0..blocks {
                let name = match knobs.bool("shared") {
                    true => format!("stack {}", i + 1),
                    false => format!("stack {} block {}", i + 1, j + 1),
                };
                let hidden = layers(node, b, &name, rest);
                let share = write(node, b, &format!("{name} forecast"), basis, hidden, horizon);
                forecast = Some(forecast.map_or(share, |sum| b.g.add(sum, share)));
                // Nobody reads what the last block leaves.
                if (i, j) != (stacks - 1, blocks - 1) {
                    let explained = write(node, b, &format!("{name} backcast"), basis, hidden, places);
                    rest = b.g.sub(rest, explained);
                }
            }
        }
        forecast.unwrap_or(rest)
    }
}

/// h `[B, hidden]` of what is left of the series.
fn layers(node: &Node, b: &mut Build, name: &str, rest: Value) -> Value {
    let units = node.knobs.size("hidden");
    (1..=LAYERS).fold(rest, |x, layer| {
        let y = b.matmul(&format!("{name} layer {layer}"), x, units, 2.0);
        let bias = b.per_feature(&format!("{name} bias {layer}"), units, Init::Constant(0.0));
        let y = b.g.add(y, bias);
        b.g.relu(y)
    })
}

/// V W h: `[B, places]`.
fn write(node: &Node, b: &mut Build, name: &str, basis: Basis, hidden: Value, places: usize) -> Value {
    let coefficients = match basis {
        Basis::Generic => node.knobs.size("coefficients"),
        Basis::Trend => node.knobs.size("degree") + 1,
        Basis::Seasonality => 2 * (places / 2).max(1),
    };
    let theta = b.matmul(&format!("{name} coefficients"), hidden, coefficients, 1.0);
    let table = match basis {
        Basis::Generic => {
            let y = b.matmul(&format!("{name} basis"), theta, places, 1.0);
            let bias = b.per_feature(&format!("{name} bias"), places, Init::Constant(0.0));
            return b.g.add(y, bias);
        }
        Basis::Trend => powers(b.g, coefficients, places),
        Basis::Seasonality => waves(b.g, coefficients / 2, places),
    };
    b.g.matmul(theta, table)
}

/// 1, t, t², …: `[terms, places]`.
fn powers(g: &mut Graph, terms: usize, places: usize) -> Value {
    let t = g.iota(places);
    let t = g.scale(t, 1.0 / places.max(1) as f32);
    let t = g.reshape(t, [1, places]);
    let one = g.constant(1.0);
    let mut power = g.broadcast(one, [1, places]);
    let mut rows = vec![power];
    for _ in 1..terms {
        power = g.mul(power, t);
        rows.push(power);
    }
    g.concat(&rows, 0)
}

/// Cosines, then sines: `[2 · frequencies, places]`.
fn waves(g: &mut Graph, frequencies: usize, places: usize) -> Value {
    let angles = angles(g, frequencies, places);
    let (cosine, sine) = (g.unary(Unary::Cos, angles), g.sin(angles));
    g.concat(&[cosine, sine], 0)
}
