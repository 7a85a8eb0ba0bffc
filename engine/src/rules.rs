//! Learning rules: how credit reaches the weights. One file each in `rules/`, one line in [`RULES`].
//!
//! A rule says what a step *learns*: for each weight, the direction that an optimizer then follows. Fetching batches,
//! optimizers, evaluation and probes are the same for every rule and live in [`crate::lab`].

use crate::data::Answer;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Shape, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson};
use crate::net::{Clock, Mode, Net};
use crate::registry::{Entry, Knobs, registry};

mod backprop;
mod block_coordinate_descent;
mod blockwise;
mod circuit;
mod conjugate;
mod continual_backprop;
mod contrast;
mod controls;
mod counter_current;
mod course;
mod denoising;
mod diffusion_blocks;
mod direct_feedback;
mod directions;
mod disinhibition;
mod encouraging;
mod evolution;
mod feedback_alignment;
mod fixed_point;
mod forward_forward;
mod forward_gradient;
mod gradient_noise;
mod guess;
mod hebbian;
mod hebbian_stages;
mod highway_backprop;
mod incremental_predictive_coding;
mod input_gain;
mod kolen_pollack;
mod linear_maps;
mod lls;
mod local;
mod local_classifiers;
mod model_building;
mod model_free;
mod momentum_auxiliary;
mod mono_forward;
mod neuro_modulated_hebb;
mod no_prop;
mod node_perturbation;
mod noise_levels;
mod pepita;
mod pipelined_backprop;
mod preconditioning;
mod predictive_coding;
mod product_feedback;
mod proximal_inference;
mod random_boosting;
mod scalable_forward;
mod sign_symmetric;
mod soft_hebb;
mod two_stage_backprop;
mod way_back;
mod weight_perturbation;

/// What the read-out is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Of the softmax of the logits against the label, mean over the batch.
    CrossEntropy,
    /// Of the logits against the one-hot label, mean over batch and outputs.
    MeanSquared,
}

/// What is to be learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Shape of one sample.
    pub input: Shape,
    /// How many numbers the network answers with, at each place: one a class, or those that are to be told.
    pub outputs: usize,
    pub answer: Answer,
    /// By squares where numbers are to be told, whatever the spec says.
    pub loss: Loss,
    /// Samples in one step.
    pub batch: usize,
}

/// From where the credit of a hidden stage comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credit {
    /// From the stage behind it.
    Chain,
    /// Straight from the output.
    Direct,
    /// From its own output.
    Local,
    /// From its neighbours on both sides, while all of them settle together.
    Neighbours,
    /// From one number that every stage hears: how well a change of all weights did.
    Scalar,
    /// Into the input, and from there forward through the stages once more.
    Input,
    /// From nowhere: the stage learns what its input looks like, or does not learn.
    None,
}

/// What a rule asks of that which it runs on, be it a chip or a cortex. The page shows it as badges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Needs {
    /// Errors travel back through the transposes of the weights that the signals came forward through.
    pub transposed_weights: bool,
    /// What a hidden stage learns depends on the stages behind it.
    pub global_error: bool,
    /// Every stage's activities are kept until the last stage has answered.
    pub stored_activities: bool,
    /// Every hidden stage is told the labels, rather than the network as a whole.
    pub labels_at_stages: bool,
    /// The blocks must have derivatives.
    pub derivatives: bool,
    /// Once the forward pass is through, all stages can learn at the same time: no stage's credit waits for another's.
    pub parallel_stages: bool,
    /// How often a batch goes through the network in one step, forward or backward.
    pub passes: u32,
}

/// A learning rule.
pub trait Rule: Entry {
    /// From where credit comes: the page draws it.
    fn credit(&self) -> Credit;

    /// What it asks for; `engine/tests/rules/needs.rs` holds it against the program.
    fn needs(&self, knobs: &Knobs) -> Needs;

    /// A figure that its paper or reference code reports, on which task and network; empty where none was read.
    fn published(&self) -> &'static str {
        ""
    }

    /// For how many steps one batch stays the same, 1 to 255: a rule that settles over several steps says so here.
    fn hold(&self, _knobs: &Knobs) -> u32 {
        1
    }

    /// Whether it teaches whatever has a loss: a class at every place, numbers. Else it teaches one class a sample, which
    /// is what most of the papers are about.
    fn any_answer(&self) -> bool {
        false
    }

    /// Whether it sums up what all uses of a weight ask of it, wherever in the network these stand.
    fn shares(&self) -> bool {
        false
    }

    /// Whether the rule can teach this network this task; to be asked through [`fits`].
    ///
    /// # Errors
    /// The reason, with the place and the mend.
    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic>;

    /// Builds what one step learns from `batch`.
    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson;

    /// Passes `x [B, …]` through the network as the rule joins its stages; no label is known here.
    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        cx.series(mode, x)
    }

    /// Builds the network's answer to `x [B, …]`: logits `[B, classes]`.
    fn predict(&self, cx: &mut Learn, x: Value) -> Value {
        self.forward(cx, Mode::Eval, x).logits()
    }
}

registry! {
    RULES: Rule, RULE_ENTRIES;
    backprop::Backprop,
    forward_forward::ForwardForward,
    direct_feedback::DirectFeedback,
    feedback_alignment::FeedbackAlignment,
    sign_symmetric::SignSymmetric,
    kolen_pollack::KolenPollack,
    product_feedback::ProductFeedback,
    pepita::Pepita,
    controls::Shallow,
    controls::RandomFeatures,
    no_prop::NoProp,
    diffusion_blocks::DiffusionBlocks,
    pipelined_backprop::PipelinedBackprop,
    two_stage_backprop::TwoStageBackprop,
    highway_backprop::HighwayBackprop,
    continual_backprop::ContinualBackprop,
    block_coordinate_descent::BlockCoordinateDescent,
    random_boosting::RandomBoosting,
    mono_forward::MonoForward,
    local_classifiers::LocalClassifiers,
    lls::Lls,
    momentum_auxiliary::MomentumAuxiliary,
    counter_current::CounterCurrent,
    scalable_forward::ScalableForward,
    model_free::ModelFree,
    forward_gradient::ForwardGradient,
    guess::Guess,
    node_perturbation::NodePerturbation,
    weight_perturbation::WeightPerturbation,
    evolution::Evolution,
    fixed_point::FixedPoint,
    gradient_noise::GradientNoise,
    encouraging::Encouraging,
    model_building::ModelBuilding,
    blockwise::Blockwise,
    input_gain::InputGain,
    predictive_coding::PredictiveCoding,
    incremental_predictive_coding::IncrementalPredictiveCoding,
    proximal_inference::ProximalInference,
    hebbian::Hebbian,
    soft_hebb::SoftHebb,
    neuro_modulated_hebb::NeuroModulatedHebb,
    disinhibition::Disinhibition,
}

/// Whether `rule` can teach this network this task.
///
/// # Errors
/// The reason, with the place and the mend.
pub fn fits(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    net.shares_alike()?;
    if let Some((place, _)) = net.shared().first().filter(|_| !rule.shares()) {
        let message = format!("{} does not sum up what several uses of a weight ask of it", rule.meta().name);
        let able: Vec<_> = RULES.iter().filter(|r| r.shares()).map(|r| r.meta().name).collect();
        let mend = format!("put the blocks here without sharing them, or choose one of {}", able.join(", "));
        return Err(Diagnostic::new(place, message, mend));
    }
    let asked = match task.answer {
        Answer::Class => return rule.fits(net, task, knobs),
        Answer::ClassAtPlaces(_) => "a class at every place",
        Answer::Numbers => "numbers",
    };
    if rule.any_answer() {
        return rule.fits(net, task, knobs);
    }
    let message = format!("{} teaches one class a sample, but this data asks for {asked}", rule.meta().name);
    let able: Vec<_> = RULES.iter().filter(|r| r.any_answer()).map(|r| r.meta().name).collect();
    Err(Diagnostic::new("", message, format!("choose other data, or one of {}", able.join(", "))))
}

/// Builds `rule`'s pass through the network in a graph of its own, to see whether every block fits and the last stage
/// reads out one number for each class.
///
/// # Errors
/// The first fault met.
fn try_out(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
    outputs(rule, net, task, knobs).map(|_| ())
}

/// Shape of what each stage gives in `rule`'s pass through the network, batch first.
///
/// # Errors
/// As [`try_out`].
fn outputs(rule: &dyn Rule, net: &Net, task: &Task, knobs: &Knobs) -> Result<Vec<Shape>, Diagnostic> {
    if net.stages.is_empty() {
        return Err(Diagnostic::new("", "the network has no stage", "add a stage that ends in a linear block"));
    }
    let mut g = Graph::new();
    let (seed, step) = (g.symbol(Shape::from([2])), g.symbol(Shape::from([2])));
    let x = g.symbol(Shape([&[task.batch], &task.input[..]].concat()));
    let mut cx = Learn { g: &mut g, net, task, knobs, clock: Clock { seed, step } };
    let forward = rule.forward(&mut cx, Mode::Train, x);
    let logits = forward.logits();
    if let Some(fault) = g.faults().first() {
        return Err(fault.clone());
    }
    let expected = Shape([vec![task.batch], task.answer.shape(task.outputs)].concat());
    let shape = g.shape(logits);
    if *shape == expected {
        return Ok(forward.passes.iter().map(|pass| g.shape(pass.output).clone()).collect());
    }
    Err(Diagnostic::new(
        net.stages.len().to_string(),
        format!("the last stage gives {shape}, but the read-out needs {expected}"),
        match task.answer {
            Answer::Class => "end it with a linear block of 0 units, which takes the number of classes",
            Answer::ClassAtPlaces(_) => {
                "let its blocks keep the places, and end it with a linear block of 0 units, which takes the number of classes"
            }
            Answer::Numbers => "end it with a linear block of 0 units, which takes the number of outputs",
        },
    ))
}
