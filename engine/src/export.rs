//! What leaves the lab: a trained network for other programs, a run written out for PyTorch, weights as a file.
//!
//! Nothing here knows a block, a rule or a routing: what is written is the graph of the programs, one operation of the
//! closed list after the other, so that whatever can be built can leave.

use serde::{Deserialize, Serialize};

pub mod onnx;
pub mod safetensors;
pub mod torch;

/// What a run can be taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The weights, as safetensors.
    Weights,
    /// The network as it answers, as ONNX.
    Onnx,
    /// The training step, as a Python script.
    Torch,
    /// What the script begins with: every register that it reads, as safetensors.
    Registers,
}

impl Form {
    /// The name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Form::Weights => "weights.safetensors",
            Form::Onnx => "network.onnx",
            Form::Torch => "train.py",
            Form::Registers => "train.safetensors",
        }
    }
}
