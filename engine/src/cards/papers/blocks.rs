//! Papers of blocks: layers, and how layers are put together.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    ("identity-mappings", "", "x_{l+1} = x_l + f(x_l),   so that   x_L = x_l + Σ_{i = l}^{L−1} f(x_i)"),
    ("gated-perceptron", "", "y = Σ_i w_i x_i + w_g Π_i x_i + b"),
    ("multiplet", "", "L_p(x; w) = Σ_i w_i x_i^p / Σ_i w_i x_i^{p−1},   w_i > 0, x_i > 0"),
    ("inhibitory-connections", "", "y = (x ⊙ s) softplus(V) / √F + b,   s_i = −1 for inputs that inhibit, else 1"),
    (
        "glu-variants",
        "",
        "y = (act(x W) ⊙ x V) W_2\nact:   σ (GLU),   z (bilinear),   relu (ReGLU),   gelu (GEGLU),   z σ(z) (SwiGLU)",
    ),
    ("three-layer-ffn", "", "y = act(act(x W_1) W_2) W_3   in the place of   y = act(x W_1) W_2"),
    (
        "structured-ffn",
        "",
        "s(x) = (x V) U + b,   V [F, r],   U [r, units]\no = α W x + (1 − α) s(x),   α = (1 + cos(π t / T)) / 2  until step T, then 0",
    ),
    ("simba", "", "y = x + relu(LN(x) W_1 + b_1) W_2 + b_2"),
    (
        "af-kan",
        "",
        "f_i = combination(act(x − low_i), act(high_i − x))\nz_p = Σ_i softmax_i(f A + c) f_i,   y = (z + act(x)) W",
    ),
    ("wide-and-sparse", "", "y = J_2 (I ⊗ W) J_1 x,   J permutations;   vec(W X) = (I ⊗ W) vec(X)"),
    ("squeeze-excitation", "", "z_c = mean over places of x_c,   s = σ(W_2 relu(W_1 z)),   y_c = s_c x_c"),
    (
        "conv-bn-modes",
        "",
        "eval:   y = γ (w∗x − mean) / √(var + ε) + β,   running statistics\ntune:   w' = w γ / √(var + ε),   b' = β − γ mean / √(var + ε),   y = w'∗x + b'",
    ),
    ("random-hypernetworks", "", "W = s P z,   P ~ N(0, 1) fixed,   z learned"),
    ("hypernetworks", "", "a_i = W_i z + B_i,   K_i = W_{out} a_i + B_{out},   y = x K"),
    ("progressive-encoding", "", "e(x) = (x, α ⊙ sin 2πxB, α ⊙ cos 2πxB)\nα_i = clip(m · step / steps − i, 0, 1)"),
    ("coordinate-modulation", "", "F̃ = γ(x) (F − μ) / √(σ^2 + ε) + β(x),   γ, β from small grids over space"),
    ("selectable-kan", "", "y_q = Σ_p Σ_k s_{pk} φ^k_{qp}(x_p),   s_p = softmax(a_p / τ)"),
    ("mlp-mixer", "", "w = x + (MLP_{tokens}(n(x)ᵀ))ᵀ,   y = w + MLP_{channels}(n(w))"),
    ("res-mlp", "", "z = x + Aff_s((A Aff(x)ᵀ)ᵀ),   y = z + Aff_s(C gelu(B Aff(z)))"),
    ("raft-mlp", "", "u = x + mix_{height}(n(x)),   v = u + mix_{width}(n(u)),   y = v + MLP(n(v))"),
    ("ninformer", "", "u = n(x) P,   v = Mixer(n(x)),   z = x + u ⊙ v,   y = z + MLP(n(z))"),
    ("biophysical-synapses", "", "dv_i/dt = g_i (E_i − v_i) + Σ_j w_{ij} σ(a_{ij} (v_j − m_{ij})) (E_{ij} − v_i)"),
    ("deep-rectifiers", "", "y = max(0, x W + b)"),
    ("fourier-features", "", "γ(x) = (sin 2πxB, cos 2πxB),   B from N(0, σ^2), fixed"),
    ("random-features", "", "y = f(x Ω + b) W,   Ω and b as they were drawn,   W alone learned"),
    ("low-rank-training", "", "y = (x V) U + b,   V [F, r],   U [r, units]"),
    (
        "neural-modules",
        "Structure Learning for Neural Module Networks; Explainable Neural Computation via Stack Neural Module Networks",
        "c_t = tanh(x U + c_{t−1} V + b),   w_t = softmax(c_t W)\nh_t = Σ_m w_t[m] · module_m(h_{t−1}),   h_0 = x",
    ),
    (
        "brainformer",
        "",
        "s: x + attention(n(x)),   f: x + ffn(n(x)),   m: x + experts(n(x)),   in an order that is searched for",
    ),
];
