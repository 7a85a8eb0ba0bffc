//! The workloads on which speed is measured, here and against others: a training step each, in steady state.

use crate::spec::{BlockSpec, Choice, Spec};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    pub id: &'static str,
    pub what: &'static str,
    pub spec: Spec,
}

/// From a handful of numbers to a convolutional network.
pub fn workloads() -> Vec<Workload> {
    let tiny = Spec {
        optimizer: Choice::new("sgd"),
        rate: 0.1,
        batch: 32,
        ..Spec::new(Choice::new("xor"), layers(&[8, 8], "tanh"))
    };
    let wide = Spec { batch: 256, ..digits(layers(&[1024, 1024], "relu")) };
    let images = Spec { batch: 64, ..digits(vec![convolution(32), convolution(64), dense(), read_out()]) };
    vec![
        Workload { id: "W1", what: "2-8-8-2 tanh, batch 32, SGD", spec: tiny },
        Workload { id: "W2", what: "784-256-256-10 relu, batch 128, Adam", spec: digits(layers(&[256, 256], "relu")) },
        Workload { id: "W3", what: "784-1024-1024-10 relu, batch 256, Adam", spec: wide },
        Workload { id: "W4", what: "two 3×3 convolutions, pooled, 128-10, batch 64, Adam", spec: images },
    ]
}

fn digits(stages: Vec<Vec<BlockSpec>>) -> Spec {
    Spec::new(Choice::new("mnist"), stages)
}

fn activation(function: &str) -> BlockSpec {
    BlockSpec::new("activation").with("function", function)
}

fn layers(widths: &[i64], function: &str) -> Vec<Vec<BlockSpec>> {
    let hidden = |&w: &i64| vec![BlockSpec::new("linear").with("units", w), activation(function)];
    widths.iter().map(hidden).chain([read_out()]).collect()
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
