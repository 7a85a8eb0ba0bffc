//! iCBS: weights chosen together, after Rosenberg et al. 2024, "Scalable iterative pruning of large language and vision
//! models using block coordinate descent".
//!
//! With `dwᵢ = (mᵢ − m′ᵢ) wᵢ` for masks `m` and `m′` that keep the same number of weights, the loss is expected to rise
//! from `m′` to `m` by
//!
//! ```text
//! q(m) = g · dw + ½ dw · H dw,   H = mean over n of gₙ gₙᵀ + λ I
//! ```
//!
//! where `g` is the mean gradient at `m′` and `gₙ` that of sample `n`. Again and again a block of weights is chosen: those
//! kept that cost least to remove and those gone that gain most when they come back, half and half, and none that were in
//! one of the last blocks. Within the block the pairs are exchanged whose exchange lowers `q` most, until none does: `q`
//! never rises, and the number of weights kept never changes. Then `g` and `gₙ` are taken anew where the mask stands. A
//! mask whose loss on the samples is not less is given up, and the next estimate serves for half as many blocks. The paper
//! gives each block to an optimiser of quadratic binary problems.
//!
//! The gradients of a network that answers all samples rightly vanish, and `H` with them; so `gₙ` is that for a class
//! drawn from the network's own answer, and the start is the mask by magnitude.

use std::collections::{BTreeMap, HashSet};

use super::magnitude::keep_largest;
use super::masks::{self, Layer};
use super::parts::Network;
use super::trained::{Against, Seen, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;
use crate::spec::Spec;
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

static KNOBS: [Knob; 7] = [
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
        id: "estimates",
        name: "Estimates",
        help: "How often the gradients of the pruned network are taken. The blocks are shared among them.",
        kind: KnobKind::Int { default: 10, min: 1, max: 100 },
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
        let (samples, density) = (knobs.size("samples"), knobs.float("density"));
        if knobs.choice("start") == "fisher" {
            let slopes = slopes_of(trained, &network, &layers, samples)?;
            keep_salient(&mut layers, &slopes, density);
        } else {
            keep_largest(&mut layers.iter_mut().collect::<Vec<_>>(), density);
        }
        let pruned = |layers: &[Layer]| {
            let mut pruned = network.clone();
            masks::put(&mut pruned, layers.to_vec());
            pruned
        };
        let mut least = trained.loss_of(pruned(&layers), samples)?;
        let mut figures = vec![figure("training loss, start", least)];
        let (estimates, mut size) = (knobs.size("estimates"), knobs.size("size"));
        let mut blocks = knobs.size("blocks").div_ceil(estimates);
        for estimate in 0..estimates {
            let slopes = slopes_of(trained, &pruned(&layers), &layers, samples)?;
            let mut model = Model::new(&slopes, layers.clone(), knobs.float("ridge") as f32);
            model.descend(blocks, size);
            if estimate == 0 {
                figures.push(figure("expected change of the loss, first estimate", model.change_of_loss()));
            }
            let now = trained.loss_of(pruned(&model.layers), samples)?;
            if now < least {
                (least, layers) = (now, model.layers);
            } else if blocks > 1 {
                blocks /= 2;
            } else {
                size = (size / 2).max(2);
            }
        }
        figures.push(figure("training loss, end", least));
        figures.push(figure("weights kept, share", masks::density(&layers)));
        masks::put(&mut network, layers);
        Ok(Changed::new(trained, network, figures))
    }
}

/// The gradients by the weights of `layers`, as `network`, in which they lie, stands.
fn slopes_of(
    trained: &Trained,
    network: &Network,
    layers: &[Layer],
    samples: usize,
) -> Result<Vec<Slopes>, Diagnostic> {
    // A layer that was masked goes by another name than it had.
    let mut paths = Vec::new();
    network.clone().blocks(&mut |path, part| {
        let place = path.rsplit_once('.').map_or(path, |p| p.0);
        let same = |layer: &Layer| layer.path.rsplit_once('.').is_some_and(|p| p.0 == place);
        paths.extend((part.weights.contains_key("weight") && layers.iter().any(same)).then(|| path.to_owned()));
    });
    let (stages, weights) = network.clone().together();
    let spec = Spec { stages, ..trained.spec.clone() };
    let trained = Trained { spec: &spec, data: trained.data, weights: &weights };
    let sight = trained.look_at_classes(samples, &paths, Against::Labels)?;
    let classes = drawn(&sight.logits, Stream::named(spec.seed, b"icbs"));
    let own = trained.look_at_classes(samples, &paths, Against::Classes(&classes))?;
    let count = sight.losses.data.len();
    let seen = |all: &BTreeMap<String, Vec<Seen>>, path: &String| all.get(path).cloned().unwrap_or_default();
    let slopes = |(layer, path): (&Layer, &String)| {
        Slopes::new(seen(&sight.blocks, path), seen(&own.blocks, path), &layer.weight, count)
    };
    Ok(layers.iter().zip(&paths).map(slopes).collect())
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

/// The quadratic model of the loss about a mask.
struct Model<'a> {
    slopes: &'a [Slopes],
    layers: Vec<Layer>,
    /// The layers as they were when the gradients were taken.
    base: Vec<Layer>,
    ridge: f32,
    /// `gₙ · dw` of each sample.
    along: Vec<f32>,
}

impl<'a> Model<'a> {
    fn new(slopes: &'a [Slopes], layers: Vec<Layer>, ridge: f32) -> Self {
        let samples = slopes.first().map_or(0, |s| s.samples);
        Self { slopes, base: layers.clone(), layers, ridge, along: vec![0f32; samples] }
    }

    /// `dw` of weight `i` of layer `l`: what the mask has taken from it or given back since the gradients were taken.
    fn change(&self, l: usize, i: usize) -> f32 {
        let layer = &self.layers[l];
        (layer.mask.data[i] - self.base[l].mask.data[i]) * layer.weight.data[i]
    }

    /// `q` of the mask.
    fn change_of_loss(&self) -> f64 {
        let mut linear = 0.0;
        for (l, slopes) in self.slopes.iter().enumerate() {
            for (i, g) in slopes.mean.iter().enumerate() {
                let dw = f64::from(self.change(l, i));
                linear += f64::from(*g) * dw + 0.5 * f64::from(self.ridge) * dw * dw;
            }
        }
        let square: f64 = self.along.iter().map(|r| f64::from(*r).powi(2)).sum();
        linear + 0.5 * square / self.along.len().max(1) as f64
    }

    /// Solves `blocks` blocks of `size` weights.
    fn descend(&mut self, blocks: usize, size: usize) {
        let mut recent: Vec<Vec<(usize, usize)>> = Vec::new();
        for _ in 0..blocks {
            let tabu: HashSet<_> = recent.iter().rev().take(TABU).flatten().copied().collect();
            let block = self.block(size, &tabu);
            if block.is_empty() {
                break;
            }
            self.solve(&block);
            recent.push(block);
        }
    }

    /// Up to `size` weights, by layer and number, as the head of this file says.
    fn block(&self, size: usize, tabu: &HashSet<(usize, usize)>) -> Vec<(usize, usize)> {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for (l, (layer, slopes)) in self.layers.iter().zip(self.slopes).enumerate() {
            let pulled = slopes.pull(&self.along);
            for (i, &w) in layer.weight.data.iter().enumerate().filter(|(i, _)| !tabu.contains(&(l, *i))) {
                let standing = layer.mask.data[i] != 0.0;
                let by = if standing { -w } else { w };
                let slope = slopes.mean[i] + pulled[i] + self.ridge * self.change(l, i);
                let rise = slope * by + 0.5 * (slopes.square[i] + self.ridge) * by * by;
                if standing { &mut kept } else { &mut gone }.push((rise, l, i));
            }
        }
        let half = (size / 2).max(1).min(kept.len()).min(gone.len());
        let best = |mut all: Vec<(f32, usize, usize)>| {
            all.put_in_order_by(|a, b| a.0.total_cmp(&b.0));
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
            self.slopes[l].mean[i] + dot(&columns[k], &self.along) + self.ridge * self.change(l, i)
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
