//! Papers on sequences: attention, recurrence, filters, forecasts.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    ("simplified-transformer", "", "A = α I + β softmax(q kᵀ / √d) − γ C,   y = concat_h A_h x_h"),
    (
        "parallel-attention-ffn",
        "",
        "y = x + attention(n(x)) + ffn(n(x))\nin the place of   z = x + attention(n(x)),   y = z + ffn(n(z))",
    ),
    (
        "pay-attention-when-required",
        "",
        "s: x + attention(n(x)),   f: x + ffn(n(x));   as  s f s f f f f f  in the place of  s f s f s f s f",
    ),
    ("one-wide-ffn", "", "x_{l+1} = z_l + ffn(n(z_l)),   z_l = x_l + attention_l(n(x_l));   one ffn for all l"),
    ("global-query", "", "s_{ht} = tanh Σ_r (Pᵀ c ⊙ Qᵀ x_t)_{hr},   a_h = softmax_t s_{ht},   y_h = Σ_t a_{ht} x_t"),
    ("filter-mlp", "", "y = F^{−1}(W ⊙ F(x)),   F along the places,   W complex"),
    (
        "time-channel-separable",
        "QuartzNet: Deep Automatic Speech Recognition with 1D Time-Channel Separable Convolutions",
        "u_{tc} = Σ_k a_{kc} x_{t+k, c},   y_{to} = Σ_c u_{tc} B_{co}:   K C + C O weights for K C O",
    ),
    ("ar-net", "AR-Net: A simple Auto-Regressive Neural Network for time-series", "ŷ = Σ_i w_i x_{T+1−i} + b"),
    ("delta-net", "", "S_t = S_{t−1} + β_t (v_t − S_{t−1} k_t) k_tᵀ,   o_t = S_t q_t"),
    (
        "delta-product",
        "",
        "S_t = S_{t−1} Π_i (I − β_i k_i k_iᵀ) + …,   0 ≤ β ≤ 2:   several writes by the delta rule at each place",
    ),
    (
        "forgetting-transformer",
        "",
        "y = softmax(q kᵀ / √d + D) v,   D_{ij} = Σ_{l = j+1}^{i} ln f_l,   f_l = σ(w·x_l + b)",
    ),
    ("deep-fsmn", "", "p̃_t = p_t + Σ_{i=0}^{N₁} a_i ⊙ p_{t − s i} + Σ_{j=1}^{N₂} c_j ⊙ p_{t + s j}"),
    ("iterated-encoder", "", "z_{i+1} = f(x + z_i),   the same f in every round"),
    (
        "linear-recurrence",
        "Resurrecting Recurrent Neural Networks for Long Sequences; Griffin: Mixing Gated Linear Recurrences with Local Attention for Efficient Language Models",
        "h_t = a_t ⊙ h_{t−1} + √(1 − a_t^2) ⊙ (i_t ⊙ x_t)\na_t = exp(−8 · softplus(Λ) ⊙ r_t),   r_t = σ(x_t W_r + b_r)",
    ),
    (
        "long-short-term-memory",
        "Long short-term memory; Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation",
        "c' = f ⊙ c + i ⊙ g,   h' = o ⊙ tanh(c')\ni, f, o = σ(x W + b + h U + c),   g = tanh(x W_g + b_g + h U_g + c_g)",
    ),
    (
        "block-recurrent",
        "",
        "h = [attend(Q_s, K_s, V_s) | attend(Q_e, K_e, V_e)],   z = h W_z + b_z\nc ← g ⊙ c + (1 − g) ⊙ z,   g = σ(b_g)",
    ),
    ("attention", "", "y = softmax(q kᵀ / √d) v W_{out},   q = x W_q,   k = x W_k,   v = x W_v"),
    ("ada-fnn", "", "c_k = ∫ β_k(t) X(t) dt ≈ Σ_j ω_j β_k(t_j) X(t_j),   β_k a small network from time to a number"),
    ("n-beats", "", "x_{l+1} = x_l − V^b θ^b_l,   ŷ = Σ_l V^f θ^f_l,   θ_l = W FC(x_l)"),
    (
        "tslanet",
        "",
        "F = rfft(x),   y = irfft(W_G ⊙ F + W_L ⊙ m ⊙ F)\nm[k] = 1  where the power at k over the median exceeds θ",
    ),
    ("dilated-convolutions", "", "y[p] = Σ_j w[j] · x[p + d j],   dilation d"),
    (
        "illusion-of-state",
        "",
        "h_t = f(x_t, h_{t−1}),  place after place,   against   h_t = a_t ⊙ h_{t−1} + b_t  and attention,  all places at once",
    ),
    (
        "learned-delays",
        "",
        "y_t = Σ_i Σ_n k_i[n] x_i[t − L + n]\nk_i[n] = w_i exp(−½ ((n − (L − d_i)) / σ)^2) / Σ_m exp(…),   d_i learned",
    ),
];
