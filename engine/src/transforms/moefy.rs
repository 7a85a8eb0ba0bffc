//! MoEfication, after Zhang et al. 2022, "MoEfication: Transformer Feed-forward Layers are Mixtures of Experts".
//!
//! The hidden neurons of `W₂ relu(W₁ x + b₁) + b₂` are divided into experts of equal size, which changes nothing while
//! all of them are active. Then a router chooses a few for each row: see [`crate::routing::relevance`].
//!
//! The split is at random; by balanced k-means on the neurons' input weights, of length 1; or by a balanced partition of
//! the graph whose edges count how often two neurons are active together. In the place of METIS the partition begins at
//! random and is improved by exchanging pairs while that gains.

use super::feed_forward::FeedForward;
use super::parts::Part;
use super::trained::{Against, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::clusters::{balanced, exchanged, random};
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::routing::relevance;
use crate::spec::Choice;
use crate::weights::Tensor;

mod router;

/// Every feed-forward layer (`linear`, `activation`, `linear`) outside of experts becomes a `route`.
pub struct Moefy;

static META: Meta = Meta {
    id: "moefication",
    name: "MoEfication",
    help: "Divides the hidden neurons of feed-forward layers into experts, of which a few work on each row.",
    source: "Zhang et al. 2022",
};

static KNOBS: [Knob; 6] = [
    Knob {
        id: "experts",
        name: "Experts",
        help: "How many experts a layer is divided into; it divides the hidden units.",
        kind: KnobKind::Int { default: 16, min: 1, max: 256 },
    },
    Knob {
        id: "active",
        name: "Active experts",
        help: "How many of them work on each row; with all of them nothing changes.",
        kind: KnobKind::Int { default: 4, min: 1, max: 256 },
    },
    Knob {
        id: "split",
        name: "Split",
        help: "Which neurons come together: random; weights, those with similar input weights; co-activation, those that \
               are active together.",
        kind: KnobKind::Choice { default: "co-activation", options: &["random", "weights", "co-activation"] },
    },
    relevance::SCORE,
    Knob {
        id: "epochs",
        name: "Epochs",
        help: "For the mlp score, how often it learns from the samples.",
        kind: KnobKind::Int { default: 30, min: 1, max: 1000 },
    },
    SAMPLES,
];

impl Entry for Moefy {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for Moefy {
    fn keeps_function(&self, knobs: &Knobs) -> bool {
        knobs.size("active") == knobs.size("experts")
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let (experts, active) = (knobs.size("experts"), knobs.size("active"));
        if active > experts {
            let message = format!("{active} of {experts} experts cannot be active");
            return Err(Diagnostic::new("active", message, "let fewer be active, or make more experts"));
        }
        let mut network = trained.network();
        let mut found: Vec<(String, usize, FeedForward)> = Vec::new();
        let mut paths = Vec::new();
        network.lists(&mut |path, list| {
            let mut at = 0;
            while at < list.len() {
                match FeedForward::find(list, at) {
                    Some(layer) => {
                        let span = layer.span;
                        paths.push(list[at].path(path, at));
                        found.push((path.to_owned(), at, layer));
                        at += span;
                    }
                    None => at += 1,
                }
            }
        });
        if found.is_empty() {
            let mend = "put linear, activation and linear one after the other into one stage";
            return Err(Diagnostic::new("stages", "there is no feed-forward layer", mend));
        }
        let sight = trained.look(knobs.size("samples"), &paths, Against::Labels)?;
        let mut figures = vec![figure("experts active, share", active as f64 / experts as f64)];
        let mut routes = Vec::new();
        for ((path, at, layer), name) in found.into_iter().zip(paths) {
            let hidden = layer.hidden();
            if layer.function() != "relu" {
                let mend = "choose relu and train on: only its neurons are silent";
                return Err(Diagnostic::new(name, format!("its curve is {}", layer.function()), mend));
            }
            if !hidden.is_multiple_of(experts) {
                let message = format!("{hidden} hidden units do not divide among {experts} experts");
                return Err(Diagnostic::new(name, message, "choose a number that divides the hidden units"));
            }
            let inputs = sight.blocks.get(&name).into_iter().flatten().flat_map(|seen| &seen.input.data);
            let inputs: Vec<f32> = inputs.copied().collect();
            let width = layer.rise.shape[0];
            let rows = Tensor::new(&[inputs.len() / width.max(1), width], inputs);
            let values = activations(&layer, &rows);
            let noise = Stream::named(trained.spec.seed, b"moef");
            let members = match knobs.choice("split") {
                "random" => random(hidden, experts, noise),
                "weights" => balanced(&directions(&layer), experts, noise),
                _ => exchanged(&together(&values), random(hidden, experts, noise)),
            };
            let order = members.concat();
            let (layer, values) = (layer.units(&order), values.columns(&order));
            let sums = sums(&values, experts);
            let score = knobs.choice("score");
            let router = router::router(&layer, experts, score, &rows, &sums, [active, knobs.size("epochs")]);
            let density = values.data.iter().filter(|v| **v > 0.0).count() as f64 / values.data.len().max(1) as f64;
            figures.push(figure(&format!("{name}: activations above 0, share"), density));
            let scores = router.scores(&rows, &sums);
            figures
                .push(figure(&format!("{name}: activation captured, share"), router::captured(&scores, &sums, active)));
            routes.push((path, at..at + layer.span, route(&layer, [experts, active], score, router)));
        }
        network.lists(&mut |path, list| {
            // From the last on, so that the places of those before stay.
            for (_, span, route) in routes.iter().rev().filter(|r| r.0 == path) {
                list.splice(span.clone(), [route.clone()]);
            }
        });
        Ok(Changed::new(trained, network, figures))
    }
}

/// What the hidden neurons give for `rows [R, inputs]`: `[R, hidden]`.
fn activations(layer: &FeedForward, rows: &Tensor) -> Tensor {
    let [count, _] = rows.extents();
    let hidden = layer.hidden();
    let mut data = Vec::with_capacity(count * hidden);
    for r in 0..count {
        let mut values = layer.rise_bias.data.clone();
        for (i, &x) in rows.row(r).iter().enumerate().filter(|(_, x)| **x != 0.0) {
            values.iter_mut().zip(layer.rise.row(i)).for_each(|(v, w)| *v += x * w);
        }
        data.extend(values.into_iter().map(|v| v.max(0.0)));
    }
    Tensor::new(&[count, hidden], data)
}

/// The input weights of each neuron, of length 1: `[hidden, inputs]`.
fn directions(layer: &FeedForward) -> Tensor {
    let hidden = layer.hidden();
    let data = (0..hidden).flat_map(|j| router::unit(layer.rise.column(j))).collect();
    Tensor::new(&[hidden, layer.rise.shape[0]], data)
}

/// In how many rows of `values [R, hidden]` two neurons are active: `[hidden, hidden]`.
fn together(values: &Tensor) -> Tensor {
    let [count, hidden] = values.extents();
    let mut edges = vec![0f32; hidden * hidden];
    for r in 0..count {
        let active: Vec<usize> = (0..hidden).filter(|&j| values.row(r)[j] > 0.0).collect();
        for &i in &active {
            active.iter().for_each(|&j| edges[i * hidden + j] += 1.0);
        }
    }
    Tensor::new(&[hidden, hidden], edges)
}

/// The sums of the values of each expert's neurons, which lie side by side: `[R, experts]`.
fn sums(values: &Tensor, experts: usize) -> Tensor {
    let [count, hidden] = values.extents();
    let each = hidden / experts.max(1);
    let data = values.data.chunks(each.max(1)).map(|c| c.iter().sum()).collect();
    Tensor::new(&[count, experts], data)
}

/// The layer, whose neurons lie expert after expert, as a route of `[experts, active]`.
fn route(layer: &FeedForward, [experts, active]: [usize; 2], score: &str, router: router::Router) -> Part {
    let each = layer.hidden() / experts;
    let expert = |e: usize| layer.units(&(e * each..(e + 1) * each).collect::<Vec<_>>());
    let all: Vec<FeedForward> = (0..experts).map(expert).collect();
    let stack = |of: &dyn Fn(&FeedForward) -> Tensor| {
        let parts: Vec<Tensor> = all.iter().map(of).collect();
        let shape = [&[experts], parts[0].shape.as_slice()].concat();
        Tensor::new(&shape, parts.into_iter().flat_map(|t| t.data).collect())
    };
    let mut blocks = all[0].parts();
    let (first, last) = (0, blocks.len() - 1);
    blocks[first].weights.insert("weight".to_owned(), stack(&|e| e.rise.clone()));
    blocks[first].weights.insert("bias".to_owned(), stack(&|e| e.rise_bias.clone()));
    blocks[last].weights.insert("weight".to_owned(), stack(&|e| e.fall.clone()));
    if let Some(bias) = &layer.fall_bias {
        // Each row adds up the biases of its active experts.
        let share = Tensor::new(&bias.shape, bias.data.iter().map(|b| b / active as f32).collect());
        blocks[last].weights.insert("bias".to_owned(), stack(&|_| share.clone()));
    }
    let mut routing = Choice::new("relevance").with("k", active as i64).with("score", score);
    if score == "activations" {
        routing = routing.with("neurons", each as i64);
    }
    let block = Choice::new("route").with("experts", experts as i64);
    Part { block, routing: Some(routing), weights: router.weights(), parts: blocks }
}
