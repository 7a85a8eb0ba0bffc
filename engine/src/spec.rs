//! All that rebuilds a run. Its text is the file, the link and the message to the session.

use serde::{Deserialize, Serialize};

pub mod judge;
pub mod limits;
pub mod link;
pub mod percent;
pub mod resolve;
pub mod short;
pub mod text;

use crate::registry::{Setting, Settings};
use crate::rules::Loss;

/// Version of the text form.
pub const VERSION: u32 = 1;

/// An entry of a registry by its id, with the settings that differ from its defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub settings: Settings,
}

/// A block and what it holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BlockSpec {
    pub block: Choice,
    /// For blocks that hold experts.
    pub routing: Option<Choice>,
    /// For blocks that hold blocks.
    pub blocks: Vec<BlockSpec>,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    pub data: Choice,
    /// Each stage is a list of blocks in series; the last one reads out.
    pub stages: Vec<Vec<BlockSpec>>,
    pub rule: Choice,
    pub optimizer: Choice,
    pub schedule: Choice,
    pub loss: Loss,
    /// Learning rate before the schedule.
    pub rate: f64,
    /// Samples in one step.
    pub batch: u32,
    /// Largest norm of the whole gradient; 0 leaves it alone.
    pub clip: f64,
    pub seed: u32,
    /// What runs side by side; empty for one run. See [`crate::race`].
    #[serde(default)]
    pub lanes: Vec<Lane>,
    /// Knobs that a race of many small runs takes through their values, in the place of lanes; one or two. See
    /// [`crate::race::cells`].
    #[serde(default)]
    pub sweep: Vec<Axis>,
    /// How many seeds a race runs, from `seed` on.
    #[serde(default = "one")]
    pub seeds: u32,
    /// How long a race goes, and a run at the command line.
    #[serde(default = "steps")]
    pub steps: u32,
}

fn one() -> u32 {
    1
}

fn steps() -> u32 {
    1000
}

/// What one lane of a race changes of the experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lane {
    /// What people call it; made of its changes when there is none.
    pub name: Option<String>,
    pub rule: Option<Choice>,
    pub optimizer: Option<Choice>,
    /// Learning rate before the schedule.
    pub rate: Option<f64>,
    /// Knobs of blocks and routings, by path: `1/1.linear/units`, `2/1.route/routing`, `2/1.route/routing/k`; and what
    /// belongs to no block: `batch`, `data/noise`.
    pub set: Settings,
}

/// A knob and the values that a sweep gives it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Axis {
    /// Its path, as in [`Lane::set`].
    pub place: String,
    pub values: Vec<Setting>,
}

impl Spec {
    /// `stages` on `data`, with the page's defaults for everything else.
    pub fn new(data: Choice, stages: Vec<Vec<BlockSpec>>) -> Self {
        Self {
            data,
            stages,
            rule: Choice::new("backprop"),
            optimizer: Choice::new("adam"),
            schedule: Choice::new("constant"),
            loss: Loss::CrossEntropy,
            rate: 0.003,
            batch: 128,
            clip: 0.0,
            seed: 1,
            lanes: Vec::new(),
            sweep: Vec::new(),
            seeds: one(),
            steps: steps(),
        }
    }
}

impl BlockSpec {
    /// A block that holds nothing, at its defaults.
    pub fn new(id: &str) -> Self {
        Self { block: Choice::new(id), routing: None, blocks: Vec::new() }
    }

    /// The same with one knob set.
    pub fn with(mut self, knob: &str, value: impl Into<Setting>) -> Self {
        self.block = self.block.with(knob, value);
        self
    }

    /// The same holding `blocks`.
    pub fn holding(mut self, blocks: Vec<BlockSpec>) -> Self {
        self.blocks = blocks;
        self
    }

    /// The same with its experts assigned by `routing`.
    pub fn routed(mut self, routing: Choice) -> Self {
        self.routing = Some(routing);
        self
    }
}

impl Choice {
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), settings: Settings::new() }
    }
    /// The same with one knob set.
    pub fn with(mut self, knob: &str, value: impl Into<Setting>) -> Self {
        self.settings.insert(knob.to_owned(), value.into());
        self
    }
}
