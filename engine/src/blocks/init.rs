//! How large initial weights are.

use crate::registry::{Knob, KnobKind};

/// The knob that blocks with weights share.
pub const KNOB: Knob = Knob {
    id: "init",
    name: "Initial weights",
    help: "Variance of the initial weights: he 2/inputs, glorot 2/(inputs + units), lecun 1/inputs, zero.",
    kind: KnobKind::Choice { default: "he", options: &["he", "glorot", "lecun", "zero"] },
};

/// The variance of a weight times the number of inputs that a unit sums over.
pub fn gain(choice: &str, inputs: usize, units: usize) -> f32 {
    match choice {
        "zero" => 0.0,
        "lecun" => 1.0,
        "glorot" => 2.0 * inputs as f32 / (inputs + units).max(1) as f32,
        _ => 2.0,
    }
}
