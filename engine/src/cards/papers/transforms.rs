//! Papers of transforms: a trained network made into another.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    (
        "magnitude-pruning",
        "Learning both Weights and Connections for Efficient Neural Networks",
        "W' = W ⊙ [|W| > θ],   θ by the share that is to stay;   then train on",
    ),
    (
        "nm-sparsity",
        "Progressive Gradient Flow for Robust N:M Sparsity Training in Transformers",
        "W̃ = (Π + (1 − t) (1 − Π)) ⊙ W,   t from 0 to 1\nΠ keeps the n largest of every m weights",
    ),
    (
        "icbs",
        "Scalable iterative pruning of large language and vision models using block coordinate descent",
        "min over masks m of   g · dw + ½ dw · H dw,   dw_i = (m_i − m'_i) w_i,   H = mean g_n g_nᵀ + λ I",
    ),
    (
        "moefication",
        "MoEfication: Transformer Feed-forward Layers are Mixtures of Experts",
        "W_2 relu(W_1 x) = Σ_e W_2^e relu(W_1^e x)   ≈   Σ_{e ∈ K(x)} W_2^e relu(W_1^e x)",
    ),
    (
        "flex-round",
        "FlexRound: Learnable Rounding based on Element-wise Division for Post-Training Quantization",
        "Ŵ = s_1 · clip(round(W / (s_1 S_2 s_3))),   s_1, S_2, s_3 to lower ‖X W − X̃ Ŵ‖^2",
    ),
    ("attention-removal", "", "TE = |H(answer) − H(answer without the layer)|,   H = mean over the channels of ln σ"),
    ("expert-merging", "", "experts whose router logits go together become one:   W = Σ_e use_e W_e / Σ_e use_e"),
    ("ffn-fusion", "", "x_{i+1} = x_i + F_i(N(x_i))   →   x + Σ_i F_i(N(x))"),
    (
        "multi-pruner",
        "",
        "out goes the block, then the channels, without which the loss on training samples rises least",
    ),
    (
        "selective-lora",
        "Fine Tuning without Catastrophic Forgetting via Selective Low Rank Adaptation",
        "y = x W + [s ≥ τ] (α/r) x A B,   d[s ≥ τ]/ds := 1,   loss + λ mean |s|,   W frozen, B = 0 at first",
    ),
];
