//! Structures out of balance, after Muñoz et al. 2025, "MultiPruner: Balanced Structure Removal in Foundation Models".
//!
//! First whole residual blocks go, one at a time the one without which the loss on training samples is least; then hidden
//! channels of feed-forward layers, a step at a time in the layer where that costs least, the channels with the smallest
//! weights first. Nothing is trained. The third axis of the paper, heads of attention, would need attention of another
//! width than its input's and is left out; its share of 4 % goes to the channels.

use super::feed_forward::FeedForward;
use super::parts::{Network, Part};
use super::trained::Trained;
use super::{Changed, SAMPLES, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;

/// Steps in which a layer's channels go.
const STEPS: usize = 8;

/// Removes residual blocks and hidden channels until a share of the weights is gone.
pub struct MultiPruner;

static META: Meta = Meta {
    id: "multi-pruner",
    name: "Block and channel pruning",
    help: "Removes whole residual blocks, then channels of feed-forward layers, each time what the loss misses least.",
    source: "Muñoz et al. 2025",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "remove",
        name: "Removed",
        help: "Share of the weights that go.",
        kind: KnobKind::Float { default: 0.22, min: 0.0, max: 0.9, live: false },
    },
    Knob {
        id: "blocks",
        name: "By blocks",
        help: "Share of what goes that goes as whole blocks; with 1, no channels are touched.",
        kind: KnobKind::Float { default: 0.44, min: 0.0, max: 1.0, live: false },
    },
    SAMPLES,
];

impl Entry for MultiPruner {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for MultiPruner {
    fn keeps_function(&self, _: &Knobs) -> bool {
        false
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let (remove, share, samples) = (knobs.float("remove"), knobs.float("blocks"), knobs.size("samples"));
        let mut network = trained.network();
        let whole = size(&network);
        let goal = remove * whole as f64;
        let loss = trained.loss_of(network.clone(), samples)?;
        let gone = |network: &Network| (whole - size(network)) as f64;
        let mut blocks = 0;
        while gone(&network) < share * goal {
            let ways = without_blocks(&network).into_iter().filter(|n| gone(n) <= goal).collect();
            let Some(best) = least(trained, ways, samples)? else { break };
            network = best;
            blocks += 1;
        }
        let mut steps = 0;
        while share < 1.0 && gone(&network) < goal {
            let ways = with_fewer_channels(&network, &trained.network());
            let Some(best) = least(trained, ways, samples)? else { break };
            network = best;
            steps += 1;
        }
        if blocks + steps == 0 && remove > 0.0 {
            let mend = "choose a network of residual blocks, or with linear, activation and linear in one list, or remove more";
            return Err(Diagnostic::new("stages", "there is nothing small enough to remove", mend));
        }
        let after = trained.loss_of(network.clone(), samples)?;
        let figures = vec![
            figure("weights removed, share", gone(&network) / whole.max(1) as f64),
            figure("blocks removed", f64::from(blocks)),
            figure("steps of channels removed", f64::from(steps)),
            figure("training loss before", loss),
            figure("training loss after", after),
        ];
        Ok(Changed::new(trained, network, figures))
    }
}

/// Numbers in the weights of a network.
fn size(network: &Network) -> usize {
    fn of(parts: &[Part]) -> usize {
        let own = |part: &Part| part.weights.values().map(|t| t.data.len()).sum::<usize>() + of(&part.parts);
        parts.iter().map(own).sum()
    }
    network.stages.iter().map(|stage| of(stage)).sum()
}

/// Of several networks, the one with the least loss.
fn least(trained: &Trained, ways: Vec<Network>, samples: usize) -> Result<Option<Network>, Diagnostic> {
    let mut best: Option<(f64, Network)> = None;
    for way in ways {
        let loss = trained.loss_of(way.clone(), samples)?;
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, way));
        }
    }
    Ok(best.map(|(_, network)| network))
}

/// The network without each residual block that has company in its list.
fn without_blocks(network: &Network) -> Vec<Network> {
    let mut places = Vec::new();
    network.clone().lists(&mut |path, list| {
        let residual = |(i, part): (usize, &Part)| part.is("residual").then(|| (path.to_owned(), i));
        places.extend(list.iter().enumerate().filter_map(residual).filter(|_| list.len() > 1));
    });
    let without = |(place, i): (String, usize)| {
        let mut network = network.clone();
        network.lists(&mut |path, list| {
            if path == place {
                list.remove(i);
            }
        });
        network
    };
    places.into_iter().map(without).collect()
}

/// The network with each of its feed-forward layers narrower by a step, which is a share of its width in `origin` where
/// that is known, else of its own.
fn with_fewer_channels(network: &Network, origin: &Network) -> Vec<Network> {
    let mut widths = Vec::new();
    origin.clone().lists(&mut |_, list| {
        widths.extend((0..list.len()).filter_map(|at| FeedForward::find(list, at)).map(|layer| layer.hidden()));
    });
    let widest = widths.into_iter().max().unwrap_or(0);
    let mut places = Vec::new();
    network.clone().lists(&mut |path, list| {
        let found = (0..list.len()).filter(|&at| FeedForward::find(list, at).is_some());
        places.extend(found.map(|at| (path.to_owned(), at)));
    });
    let narrower = |(place, at): (String, usize)| {
        let mut network = network.clone();
        let mut changed = false;
        network.lists(&mut |path, list| {
            let layer = if path == place { FeedForward::find(list, at) } else { None };
            let step = (widest / STEPS).max(1);
            if let Some(layer) = layer.filter(|l| l.hidden() > step) {
                let kept = largest(&layer, layer.hidden() - step);
                list.splice(at..at + layer.span, layer.units(&kept).parts());
                changed = true;
            }
        });
        changed.then_some(network)
    };
    places.into_iter().filter_map(narrower).collect()
}

/// The `count` hidden units with the largest sums of sizes of their weights, in their own order.
fn largest(layer: &FeedForward, count: usize) -> Vec<usize> {
    let sum = |w: &[f32]| w.iter().map(|w| w.abs()).sum::<f32>();
    let sizes: Vec<f32> = (0..layer.hidden()).map(|j| sum(&layer.rise.column(j)) + sum(layer.fall.row(j))).collect();
    let mut order: Vec<usize> = (0..layer.hidden()).collect();
    order.put_in_order_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
    order.truncate(count);
    order.put_in_order();
    order
}
