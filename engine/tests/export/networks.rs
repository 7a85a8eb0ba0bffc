//! Experiments to take away: the presets, and every rule on a small network.

use engine::data::Data;
use engine::lab::Lab;
use engine::presets::PRESETS;
use engine::rules::RULES;
use engine::spec::{Spec, text};
use engine::weights::{Tensor, Weights};

use crate::assets;

/// Networks in order of preference: a rule is tried on the first that it fits.
const NETWORKS: [&str; 3] = [
    r#"[[{"block":"linear","units":16},{"block":"activation","function":"tanh"}],
        [{"block":"route","experts":4,"routing":{"id":"top-k","k":2},"blocks":[{"block":"linear","units":16}]},
         {"block":"activation","function":"gelu"}],[{"block":"linear"}]]"#,
    r#"[[{"block":"linear","units":16},{"block":"activation"}],[{"block":"linear","units":16},{"block":"activation"}],
        [{"block":"linear"}]]"#,
    r#"[[{"block":"linear","units":16},{"block":"activation"}],
        [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],
        [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],[{"block":"linear"}]]"#,
];

/// An experiment made ready.
pub struct Experiment {
    pub name: String,
    pub spec: Spec,
    pub data: Data,
    pub lab: Lab,
}

impl Experiment {
    /// `None` when the rule does not fit the network.
    fn new(name: String, spec: Spec) -> Option<Self> {
        let data = assets::load(&spec);
        let lab = Lab::new(&spec, &data).ok()?;
        Some(Self { name, spec, data, lab })
    }

    /// What every register holds before the first step.
    pub fn registers(&self) -> Weights {
        let graph = &self.lab.graph;
        let mut all = Weights::new();
        for id in graph.slot_ids() {
            let slot = graph.slot(id);
            all.insert(slot.name.clone(), Tensor::new(&slot.shape, self.lab.initial(id, self.spec.seed)));
        }
        for (id, values) in self.lab.inputs(&self.data) {
            let slot = graph.slot(id);
            all.insert(slot.name.clone(), Tensor::new(&slot.shape, values));
        }
        all
    }
}

pub fn presets() -> Vec<Experiment> {
    PRESETS.iter().map(|make| make()).map(|p| Experiment::new(p.name.to_owned(), p.spec).unwrap()).collect()
}

/// Every rule, with its knobs at their defaults.
pub fn rules() -> Vec<Experiment> {
    RULES.iter().map(|rule| of(rule.meta().id)).collect()
}

/// The rule of this id, on the first network that it fits.
pub fn of(rule: &str) -> Experiment {
    let spec = |stages: &str| {
        let text = format!(
            r#"{{"version":1,"data":"moons","stages":{stages},
                "rule":"{rule}","optimizer":"adam","rate":0.005,"batch":32,"seed":11}}"#
        );
        text::read(&text).unwrap()
    };
    let fits = NETWORKS.iter().find_map(|stages| Experiment::new(rule.to_owned(), spec(stages)));
    fits.unwrap_or_else(|| panic!("{rule} fits no network"))
}
