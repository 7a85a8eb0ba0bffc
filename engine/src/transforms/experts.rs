//! Fewer experts, after Sarkar et al. 2024, "Revisiting SMoE Language Models by Evaluating Inefficiencies with Task
//! Specific Expert Pruning" (UNCURL), and the baseline that drops the experts that are used least.
//!
//! UNCURL: (1) the router's logits for the task's rows are collected; (2) experts whose logits go together are clustered
//! spectrally: affinity is the part above 0 of the correlation of two experts' logits; (3) within a cluster the hidden
//! neurons are put in the order of those of the expert that is used most; (4) weights and router columns are averaged,
//! each expert counting by its use. The order of (3) is found greedily, the most similar neurons first, where the paper
//! has an optimal assignment.

use super::parts::Part;
use super::spectral::leading;
use super::trained::{Against, Sight, Trained};
use super::{Changed, SAMPLES, Transform, figure};
use crate::clusters::k_means;
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta, Setting};
use crate::sorting::Sorting as _;
use crate::weights::Tensor;

/// Every `route` whose router is linear keeps so many experts.
pub struct Experts;

static META: Meta = Meta {
    id: "expert-pruning",
    name: "Fewer experts",
    help: "Merges experts that the router treats alike, or drops those that it uses least.",
    source: "Sarkar et al. 2024",
};

static KNOBS: [Knob; 3] = [
    Knob {
        id: "keep",
        name: "Experts kept",
        help: "How many experts there are afterwards.",
        kind: KnobKind::Int { default: 4, min: 1, max: 256 },
    },
    Knob {
        id: "by",
        name: "By",
        help: "merge averages the experts of a cluster; drop takes away those with the least use.",
        kind: KnobKind::Choice { default: "merge", options: &["merge", "drop"] },
    },
    SAMPLES,
];

impl Entry for Experts {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

/// A route's experts in groups, each of which becomes one; and how much each expert is used.
struct Plan {
    groups: Vec<Vec<usize>>,
    usage: Vec<f32>,
}

impl Transform for Experts {
    fn keeps_function(&self, _: &Knobs) -> bool {
        false
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let mut network = trained.network();
        let keep = knobs.size("keep");
        let mut routes = Vec::new();
        network.blocks(&mut |path, part| {
            let linear = part.weights.get("router").is_some_and(|r| r.shape.len() == 2);
            let known = part.routing.as_ref().is_some_and(|r| ["top-k", "dense"].contains(&r.id.as_str()));
            if part.is("route") && linear && known {
                routes.push(path.to_owned());
            }
        });
        if routes.is_empty() {
            let mend = "choose a network with a route by top-k or dense";
            return Err(Diagnostic::new("stages", "there is no route with a linear router", mend));
        }
        let sight = trained.look(knobs.size("samples"), &routes, Against::Labels)?;
        let mut figures = Vec::new();
        let mut fault = None;
        network.blocks(&mut |path, part| {
            if fault.is_some() || !routes.iter().any(|r| r == path) {
                return;
            }
            let noise = Stream::named(trained.spec.seed, b"uncu");
            match plan(path, part, &sight, keep, knobs.choice("by"), noise) {
                Ok(plan) => {
                    let used = plan.usage.iter().filter(|u| **u > 0.0).count();
                    figures.push(figure(&format!("{path}: experts in use"), used as f64));
                    figures.push(figure(&format!("{path}: experts kept"), plan.groups.len() as f64));
                    shrink(part, &plan);
                }
                Err(met) => fault = Some(met),
            }
        });
        match fault {
            Some(fault) => Err(fault),
            None => Ok(Changed::new(trained, network, figures)),
        }
    }
}

/// Which experts of the route at `path` come together.
fn plan(path: &str, part: &Part, sight: &Sight, keep: usize, by: &str, noise: Stream) -> Result<Plan, Diagnostic> {
    let router = &part.weights["router"];
    let [_, experts] = router.extents();
    if keep > experts {
        let message = format!("{keep} of {experts} experts cannot be kept");
        return Err(Diagnostic::new(path, message, "keep fewer"));
    }
    let loads = sight.loads.get(path).cloned().unwrap_or_default();
    let usage: Vec<f32> = (0..experts).map(|e| loads.iter().map(|l| l.data[e]).sum()).collect();
    let groups = if by == "drop" {
        let mut order: Vec<usize> = (0..experts).collect();
        order.put_in_order_by(|&a, &b| usage[b].total_cmp(&usage[a]));
        order.truncate(keep);
        order.put_in_order();
        order.into_iter().map(|e| vec![e]).collect()
    } else {
        let inputs = sight.blocks.get(path).into_iter().flatten().flat_map(|s| &s.input.data);
        let inputs: Vec<f32> = inputs.copied().collect();
        let [width, _] = router.extents();
        let rows = Tensor::new(&[inputs.len() / width.max(1), width], inputs);
        let points = leading(&affinity(&rows, router), keep);
        let of = k_means(&points, keep, noise);
        let members = |group: usize| (0..experts).filter(|&e| of[e] == group).collect::<Vec<_>>();
        let mut groups: Vec<Vec<usize>> = (0..keep).map(members).filter(|g| !g.is_empty()).collect();
        groups.put_in_order();
        groups
    };
    Ok(Plan { groups, usage })
}

/// Correlation of two experts' logits over `rows [R, inputs]`, 0 where it is negative: `[E, E]`.
fn affinity(rows: &Tensor, router: &Tensor) -> Tensor {
    let ([count, _], [_, experts]) = (rows.extents(), router.extents());
    let mut logits = vec![vec![0f32; count]; experts];
    for (e, logits) in logits.iter_mut().enumerate() {
        let column = router.column(e);
        for (r, logit) in logits.iter_mut().enumerate() {
            *logit = rows.row(r).iter().zip(&column).map(|(x, w)| x * w).sum();
        }
        let mean = logits.iter().sum::<f32>() / count.max(1) as f32;
        logits.iter_mut().for_each(|l| *l -= mean);
        let length = logits.iter().map(|l| l * l).sum::<f32>().sqrt().max(1e-12);
        logits.iter_mut().for_each(|l| *l /= length);
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let data = (0..experts * experts).map(|i| dot(&logits[i / experts], &logits[i % experts]).max(0.0)).collect();
    Tensor::new(&[experts, experts], data)
}

/// The route with one expert for each group.
fn shrink(part: &mut Part, plan: &Plan) {
    let (experts, kept) = (plan.usage.len(), plan.groups.len());
    let shares: Vec<Vec<f32>> = plan.groups.iter().map(|group| shares(group, &plan.usage)).collect();
    for (group, shares) in plan.groups.iter().zip(&shares) {
        align(&mut part.parts, group, shares);
    }
    let merged = |tensor: &Tensor| {
        let each: usize = tensor.shape.iter().skip(1).product();
        let mut data = Vec::with_capacity(kept * each);
        for (group, shares) in plan.groups.iter().zip(&shares) {
            let mean = |i: usize| group.iter().zip(shares).map(|(&e, s)| s * tensor.data[e * each + i]).sum::<f32>();
            data.extend((0..each).map(mean));
        }
        Tensor::new(&[&[kept], &tensor.shape[1..]].concat(), data)
    };
    every(&mut part.parts, &mut |tensor| {
        if tensor.shape.first() == Some(&experts) {
            *tensor = merged(tensor);
        }
    });
    for (name, tensor) in &mut part.weights {
        if name == "router" {
            let [inputs, _] = tensor.extents();
            let columns = Tensor::new(&[experts, inputs], (0..experts).flat_map(|e| tensor.column(e)).collect());
            let columns = merged(&columns);
            let data = (0..inputs).flat_map(|i| columns.column(i)).collect();
            *tensor = Tensor::new(&[inputs, kept], data);
        } else if name == "bias" {
            *tensor = merged(tensor);
        }
    }
    part.block.settings.insert("experts".to_owned(), Setting::Int(kept as i64));
    if let Some(routing) = &mut part.routing
        && routing.id == "top-k"
    {
        let k = super::knobs_of(crate::routing::ROUTINGS, routing).map_or(2, |k| k.size("k"));
        routing.settings.insert("k".to_owned(), Setting::Int(k.min(kept) as i64));
    }
}

/// How much each expert of a group counts, by its use; equally where none is used.
fn shares(group: &[usize], usage: &[f32]) -> Vec<f32> {
    let total: f32 = group.iter().map(|&e| usage[e]).sum();
    let share = |&e: &usize| if total > 0.0 { usage[e] / total } else { 1.0 / group.len() as f32 };
    group.iter().map(share).collect()
}

/// Calls `on` with every tensor of `parts` and of what they hold.
fn every(parts: &mut [Part], on: &mut dyn FnMut(&mut Tensor)) {
    for part in parts {
        part.weights.values_mut().for_each(&mut *on);
        every(&mut part.parts, on);
    }
}

/// Puts the hidden neurons of the experts of `group` in the order of those of the one that counts most, where the experts
/// are feed-forward layers: linear, activation, linear.
fn align(parts: &mut [Part], group: &[usize], shares: &[f32]) {
    let [first, middle, last] = parts else { return };
    if [&*first, &*middle, &*last].map(|p| p.block.id.as_str()) != ["linear", "activation", "linear"] {
        return;
    }
    let Some(anchor) = (0..group.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b])).map(|i| group[i]) else {
        return;
    };
    let (Some(rise), Some(fall)) = (first.weights.get("weight").cloned(), last.weights.get("weight").cloned()) else {
        return;
    };
    let ([_, inputs, hidden], [_, _, outputs]) = (extents3(&rise), extents3(&fall));
    let neuron = |e: usize, j: usize| {
        let given = (0..inputs).map(move |i| (e * inputs + i) * hidden + j);
        let sent = (e * hidden + j) * outputs;
        given.map(|i| rise.data[i]).chain(fall.data[sent..sent + outputs].iter().copied()).collect::<Vec<f32>>()
    };
    let likeness = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let model: Vec<Vec<f32>> = (0..hidden).map(|j| neuron(anchor, j)).collect();
    for &e in group.iter().filter(|&&e| e != anchor) {
        let own: Vec<Vec<f32>> = (0..hidden).map(|j| neuron(e, j)).collect();
        let mut pairs: Vec<(f32, usize, usize)> = (0..hidden * hidden)
            .map(|i| (likeness(&model[i / hidden], &own[i % hidden]), i / hidden, i % hidden))
            .collect();
        pairs.put_in_order_by(|a, b| b.0.total_cmp(&a.0));
        let (mut order, mut taken) = (vec![None; hidden], vec![false; hidden]);
        for (_, at, j) in pairs {
            if order[at].is_none() && !taken[j] {
                (order[at], taken[j]) = (Some(j), true);
            }
        }
        let order: Vec<usize> = order.into_iter().flatten().collect();
        for name in ["weight", "bias"] {
            if let Some(tensor) = first.weights.get_mut(name) {
                let each = tensor.shape.iter().skip(1).product::<usize>();
                let mine = Tensor::new(&tensor.shape[1..], tensor.data[e * each..(e + 1) * each].to_vec());
                tensor.data[e * each..(e + 1) * each].copy_from_slice(&mine.columns(&order).data);
            }
        }
        if let Some(tensor) = last.weights.get_mut("weight") {
            let each = hidden * outputs;
            let mine = Tensor::new(&tensor.shape[1..], tensor.data[e * each..(e + 1) * each].to_vec());
            tensor.data[e * each..(e + 1) * each].copy_from_slice(&mine.slices(&order).data);
        }
    }
}

fn extents3(tensor: &Tensor) -> [usize; 3] {
    [0, 1, 2].map(|i| tensor.shape.get(i).copied().unwrap_or(1))
}
