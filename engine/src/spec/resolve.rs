//! From ids and settings to the entries of the registries: all that can be said of a spec before its data is there.
//!
//! Places are named as the network names them while it is built: `stages › 2 › 1.linear › units` is the knob `units`
//! of the first block, a linear one, of the second stage.

use crate::blocks::{BLOCKS, Holds};
use crate::data::{Answer, DATASETS, Data, Dataset};
use crate::diagnostic::Diagnostic;
use crate::ir::Shape;
use crate::net::{Net, Node, Stage};
use crate::optim::{OPTIMIZERS, Optimizer, Recipe, SCHEDULES, Schedule};
use crate::race::lanes;
use crate::registry::{Entry, Knobs, find};
use crate::routing::ROUTINGS;
use crate::rules::{Loss, RULES, Rule, Task};
use crate::spec::{BlockSpec, Choice, Spec, limits};

/// An entry of a registry with the values of all its knobs.
pub struct Chosen<T: ?Sized + 'static> {
    pub entry: &'static T,
    pub knobs: Knobs,
}

/// A spec whose every name is known and every value legal.
pub struct Resolved {
    pub data: Chosen<dyn Dataset>,
    pub stages: Vec<Stage>,
    pub rule: Chosen<dyn Rule>,
    pub optimizer: Chosen<dyn Optimizer>,
    pub schedule: Chosen<dyn Schedule>,
    pub loss: Loss,
    pub batch: usize,
    pub rate: f64,
    pub clip: f64,
}

impl Resolved {
    /// How updates become steps.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            optimizer: self.optimizer.entry,
            knobs: self.optimizer.knobs.clone(),
            schedule: self.schedule.entry,
            schedule_knobs: self.schedule.knobs.clone(),
            rate: self.rate,
            clip: self.clip,
        }
    }

    /// The network, reading `data` and answering as it asks.
    pub fn net(&self, data: &Data) -> Net {
        Net {
            stages: self.stages.clone(),
            outputs: data.outputs.len(),
            vocabulary: data.tokens.len(),
            frequencies: data.frequencies().into(),
        }
    }

    /// What is to be learnt from `data`.
    pub fn task(&self, data: &Data) -> Task {
        let (input, outputs) = (Shape::from(data.input.as_slice()), data.outputs.len());
        let loss = match data.answer {
            Answer::Class | Answer::ClassAtPlaces(_) => self.loss,
            Answer::Numbers => Loss::MeanSquared,
        };
        Task { input, outputs, answer: data.answer, loss, batch: self.batch }
    }
}

/// Looks up everything that `spec` names.
///
/// # Errors
/// Every fault of it.
pub fn resolve(spec: &Spec) -> Result<Resolved, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let data = choice(DATASETS, &spec.data, "data", &mut faults);
    let stages = stages(&spec.stages, &mut faults);
    let rule = choice(RULES, &spec.rule, "rule", &mut faults);
    let optimizer = choice(OPTIMIZERS, &spec.optimizer, "optimizer", &mut faults);
    let schedule = choice(SCHEDULES, &spec.schedule, "schedule", &mut faults);
    figures(spec, &mut faults);
    race(spec, &mut faults);
    match (data, rule, optimizer, schedule) {
        (Some(data), Some(rule), Some(optimizer), Some(schedule)) if faults.is_empty() => {
            let (loss, batch) = (spec.loss, spec.batch as usize);
            let (rate, clip) = (spec.rate, spec.clip);
            Ok(Resolved { data, stages, rule, optimizer, schedule, loss, batch, rate, clip })
        }
        _ => Err(faults),
    }
}

/// The lanes: each must change what is there to what there is.
fn race(spec: &Spec, faults: &mut Vec<Diagnostic>) {
    if spec.lanes.len() > limits::LANES {
        let mend = format!("keep to {}", limits::LANES);
        return faults.push(Diagnostic::new("lanes", format!("{} lanes", spec.lanes.len()), mend));
    }
    for (i, lane) in spec.lanes.iter().enumerate() {
        if lane.name.as_ref().is_some_and(|n| n.is_empty() || n.chars().count() > limits::NAME) {
            let mend = format!("give it 1 to {} letters, or none at all", limits::NAME);
            faults.push(Diagnostic::new(
                format!("lanes › {} › name", i + 1),
                "the name is too short or too long",
                mend,
            ));
        }
    }
    if spec.lanes.is_empty() || !faults.is_empty() {
        return;
    }
    match lanes(spec) {
        Ok(lanes) => {
            for (i, (_, plain)) in lanes.iter().enumerate() {
                let own = resolve(plain).err().unwrap_or_default();
                faults.extend(own.into_iter().map(|f| f.within(&format!("lanes › {}", i + 1))));
            }
        }
        Err(wrong) => faults.extend(wrong),
    }
}

fn choice<T: Entry + ?Sized>(
    registry: &[&'static T],
    choice: &Choice,
    path: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<Chosen<T>> {
    let entry = find(registry, &choice.id, path).map_err(|f| faults.push(f)).ok()?;
    let knobs = Knobs::resolve(entry.knobs(), &choice.settings, path).map_err(|f| faults.extend(f)).ok()?;
    Some(Chosen { entry, knobs })
}

fn stages(stages: &[Vec<BlockSpec>], faults: &mut Vec<Diagnostic>) -> Vec<Stage> {
    let mut refuse = |path: &str, what: String, most: usize| {
        faults.push(Diagnostic::new(path, what, format!("keep to {most}")));
    };
    if stages.len() > limits::STAGES {
        refuse("stages", format!("{} stages", stages.len()), limits::STAGES);
        return Vec::new();
    }
    let (count, depth) = stages.iter().map(|s| extent(s)).fold((0, 0), |a, s| (a.0 + s.0, a.1.max(s.1)));
    if count > limits::BLOCKS {
        refuse("stages", format!("{count} blocks"), limits::BLOCKS);
        return Vec::new();
    }
    if depth > limits::DEPTH {
        refuse("stages", format!("blocks lie {depth} deep in each other"), limits::DEPTH);
        return Vec::new();
    }
    if stages.is_empty() {
        faults.push(Diagnostic::new(
            "stages",
            "there is no stage",
            "add one that reads out: [{\"block\": \"linear\"}]",
        ));
    }
    let stage = |(i, blocks): (usize, &Vec<BlockSpec>)| {
        let path = format!("stages › {}", i + 1);
        if blocks.is_empty() {
            faults.push(Diagnostic::new(&path, "the stage is empty", "add a block or remove the stage"));
        }
        Stage { blocks: nodes(blocks, &path, faults) }
    };
    stages.iter().enumerate().map(stage).collect()
}

/// How many blocks there are, and how deep they lie in each other.
fn extent(blocks: &[BlockSpec]) -> (usize, usize) {
    blocks.iter().map(|b| extent(&b.blocks)).fold((0, 0), |a, b| (a.0 + 1 + b.0, a.1.max(1 + b.1)))
}

/// The place of block number `i` inside `path`.
pub(super) fn place(path: &str, i: usize, id: &str) -> String {
    if id.is_empty() { format!("{path} › {}", i + 1) } else { format!("{path} › {}.{id}", i + 1) }
}

fn nodes(blocks: &[BlockSpec], path: &str, faults: &mut Vec<Diagnostic>) -> Vec<Node> {
    let node = |(i, spec): (usize, &BlockSpec)| node(spec, &place(path, i, &spec.block.id), faults);
    blocks.iter().enumerate().filter_map(node).collect()
}

fn node(spec: &BlockSpec, path: &str, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    let chosen = choice(BLOCKS, &spec.block, path, faults);
    let routing_path = format!("{path} › routing");
    let routing = spec.routing.as_ref().map(|r| choice(ROUTINGS, r, &routing_path, faults));
    let children = nodes(&spec.blocks, path, faults);
    let chosen = chosen?;
    let name = chosen.entry.meta().name;
    let holds = chosen.entry.holds();
    match holds {
        Holds::Nothing if !spec.blocks.is_empty() => {
            let mend = "remove `blocks`, or put them beside it";
            faults.push(Diagnostic::new(format!("{path} › blocks"), format!("{name} holds no blocks"), mend));
        }
        Holds::Blocks | Holds::Experts if spec.blocks.is_empty() => {
            faults.push(Diagnostic::new(
                format!("{path} › blocks"),
                format!("{name} holds nothing"),
                "add a block to it",
            ));
        }
        Holds::Nothing | Holds::Blocks | Holds::Experts => {}
    }
    match (holds, &spec.routing) {
        (Holds::Experts, None) => {
            let known: Vec<_> = ROUTINGS.iter().map(|r| r.meta().id).collect();
            let mend = format!("choose one of {}", known.join(", "));
            faults.push(Diagnostic::new(routing_path, "nothing says which expert sees what", mend));
        }
        (Holds::Nothing | Holds::Blocks, Some(_)) => {
            faults.push(Diagnostic::new(routing_path, format!("{name} has no experts to choose from"), "remove it"));
        }
        (Holds::Experts, Some(_)) | (Holds::Nothing | Holds::Blocks, None) => {}
    }
    let routing = routing.flatten().map(|r| (r.entry, r.knobs));
    Some(Node { block: chosen.entry, knobs: chosen.knobs, routing, children })
}

/// The plain numbers of a spec.
fn figures(spec: &Spec, faults: &mut Vec<Diagnostic>) {
    let mut within = |path: &str, value: f64, least: f64, most: f64| {
        if !(least..=most).contains(&value) {
            faults.push(Diagnostic::new(path, format!("{value} is out of range"), format!("choose {least} to {most}")));
        }
    };
    within("rate", spec.rate, 0.0, limits::RATE);
    within("batch", spec.batch.into(), 1.0, limits::BATCH.into());
    within("clip", spec.clip, 0.0, limits::CLIP);
    within("steps", spec.steps.into(), 1.0, limits::STEPS.into());
    within("seeds", spec.seeds.into(), 1.0, limits::SEEDS.into());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::data::{Look, Split};

    fn spec(stages: Vec<Vec<BlockSpec>>) -> Spec {
        Spec::new(Choice::new("mnist"), stages)
    }

    #[test]
    fn a_spec_becomes_a_network_and_a_task() {
        let route = BlockSpec::new("route").routed(Choice::new("top-k").with("k", 3));
        let route = route.holding(vec![BlockSpec::new("linear").with("units", 32), BlockSpec::new("activation")]);
        let resolved = resolve(&spec(vec![vec![route], vec![BlockSpec::new("linear")]])).unwrap();
        let (classes, look) = ((0..10).map(|c| c.to_string()).collect(), Look::Image { height: 28, width: 28 });
        let data = Data::of_classes(vec![28, 28, 1], classes, Split::default(), Split::default(), look);
        let net = resolved.net(&data);
        assert_eq!((net.outputs, net.stages.len()), (10, 2));
        let node = &net.stages[0].blocks[0];
        assert_eq!(node.children[0].knobs.size("units"), 32);
        let (routing, knobs) = node.routing.as_ref().unwrap();
        assert_eq!((routing.meta().id, knobs.size("k")), ("top-k", 3));
        assert_eq!(resolved.rule.entry.meta().id, "backprop");
        let task = resolved.task(&data);
        assert_eq!((task.input.size(), task.outputs, task.batch), (784, 10, 128));
    }

    #[test]
    fn a_setting_of_another_type_is_a_fault_at_its_place() {
        let mut wrong = spec(vec![vec![BlockSpec::new("linear").with("units", "many")]]);
        wrong.rate = f64::NAN;
        let paths: Vec<_> = resolve(&wrong).err().unwrap().into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["stages › 1 › 1.linear › units", "rate"]);
    }
}
