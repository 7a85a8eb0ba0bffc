//! One form for all specs that say the same.

use crate::blocks::BLOCKS;
use crate::data::DATASETS;
use crate::optim::{OPTIMIZERS, SCHEDULES};
use crate::registry::{Entry, find};
use crate::routing::ROUTINGS;
use crate::rules::RULES;
use crate::spec::{BlockSpec, Choice, Lane, Spec};

/// The same experiment with every setting in its knob's own type, and without those that are the default anyway. What
/// no registry knows stays as it is.
pub fn canonical(spec: &Spec) -> Spec {
    Spec {
        data: choice(&spec.data, DATASETS),
        stages: spec.stages.iter().map(|s| blocks(s)).collect(),
        rule: choice(&spec.rule, RULES),
        optimizer: choice(&spec.optimizer, OPTIMIZERS),
        schedule: choice(&spec.schedule, SCHEDULES),
        loss: spec.loss,
        rate: spec.rate,
        batch: spec.batch,
        clip: spec.clip,
        seed: spec.seed,
        lanes: spec.lanes.iter().map(lane).collect(),
        seeds: spec.seeds,
        steps: spec.steps,
    }
}

fn lane(lane: &Lane) -> Lane {
    Lane {
        rule: lane.rule.as_ref().map(|r| choice(r, RULES)),
        optimizer: lane.optimizer.as_ref().map(|o| choice(o, OPTIMIZERS)),
        ..lane.clone()
    }
}

fn blocks(specs: &[BlockSpec]) -> Vec<BlockSpec> {
    let block = |b: &BlockSpec| BlockSpec {
        block: choice(&b.block, BLOCKS),
        routing: b.routing.as_ref().map(|r| choice(r, ROUTINGS)),
        blocks: blocks(&b.blocks),
    };
    specs.iter().map(block).collect()
}

fn choice<T: Entry + ?Sized>(choice: &Choice, registry: &[&'static T]) -> Choice {
    let mut out = choice.clone();
    let Ok(entry) = find(registry, &choice.id, "") else { return out };
    for knob in entry.knobs() {
        let Some(given) = out.settings.get_mut(knob.id) else { continue };
        if let Ok(own) = knob.kind.accept(given) {
            *given = own;
        }
        if *given == knob.kind.default() {
            out.settings.remove(knob.id);
        }
    }
    out
}
