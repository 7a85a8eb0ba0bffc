//! Blocks: what networks are made of. One file each in `blocks/`, one line in [`BLOCKS`].

use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind};

mod across;
mod activation;
mod affine;
mod attention;
mod avg_pool;
mod batch_norm;
mod brainformer;
mod chain;
mod conv2d;
mod cross_attention;
mod dropout;
mod embedding;
mod flatten;
mod forget;
mod global_query;
mod heads;
mod init;
mod layer_norm;
mod linear;
mod mask;
mod max_pool;
mod mlp_mixer;
mod nin_gate;
mod parallel;
mod parts;
mod patches;
mod permuted_kronecker;
mod pool;
mod pool_sequence;
mod position;
mod raft_mlp;
mod relative;
mod repeat;
mod res_mlp;
mod residual;
mod rms_norm;
mod route;
mod shaped_attention;
mod squeeze_excite;
mod transformer;

/// What a block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Nothing,
    /// A list of blocks.
    Blocks,
    /// A list of blocks that make up one expert, and a routing.
    Experts,
}

/// What one sample must be for a block to work on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Anything with features along its last axis.
    Features,
    /// `[H, W, C]`.
    Image,
    /// `[T, D]`: a row of features at each of `T` places.
    Sequence,
    /// `[T]`: whole numbers below the vocabulary.
    Tokens,
}

impl Takes {
    /// The shape of a small sample.
    pub fn sample(self) -> &'static [usize] {
        match self {
            Takes::Features => &[4],
            Takes::Image => &[6, 6, 4],
            Takes::Sequence => &[5, 4],
            Takes::Tokens => &[5],
        }
    }
}

/// A kind of block.
pub trait Block: Entry {
    fn holds(&self) -> Holds {
        Holds::Nothing
    }

    fn takes(&self) -> Takes {
        Takes::Features
    }

    /// Whether what it makes of one sample depends on the other samples of the batch.
    fn couples_samples(&self) -> bool {
        false
    }

    /// Builds `node` (of this kind) on `x [B, …]`, declaring weights through `b`. Faults are noted through `b` too, and
    /// yield a poisoned value.
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value;
}

pub const BLOCKS: &[&dyn Block] = &[
    &linear::Linear,
    &activation::Activation,
    &layer_norm::LayerNorm,
    &batch_norm::BatchNorm,
    &rms_norm::RmsNorm,
    &dropout::Dropout,
    &conv2d::Conv2d,
    &max_pool::MaxPool,
    &avg_pool::AvgPool,
    &flatten::Flatten,
    &chain::Chain,
    &residual::Residual,
    &parallel::Parallel,
    &route::Route,
    &repeat::Repeat,
    &embedding::Embedding,
    &position::Position,
    &patches::Patches,
    &pool_sequence::PoolSequence,
    &attention::Attention,
    &cross_attention::CrossAttention,
    &global_query::GlobalQuery,
    &shaped_attention::ShapedAttention,
    &transformer::Transformer,
    &brainformer::Brainformer,
    &affine::Affine,
    &across::Across,
    &squeeze_excite::SqueezeExcite,
    &mlp_mixer::MlpMixer,
    &res_mlp::ResMlp,
    &raft_mlp::RaftMlp,
    &nin_gate::NinGate,
    &permuted_kronecker::PermutedKronecker,
];

/// The knob that the normalising blocks share.
const EPSILON: Knob = Knob {
    id: "epsilon",
    name: "Epsilon",
    help: "Added under the root, so that nothing is divided by zero.",
    kind: KnobKind::Float { default: 1e-5, min: 1e-10, max: 0.1, live: false },
};

/// `x / √(square + ε)`.
fn over_root(b: &mut Build, x: Value, square: Value, node: &Node) -> Value {
    let epsilon = b.g.constant(node.knobs.float("epsilon") as f32);
    let safe = b.g.add(square, epsilon);
    let root = b.g.sqrt(safe);
    b.g.div(x, root)
}

/// The fault of a block that works on whole samples or whole batches, where rows are sorted by expert.
fn outside_experts(b: &mut Build) -> Option<Value> {
    let mend = "inside experts use linear, activation, layer-norm, rms-norm, dropout, and blocks that hold these";
    b.in_experts().then(|| b.fault("it does not fit inside an expert, whose rows come from all over the batch", mend))
}

/// `x` and its extents, when it is an image `[B, H, W, C]` outside of experts; else the fault.
fn image(b: &mut Build, x: Value) -> Result<(Value, [usize; 4]), Value> {
    if let Some(fault) = outside_experts(b) {
        return Err(fault);
    }
    let shape = b.g.shape(x).clone();
    match *shape {
        [n, h, w, c] => Ok((x, [n, h, w, c])),
        _ => {
            let mend = "put it before `flatten` and `linear`, and choose a dataset of images";
            Err(b.fault(format!("it needs an image [B×H×W×C], not {shape}"), mend))
        }
    }
}

/// `x` and its extents, when it is a sequence `[B, T, D]` outside of experts; else the fault.
fn sequence(b: &mut Build, x: Value) -> Result<(Value, [usize; 3]), Value> {
    if let Some(fault) = outside_experts(b) {
        return Err(fault);
    }
    let shape = b.g.shape(x).clone();
    match *shape {
        [n, t, d] => Ok((x, [n, t, d])),
        _ => {
            let mend = "put `embedding` before it where samples are tokens, `patches` where they are images";
            Err(b.fault(format!("it needs a sequence [B×T×D], not {shape}"), mend))
        }
    }
}
