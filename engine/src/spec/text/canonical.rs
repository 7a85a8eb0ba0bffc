//! One form for all specs that say the same.

use crate::blocks::BLOCK_ENTRIES;
use crate::data::DATASET_ENTRIES;
use crate::optim::{OPTIMIZER_ENTRIES, SCHEDULE_ENTRIES};
use crate::registry::{Entry, find};
use crate::routing::ROUTING_ENTRIES;
use crate::rules::RULE_ENTRIES;
use crate::spec::{BlockSpec, Choice, Lane, Spec};

/// The same experiment with every setting in its knob's own type, and without those that are the default anyway. What
/// no registry knows stays as it is.
pub fn canonical(spec: &Spec) -> Spec {
    Spec {
        data: choice(&spec.data, DATASET_ENTRIES),
        stages: spec.stages.iter().map(|s| blocks(s)).collect(),
        rule: choice(&spec.rule, RULE_ENTRIES),
        optimizer: choice(&spec.optimizer, OPTIMIZER_ENTRIES),
        schedule: choice(&spec.schedule, SCHEDULE_ENTRIES),
        loss: spec.loss,
        rate: spec.rate,
        batch: spec.batch,
        clip: spec.clip,
        seed: spec.seed,
        lanes: spec.lanes.iter().map(lane).collect(),
        sweep: spec.sweep.clone(),
        seeds: spec.seeds,
        steps: spec.steps,
    }
}

fn lane(lane: &Lane) -> Lane {
    Lane {
        rule: lane.rule.as_ref().map(|r| choice(r, RULE_ENTRIES)),
        optimizer: lane.optimizer.as_ref().map(|o| choice(o, OPTIMIZER_ENTRIES)),
        ..lane.clone()
    }
}

fn blocks(specs: &[BlockSpec]) -> Vec<BlockSpec> {
    let block = |b: &BlockSpec| BlockSpec {
        block: choice(&b.block, BLOCK_ENTRIES),
        routing: b.routing.as_ref().map(|r| choice(r, ROUTING_ENTRIES)),
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
