//! Networks trained for a moment, transformed, and looked at.

use std::collections::BTreeMap;

use engine::data::Data;
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::lab::{Lab, STEP};
use engine::spec::{BlockSpec, Choice, Spec, text};
use engine::transforms::trained::{Against, Trained};
use engine::transforms::{Changed, transform};
use engine::weights::{Tensor, Weights, belongs, placed};

use super::assets;

/// An experiment with its data and the weights that it came to.
pub struct Case {
    pub spec: Spec,
    pub data: Data,
    pub weights: Weights,
}

impl Case {
    /// `spec` trained for `steps` steps.
    pub fn trained(spec: Spec, steps: u32) -> Self {
        let data = assets::load(&spec);
        let weights = run(&spec, &data, &Weights::new(), steps).0;
        Self { spec, data, weights }
    }

    pub fn transformed(&self, by: Choice) -> (Self, BTreeMap<String, f64>) {
        let Changed { spec, weights, figures } = transform(&self.spec, &self.data, &self.weights, &by).unwrap();
        (Self { spec, data: self.data.clone(), weights }, figures.into_iter().collect())
    }

    pub fn refused(&self, by: Choice) -> String {
        transform(&self.spec, &self.data, &self.weights, &by).unwrap_err()[0].to_string()
    }

    /// The answers to 100 training samples.
    pub fn logits(&self) -> Vec<f32> {
        let trained = Trained { spec: &self.spec, data: &self.data, weights: &self.weights };
        trained.look(100, &[], Against::Labels).unwrap().logits.data
    }

    /// The same trained on.
    pub fn on(&self, steps: u32) -> Self {
        let weights = run(&self.spec, &self.data, &self.weights, steps).0;
        Self { spec: self.spec.clone(), data: self.data.clone(), weights }
    }

    /// Share of right answers on the test split.
    pub fn accuracy(&self) -> f32 {
        run(&self.spec, &self.data, &self.weights, 0).1
    }

    pub fn weight(&self, name: &str) -> &Tensor {
        &self.weights[name]
    }
}

/// Trains from `origin`, or from the initial weights where that is empty: the weights and the test accuracy.
fn run(spec: &Spec, data: &Data, origin: &Weights, steps: u32) -> (Weights, f32) {
    let lab = Lab::new(spec, data).unwrap();
    let mut cpu = Cpu::new(lab.plan.clone());
    for id in lab.graph.slot_ids() {
        cpu.write(lab.plan.slot(id).start, &lab.initial(id, spec.seed));
    }
    for (id, values) in lab.inputs(data) {
        cpu.write(lab.plan.slot(id).start, &values);
    }
    for (id, values) in placed(&lab.graph, origin).unwrap() {
        cpu.write(lab.plan.slot(id).start, values);
    }
    cpu.run(STEP, steps);
    lab.evaluation.iter().for_each(|&part| cpu.run(part, 1));
    let accuracy = cpu.content(lab.plan.slot(lab.scores[1][1]))[0];
    let kept = lab.graph.slot_ids().filter(|&id| belongs(lab.graph.slot(id)));
    let tensor = |id| {
        let slot = lab.graph.slot(id);
        (slot.name.clone(), Tensor::new(&slot.shape.0, cpu.content(lab.plan.slot(id)).to_vec()))
    };
    (kept.map(tensor).collect(), accuracy)
}

/// The small digits by backpropagation, with the stages of this JSON.
pub fn digits(stages: &str) -> Spec {
    text::read(&format!(r#"{{"version": 1, "data": "digits", "stages": {stages}, "batch": 64}}"#)).unwrap()
}

/// Two rectified layers and a read-out.
pub fn layers() -> Spec {
    digits(
        r#"[[{"block": "linear", "units": 32}, "activation"], [{"block": "linear", "units": 16}, "activation"], ["linear"]]"#,
    )
}

/// One feed-forward layer of `hidden` units that reads out.
pub fn feed_forward(hidden: usize) -> Spec {
    digits(&format!(r#"[[{{"block": "linear", "units": {hidden}}}, "activation", "linear"]]"#))
}

/// A row of residual feed-forward layers of 16 features, behind layer norms or not.
pub fn residuals(count: usize, norm: &str) -> Spec {
    let one = format!(
        r#"{{"block": "residual", "blocks": [{norm}{{"block": "linear", "units": 24}}, "activation", {{"block": "linear", "units": 16}}]}}"#
    );
    let all = vec![one; count].join(", ");
    digits(&format!(r#"[[{{"block": "linear", "units": 16}}, {all}], ["linear"]]"#))
}

/// Four experts, each a feed-forward layer, and a read-out.
pub fn experts(routing: &str) -> Spec {
    digits(&format!(
        r#"[[{{"block": "route", "experts": 4, "routing": {routing},
              "blocks": [{{"block": "linear", "units": 12}}, "activation", {{"block": "linear", "units": 16}}]}}],
            ["linear"]]"#
    ))
}

/// The two best experts, chosen by their logits alone.
pub const TWO: &str = r#"{"id": "top-k", "k": 2, "bias-rate": 0}"#;

/// Squares of the image as a sequence, two attention layers, and a read-out.
pub fn attention() -> Spec {
    let one = r#"{"block": "residual", "blocks": ["layer-norm", {"block": "attention", "heads": 2}]}"#;
    digits(&format!(r#"[[{{"block": "patches", "size": 4}}, {one}, {one}, "flatten"], ["linear"]]"#))
}

/// The largest difference between two lists, relative to the larger of 1 and their largest element.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let size = a.iter().chain(b).fold(1f32, |m, v| m.max(v.abs()));
    a.iter()
        .zip(b)
        .map(|(x, y)| if x.is_finite() && y.is_finite() { (x - y).abs() } else { f32::INFINITY })
        .fold(0.0, f32::max)
        / size
}

/// The blocks of a stage.
pub fn ids(blocks: &[BlockSpec]) -> Vec<&str> {
    blocks.iter().map(|b| b.block.id.as_str()).collect()
}
