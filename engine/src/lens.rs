//! Looking into a run: every value by its name, as the run's own rule has it.
//!
//! Weights and whatever else lives from step to step are read where they lie. What lives only within a step (activations,
//! what the rule makes of them, backpropagation's gradient beside it) is computed anew, apart from the run: the rule builds
//! its step a second time, in programs of its own, on a copy of the run's registers. So what is shown is what the next
//! step uses, and looking changes nothing.
//!
//! Names are those of the registers, `1/1.linear/weight`, and for values what they are of with what they are:
//!
//! ```text
//! 1/1.linear:input             what a block was given                   activation
//! 1/1.linear:output            what it gave                             activation
//! 1/1.linear:error             ∂ loss / ∂ output, by backpropagation     gradient
//! 1/1.linear/weight:update     what the rule has in the gradient's place signal
//! 1/1.linear/weight:gradient   ∂ loss / ∂ weight, by backpropagation     gradient
//! 1/1.linear/weight:change     what the step adds to the weight          change
//! 1:goodness, true label       what the rule goes by at a stage          signal
//! 2/1.route:load               what a router does in this step           routing
//! 2/1.route:chances            and would answer, without noise           routing
//! batch:x  batch:labels  answer:logits  answer:loss
//! ```

use serde::{Deserialize, Serialize};

mod build;
pub mod figures;
pub mod query;
mod replay;

pub use build::Lens;
pub use figures::Figures;
pub use replay::{Blind, Standing};

/// What a value is: the classes that a query may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A weight of the network.
    Weight,
    /// A weight of the rule's own.
    Feedback,
    /// What the rule, the optimizer or a block remembers from step to step.
    Memory,
    /// What the rule keeps within one step.
    Scratch,
    /// A number that can be turned.
    Knob,
    Activation,
    /// What a router, a gate or attention decided.
    Routing,
    /// What the rule teaches by.
    Signal,
    /// What backpropagation would teach by.
    Gradient,
    /// What the step adds to a register.
    Change,
    /// Samples and their answers.
    Data,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::Weight,
        Kind::Feedback,
        Kind::Memory,
        Kind::Scratch,
        Kind::Knob,
        Kind::Activation,
        Kind::Routing,
        Kind::Signal,
        Kind::Gradient,
        Kind::Change,
        Kind::Data,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Weight => "weight",
            Kind::Feedback => "feedback",
            Kind::Memory => "memory",
            Kind::Scratch => "scratch",
            Kind::Knob => "knob",
            Kind::Activation => "activation",
            Kind::Routing => "routing",
            Kind::Signal => "signal",
            Kind::Gradient => "gradient",
            Kind::Change => "change",
            Kind::Data => "data",
        }
    }

    /// Whether a person may set its elements by hand.
    pub fn editable(self) -> bool {
        match self {
            Kind::Weight | Kind::Feedback | Kind::Memory => true,
            Kind::Scratch
            | Kind::Knob
            | Kind::Activation
            | Kind::Routing
            | Kind::Signal
            | Kind::Gradient
            | Kind::Change
            | Kind::Data => false,
        }
    }
}

/// One value that can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueInfo {
    pub name: String,
    pub kind: Kind,
    pub shape: Vec<usize>,
}

/// Of what, and when, a value is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subject {
    /// The training sample of this number alone, in a batch of one; `None` for the batch of the next step.
    pub sample: Option<u32>,
    /// After so many phases of the next step. `None` for registers as they stand between two steps, and for values as
    /// the whole step has them.
    pub phase: Option<u32>,
}

/// A part of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseInfo {
    pub name: String,
    /// How often it comes in a row: the iterations of a relaxation.
    pub times: u32,
    /// Names of the values that it makes or writes.
    pub made: Vec<String>,
}
