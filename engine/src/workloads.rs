//! The workloads on which speed is measured, in steady state: a training step each, here and against others; and what
//! routing saves of one, and of an evaluation.

use crate::spec::{BlockSpec, Choice, Spec};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    pub id: &'static str,
    pub what: &'static str,
    pub part: Part,
    pub spec: Spec,
}

/// What of an experiment is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A training step.
    Step,
    /// An evaluation on both splits.
    Evaluation,
}

/// From a handful of numbers to a convolutional network; then a sparse mixture beside the dense one, and a tree of leaves
/// beside a layer as wide as all of them.
pub fn workloads() -> Vec<Workload> {
    let tiny = Spec {
        optimizer: Choice::new("sgd"),
        rate: 0.1,
        batch: 32,
        ..Spec::new(Choice::new("xor"), layers(&[8, 8], "tanh"))
    };
    let wide = Spec { batch: 256, ..digits(layers(&[1024, 1024], "relu")) };
    let images = Spec { batch: 64, ..digits(vec![convolution(32), convolution(64), dense(), read_out()]) };
    let middle = digits(layers(&[256, 256], "relu"));
    let [dense, sparse] = ["dense", "top-k"].map(|routing| mixture(8, 256, Choice::new(routing)));
    let mixed = |stages| Spec { batch: 512, ..digits(stages) };
    let broad = Spec::new(Choice::new("digits"), vec![hidden(8192, "relu"), read_out()]);
    let tree = Spec { batch: 32, ..Spec::new(Choice::new("digits"), vec![leaves(256, 32)]) };
    let step = |id, what, spec| Workload { id, what, part: Part::Step, spec };
    let evaluation = |id, what, spec| Workload { id, what, part: Part::Evaluation, spec };
    vec![
        step("W1", "2-8-8-2 tanh, batch 32, SGD", tiny),
        step("W2", "784-256-256-10 relu, batch 128, Adam", middle),
        step("W3", "784-1024-1024-10 relu, batch 256, Adam", wide),
        step("W4", "two 3×3 convolutions, pooled, 128-10, batch 64, Adam", images),
        step("W5", "256, 8 experts of 256-256-256, all, batch 512, Adam", mixed(dense)),
        step("W6", "256, 8 experts of 256-256-256, top-2, batch 512, Adam", mixed(sparse)),
        evaluation("W7", "evaluation of 64-8192-10 relu", broad),
        evaluation("W8", "evaluation of a tree of 256 leaves of 64-32-10 relu", tree),
    ]
}

/// A layer, experts of two layers as wide behind a routing, and a read-out.
fn mixture(experts: i64, width: i64, routing: Choice) -> Vec<Vec<BlockSpec>> {
    let expert = [hidden(width, "relu"), vec![BlockSpec::new("linear").with("units", width)]].concat();
    let route = BlockSpec::new("route").with("experts", experts).routed(routing).holding(expert);
    vec![hidden(width, "relu"), vec![route], read_out()]
}

/// A tree whose leaves read out.
fn leaves(leaves: i64, width: i64) -> Vec<BlockSpec> {
    let leaf = [hidden(width, "relu"), read_out()].concat();
    vec![BlockSpec::new("route").with("experts", leaves).routed(Choice::new("tree")).holding(leaf)]
}

fn hidden(width: i64, function: &str) -> Vec<BlockSpec> {
    vec![BlockSpec::new("linear").with("units", width), activation(function)]
}

fn digits(stages: Vec<Vec<BlockSpec>>) -> Spec {
    Spec::new(Choice::new("mnist"), stages)
}

fn activation(function: &str) -> BlockSpec {
    BlockSpec::new("activation").with("function", function)
}

fn layers(widths: &[i64], function: &str) -> Vec<Vec<BlockSpec>> {
    widths.iter().map(|&width| hidden(width, function)).chain([read_out()]).collect()
}

/// Three by three, as large as its input, then halved.
fn convolution(channels: i64) -> Vec<BlockSpec> {
    let conv = BlockSpec::new("conv2d").with("channels", channels).with("kernel", 3).with("padding", "same");
    let pool = BlockSpec::new("max-pool").with("size", 2).with("stride", 2);
    vec![conv, activation("relu"), pool]
}

fn dense() -> Vec<BlockSpec> {
    vec![BlockSpec::new("flatten"), BlockSpec::new("linear").with("units", 128), activation("relu")]
}

fn read_out() -> Vec<BlockSpec> {
    vec![BlockSpec::new("linear")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::resolve::resolve;

    #[test]
    fn every_workload_can_be_built() {
        for workload in workloads() {
            assert_eq!(resolve(&workload.spec).err(), None, "{}", workload.id);
        }
    }
}
