//! Blocks: what networks are made of. One file each in `blocks/`, one line in [`BLOCKS`].

use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Knobs, registry};

pub use crate::registry::Holds;

mod across;
mod activation;
mod ada_fnn;
mod adaptive_spectral;
mod af_kan;
mod affine;
mod ar_net;
mod attention;
mod avg_pool;
mod bases;
mod batch_norm;
mod block_diagonal;
mod block_recurrent;
mod brainformer;
mod cam;
mod chain;
mod constrained;
mod conv1d;
mod conv2d;
mod conv_bn;
mod convolve;
mod cross_attention;
mod delays;
mod delta_net;
mod delta_product;
mod delta_rule;
mod drop_block;
mod dropout;
mod embedding;
mod fade;
mod ffn;
mod flatten;
mod forget;
mod fourier_features;
mod frames;
mod freeze;
mod fsmn;
mod gated_perceptron;
mod global_query;
mod glu;
mod gru;
mod guide;
mod heads;
mod hypernetwork;
mod init;
mod kan;
mod label_smoothing;
mod layer_norm;
mod lif;
mod linear;
mod liquid;
pub(crate) mod lora;
mod low_rank;
mod lru;
mod lstm;
mod mask;
mod mask_gate;
mod masked_linear;
mod max_pool;
mod mlp_mixer;
mod module_sequence;
mod multiplet;
mod n_beats;
mod nested_ffn;
mod nin_gate;
pub mod nm_linear;
mod parallel;
mod parts;
mod patches;
mod penalty;
mod permuted_kronecker;
mod pool;
mod pool_sequence;
mod position;
mod raft_mlp;
mod random_features;
mod random_hypernetwork;
mod relative;
mod repeat;
mod res_mlp;
mod residual;
mod rms_norm;
mod rnn;
mod route;
mod rows;
mod s_kan;
mod sape;
mod separable_conv;
mod series;
mod shaped_attention;
mod shared;
mod simba;
mod skip_middle;
mod skip_saturated;
mod spectral_filter;
mod spectrum;
mod squeeze_excite;
mod stochastic_depth;
mod transformer;
mod unroll;

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
    fn takes(&self) -> Takes {
        Takes::Features
    }

    /// Whether what it makes of one sample depends on the other samples of the batch.
    fn couples_samples(&self) -> bool {
        false
    }

    /// The number under which the blocks it holds keep their weights, the same wherever it stands; `None` where each
    /// place has weights of its own.
    fn shares(&self, _knobs: &Knobs) -> Option<i64> {
        None
    }

    /// Builds `node` (of this kind) on `x [B, …]`, declaring weights through `b`. Faults are noted through `b` too, and
    /// yield a poisoned value.
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value;
}

registry! {
    BLOCKS: Block, BLOCK_ENTRIES;
    linear::Linear,
    activation::Activation,
    layer_norm::LayerNorm,
    batch_norm::BatchNorm,
    rms_norm::RmsNorm,
    dropout::Dropout,
    conv2d::Conv2d,
    max_pool::MaxPool,
    avg_pool::AvgPool,
    flatten::Flatten,
    chain::Chain,
    residual::Residual,
    parallel::Parallel,
    route::Route,
    repeat::Repeat,
    conv1d::Conv1d,
    separable_conv::SeparableConv,
    conv_bn::ConvBn,
    spectral_filter::SpectralFilter,
    adaptive_spectral::AdaptiveSpectral,
    n_beats::NBeats,
    ar_net::ArNet,
    ada_fnn::AdaFnn,
    fourier_features::FourierFeatures,
    frames::Frames,
    sape::Sape,
    cam::Cam,
    hypernetwork::Hypernetwork,
    random_hypernetwork::RandomHypernetwork,
    drop_block::DropBlock,
    stochastic_depth::StochasticDepth,
    penalty::Penalty,
    label_smoothing::LabelSmoothing,
    freeze::Freeze,
    masked_linear::MaskedLinear,
    nm_linear::NmLinear,
    fade::Fade,
    glu::Glu,
    ffn::Ffn,
    shared::Shared,
    low_rank::LowRank,
    block_diagonal::BlockDiagonal,
    gated_perceptron::GatedPerceptron,
    multiplet::Multiplet,
    simba::Simba,
    constrained::Constrained,
    random_features::RandomFeatures,
    kan::Kan,
    s_kan::SelectableKan,
    af_kan::ActivationKan,
    embedding::Embedding,
    position::Position,
    patches::Patches,
    pool_sequence::PoolSequence,
    attention::Attention,
    cross_attention::CrossAttention,
    global_query::GlobalQuery,
    shaped_attention::ShapedAttention,
    transformer::Transformer,
    brainformer::Brainformer,
    affine::Affine,
    across::Across,
    squeeze_excite::SqueezeExcite,
    mlp_mixer::MlpMixer,
    res_mlp::ResMlp,
    raft_mlp::RaftMlp,
    nin_gate::NinGate,
    permuted_kronecker::PermutedKronecker,
    rnn::Rnn,
    gru::Gru,
    lstm::Lstm,
    lru::Lru,
    delta_net::DeltaNet,
    delta_product::DeltaProduct,
    fsmn::Fsmn,
    block_recurrent::BlockRecurrent,
    lif::Lif,
    delays::Delays,
    liquid::Liquid,
    nested_ffn::NestedFfn,
    skip_middle::SkipMiddle,
    skip_saturated::SkipSaturated,
    mask_gate::MaskGate,
    lora::Lora,
    module_sequence::ModuleSequence,
}

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

/// Child number `i` on `x`, where it must give the shape of its input; else the fault.
fn alike(b: &mut Build, i: usize, child: &Node, x: Value) -> Value {
    let y = b.node(i, child, x);
    let (from, to) = (b.g.shape(x).clone(), b.g.shape(y).clone());
    if b.g.is_poisoned(y) || from == to {
        return y;
    }
    let message = format!("its block {} turns {from} into {to}", i + 1);
    b.fault(message, "let each of its blocks give the shape of its input")
}

/// The fault of a block that works on whole samples or whole batches, where rows are sorted by expert.
fn outside_experts(b: &mut Build) -> Option<Value> {
    let why = if b.in_experts() {
        "it does not fit inside an expert, whose rows come from all over the batch"
    } else if b.is_apart() {
        "it does not fit where rows are left out, since it looks at all of them"
    } else {
        return None;
    };
    let mend = "here use linear, activation, layer-norm, rms-norm, dropout, and blocks that hold these";
    Some(b.fault(why, mend))
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
            let mend = "put `embedding` before it where samples are tokens, `patches` where they are images, `frames` \
                        where they are series";
            Err(b.fault(format!("it needs a sequence [B×T×D], not {shape}"), mend))
        }
    }
}
