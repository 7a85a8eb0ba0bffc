//! Papers of learning rules: from where a weight hears what it should do.

use super::Line;

pub(super) const PAPERS: &[Line] = &[
    (
        "backprop",
        "Learning representations by back-propagating errors",
        "δ_l = J_{l+1}ᵀ δ_{l+1},   dW_l = h_{l−1}ᵀ δ_l",
    ),
    (
        "direct-feedback-alignment",
        "Direct Feedback Alignment Provides Learning in Deep Neural Networks",
        "∂loss/∂h_l  is replaced by  e B_l,   e = ∂loss/∂logits,   B_l fixed and random",
    ),
    (
        "direct-feedback-scaling",
        "Scaling Laws Beyond Backpropagation",
        "∂loss/∂h_l  is replaced by  e B_l,   e = ∂loss/∂logits,   B_l fixed and random",
    ),
    (
        "pipelined-direct-feedback",
        "Direct Feedback Alignment Scales to Modern Deep Learning Tasks and Architectures",
        "∂loss/∂h_l  is replaced by  e B_l,   B_l fixed and random\nstage l works on batch t − (l − 1) d,   d the delay in steps",
    ),
    (
        "feedback-alignment",
        "Random synaptic feedback weights support error backpropagation for deep learning",
        "∂loss/∂x  is replaced by  ∂loss/∂y · Bᵀ,   y = x W,   B fixed and random",
    ),
    (
        "sign-symmetric",
        "How Important Is Weight Symmetry in Backpropagation?",
        "∂loss/∂x  is replaced by  ∂loss/∂y · (M ⊙ sign W)ᵀ,   y = x W,   M > 0 not of W's sizes",
    ),
    (
        "kolen-pollack",
        "Deep Learning without Weight Transport",
        "∂loss/∂x  is replaced by  ∂loss/∂y · Bᵀ,   y = x W\ndW = xᵀ ∂loss/∂y + decay · W,   dB = xᵀ ∂loss/∂y + decay · B",
    ),
    (
        "product-feedback-alignment",
        "Deep Learning without Weight Symmetry",
        "∂loss/∂x  is replaced by  (n / k) (∂loss/∂y · B) Rᵀ,   y = x W,   B [n, k] fixed and random\ndW = xᵀ ∂loss/∂y + decay · W,   dR = xᵀ (∂loss/∂y · B) + decay · R",
    ),
    (
        "pepita",
        "Error-driven Input Modulation: Solving the Credit Assignment Problem without a Backward Pass",
        "x' = x ± scale · e F,   F fixed and random\ndW_l = h'_{l−1}ᵀ (h_l − h'_l) / B",
    ),
    (
        "top-down-feedback",
        "Forward Learning with Top-Down Feedback: Empirical and Analytical Characterization",
        "x' = x ± scale · e F,   F learned\ndW_l = h'_{l−1}ᵀ (h_l − h'_l) / B",
    ),
    (
        "forward-forward",
        "The Forward-Forward Algorithm: Some Preliminary Investigations",
        "goodness = Σ h^2\nloss_l = mean softplus(θ − goodness(true label)) + mean softplus(goodness(wrong label) − θ)",
    ),
    (
        "layer-collaboration",
        "Layer Collaboration in the Forward-Forward Algorithm",
        "c_l = e_l + γ · detach(Σ_{j ≠ l} e_j),   e_l = goodness_l − θ_l\nloss_l = mean softplus(−c_l(true label)) + mean softplus(c_l(wrong label))",
    ),
    (
        "scalable-forward-forward",
        "Scalable Forward-Forward Algorithm",
        "goodness_l[c] = mean over places and channels of class c of u_l^2\nloss_l = softplus(ln Σ_{c ≠ label} exp goodness_l[c] − goodness_l[label])",
    ),
    (
        "model-free-forward-forward",
        "Backpropagation-free Training of Deep Physical Neural Networks",
        "h_l = P_l [f_l(n_{l−1}), n_{l−1}],   f_l a black box,   goodness = cos(h_l, u_l)\nloss_l = mean softplus(−sharpness · (goodness(true label) − goodness(wrong label)))",
    ),
    (
        "mono-forward",
        "Mono-Forward: Backpropagation-Free Algorithm for Efficient Neural Network Training Harnessing Local Errors",
        "h_l = stage_l(detach(h_{l−1})),   G_l = h_l M_l\nloss_l = cross-entropy(softmax(G_l), y)",
    ),
    (
        "local-classifiers",
        "Greedy Layerwise Learning Can Scale to ImageNet; Training Neural Networks with Local Error Signals",
        "h_l = stage_l(detach(h_{l−1}))\nloss_l = loss(classifier_l(h_l), label)",
    ),
    (
        "lls",
        "LLS: Local Learning Rule for Deep Neural Networks Inspired by Neural Activity Synchronization",
        "loss_l = cross-entropy(softmax(z Vᵀ / τ), label),   z = h_l / |h_l|\nV[c, t] = sin(π f_c (2t + 1) / 2n)  fixed",
    ),
    (
        "momentum-auxiliary",
        "Momentum Auxiliary Network for Supervised Local Learning",
        "h_l = stage_l(detach(h_{l−1})),   y_l = E_l(h_l) + D_l(h_l),   loss_l = loss(y_l A_l + a_l, label)\nE_l ← m E_l + (1 − m) · weights of stage l + 1",
    ),
    (
        "counter-current",
        "Counter-Current Learning: A Biologically Plausible Dual Network Approach for Deep Learning",
        "a_l = stage_l(detach(a_{l−1})),   c_l = elu(detach(c_{l+1}) Θ_l)\nloss_l = k mean (a_l c_lᵀ − Y)^2",
    ),
    (
        "forward-gradient",
        "Gradients without Backpropagation; Scaling Forward Gradient With Local Losses",
        "d = ∇L · v,   v random,   E[v vᵀ] = 1\n∂L/∂W  is replaced by  d v",
    ),
    (
        "guessed-forward-gradient",
        "Can Forward Gradient Match Backpropagation?",
        "z_b = ∂ℓ_b/∂a_b,   ℓ the loss of the stage's own read-out\n∂L_b/∂a_b  is replaced by  (∇L_b · z_b / |z_b|^2) z_b",
    ),
    (
        "weight-perturbation",
        "Does Federated Learning Really Need Backpropagation?",
        "d_k = (L(w + σ v_k) − L(w − σ v_k)) / 2σ,   v_k random\n∂L/∂w  is replaced by  1/K Σ_k d_k v_k",
    ),
    (
        "fixed-point-forward-gradient",
        "Stepping Forward on the Last Mile",
        "ĝ = 1/m Σ_i sign(L(w + ε z_i) − L(w − ε z_i)) z_i\nw ← round(w − rate · ĝ)  to a grid of 2^{bits} points",
    ),
    (
        "noprop",
        "NoProp: Training Neural Networks without Back-propagation or Forward-propagation",
        "z_t = √ᾱ_t u + √(1 − ᾱ_t) ε,   u the label\nû_t = softmax(head_t(stage_t(x, z_{t−1}))),   loss_t = mean Σ_c (û_t − u)^2",
    ),
    (
        "diffusion-blocks",
        "DiffusionBlocks: Blockwise Training for Generative Models via Score-Based Diffusion",
        "z = y + σ n,   σ in the band of stage b,   D_b = c_{skip} z + c_{out} F_b\nloss_b = mean λ(σ) ‖D_b(z; σ, x) − y‖^2 / C",
    ),
    (
        "random-feature-boosting",
        "",
        "Δ_t = least squares  F_t → (Y − Φ_{t−1} W_{t−1} − b_{t−1}) W_{t−1}ᵀ\nΦ_t = Φ_{t−1} + shrinkage · s_t · F_t Δ_t",
    ),
    (
        "block-coordinate-descent",
        "",
        "O = 1/2B ( ‖V_L − Y‖^2 + γ Σ_j ‖V_j − σ(U_j)‖^2 + ρ Σ_j ‖U_j − V_{j−1} W_j − b_j‖^2 )\neach of V_j, U_j, W_j, b_j in turn to its least",
    ),
    (
        "proximal-blocks",
        "Complexity of Block Coordinate Descent with Proximal Regularization and Applications to Wasserstein CP-dictionary Learning",
        "W_j to the least of  O + α/2 ‖W_j − W_j of before‖^2",
    ),
    (
        "greedy-blocks",
        "Let's Make Block Coordinate Descent Converge Faster: Faster Greedy Rules, Message-Passing, Active-Set Complexity, and Superlinear Convergence",
        "next is the layer  j = argmax ‖∇_j O‖",
    ),
    (
        "pipelined-backprop",
        "Pipelined Backpropagation at Scale: Training Large Models without Batches",
        "stage s takes a gradient  D_s = 2 (S − s)  updates old\nspike compensation:   v ← m v + g,   w ← w − η (a v + b g),   a = m^D,   b = (1 − m^D) / (1 − m)",
    ),
    (
        "two-stage-backprop",
        "2BP: 2-Stage Backpropagation",
        "first:   δ_{l−1} = ∂loss/∂h_{l−1}   for all stages in turn\nthen:   dW_l = ∂loss/∂W_l   for all stages at once",
    ),
    (
        "highway-backprop",
        "Accelerated Training through Iterative Gradient Propagation Along the Residual Path",
        "δ^0_l = g\nδ^k_l = g + Σ_{j ≥ l} J_jᵀ δ^{k−1}_{j+1},   z_{l+1} = z_l + f_l(z_l)",
    ),
    (
        "incremental-predictive-coding",
        "A Stable, Fast, and Fully Automatic Learning Algorithm for Predictive Coding Networks",
        "F = Σ_l ½ ‖z_l − f_l(z_{l−1})‖^2 + E(output, target)\nz_l ← z_l − γ ∂F/∂z_l  and  dW_l = ∂F/∂W_l  at every iteration",
    ),
    (
        "inference-learning",
        "A Theoretical Framework for Inference Learning",
        "z_l ← z_l − γ ∂F/∂z_l  until they settle,   then\nW_l ← W_l − mean over samples of ∂F/∂W_l / (N_l + ε)",
    ),
    (
        "soft-hebb",
        "Hebbian Deep Learning Without Feedback",
        "y = softmax(t u / √inputs),   u = W x\ndw_i = y_i (x − u_i w_i)",
    ),
    (
        "neuro-modulated-hebb",
        "Neuro-Modulated Hebbian Learning for Fully Test-Time Adaptation",
        "dw_i = Σ_b m_b y_{bi} (x_b − u_{bi} w_i)\nm = 1 − p[label],   −Σ_c p_c ln p_c / ln C   or   p[label]",
    ),
    (
        "disinhibition",
        "Dis-inhibitory neuronal circuits can control the sign of synaptic plasticity",
        "τ_E du_E/dt = −u_E + a − φ_I(u_I),   τ_I du_I/dt = −u_I + φ_E(u_E) − c\nc = Qᵀ (k_i k + k_p e),   e = target − p",
    ),
    (
        "surrogate-gradients",
        "The remarkable robustness of surrogate gradient learning for instilling complex function in spiking neural networks; Surrogate Gradient Learning in Spiking Neural Networks",
        "u_t = (1 − 1/τ) u_{t−1} + x_t,   s_t = [u_t > θ]\n∂s/∂u  is replaced by  the derivative of a soft step of u − θ",
    ),
];
