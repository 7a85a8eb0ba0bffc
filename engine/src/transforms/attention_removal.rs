//! Attention taken out, after Lin et al. 2024, "MLP Can Be A Good Transformer Learner".
//!
//! What an attention layer says to the network's answer is measured by transfer entropy,
//!
//! ```text
//! TE = | H(answer) − H(answer without the layer) |,   H = mean over the channels of ln σ
//! ```
//!
//! the entropy of a normal variable but for a constant, over samples. One at a time the layer goes without which `H` is
//! nearest to that of the whole network (NOSE, with a greedy choice). Beside it there are the entropy of what a layer
//! attends to, where one that looks everywhere alike goes first, and chance.
//!
//! A layer goes with the residual block that holds it and perhaps a norm. Or it fades while training goes on; what has
//! faded can then be taken out and changes nothing.

use super::parts::{Network, Part};
use super::trained::{Against, Sight, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;
use crate::spec::{Choice, Spec};

/// Takes attention out of residual blocks.
pub struct AttentionRemoval;

static META: Meta = Meta {
    id: "attention-removal",
    name: "Attention removal",
    help: "Takes out the attention layers that say least to the answer, at once or fading while training goes on.",
    source: "Lin et al. 2024",
};

static KNOBS: [Knob; 5] = [
    Knob {
        id: "remove",
        name: "Removed",
        help: "Share of the attention layers that go, at least one.",
        kind: KnobKind::Float { default: 0.4, min: 0.0, max: 1.0, live: false },
    },
    Knob {
        id: "by",
        name: "By",
        help: "Which go first: transfer-entropy, those that change the entropy of the answer least; spread, those that \
               look at all places most alike; chance; faded, those that have faded, and no others.",
        kind: KnobKind::Choice {
            default: "transfer-entropy",
            options: &["transfer-entropy", "spread", "chance", "faded"],
        },
    },
    Knob {
        id: "when",
        name: "When",
        help: "now takes them out; gradually lets them fade while the network trains on.",
        kind: KnobKind::Choice { default: "now", options: &["now", "gradually"] },
    },
    Knob {
        id: "steps",
        name: "Steps",
        help: "For gradually, after how many steps nothing of them is left.",
        kind: KnobKind::Int { default: 300, min: 1, max: 1_000_000 },
    },
    SAMPLES,
];

impl Entry for AttentionRemoval {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// A list's path and the number of a block in it.
type Place = (String, usize);

impl Transform for AttentionRemoval {
    fn keeps_function(&self, knobs: &Knobs) -> bool {
        knobs.choice("when") == "gradually"
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let (by, samples) = (knobs.choice("by"), knobs.size("samples"));
        let mut network = trained.network();
        let mut places = Vec::new();
        network.lists(&mut |path, list| {
            let holds = |part: &Part| if by == "faded" { faded(part) } else { attends(part) };
            places.extend((0..list.len()).filter(|&i| holds(&list[i])).map(|i| (path.to_owned(), i)));
        });
        if places.is_empty() {
            let mend = "choose a network with attention, behind a norm or not, in a residual block";
            return Err(Diagnostic::new("stages", "there is no attention that can be taken out", mend));
        }
        let all = places.len();
        let count = if by == "faded" { all } else { ((knobs.float("remove") * all as f64).round() as usize).max(1) };
        let mut figures =
            vec![figure("attention layers", all as f64), figure("attention layers removed", count as f64)];
        let going: Vec<Place> = match by {
            "faded" => places,
            "chance" => {
                let order = Stream::named(trained.spec.seed, b"attn").permutation(0, all);
                order.into_iter().take(count).map(|i| places[i as usize].clone()).collect()
            }
            "spread" => {
                let sight = trained.look(samples, &[], Against::Labels)?;
                let mut rated: Vec<(f64, Place)> = Vec::new();
                for place in places {
                    rated.push((spread(&network, &place, &sight), place));
                }
                rated.put_in_order_by(|a, b| b.0.total_cmp(&a.0));
                rated.into_iter().take(count).map(|r| r.1).collect()
            }
            _ => least_transfer(trained, &network, places, count, samples, &mut figures)?,
        };
        if knobs.choice("when") == "gradually" && by != "faded" {
            fade(&mut network, &going, knobs.int("steps"));
        } else {
            network = without(&network, &going);
        }
        if network.stages.iter().any(Vec::is_empty) {
            let mend = "remove less, or put other blocks beside the attention";
            return Err(Diagnostic::new("stages", "a stage would be empty", mend));
        }
        Ok(Changed::new(trained, network, figures))
    }
}

/// Whether a block is a residual one around attention alone, behind a norm or not.
fn attends(part: &Part) -> bool {
    let norms = ["layer-norm", "rms-norm"];
    let ids: Vec<&str> = part.parts.iter().map(|p| p.block.id.as_str()).collect();
    part.is("residual")
        && match ids.as_slice() {
            ["attention"] => true,
            [norm, "attention"] => norms.contains(norm),
            _ => false,
        }
}

/// Whether a block is a residual one around what fades.
fn faded(part: &Part) -> bool {
    part.is("residual") && part.parts.len() == 1 && part.parts[0].is("fade")
}

/// The network without the blocks at `places`.
fn without(network: &Network, places: &[Place]) -> Network {
    let mut network = network.clone();
    network.lists(&mut |path, list| {
        let mut i = 0;
        list.retain(|_| {
            i += 1;
            !places.iter().any(|(at, number)| at == path && *number + 1 == i)
        });
    });
    network
}

/// Puts what the residual blocks at `places` hold into blocks that fade.
fn fade(network: &mut Network, places: &[Place], steps: i64) {
    network.lists(&mut |path, list| {
        for (i, part) in list.iter_mut().enumerate() {
            if places.iter().any(|(at, number)| at == path && *number == i) {
                let fading = Part::new(Choice::new("fade").with("steps", steps));
                part.parts = vec![Part { parts: std::mem::take(&mut part.parts), ..fading }];
            }
        }
    });
}

/// The `count` of `places` that a greedy choice by transfer entropy comes to.
fn least_transfer(
    trained: &Trained,
    network: &Network,
    mut places: Vec<Place>,
    count: usize,
    samples: usize,
    figures: &mut Vec<super::Figure>,
) -> Result<Vec<Place>, Diagnostic> {
    let whole = entropy(trained, network.clone(), samples)?;
    let mut going: Vec<Place> = Vec::new();
    let mut transfer = 0.0;
    while going.len() < count && !places.is_empty() {
        let mut best: Option<(f64, usize)> = None;
        for (i, place) in places.iter().enumerate() {
            let tried = without(network, &[going.as_slice(), std::slice::from_ref(place)].concat());
            if tried.stages.iter().any(Vec::is_empty) {
                continue;
            }
            let change = (entropy(trained, tried, samples)? - whole).abs();
            if best.is_none_or(|(least, _)| change < least) {
                best = Some((change, i));
            }
        }
        let Some((change, i)) = best else { break };
        transfer = change;
        going.push(places.remove(i));
    }
    figures.push(figure("transfer entropy, nats a channel", transfer));
    if going.len() < count {
        let mend = "remove less, or put other blocks beside the attention";
        return Err(Diagnostic::new("stages", "a stage would be empty", mend));
    }
    Ok(going)
}

/// Mean over the outputs of the logarithm of their deviation over samples.
fn entropy(trained: &Trained, network: Network, samples: usize) -> Result<f64, Diagnostic> {
    let (stages, weights) = network.together();
    let spec = Spec { stages, ..trained.spec.clone() };
    let sight = Trained { spec: &spec, data: trained.data, weights: &weights }.look(samples, &[], Against::Labels)?;
    let [rows, channels] = sight.logits.extents();
    let log = |c: usize| {
        let column = sight.logits.column(c);
        let mean = column.iter().map(|&v| f64::from(v)).sum::<f64>() / rows.max(1) as f64;
        let square = column.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / rows.max(1) as f64;
        0.5 * square.max(1e-12).ln()
    };
    Ok((0..channels).map(log).sum::<f64>() / channels.max(1) as f64)
}

/// Mean entropy, in nats, of what the attention in the residual block at `place` attends to.
fn spread(network: &Network, place: &Place, sight: &Sight) -> f64 {
    let mut path = String::new();
    network.clone().lists(&mut |at, list| {
        if at == place.0 {
            let part = &list[place.1];
            let last = part.parts.len().saturating_sub(1);
            path = part.parts[last].path(&part.path(at, place.1), last);
        }
    });
    let shares = sight.attention.get(&path).into_iter().flatten();
    let (mut sum, mut rows) = (0.0, 0usize);
    for shares in shares {
        let [count, _] = shares.extents();
        rows += count;
        sum -= shares.data.iter().filter(|p| **p > 0.0).map(|&p| f64::from(p) * f64::from(p).ln()).sum::<f64>();
    }
    sum / rows.max(1) as f64
}
