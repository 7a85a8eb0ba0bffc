//! FlexRound, after Lee et al. 2023, "FlexRound: Learnable Rounding based on Element-wise Division for Post-Training
//! Quantization".
//!
//! ```text
//! Ŵ = s₁ · clip(round(W / (s₁ S₂ s₃)))
//! ```
//!
//! with one grid `s₁` for a layer, `S₂` of the shape of `W` and `s₃` for each unit, all above 0 and learned by Adam to
//! lower `‖X W − X̃ Ŵ‖²`, where `X` is the layer's input and `X̃` that with the layers before it quantised. The derivative
//! passes the rounding as if it were not there, so that what moves a weight is in proportion to its size. With all of `S₂`
//! and `s₃` at 1 it is rounding to nearest: there the search begins, and the best that it meets counts.

use super::descent::Adam;
use super::trained::{Against, Sight, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::spec::Spec;
use crate::weights::Tensor;

/// Grids that are tried for rounding to nearest, as shares of the one that reaches the largest weight.
const GRIDS: usize = 40;

/// Rounds the weights of every `linear` outside of experts.
pub struct FlexRound;

static META: Meta = Meta {
    id: "flex-round",
    name: "FlexRound",
    help: "Rounds the weights of the linear layers to few bits, and learns which way to round.",
    source: "Lee et al. 2023",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "bits",
        name: "Bits",
        help: "Bits of a weight: there are 2 to the power of so many values.",
        kind: KnobKind::Int { default: 3, min: 2, max: 8 },
    },
    Knob {
        id: "steps",
        name: "Steps",
        help: "How long to learn; with 0, weights are rounded to the nearest value.",
        kind: KnobKind::Int { default: 300, min: 0, max: 10_000 },
    },
    Knob {
        id: "rate",
        name: "Rate",
        help: "Learning rate of the scales' logarithms.",
        kind: KnobKind::Float { default: 0.01, min: 1e-5, max: 1.0, live: false },
    },
    SAMPLES,
];

impl Entry for FlexRound {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for FlexRound {
    fn keeps_function(&self, _: &Knobs) -> bool {
        false
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let samples = knobs.size("samples");
        let mut paths = Vec::new();
        trained.network().blocks(&mut |path, part| {
            let matrix = part.weights.get("weight").is_some_and(|w| w.shape.len() == 2);
            paths.extend((part.is("linear") && matrix).then(|| path.to_owned()));
        });
        if paths.is_empty() {
            let mend = "choose a network that has one outside of experts";
            return Err(Diagnostic::new("stages", "there is no linear layer to round", mend));
        }
        let whole = trained.look(samples, &paths, Against::Labels)?;
        let spec: &Spec = trained.spec;
        let mut weights = trained.weights.clone();
        let mut figures = vec![figure("bits", knobs.int("bits") as f64)];
        for path in &paths {
            let so_far = Trained { spec, data: trained.data, weights: &weights };
            let rounded = so_far.look(samples, std::slice::from_ref(path), Against::Labels)?;
            let name = format!("{path}/weight");
            let weight = weights.get(&name).cloned().unwrap_or_default();
            let layer = Layer::new(&weight, &inputs(&whole, path, &weight), &inputs(&rounded, path, &weight));
            let scales = Scales::nearest(&layer, knobs.size("bits") as u32);
            let nearest = layer.error(&scales.rounded(&layer).0);
            let (found, error) = learned(&layer, &scales, knobs.size("steps"), knobs.float("rate") as f32);
            let [near, far] = [&scales, &found].map(|s| s.rounded(&layer).1);
            let shift = near.iter().zip(&far).map(|(a, b)| (a - b).abs());
            figures.push(figure(&format!("{path}: error of rounding to nearest"), nearest));
            figures.push(figure(&format!("{path}: error"), error));
            figures.push(figure(&format!("{path}: largest shift, cells"), f64::from(shift.fold(0.0, f32::max))));
            weights.insert(name, Tensor::new(&weight.shape, found.rounded(&layer).0));
        }
        Ok(Changed { spec: spec.clone(), weights, figures })
    }
}

/// The rows that a layer was given: `[R, inputs]`.
fn inputs(sight: &Sight, path: &str, weight: &Tensor) -> Tensor {
    let data: Vec<f32> = sight.blocks.get(path).into_iter().flatten().flat_map(|s| &s.input.data).copied().collect();
    let width = weight.shape[0];
    Tensor::new(&[data.len() / width.max(1), width], data)
}

/// A layer and what its error is made of: `‖X W − X̃ Ŵ‖² = Ŵ · C Ŵ − 2 Ŵ · D + e`.
struct Layer {
    weight: Tensor,
    /// `C = X̃ᵀ X̃ [inputs, inputs]`.
    square: Vec<f32>,
    /// `D = X̃ᵀ X W [inputs, units]`.
    cross: Vec<f32>,
    /// `e = ‖X W‖²`.
    whole: f64,
}

impl Layer {
    fn new(weight: &Tensor, given: &Tensor, rounded: &Tensor) -> Self {
        let [inputs, units] = weight.extents();
        let [rows, _] = given.extents();
        let (mut square, mut cross) = (vec![0f32; inputs * inputs], vec![0f32; inputs * units]);
        let mut whole = 0.0;
        for r in 0..rows {
            let mut y = vec![0f32; units];
            for (i, &x) in given.row(r).iter().enumerate().filter(|(_, x)| **x != 0.0) {
                y.iter_mut().zip(weight.row(i)).for_each(|(y, w)| *y += x * w);
            }
            whole += y.iter().map(|y| f64::from(*y).powi(2)).sum::<f64>();
            let x = rounded.row(r);
            for (i, &at) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                square[i * inputs..(i + 1) * inputs].iter_mut().zip(x).for_each(|(s, x)| *s += at * x);
                cross[i * units..(i + 1) * units].iter_mut().zip(&y).for_each(|(c, y)| *c += at * y);
            }
        }
        Self { weight: weight.clone(), square, cross, whole }
    }

    /// Half the derivative of the error by `w [inputs, units]`: `C w − D`.
    fn slope(&self, w: &[f32]) -> Vec<f32> {
        let [inputs, units] = self.weight.extents();
        let mut out: Vec<f32> = self.cross.iter().map(|d| -d).collect();
        for (i, out) in out.chunks_mut(units.max(1)).enumerate() {
            for (k, row) in w.chunks(units.max(1)).enumerate() {
                let c = self.square[i * inputs + k];
                out.iter_mut().zip(row).for_each(|(o, w)| *o += c * w);
            }
        }
        out
    }

    /// The error of `w`, as a share of `‖X W‖²`.
    fn error(&self, w: &[f32]) -> f64 {
        let slope = self.slope(w);
        let product = |a: &[f32]| a.iter().zip(w).map(|(a, w)| f64::from(*a) * f64::from(*w)).sum::<f64>();
        (product(&slope) - product(&self.cross) + self.whole) / self.whole.max(1e-30)
    }
}

/// Logarithms of the scales, and the whole numbers that there are.
#[derive(Clone)]
struct Scales {
    grid: f32,
    each: Vec<f32>,
    unit: Vec<f32>,
    least: f32,
    most: f32,
}

impl Scales {
    /// The grid of `bits` bits on which rounding to nearest changes the weights least.
    fn nearest(layer: &Layer, bits: u32) -> Self {
        let [inputs, units] = layer.weight.extents();
        let half = 2f32.powi(bits as i32 - 1);
        let top = layer.weight.data.iter().fold(1e-12f32, |m, w| m.max(w.abs())) / (half - 1.0).max(1.0);
        let mut scales =
            Self { grid: 0.0, each: vec![0.0; inputs * units], unit: vec![0.0; units], least: -half, most: half - 1.0 };
        let far = |scales: &Self| {
            let rounded = scales.rounded(layer).0;
            rounded.iter().zip(&layer.weight.data).map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>()
        };
        let grids = (1..=GRIDS).map(|i| (top * i as f32 / GRIDS as f32).ln());
        let tried = grids.map(|grid| (far(&Self { grid, ..scales.clone() }), grid));
        let best = tried.min_by(|a, b| a.0.total_cmp(&b.0));
        scales.grid = best.map_or(top.ln(), |b| b.1);
        scales
    }

    /// The rounded weights, and the whole numbers that they are times the grid.
    fn rounded(&self, layer: &Layer) -> (Vec<f32>, Vec<f32>) {
        let grid = self.grid.exp();
        let whole: Vec<f32> =
            (0..self.each.len()).map(|i| self.ratio(layer, i).round().clamp(self.least, self.most)).collect();
        (whole.iter().map(|q| grid * q).collect(), whole)
    }

    /// Weight `i` over its scales.
    fn ratio(&self, layer: &Layer, i: usize) -> f32 {
        let scale = self.grid + self.each[i] + self.unit[i % self.unit.len().max(1)];
        layer.weight.data[i] / scale.exp()
    }
}

/// The scales with the least error that `steps` steps from `start` meet, and that error.
fn learned(layer: &Layer, start: &Scales, steps: usize, rate: f32) -> (Scales, f64) {
    let mut at = start.clone();
    let mut best = (start.clone(), layer.error(&start.rounded(layer).0));
    let mut adam = [1, at.each.len(), at.unit.len()].map(|size| Adam::new(size, rate));
    for _ in 0..steps {
        let (rounded, whole) = at.rounded(layer);
        let slope = layer.slope(&rounded);
        let grid = at.grid.exp();
        let mut slopes = [vec![0f32; 1], vec![0f32; at.each.len()], vec![0f32; at.unit.len()]];
        for (i, (&g, &q)) in slope.iter().zip(&whole).enumerate() {
            let ratio = at.ratio(layer, i);
            let within = ratio >= at.least && ratio <= at.most;
            slopes[0][0] += g * grid * if within { q - ratio } else { q };
            if within {
                slopes[1][i] = -g * grid * ratio;
                slopes[2][i % at.unit.len().max(1)] -= g * grid * ratio;
            }
        }
        let mut own = [at.grid];
        adam[0].step(&mut own, &slopes[0]);
        at.grid = own[0];
        adam[1].step(&mut at.each, &slopes[1]);
        adam[2].step(&mut at.unit, &slopes[2]);
        let error = layer.error(&at.rounded(layer).0);
        if error < best.1 {
            best = (at.clone(), error);
        }
    }
    best
}
