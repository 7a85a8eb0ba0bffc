//! From ids and settings to the entries of the registries.

use crate::blocks::BLOCKS;
use crate::data::{Answer, DATASETS, Data, Dataset};
use crate::diagnostic::Diagnostic;
use crate::ir::Shape;
use crate::net::{Net, Node, Stage};
use crate::optim::{OPTIMIZERS, Optimizer, Recipe, SCHEDULES, Schedule};
use crate::registry::{Entry, Knobs, find};
use crate::routing::ROUTINGS;
use crate::rules::{Loss, RULES, Rule, Task};
use crate::spec::judge::{judge, place};
use crate::spec::{BlockSpec, Choice, Spec};

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
            neighbours: data.neighbours().into(),
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
/// Every fault of it, see [`judge`].
pub fn resolve(spec: &Spec) -> Result<Resolved, Vec<Diagnostic>> {
    let faults = judge(spec);
    if !faults.is_empty() {
        return Err(faults);
    }
    let stage = |(i, blocks): (usize, &Vec<BlockSpec>)| -> Result<Stage, Vec<Diagnostic>> {
        Ok(Stage { blocks: nodes(blocks, &format!("stages › {}", i + 1))? })
    };
    Ok(Resolved {
        data: chosen(DATASETS, &spec.data, "data")?,
        stages: spec.stages.iter().enumerate().map(stage).collect::<Result<_, _>>()?,
        rule: chosen(RULES, &spec.rule, "rule")?,
        optimizer: chosen(OPTIMIZERS, &spec.optimizer, "optimizer")?,
        schedule: chosen(SCHEDULES, &spec.schedule, "schedule")?,
        loss: spec.loss,
        batch: spec.batch as usize,
        rate: spec.rate,
        clip: spec.clip,
    })
}

fn chosen<T: Entry + ?Sized>(
    registry: &[&'static T],
    choice: &Choice,
    path: &str,
) -> Result<Chosen<T>, Vec<Diagnostic>> {
    let entry = find(registry, &choice.id, path).map_err(|fault| vec![fault])?;
    Ok(Chosen { entry, knobs: Knobs::resolve(entry.knobs(), &choice.settings, path)? })
}

fn nodes(blocks: &[BlockSpec], path: &str) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let node = |(i, spec): (usize, &BlockSpec)| {
        let path = place(path, i, &spec.block.id);
        let Chosen { entry, knobs } = chosen(BLOCKS, &spec.block, &path)?;
        let routing = match &spec.routing {
            Some(routing) => {
                let Chosen { entry, knobs } = chosen(ROUTINGS, routing, &format!("{path} › routing"))?;
                Some((entry, knobs))
            }
            None => None,
        };
        Ok(Node { block: entry, knobs, routing, children: nodes(&spec.blocks, &path)? })
    };
    blocks.iter().enumerate().map(node).collect()
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
