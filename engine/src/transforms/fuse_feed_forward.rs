//! FFN fusion, after Bercovich et al. 2025, "FFN Fusion: Rethinking Sequential Computation in Large Language Models".
//!
//! Feed-forward layers side by side on the same input are one wide layer, exactly: their hidden units put together.
//! Layers one after the other, `xᵢ₊₁ = xᵢ + Fᵢ(N(xᵢ))`, are fused as if they were side by side,
//!
//! ```text
//! x + Σᵢ Fᵢ(N(x))
//! ```
//!
//! with the norm of the first, which costs little where the layers depend little on each other. The dependency of layer
//! `j` on `i` is the cosine distance, mean over the samples, between what `j` adds to the stream and what it adds when
//! `i` is left out.

use super::feed_forward::FeedForward;
use super::parts::{Network, Part};
use super::trained::{Against, Trained};
use super::{Changed, Figure, SAMPLES, Transform, figure, knobs_of};
use crate::blocks::BLOCKS;
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::spec::Spec;
use crate::weights::Tensor;

/// Feed-forward layers (`linear`, `activation`, `linear`) to wider ones.
pub struct FuseFeedForward;

static META: Meta = Meta {
    id: "ffn-fusion",
    name: "FFN fusion",
    help: "Makes one wide feed-forward layer of several narrow ones, so that they no longer wait for each other.",
    source: "Bercovich et al. 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "layers",
        name: "Layers",
        help: "Which to fuse: parallel, the chains side by side in a parallel block, which changes nothing; residual, \
               residual blocks one after the other, each holding a layer behind a norm or none.",
        kind: KnobKind::Choice { default: "residual", options: &["parallel", "residual"] },
    },
    Knob {
        id: "dependency",
        name: "Largest dependency",
        help: "For residual, fuses only where leaving a layer out turns what the next one adds by at most this cosine \
               distance.",
        kind: KnobKind::Float { default: 2.0, min: 0.0, max: 2.0, live: false },
    },
    SAMPLES,
];

impl Entry for FuseFeedForward {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for FuseFeedForward {
    fn keeps_function(&self, knobs: &Knobs) -> bool {
        knobs.choice("layers") == "parallel"
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let mut network = trained.network();
        let mut figures = Vec::new();
        let fused = if knobs.choice("layers") == "parallel" {
            beside(&mut network)
        } else {
            let (most, samples) = (knobs.float("dependency"), knobs.size("samples"));
            in_turn(&mut network, trained, most, samples, &mut figures)?
        };
        if fused == 0 {
            let mend = "put linear, activation, linear into chains of a parallel block, or into residual blocks one after the other";
            return Err(Diagnostic::new("stages", "no feed-forward layers lie so that they can be fused", mend));
        }
        figures.push(figure("layers fused", fused as f64));
        Ok(Changed::new(trained, network, figures))
    }
}

/// Fuses the chains in every parallel block that sums; how many layers went into others.
fn beside(network: &mut Network) -> usize {
    let mut fused = 0;
    network.blocks(&mut |_, part| {
        if !part.is("parallel") || knobs_of(BLOCKS, &part.block).is_none_or(|k| k.choice("join") != "sum") {
            return;
        }
        let mut wide: Option<(usize, FeedForward)> = None;
        let mut kept: Vec<Part> = Vec::new();
        for way in std::mem::take(&mut part.parts) {
            let layer = Some(&way).filter(|w| w.is("chain")).and_then(|w| whole(&w.parts));
            match (layer, &mut wide) {
                (Some(layer), None) => {
                    wide = Some((kept.len(), layer));
                    kept.push(way);
                }
                (Some(layer), Some((_, so_far))) => match so_far.beside(&layer) {
                    Some(both) => {
                        *so_far = both;
                        fused += 1;
                    }
                    None => kept.push(way),
                },
                (None, _) => kept.push(way),
            }
        }
        if let Some((at, wide)) = wide {
            kept[at].parts = wide.parts();
        }
        part.parts = kept;
    });
    fused + usize::from(fused > 0)
}

/// The feed-forward layer that a residual block holds, and the norm before it.
fn held(part: &Part) -> Option<(Option<Part>, FeedForward)> {
    if !part.is("residual") {
        return None;
    }
    let (first, rest) = part.parts.split_first()?;
    if ["layer-norm", "rms-norm"].contains(&first.block.id.as_str()) {
        return Some((Some(first.clone()), whole(rest)?));
    }
    Some((None, whole(&part.parts)?))
}

/// The feed-forward layer that these blocks are.
fn whole(parts: &[Part]) -> Option<FeedForward> {
    FeedForward::find(parts, 0).filter(|layer| layer.span == parts.len())
}

/// Fuses residual blocks one after the other; how many layers went into others.
fn in_turn(
    network: &mut Network,
    trained: &Trained,
    most: f64,
    samples: usize,
    figures: &mut Vec<Figure>,
) -> Result<usize, Diagnostic> {
    let mut fused = 0;
    let mut fault = None;
    network.lists(&mut |path, list| {
        if fault.is_none() {
            match fused_list(list, path, trained, [most, samples as f64], figures) {
                Ok((new, count)) => {
                    *list = new;
                    fused += count;
                }
                Err(met) => fault = Some(met),
            }
        }
    });
    match fault {
        Some(fault) => Err(fault),
        None => Ok(fused + usize::from(fused > 0)),
    }
}

/// The list at `path` with runs of residual blocks fused, and how many layers went into others. Told are the largest
/// dependency and how many samples to look at.
fn fused_list(
    list: &[Part],
    path: &str,
    trained: &Trained,
    [most, samples]: [f64; 2],
    figures: &mut Vec<Figure>,
) -> Result<(Vec<Part>, usize), Diagnostic> {
    let mut out: Vec<Part> = Vec::new();
    let mut fused = 0;
    // The run that is being gathered: its norm and the layer it has become.
    let mut run: Option<(Option<Part>, FeedForward)> = None;
    for (i, part) in list.iter().enumerate() {
        let Some((norm, layer)) = held(part) else {
            run = None;
            out.push(part.clone());
            continue;
        };
        let joined = run.as_ref().and_then(|(first, so_far)| {
            let same = first.as_ref().map(|p| &p.block) == norm.as_ref().map(|p| &p.block);
            if same { so_far.beside(&layer) } else { None }
        });
        if let (Some(wide), Some(last)) = (joined, out.last_mut()) {
            let distance = dependency(trained, path, list, i, samples as usize)?;
            figures.push(figure(&format!("dependency of {}", part.path(path, i)), distance));
            if distance <= most {
                let first = run.take().and_then(|(norm, _)| norm);
                last.parts = first.clone().into_iter().chain(wide.parts()).collect();
                run = Some((first, wide));
                fused += 1;
                continue;
            }
        }
        run = Some((norm, layer));
        out.push(part.clone());
    }
    Ok((out, fused))
}

/// How much what block `j` of the list at `path` adds depends on the block before it.
fn dependency(trained: &Trained, path: &str, list: &[Part], j: usize, samples: usize) -> Result<f64, Diagnostic> {
    let with = added(trained, &list[j].path(path, j), samples)?;
    let mut network = trained.network();
    network.lists(&mut |at, list| {
        if at == path {
            list.remove(j - 1);
        }
    });
    let (stages, weights) = network.together();
    let spec = Spec { stages, ..trained.spec.clone() };
    let dropped = Trained { spec: &spec, data: trained.data, weights: &weights };
    let without = added(&dropped, &list[j].path(path, j - 1), samples)?;
    let [rows, _] = with.extents();
    let far: f64 = (0..rows).map(|i| 1.0 - cosine(with.row(i), without.row(i))).sum();
    Ok(far / rows.max(1) as f64)
}

/// What the residual block at `path` adds to each row of its input.
fn added(trained: &Trained, path: &str, samples: usize) -> Result<Tensor, Diagnostic> {
    let sight = trained.look(samples, &[path.to_owned()], Against::Labels)?;
    let Some(seen) = sight.blocks.get(path).and_then(|all| all.first()) else {
        return Err(Diagnostic::new(path, "it lies inside experts", "fuse layers outside of experts"));
    };
    let data = seen.output.data.iter().zip(&seen.input.data).map(|(y, x)| y - x).collect();
    Ok(Tensor::new(&seen.output.shape, data))
}

/// The cosine of the angle between two vectors; 1 where one of them is 0.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let size = (dot(a, a) * dot(b, b)).sqrt();
    if size == 0.0 { 1.0 } else { dot(a, b) / size }
}
