//! All that can be said of a spec before its data is there: by what the registries' entries say of themselves, and
//! without what they do.
//!
//! Places are named as the network names them while it is built: `stages › 2 › 1.linear › units` is the knob `units`
//! of the first block, a linear one, of the second stage.

use crate::blocks::BLOCK_ENTRIES;
use crate::data::DATASET_ENTRIES;
use crate::diagnostic::Diagnostic;
use crate::optim::{OPTIMIZER_ENTRIES, SCHEDULE_ENTRIES};
use crate::race::lanes;
use crate::registry::{Entry, Holds, Knobs, find};
use crate::routing::ROUTING_ENTRIES;
use crate::rules::RULE_ENTRIES;
use crate::spec::{BlockSpec, Choice, Spec, limits};

/// Every fault of `spec`.
pub fn judge(spec: &Spec) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    choice(DATASET_ENTRIES, &spec.data, "data", &mut faults);
    stages(&spec.stages, &mut faults);
    choice(RULE_ENTRIES, &spec.rule, "rule", &mut faults);
    choice(OPTIMIZER_ENTRIES, &spec.optimizer, "optimizer", &mut faults);
    choice(SCHEDULE_ENTRIES, &spec.schedule, "schedule", &mut faults);
    figures(spec, &mut faults);
    race(spec, &mut faults);
    sweep(spec, &mut faults);
    faults
}

/// The sweep: it must span a table. Whether each cell of it can run is for that cell to say.
fn sweep(spec: &Spec, faults: &mut Vec<Diagnostic>) {
    let mut refuse = |path: String, what: String, mend: String| faults.push(Diagnostic::new(path, what, mend));
    if !spec.sweep.is_empty() && !spec.lanes.is_empty() {
        refuse("sweep".into(), "there are lanes as well".into(), "keep one of them".into());
    }
    if spec.sweep.len() > limits::AXES {
        let mend = format!("keep to {}", limits::AXES);
        return refuse("sweep".into(), format!("{} knobs", spec.sweep.len()), mend);
    }
    for (i, axis) in spec.sweep.iter().enumerate() {
        let path = format!("sweep › {}", i + 1);
        if axis.values.is_empty() {
            refuse(format!("{path} › values"), "there is no value".into(), "give one or more".into());
        }
        if spec.sweep[..i].iter().any(|other| other.place == axis.place) {
            refuse(path, format!("`{}` is swept already", axis.place), "choose another knob".into());
        }
    }
    let cells = spec.sweep.iter().fold(1, |n: usize, axis| n.saturating_mul(axis.values.len()));
    if cells > limits::LANES {
        refuse("sweep".into(), format!("a table of {cells} cells"), format!("keep to {}", limits::LANES));
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
                faults.extend(judge(plain).into_iter().map(|f| f.within(&format!("lanes › {}", i + 1))));
            }
        }
        Err(wrong) => faults.extend(wrong),
    }
}

/// The entry that is named, when its name is known.
fn choice(
    registry: &[&'static dyn Entry],
    choice: &Choice,
    path: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<&'static dyn Entry> {
    let entry = find(registry, &choice.id, path).map_err(|f| faults.push(f)).ok()?;
    if let Err(wrong) = Knobs::resolve(entry.knobs(), &choice.settings, path) {
        faults.extend(wrong);
    }
    Some(entry)
}

fn stages(stages: &[Vec<BlockSpec>], faults: &mut Vec<Diagnostic>) {
    let mut refuse = |path: &str, what: String, most: usize| {
        faults.push(Diagnostic::new(path, what, format!("keep to {most}")));
    };
    if stages.len() > limits::STAGES {
        refuse("stages", format!("{} stages", stages.len()), limits::STAGES);
        return;
    }
    let (count, depth) = stages.iter().map(|s| extent(s)).fold((0, 0), |a, s| (a.0 + s.0, a.1.max(s.1)));
    if count > limits::BLOCKS {
        refuse("stages", format!("{count} blocks"), limits::BLOCKS);
        return;
    }
    if depth > limits::DEPTH {
        refuse("stages", format!("blocks lie {depth} deep in each other"), limits::DEPTH);
        return;
    }
    if stages.is_empty() {
        faults.push(Diagnostic::new(
            "stages",
            "there is no stage",
            "add one that reads out: [{\"block\": \"linear\"}]",
        ));
    }
    for (i, blocks) in stages.iter().enumerate() {
        let path = format!("stages › {}", i + 1);
        if blocks.is_empty() {
            faults.push(Diagnostic::new(&path, "the stage is empty", "add a block or remove the stage"));
        }
        inside(blocks, &path, faults);
    }
}

/// How many blocks there are, and how deep they lie in each other.
fn extent(blocks: &[BlockSpec]) -> (usize, usize) {
    blocks.iter().map(|b| extent(&b.blocks)).fold((0, 0), |a, b| (a.0 + 1 + b.0, a.1.max(1 + b.1)))
}

/// The place of block number `i` inside `path`.
pub(super) fn place(path: &str, i: usize, id: &str) -> String {
    if id.is_empty() { format!("{path} › {}", i + 1) } else { format!("{path} › {}.{id}", i + 1) }
}

fn inside(blocks: &[BlockSpec], path: &str, faults: &mut Vec<Diagnostic>) {
    for (i, spec) in blocks.iter().enumerate() {
        block(spec, &place(path, i, &spec.block.id), faults);
    }
}

fn block(spec: &BlockSpec, path: &str, faults: &mut Vec<Diagnostic>) {
    let entry = choice(BLOCK_ENTRIES, &spec.block, path, faults);
    let routing_path = format!("{path} › routing");
    if let Some(routing) = &spec.routing {
        choice(ROUTING_ENTRIES, routing, &routing_path, faults);
    }
    inside(&spec.blocks, path, faults);
    let Some(entry) = entry else { return };
    let (name, holds) = (entry.meta().name, entry.holds());
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
            let known: Vec<_> = ROUTING_ENTRIES.iter().map(|r| r.meta().id).collect();
            let mend = format!("choose one of {}", known.join(", "));
            faults.push(Diagnostic::new(routing_path, "nothing says which expert sees what", mend));
        }
        (Holds::Nothing | Holds::Blocks, Some(_)) => {
            faults.push(Diagnostic::new(routing_path, format!("{name} has no experts to choose from"), "remove it"));
        }
        (Holds::Experts, Some(_)) | (Holds::Nothing | Holds::Blocks, None) => {}
    }
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
