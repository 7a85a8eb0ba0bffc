//! iCBS: weights chosen together, after Rosenberg et al. 2024, "Scalable iterative pruning of large language and vision
//! models using block coordinate descent".
//!
//! With `dwᵢ = (mᵢ − 1) wᵢ` for a mask `m` that keeps a given number of weights, the loss is expected to rise by
//!
//! ```text
//! q(m) = g · dw + ½ dw · H dw,   H = mean over n of gₙ gₙᵀ + λ I
//! ```
//!
//! where `g` is the mean gradient and `gₙ` that of sample `n`. Again and again a block of weights is chosen: those kept
//! that cost least to remove and those gone that gain most when they come back, half and half, and none that were in one
//! of the last blocks. Within the block the pairs are exchanged whose exchange lowers `q` most, until none does: `q` never
//! rises, and the number of weights kept never changes. The paper gives each block to an optimiser of quadratic binary
//! problems.
//!
//! The gradients of a network that answers all samples rightly vanish, and `H` with them; so `gₙ` is that for a class
//! drawn from the network's own answer, and the start is the mask by magnitude.

use super::magnitude::keep_largest;
use super::masks::{self, Layer};
use super::trained::{Against, Seen, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::weights::Tensor;

mod exchange;
mod slopes;

use exchange::Block;
use slopes::Slopes;

/// Blocks for which a weight that was in one stays out of the next.
const TABU: usize = 3;

/// Puts `masked-linear` in the place of every `linear`.
pub struct Icbs;

static META: Meta = Meta {
    id: "icbs",
    name: "Pruning by blocks",
    help: "Chooses which weights of the linear layers go by how the loss would rise without all of them together.",
    source: "Rosenberg et al. 2024",
};

static KNOBS: [Knob; 6] = [
    masks::DENSITY,
    Knob {
        id: "start",
        name: "Start",
        help: "The mask to begin with: magnitude, the largest weights; fisher, those whose square times the mean square \
               of their gradient is largest.",
        kind: KnobKind::Choice { default: "magnitude", options: &["magnitude", "fisher"] },
    },
    Knob {
        id: "blocks",
        name: "Blocks",
        help: "How many blocks to solve; 0 leaves the start as it is.",
        kind: KnobKind::Int { default: 100, min: 0, max: 10_000 },
    },
    Knob {
        id: "size",
        name: "Block size",
        help: "Weights in a block.",
        kind: KnobKind::Int { default: 64, min: 2, max: 1024 },
    },
    Knob {
        id: "ridge",
        name: "Ridge",
        help: "What is added to the curvature along every weight.",
        kind: KnobKind::Float { default: 1e-4, min: 0.0, max: 1.0, live: false },
    },
    SAMPLES,
];

impl Entry for Icbs {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for Icbs {
    fn keeps_function(&self, _: &Knobs) -> bool {
        false
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let mut network = trained.network();
        let mut layers = masks::layers(&mut network)?;
        // Inside experts the rows are not in the order of the samples.
        layers.retain(|layer| layer.weight.shape.len() == 2);
        if layers.is_empty() {
            return Err(Diagnostic::new("stages", "every linear layer lies in experts", "prune by magnitude"));
        }
        let paths: Vec<String> = layers.iter().map(|layer| layer.path.clone()).collect();
        let samples = knobs.size("samples");
        let sight = trained.look_at_classes(samples, &paths, Against::Labels)?;
        let classes = drawn(&sight.logits, Stream::named(trained.spec.seed, b"icbs"));
        let own = trained.look_at_classes(samples, &paths, Against::Classes(&classes))?;
        let count = sight.losses.data.len();
        let seen = |all: &std::collections::BTreeMap<String, Vec<Seen>>, path: &String| {
            all.get(path).cloned().unwrap_or_default()
        };
        let slopes: Vec<Slopes> = layers
            .iter()
            .map(|l| Slopes::new(seen(&sight.blocks, &l.path), seen(&own.blocks, &l.path), &l.weight, count))
            .collect();
        let density = knobs.float("density");
        if knobs.choice("start") == "fisher" {
            keep_salient(&mut layers, &slopes, density);
        } else {
            keep_largest(&mut layers.iter_mut().collect::<Vec<_>>(), density);
        }
        let mut model = Model::new(&slopes, layers, knobs.float("ridge") as f32, count);
        let before = model.rise();
        let mut recent: Vec<Vec<(usize, usize)>> = Vec::new();
        for _ in 0..knobs.size("blocks") {
            let tabu: Vec<_> = recent.iter().rev().take(TABU).flatten().copied().collect();
            let block = model.block(knobs.size("size"), &tabu);
            if block.is_empty() {
                break;
            }
            model.solve(&block);
            recent.push(block);
        }
        let after = model.rise();
        let figures = vec![
            figure("weights kept, share", masks::density(&model.layers)),
            figure("expected rise of the loss, start", before),
            figure("expected rise of the loss, end", after),
        ];
        masks::put(&mut network, model.layers);
        Ok(Changed::new(trained, network, figures))
    }
}

/// A class for each row of `logits`, drawn by its probabilities.
fn drawn(logits: &Tensor, noise: Stream) -> Vec<f32> {
    let [count, classes] = logits.extents();
    let draw = |r: usize| {
        let row = logits.row(r);
        let top = row.iter().copied().fold(f32::MIN, f32::max);
        let parts: Vec<f32> = row.iter().map(|l| (l - top).exp()).collect();
        let mut left = noise.uniform(0, r as u32) * parts.iter().sum::<f32>();
        let hit = parts.iter().position(|p| {
            left -= p;
            left < 0.0
        });
        hit.unwrap_or(classes.saturating_sub(1)) as f32
    };
    (0..count).map(draw).collect()
}

/// Keeps the share `density` of all weights: those of largest `w²` times the mean square of the gradient.
fn keep_salient(layers: &mut [Layer], slopes: &[Slopes], density: f64) {
    let mut scored: Vec<Layer> = layers.to_vec();
    for (layer, slopes) in scored.iter_mut().zip(slopes) {
        layer.weight.data.iter_mut().zip(&slopes.square).for_each(|(w, s)| *w = *w * *w * s);
    }
    keep_largest(&mut scored.iter_mut().collect::<Vec<_>>(), density);
    layers.iter_mut().zip(scored).for_each(|(layer, scored)| layer.mask = scored.mask);
}

/// The quadratic model of the loss at a mask.
struct Model<'a> {
    slopes: &'a [Slopes],
    layers: Vec<Layer>,
    ridge: f32,
    /// `gₙ · dw` of each sample.
    along: Vec<f32>,
}

impl<'a> Model<'a> {
    fn new(slopes: &'a [Slopes], layers: Vec<Layer>, ridge: f32, samples: usize) -> Self {
        let mut along = vec![0f32; samples];
        for (layer, slopes) in layers.iter().zip(slopes) {
            slopes.project(&change(layer), &mut along);
        }
        Self { slopes, layers, ridge, along }
    }

    /// `q` of the mask.
    fn rise(&self) -> f64 {
        let mut linear = 0.0;
        for (layer, slopes) in self.layers.iter().zip(self.slopes) {
            for (dw, g) in change(layer).iter().zip(&slopes.mean) {
                let dw = f64::from(*dw);
                linear += f64::from(*g) * dw + 0.5 * f64::from(self.ridge) * dw * dw;
            }
        }
        let square: f64 = self.along.iter().map(|r| f64::from(*r).powi(2)).sum();
        linear + 0.5 * square / self.along.len().max(1) as f64
    }

    /// Up to `size` weights, by layer and number, as the head of this file says.
    fn block(&self, size: usize, tabu: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for (l, (layer, slopes)) in self.layers.iter().zip(self.slopes).enumerate() {
            let pulled = slopes.pull(&self.along);
            for (i, &w) in layer.weight.data.iter().enumerate().filter(|(i, _)| !tabu.contains(&(l, *i))) {
                let standing = layer.mask.data[i] != 0.0;
                let (by, dw) = if standing { (-w, 0.0) } else { (w, -w) };
                let slope = slopes.mean[i] + pulled[i] + self.ridge * dw;
                let rise = slope * by + 0.5 * (slopes.square[i] + self.ridge) * by * by;
                if standing { &mut kept } else { &mut gone }.push((rise, l, i));
            }
        }
        let half = (size / 2).max(1).min(kept.len()).min(gone.len());
        let best = |mut all: Vec<(f32, usize, usize)>| {
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all.into_iter().take(half).map(|(_, l, i)| (l, i)).collect::<Vec<_>>()
        };
        [best(kept), best(gone)].concat()
    }

    /// Exchanges weights of the block while that lowers `q`.
    fn solve(&mut self, block: &[(usize, usize)]) {
        let columns: Vec<Vec<f32>> = block.iter().map(|&(l, i)| self.slopes[l].column(i)).collect();
        let samples = self.along.len().max(1) as f32;
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>() / samples;
        let place = |&(l, i): &(usize, usize)| {
            let layer = &self.layers[l];
            (layer.weight.data[i], layer.mask.data[i] != 0.0)
        };
        let places: Vec<(f32, bool)> = block.iter().map(place).collect();
        let slope = |(k, &(l, i)): (usize, &(usize, usize))| {
            let (w, standing) = places[k];
            let dw = if standing { 0.0 } else { -w };
            self.slopes[l].mean[i] + dot(&columns[k], &self.along) + self.ridge * dw
        };
        let slopes: Vec<f32> = block.iter().enumerate().map(slope).collect();
        let mut curvature = vec![vec![0f32; block.len()]; block.len()];
        for (a, row) in curvature.iter_mut().enumerate() {
            for (b, at) in row.iter_mut().enumerate() {
                *at = dot(&columns[a], &columns[b]) + if a == b { self.ridge } else { 0.0 };
            }
        }
        let moved = Block { slopes, curvature, places }.exchanged();
        for ((&(l, i), column), by) in block.iter().zip(&columns).zip(moved) {
            if by != 0.0 {
                let mask = &mut self.layers[l].mask.data[i];
                *mask = 1.0 - *mask;
                self.along.iter_mut().zip(column).for_each(|(r, g)| *r += g * by);
            }
        }
    }
}

/// `dw` of a layer: what its mask takes from every weight.
fn change(layer: &Layer) -> Vec<f32> {
    layer.weight.data.iter().zip(&layer.mask.data).map(|(w, m)| (m - 1.0) * w).collect()
}
