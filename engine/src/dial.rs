//! What a trained network answers when more or less of it works: knobs that leave its weights as they are, such as the
//! number of experts that a sample is sent to.

use crate::answer::Prediction;
use crate::cost::work;
use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::exec::cpu::Cpu;
use crate::exec::{Executor, Fault};
use crate::ir::Role;
use crate::lab::Lab;
use crate::protocol::{DialInfo, Score, finite};
use crate::race;
use crate::registry::{KnobKind, Setting};
use crate::spec::resolve::{Resolved, resolve};
use crate::spec::{BlockSpec, Choice, Spec};

/// Whole numbers that are tried.
const WHOLE: [i64; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64];
/// How many values of a continuous knob are tried.
const STEPS: u32 = 8;

/// How well the network answers at one value of a dial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answered {
    /// Floating-point operations of the answer to one sample.
    pub work: u64,
    pub test: Score,
}

/// The dials of `spec`'s network, each with the values at which it can be built.
pub fn dials(spec: &Spec, data: &Data) -> Vec<DialInfo> {
    let mut found = Vec::new();
    for (i, stage) in spec.stages.iter().enumerate() {
        walk(&(i + 1).to_string(), stage, &mut found);
    }
    let builds = |path: &str, value: &Setting| {
        let turned = race::with(spec, path, value).ok();
        turned.and_then(|s| resolve(&s).ok()).is_some_and(|r| answer(&r, data).is_some())
    };
    for dial in &mut found {
        dial.values.retain(|value| builds(&dial.path, value));
    }
    found.retain(|dial| dial.values.len() > 1);
    found
}

fn walk(path: &str, blocks: &[BlockSpec], found: &mut Vec<DialInfo>) {
    let mut add = |path: &str, choice: &Choice, dials: &[&str], knobs: &'static [crate::registry::Knob]| {
        for knob in knobs.iter().filter(|k| dials.contains(&k.id)) {
            let values = values(knob.kind);
            let now = choice.settings.get(knob.id).cloned().unwrap_or_else(|| knob.kind.default());
            found.push(DialInfo { path: format!("{path}/{}", knob.id), name: knob.name.to_owned(), now, values });
        }
    };
    for (i, block) in blocks.iter().enumerate() {
        let path = format!("{path}/{}.{}", i + 1, block.block.id);
        if let Some(entry) = crate::blocks::BLOCKS.iter().find(|b| b.meta().id == block.block.id) {
            add(&path, &block.block, entry.dials(), entry.knobs());
        }
        let routing = block.routing.as_ref();
        if let Some((choice, entry)) =
            routing.and_then(|r| Some((r, crate::routing::ROUTINGS.iter().find(|e| e.meta().id == r.id)?)))
        {
            add(&format!("{path}/routing"), choice, entry.dials(), entry.knobs());
        }
    }
    for (i, block) in blocks.iter().enumerate() {
        walk(&format!("{path}/{}.{}", i + 1, block.block.id), &block.blocks, found);
    }
}

fn values(kind: KnobKind) -> Vec<Setting> {
    match kind {
        KnobKind::Int { min, max, .. } => {
            WHOLE.into_iter().filter(|v| (min..=max).contains(v)).map(Setting::Int).collect()
        }
        KnobKind::Float { min, max, .. } => {
            let at = |i: u32| min + (max - min) * f64::from(i) / f64::from(STEPS);
            (0..=STEPS).map(|i| Setting::Float(at(i))).collect()
        }
        KnobKind::Bool { .. } => vec![Setting::Bool(false), Setting::Bool(true)],
        KnobKind::Choice { options, .. } => options.iter().map(|o| Setting::Choice((*o).to_owned())).collect(),
        KnobKind::Text { .. } => Vec::new(),
    }
}

/// Floating-point operations of the answer to one sample; `None` when the network cannot be built.
pub fn answer(resolved: &Resolved, data: &Data) -> Option<u64> {
    let batch = resolved.task(data).batch.max(1);
    let Prediction { g, logits, .. } = Prediction::new(resolved, data, batch).ok()?;
    Some(work(&g, &[logits]) / batch as u64)
}

/// What the network of `spec`, trained in `lab` to the state `memory` (see [`Plan::checkpoint`](crate::plan::Plan)),
/// answers with the knob at `path` set to `value`. Every register of the trained network that the turned one has, too,
/// keeps its content.
///
/// # Errors
/// The knob or the value does not exist, or the network cannot be built with it.
pub async fn turned(
    spec: &Spec,
    data: &Data,
    (lab, memory): (&Lab, &[f32]),
    path: &str,
    value: &Setting,
) -> Result<Answered, Vec<Diagnostic>> {
    let turned = race::with(spec, path, value)?;
    let other = Lab::new(&turned, data)?;
    let mut cpu = Cpu::new(other.plan.clone());
    for (slot, values) in other.inputs(data) {
        cpu.write(other.plan.slot(slot).start, &values);
    }
    for id in other.graph.slot_ids() {
        let slot = other.graph.slot(id);
        if slot.role == Role::Input {
            continue;
        }
        let same = lab.graph.find_slot(&slot.name).filter(|&s| lab.graph.slot(s).shape == slot.shape);
        let kept = same.filter(|_| slot.role.persists()).and_then(|s| memory.get(lab.plan.slot(s)));
        let initial = || other.initial(id, spec.seed);
        cpu.write(other.plan.slot(id).start, &kept.map_or_else(initial, <[f32]>::to_vec));
    }
    for &part in &other.evaluation {
        cpu.run(part, 1);
    }
    let [loss, accuracy] = other.scores[1].map(|slot| other.plan.slot(slot));
    let failed = |fault: Fault| vec![Diagnostic::new(path, format!("it cannot be measured: {fault}"), "try again")];
    let read = cpu.read(&[loss, accuracy]).await.map_err(failed)?;
    let first = |i: usize| read.get(i).and_then(|v| v.first()).copied().unwrap_or(f32::NAN);
    let work = resolve(&turned).ok().and_then(|r| answer(&r, data)).unwrap_or(0);
    Ok(Answered { work, test: Score { loss: finite(first(0)), accuracy: first(1) } })
}
