//! Papers of routing: who works on what.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    (
        "top-k-experts",
        "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer; Mixtral of Experts",
        "l = x W,   K the indices of the k largest of l\ny = Σ_{i ∈ K} softmax(l[K])_i · expert_i(x)",
    ),
    ("hash-layers", "", "y_t = expert_{h(x_t)},   h a fixed function of the token"),
    (
        "expert-choice",
        "",
        "S = softmax(x W),   G, I = TopK(Sᵀ, c),   c = capacity · rows / experts\ny = Σ_{(e, j): I[e, j] = row} G[e, j] · expert_e(row)",
    ),
    (
        "fast-feedforward",
        "",
        "f(m, n) = c f(m+1, 2n+1) + (1 − c) f(m+1, 2n),   c = σ(w·x + b)\nin evaluation the one leaf that is reached by going to 2n + 1 where c ≥ ½",
    ),
    (
        "balanced-tree",
        "",
        "loss of the tree + α L Σ_i f_i mean(P_i),   f_i the share of rows that end in leaf i\ny = (1 − m) tree(x) + m master(x)",
    ),
    (
        "skip-middle",
        "",
        "s_l = relu(w_l · h + b_l),   S_l = Σ_{i ≤ l} s_i,   g_l = 1 − min(S_l, 1)\nh ← h + g_l · layer_l(h)",
    ),
    ("mat-former", "", "y = f(x W_1[:, :m] + b_1[:m]) W_2[:m, :] + b_2,   m = H/8, H/4, H/2 or H"),
    ("sparse-mlp", "", "P = softmax(x W),   y = Σ_{i ∈ top-k} P_i · expert_i(x),   over places and over features"),
    ("fire-together", "", "m = σ(GAP(x) W + b),   y = o · [m > ½],   o = layer(x)"),
    ("ffn-skip", "", "h ← h + f_l(h),   left out where  cos(h, h + f_l(h)) ≥ τ"),
    (
        "mix-lora",
        "MixLoRA: Enhancing Large Language Models Fine-Tuning with LoRA based Mixture of Experts",
        "y = Σ_{k ∈ top-2} R(x)_k E_k(x),   E_k with weights W + (α/r) A_k B_k,   W frozen, B_k = 0 at first",
    ),
];
