//! Papers on steps, losses, noise and what keeps a network from learning by heart.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    (
        "model-building",
        "Bolstering Stochastic Gradient Descent with Model Building",
        "s = −α g:   f(w + s) ≤ f − c α |g|^2   →   w ← w + s\nelse   w ← w + c_g g + c_s s + c_y y,   y = g(w + s) − g",
    ),
    (
        "gradient-noise",
        "Adding Gradient Noise Improves Learning for Very Deep Networks",
        "dW = ∂L/∂W + √(η / (1 + t)^γ) n,   n ~ N(0, 1),   γ = 0.55",
    ),
    (
        "encouraging-loss",
        "Well-classified Examples are Underestimated in Classification with Deep Neural Networks",
        "L = −ln p + bonus · ln (1 − p),   p the true class's probability",
    ),
    (
        "blockwise-rate",
        "The Sharpness Disparity Principle in Transformers for Accelerating Language Model Pre-Training",
        "rate of a block = factor of its kind · rate\nsharpness = vᵀ H v / n,   v of random signs",
    ),
    (
        "optimal-input-gain",
        "Optimal Input Gain: All You Need to Supercharge a Feed-Forward Neural Network",
        "w ← w − rate · diag(r) G\n(H + λ diag(γ)) r = γ,   γ(m) = Σ_k G(m, k)^2",
    ),
    ("dropout", "", "y = x ⊙ m / (1 − p),   each m_i = 0 with probability p, else 1"),
    (
        "continual-backprop",
        "Loss of Plasticity in Deep Continual Learning",
        "u ← 0.99 u + 0.01 mean|h − ĥ| · mean|w_{out}| / mean|w_{in}|\nunits of least u and some age are drawn anew, with w_{out} = 0",
    ),
    (
        "mnist-1d",
        "Scaling down Deep Learning; Scaling Down Deep Learning with MNIST-1D",
        "a digit drawn as a curve of 12 points: padded, moved, scaled, sheared, with noise; read at 40 points",
    ),
    ("batch-normalization", "", "y = γ (x − mean) / √(var + ε) + β,   mean and var over the batch"),
    (
        "label-smoothing",
        "Rethinking the Inception Architecture for Computer Vision",
        "loss = (1 − ε) H(q, p) + ε H(u, p),   q the label, u uniform, p the answer",
    ),
    (
        "drop-block",
        "",
        "γ = (1 − keep) / b^2 · H W / ((H − b + 1) (W − b + 1)):   the chance of each b × b square to be absent",
    ),
];
